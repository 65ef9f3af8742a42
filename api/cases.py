"""The case archive: add, list, read, change, search, and record how a solution went."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from sqlalchemy import select

from api.deps import IdentityDep, PartsDep, WorkerDep, acting
from api.schemas import PROBLEMS, NewCase, Proof, UseRequest
from api.schemas_cases import (
    ChangeRequest,
    DuplicateAnswer,
    NewCaseRequest,
    StoredCase,
    StoredCasePage,
    WrittenCase,
)
from api.schemas_search import SearchAnswer, SearchQuery
from api.tickets import key_of
from kb import case_life, cases, ledger, tickets
from kb.tables import Case
from models.errors import ConflictError, InputError, TooLargeError
from models.text import analyse
from triage import duplicates
from triage.assessment import proof_json, search_json
from triage.wiring import Parts

router = APIRouter(prefix="/cases", tags=["cases"], responses=PROBLEMS)


@router.post("", status_code=201)
def add_case(sent: NewCaseRequest, parts: PartsDep, worker: WorkerDep, who: IdentityDep) -> WrittenCase:
    """Archive a case; once published it is found by search within a second."""
    _check(sent, parts)
    row = sent.model_dump(exclude_none=True, exclude={"state", "by", "note"})
    with parts.database.transaction() as session:
        if sent.id and session.scalar(select(Case.pk).where(Case.id == sent.id)) is not None:
            raise ConflictError(f"a case with the id {sent.id!r} exists", field="id")
        written = cases.write(
            session,
            [row],
            parts.encoder,
            parts.now(),
            state=sent.state,
            by=acting(who, sent.by),
            note=sent.note,
        )
        answer = WrittenCase.model_validate(cases.get(session, written.ids[0]))
    worker.wake()
    answer.duplicates = _duplicates(parts, answer.id)
    return answer


@router.get("")
def list_cases(
    parts: PartsDep,
    cursor: Annotated[str | None, Query(description="next_cursor of the page before")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    state: str | None = None,
    category: str | None = None,
) -> StoredCasePage:
    """Cases, the last stored first, a page at a time; those to be reviewed with `state=review`."""
    with parts.database.reading() as session:
        page = case_life.page(session, state=state, category=category, before=key_of(cursor), limit=limit)
        found = [StoredCase.model_validate(case) for case in page.cases]
    return StoredCasePage(cases=found, next_cursor=str(page.next_cursor) if page.next_cursor else None)


@router.get("/search")
def search(parts: PartsDep, asked: Annotated[SearchQuery, Query()]) -> SearchAnswer:
    """The cases that are most likely about the same problem."""
    q = asked.q
    if not q.strip():
        raise InputError("there is nothing to search for", field="q")
    if len(q) > parts.settings.max_text:
        raise TooLargeError(f"at most {parts.settings.max_text} characters can be searched for", field="q")
    vector, analysis = parts.encoder.encode([q])[0], analyse(q)
    hits = parts.find_cases(analysis, vector, asked.limit, filters=asked.filters(), faceted=True)
    return SearchAnswer.model_validate(search_json(hits, analysis))


@router.get("/{case_id}")
def read_case(case_id: str, parts: PartsDep) -> StoredCase:
    """One case with its proof."""
    with parts.database.reading() as session:
        case = cases.get(session, case_id)
        answer = StoredCase.model_validate(case)
        proof = ledger.proofs(session, [case.pk]).get(case.pk, ledger.NO_PROOF)
    answer.proven = _proof(proof)
    return answer


@router.put("/{case_id}")
def change_case(
    case_id: str, sent: ChangeRequest, parts: PartsDep, worker: WorkerDep, who: IdentityDep
) -> WrittenCase:
    """Give a case another content: its next version. The same content again changes nothing."""
    _check(sent, parts)
    values = sent.model_dump(exclude_none=True, exclude={"id", "version_number", "by", "note"})
    with parts.database.transaction() as session:
        case = case_life.change(
            session,
            case_id,
            values,
            sent.version_number,
            parts.encoder,
            parts.now(),
            by=acting(who, sent.by),
            note=sent.note,
        )
        answer = WrittenCase.model_validate(case)
    worker.wake()
    answer.duplicates = _duplicates(parts, case_id)
    return answer


@router.post("/{case_id}/uses", status_code=201)
def record_use(case_id: str, sent: UseRequest, parts: PartsDep, who: IdentityDep) -> Proof:
    """Record whether a case's solution worked for a ticket; answers its proof."""
    with parts.database.reading() as session:
        asked = tickets.text_of(session, sent.ticket_id) or sent.question
    # Encoded before the transaction: it would keep others from writing.
    question = parts.question(asked) if asked.strip() else None
    with parts.database.transaction() as session:
        proof = ledger.record(
            session,
            case_id,
            worked=sent.worked,
            used_at=parts.now(),
            ticket_id=sent.ticket_id,
            reopened=sent.reopened,
            version=sent.version,
            used_by=acting(who, sent.by),
            note=sent.note,
            question=question,
        )
    return _proof(proof)


def _proof(proof: ledger.Proof) -> Proof:
    return Proof.model_validate(proof_json(proof))


def _check(sent: NewCase, parts: Parts) -> None:
    known = parts.rules.taxonomy.codes()
    if sent.category and sent.category not in known:
        raise InputError(f"category is one of {', '.join(known)}, not {sent.category!r}", field="category")


def _duplicates(parts: Parts, case_id: str) -> list[DuplicateAnswer]:
    found = duplicates.of(parts, case_id, after_write=True).duplicates
    return [DuplicateAnswer.model_validate(one) for one in found]
