"""Tickets: open, list, read, decide, move on."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from sqlalchemy.orm import Session

from api.deps import IdentityDep, PartsDep, acting
from api.schemas import (
    PROBLEMS,
    AssessmentAnswer,
    DecisionAnswer,
    DecisionRequest,
    NewTicket,
    OpenedTicket,
    TicketAnswer,
    TicketDetail,
    TicketPage,
    TransitionAnswer,
    TransitionRequest,
)
from api.schemas_beside import BesideAnswer, BesideRequest, told
from kb import decisions, tickets
from kb.tables import Ticket
from models.errors import InputError
from triage import actions
from triage import beside as besides
from triage.assessment import as_json

router = APIRouter(prefix="/tickets", tags=["tickets"], responses=PROBLEMS)


@router.post("", status_code=201)
def open_ticket(sent: NewTicket, parts: PartsDep) -> OpenedTicket:
    """Store a ticket, assess it, and record what was suggested."""
    values = sent.model_dump(exclude_none=True, exclude={"text", "shown"})
    if sent.text:
        values["description"] = "\n".join(part for part in (sent.text, sent.description) if part)
    known = {term.code for term in parts.rules.taxonomy.channels}
    if sent.channel and sent.channel not in known:
        raise InputError(
            f"channel is one of {', '.join(sorted(known))}, not {sent.channel!r}", field="channel"
        )
    found = parts.triager.assess(actions.text_of(values), now=parts.now(), top_k=parts.settings.top_k)
    with parts.database.transaction() as session:
        ticket = actions.open_ticket(session, values, found, shown=sent.shown, now=parts.now())
        stored = TicketAnswer.model_validate(ticket)
    return OpenedTicket(ticket=stored, assessment=AssessmentAnswer.model_validate(as_json(found)))


@router.get("")
def list_tickets(
    parts: PartsDep,
    cursor: Annotated[str | None, Query(description="next_cursor of the page before")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    status: str | None = None,
    category: str | None = None,
    priority: str | None = None,
    team: str | None = None,
) -> TicketPage:
    """Tickets, the last stored first, a page at a time."""
    with parts.database.reading() as session:
        page = tickets.page(
            session,
            before=key_of(cursor),
            limit=limit,
            status=status,
            category=category,
            priority=priority,
            team=team,
        )
        found = [TicketAnswer.model_validate(ticket) for ticket in page.tickets]
    return TicketPage(tickets=found, next_cursor=str(page.next_cursor) if page.next_cursor else None)


@router.post("/beside")
def beside(sent: BesideRequest, parts: PartsDep) -> BesideAnswer:
    """What is open already beside a ticket that is being taken in."""
    return told(besides.look(parts, sent.text, sent.customer))


@router.get("/{ticket_id}")
def read_ticket(ticket_id: str, parts: PartsDep) -> TicketDetail:
    """A ticket with what was suggested, decided and done."""
    with parts.database.reading() as session:
        return _detail(session, tickets.get(session, ticket_id))


@router.post("/{ticket_id}/decision")
def decide(ticket_id: str, sent: DecisionRequest, parts: PartsDep, who: IdentityDep) -> TicketDetail:
    """Accept what was suggested, or correct it."""
    verdict = actions.Verdict(sent.category, sent.priority, sent.team, sent.owner, sent.reason)
    with parts.database.transaction() as session:
        ticket = tickets.get(session, ticket_id)
        actions.decide(
            session, ticket, verdict, parts.rules.taxonomy, by=acting(who, sent.by), now=parts.now()
        )
        return _detail(session, ticket)


@router.post("/{ticket_id}/transition")
def move(ticket_id: str, sent: TransitionRequest, parts: PartsDep, who: IdentityDep) -> TicketDetail:
    """Bring a ticket to its next status."""
    with parts.database.transaction() as session:
        ticket = tickets.get(session, ticket_id)
        tickets.move(session, ticket, sent.status, by=acting(who, sent.by), now=parts.now(), note=sent.note)
        if sent.solution is not None:
            ticket.solution = sent.solution
        if sent.satisfaction is not None:
            ticket.satisfaction = sent.satisfaction
        session.flush()
        return _detail(session, ticket)


def _detail(session: Session, ticket: Ticket) -> TicketDetail:
    return TicketDetail(
        ticket=TicketAnswer.model_validate(ticket),
        decisions=[DecisionAnswer.model_validate(row) for row in decisions.history(session, ticket)],
        transitions=[TransitionAnswer.model_validate(row) for row in tickets.transitions(session, ticket)],
    )


def key_of(value: str | None) -> int | None:
    """The key that a cursor stands for.

    Raises:
        InputError: it is none of ours.
    """
    if value is None:
        return None
    if not (value.isascii() and value.isdigit()) or len(value) > 18:
        raise InputError("cursor is the next_cursor of an earlier page", field="cursor")
    return int(value)
