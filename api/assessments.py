"""``POST /triage``: assess a ticket; nothing is stored."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from api.deps import PartsDep
from api.schemas import PROBLEMS, AssessmentAnswer, TriageRequest
from triage.assessment import as_json
from triage.pipeline import TicketText

router = APIRouter(tags=["triage"])


@router.post("/triage", response_model=AssessmentAnswer, responses=PROBLEMS)
def assess(sent: TriageRequest, parts: PartsDep) -> JSONResponse:
    """What a ticket is, how urgent, who takes it, by when, and which proven cases are like it."""
    ticket = TicketText(
        subject=sent.subject or "",
        description="\n".join(part for part in (sent.text, sent.description) if part),
        language=sent.language,
        product=sent.product,
        customer_tier=sent.customer_tier,
    )
    found = parts.triager.assess(ticket, now=parts.now(), top_k=sent.top_k or parts.settings.top_k)
    # The pipeline's own form is the contract's (a test holds them together): no second validation.
    return JSONResponse(as_json(found))
