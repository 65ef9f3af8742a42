"""Cases drafted from tickets over HTTP."""

from __future__ import annotations

from fastapi import APIRouter

from api.deps import IdentityDep, PartsDep, acting
from api.schemas import PROBLEMS
from api.schemas_cases import DuplicateAnswer, FromTicketRequest, WrittenCase
from triage import drafts, duplicates

router = APIRouter(prefix="/tickets", tags=["cases"], responses=PROBLEMS)


@router.post("/{ticket_id}/case", status_code=201)
def draft_case(ticket_id: str, sent: FromTicketRequest, parts: PartsDep, who: IdentityDep) -> WrittenCase:
    """Draft a case from a ticket that is solved, informed or closed; people complete and publish it."""
    with parts.database.transaction() as session:
        case = drafts.from_ticket(
            session,
            ticket_id,
            parts.rules.taxonomy,
            parts.encoder,
            parts.now(),
            timezone=parts.settings.zone,
            case_id=sent.id,
            by=acting(who, sent.by),
        )
        answer = WrittenCase.model_validate(case)
    found = duplicates.of(parts, answer.id, after_write=True).duplicates
    answer.duplicates = [DuplicateAnswer.model_validate(one) for one in found]
    return answer
