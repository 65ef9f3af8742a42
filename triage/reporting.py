"""The report of a period, with the texts of the tickets it names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.orm import Session

from kb.tables import Ticket
from triage.findings import Retrospective
from triage.report.material import TicketLine

if TYPE_CHECKING:
    from collections.abc import Sequence

_AT_ONCE = 500
_EXCERPT = 200


def named(found: Retrospective) -> list[str]:
    """The ids of all tickets that a retrospective names, those of the period first."""
    ids: list[str] = list(found.ticket_ids)
    for surge in found.surges:
        ids += surge.ticket_ids
    for measure in found.measures:
        ids += measure.ticket_ids
    for gap in found.gaps:
        ids += gap.ticket_ids
    return list(dict.fromkeys(ids))


def texts(session: Session, ticket_ids: Sequence[str]) -> dict[str, TicketLine]:
    """What a list shows of each ticket; those that are gone are left out."""
    found = {}
    for start in range(0, len(ticket_ids), _AT_ONCE):
        rows = session.execute(
            select(
                Ticket.id,
                Ticket.received_at,
                Ticket.subject,
                Ticket.description,
                Ticket.category,
                Ticket.priority,
                Ticket.team,
                Ticket.status,
            ).where(Ticket.id.in_(ticket_ids[start : start + _AT_ONCE]))
        )
        for row in rows:
            plain = " ".join(row.description.split())
            found[row.id] = TicketLine(
                id=row.id,
                received_at=row.received_at,
                subject=(row.subject or "").strip() or plain[:60],
                excerpt=plain[:_EXCERPT],
                category=row.category or "",
                priority=row.priority or "",
                team=row.team or "",
                status=row.status,
            )
    return found
