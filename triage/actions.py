"""What people do with tickets: open, accept or correct, move on. Shared by API, pages and command line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from kb import decisions, tickets
from kb.decisions import Suggestion
from kb.tables import Ticket
from models.errors import InputError
from triage.assessment import Assessment
from triage.pipeline import TicketText
from triage.taxonomy import Taxonomy


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a person decided about a ticket; None accepts what was suggested."""

    category: str | None = None
    priority: str | None = None
    team: str | None = None
    owner: str | None = None
    reason: str = ""


def text_of(values: Mapping[str, Any]) -> TicketText:
    """What of a new ticket matters for its assessment."""
    return TicketText(
        subject=str(values.get("subject") or ""),
        description=str(values.get("description") or ""),
        product=values.get("product"),
        customer_tier=values.get("customer_tier"),
        channel=values.get("channel"),
        received_at=values.get("received_at"),
    )


def open_ticket(
    session: Session, values: Mapping[str, Any], found: Assessment, *, shown: bool, now: datetime
) -> Ticket:
    """Store a ticket with its assessment, and record what was suggested."""
    ticket = tickets.add(session, values, now)
    ticket.category, ticket.priority = found.category.label, found.priority.label
    ticket.team = found.route.team
    ticket.due_at = min((due.due_at for due in found.route.clocks), default=None)
    tickets.move(session, ticket, "triaged", by="triage", now=now)
    suggested = [
        Suggestion(target, finding.label, finding.confidence, finding.band, found.model_version)
        for target, finding in (("category", found.category), ("priority", found.priority))
    ]
    decisions.suggest(session, ticket, suggested, shown=shown, now=now)
    return ticket


def decide(
    session: Session, ticket: Ticket, verdict: Verdict, taxonomy: Taxonomy, *, by: str, now: datetime
) -> Ticket:
    """Accept or correct what was suggested; the ticket is then assigned.

    Raises:
        InputError: a label or a team is not in the taxonomy.
    """
    teams = [term.code for term in taxonomy.teams]
    if verdict.team and verdict.team not in teams:
        raise InputError(f"team is one of {', '.join(teams)}, not {verdict.team!r}", field="team")
    known = {"category": taxonomy.codes(), "priority": taxonomy.priority_codes()}
    for target, codes in known.items():
        final = getattr(verdict, target) or getattr(ticket, target)
        if final not in codes:
            raise InputError(f"{target} is one of {', '.join(codes)}, not {final!r}", field=target)
        decisions.decide(session, ticket, target, final, by=by, now=now, reason=verdict.reason)
        setattr(ticket, target, final)
    ticket.team = verdict.team or ticket.team
    ticket.owner = verdict.owner or ticket.owner
    if ticket.status in ("triaged", "reopened"):
        tickets.move(session, ticket, "assigned", by=by, now=now, note=verdict.reason)
    session.flush()
    return ticket


UNHAPPY = 2
"""Satisfaction up to which a ticket is opened again."""


def rate(
    session: Session, ticket: Ticket, satisfaction: int, taxonomy: Taxonomy, *, by: str, now: datetime
) -> Ticket:
    """Note how content the customer is with what was told: 3 to 5 closes the ticket; 1 and 2 open it again,
    a level more urgent and for another owner.

    Raises:
        InputError: satisfaction is not 1 to 5.
        ConflictError: the customer has not been told the result yet.
    """
    if not 1 <= satisfaction <= 5:
        raise InputError("satisfaction is 1 to 5", field="satisfaction")
    if satisfaction > UNHAPPY:
        tickets.move(session, ticket, "closed", by=by, now=now)
    else:
        note = (
            f"satisfaction {satisfaction}; owner was {ticket.owner}"
            if ticket.owner
            else f"satisfaction {satisfaction}"
        )
        tickets.move(session, ticket, "reopened", by=by, now=now, note=note)
        levels = taxonomy.priority_codes()  # the most urgent first
        if ticket.priority in levels:
            ticket.priority = levels[max(levels.index(ticket.priority) - 1, 0)]
        ticket.owner = ""
    ticket.satisfaction = satisfaction
    session.flush()
    return ticket
