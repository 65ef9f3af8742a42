"""A case drafted from a ticket that is solved: what the ticket knows, with keywords proposed."""

from __future__ import annotations

from datetime import datetime, tzinfo
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from kb import cases, keywords, tickets
from kb.documents import lead
from kb.tables import Case, Ticket, TicketCause
from models.encoder import Encoder
from models.errors import ConflictError
from triage.taxonomy import Taxonomy

SOLVED = ("solved", "informed", "closed")


def from_ticket(
    session: Session,
    ticket_id: str,
    taxonomy: Taxonomy,
    encoder: Encoder,
    now: datetime,
    *,
    timezone: tzinfo,
    case_id: str | None = None,
    by: str = "",
) -> Case:
    """Store a draft of a case from a ticket. ``timezone`` says on which day the ticket was finished.

    Raises:
        NotFoundError: there is no such ticket.
        ConflictError: the ticket is not solved, a case was drafted from it already, or there is one with
            that id.
    """
    ticket = tickets.get(session, ticket_id)
    session.refresh(ticket, with_for_update=True)  # two drafts at once are one and a conflict
    if ticket.status not in SOLVED:
        raise ConflictError(
            f"a case is drafted from a ticket that is {', '.join(SOLVED)}, not {ticket.status}",
            field="ticket_id",
        )
    there = session.scalar(select(Case.id).where(Case.from_ticket == ticket.id).limit(1))
    if there is not None:
        raise ConflictError(f"the case {there!r} was drafted from it already", field="ticket_id")
    if case_id and session.scalar(select(Case.pk).where(Case.id == case_id)) is not None:
        raise ConflictError(f"a case with the id {case_id!r} exists", field="id")
    row = _row(session, ticket, taxonomy, timezone)
    # Two tickets may say the same, and each may have its own case: the id is the ticket's, not the content's.
    row["id"] = case_id or _free_id(session, ticket)
    cases.write(session, [row], encoder, now, state="draft", by=by, note=f"drafted from {ticket.id}")
    return cases.get(session, str(row["id"]))


def _row(session: Session, ticket: Ticket, taxonomy: Taxonomy, timezone: tzinfo) -> dict[str, Any]:
    subject, description = ticket.subject.strip(), ticket.description.strip()
    problem = subject or lead(description)
    cause = session.get(TicketCause, ticket.pk)
    finished = ticket.finished_at
    hours = (finished - ticket.received_at).total_seconds() / 3600 if finished is not None else -1.0
    language = "zh" if ticket.language in ("zh", "mixed") else "en"
    kind = taxonomy.name(ticket.category, language) if ticket.category else ""
    return {
        "problem": problem,
        "symptoms": description if description != problem else "",
        "product": ticket.product,
        "version": ticket.version,
        "category": ticket.category,
        "solution": ticket.solution,
        "team": ticket.team,
        "satisfaction": ticket.satisfaction,
        "hours": round(hours, 2) if hours >= 0 else None,
        "closed_on": finished.astimezone(timezone).date() if finished is not None else None,
        "reopened": any(step.after == "reopened" for step in tickets.transitions(session, ticket)),
        "cause_code": cause.code if cause else None,
        "cause_kind": cause.kind if cause else None,
        "cause": cause.cause if cause else None,
        "keywords": keywords.propose(
            session, problem, description, kind, left_out=f"{ticket.product} {ticket.version}"
        ),
        "from_ticket": ticket.id,
    }


def _free_id(session: Session, ticket: Ticket) -> str:
    wanted = f"case-{ticket.id}"[:80]
    taken = session.scalar(select(Case.pk).where(Case.id == wanted)) is not None
    return f"case-{ticket.pk}-of-ticket" if taken else wanted
