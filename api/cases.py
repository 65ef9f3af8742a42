"""The case archive: add, read, search, and record how a solution went."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from sqlalchemy import select

from api.deps import PartsDep, WorkerDep
from api.schemas import PROBLEMS, CaseAnswer, NewCase, Proof, UseRequest
from api.schemas_search import SearchAnswer, SearchQuery
from kb import cases, ledger, tickets
from kb.tables import Case
from models.errors import ConflictError, InputError, TooLargeError
from models.text import analyse
from triage.assessment import proof_json, search_json

router = APIRouter(prefix="/cases", tags=["cases"], responses=PROBLEMS)


@router.post("", status_code=201)
def add_case(sent: NewCase, parts: PartsDep, worker: WorkerDep) -> CaseAnswer:
    """Archive a case; it is found by search within a second."""
    known = parts.rules.taxonomy.codes()
    if sent.category and sent.category not in known:
        raise InputError(f"category is one of {', '.join(known)}, not {sent.category!r}", field="category")
    row = sent.model_dump(exclude_none=True)
    with parts.database.transaction() as session:
        if sent.id and session.scalar(select(Case.pk).where(Case.id == sent.id)) is not None:
            raise ConflictError(f"a case with the id {sent.id!r} exists", field="id")
        written = cases.write(session, [row], parts.encoder, parts.now())
        answer = CaseAnswer.model_validate(cases.get(session, written.ids[0]))
    worker.wake()
    return answer


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
def read_case(case_id: str, parts: PartsDep) -> CaseAnswer:
    """One case with its proof."""
    with parts.database.reading() as session:
        case = cases.get(session, case_id)
        answer = CaseAnswer.model_validate(case)
        proof = ledger.proofs(session, [case.pk]).get(case.pk, ledger.NO_PROOF)
    answer.proven = _proof(proof)
    return answer


@router.post("/{case_id}/uses", status_code=201)
def record_use(case_id: str, sent: UseRequest, parts: PartsDep) -> Proof:
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
            used_by=sent.by,
            note=sent.note,
            question=question,
        )
    return _proof(proof)


def _proof(proof: ledger.Proof) -> Proof:
    return Proof.model_validate(proof_json(proof))
