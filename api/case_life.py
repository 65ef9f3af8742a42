"""The life of a case over HTTP: its state, its versions, its history, its duplicates."""

from __future__ import annotations

from fastapi import APIRouter

from api.deps import IdentityDep, PartsDep, WorkerDep, acting
from api.schemas import PROBLEMS
from api.schemas_cases import (
    DuplicatesAnswer,
    EventAnswer,
    HistoryAnswer,
    MergeAnswer,
    MergeRequest,
    MoveRequest,
    StoredCase,
    VersionAnswer,
    VersionsAnswer,
)
from kb import case_life, case_versions, cases
from triage import duplicates

router = APIRouter(prefix="/cases/{case_id}", tags=["cases"], responses=PROBLEMS)


@router.post("/transition")
def move(case_id: str, sent: MoveRequest, parts: PartsDep, worker: WorkerDep, who: IdentityDep) -> StoredCase:
    """Bring a case to its next state. Search finds published cases only."""
    now = parts.now()
    with parts.database.transaction() as session:
        case = case_life.move(
            session,
            case_id,
            sent.to,
            parts.encoder,
            now,
            today=now.astimezone(parts.settings.zone).date(),
            by=acting(who, sent.by),
            note=sent.note,
            replaced_by=sent.replaced_by,
        )
        answer = StoredCase.model_validate(case)
    worker.wake()
    return answer


@router.post("/merge")
def merge(
    case_id: str, sent: MergeRequest, parts: PartsDep, worker: WorkerDep, who: IdentityDep
) -> MergeAnswer:
    """Merge a case into another one about the same problem, which gets its proof. Again, it does nothing."""
    with parts.database.transaction() as session:
        done = case_life.merge(
            session, case_id, sent.into, parts.now(), by=acting(who, sent.by), note=sent.note
        )
        kept = StoredCase.model_validate(cases.get(session, sent.into))
    worker.wake()
    return MergeAnswer(case=kept, moved=done.moved, left=done.left)


@router.get("/versions")
def list_versions(case_id: str, parts: PartsDep) -> VersionsAnswer:
    """All that a case ever said, the first version first."""
    with parts.database.reading() as session:
        found = case_versions.versions(session, cases.get(session, case_id))
    return VersionsAnswer(versions=[VersionAnswer.model_validate(one) for one in found])


@router.get("/versions/{number}")
def read_version(case_id: str, number: int, parts: PartsDep) -> VersionAnswer:
    """What a case said in one version."""
    with parts.database.reading() as session:
        found = case_versions.version(session, cases.get(session, case_id), number)
    return VersionAnswer.model_validate(found)


@router.get("/history")
def read_history(case_id: str, parts: PartsDep) -> HistoryAnswer:
    """Who did what to a case, in order."""
    with parts.database.reading() as session:
        found = case_versions.history(session, cases.get(session, case_id))
    return HistoryAnswer(events=[EventAnswer.model_validate(one) for one in found])


@router.get("/duplicates")
def find_duplicates(case_id: str, parts: PartsDep) -> DuplicatesAnswer:
    """The published cases, in either language, that are likely about the same problem."""
    return DuplicatesAnswer.model_validate(duplicates.of(parts, case_id))
