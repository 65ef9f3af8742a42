"""Tickets with what happened to them, as the retrospective reads them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from kb.tables import Case, CaseUse, Ticket, TicketCause, Transition

_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Past:
    """One ticket. ``reached`` holds the first time of each status; ``cause`` is what people recorded."""

    pk: int
    id: str
    received_at: datetime
    subject: str
    description: str
    language: str
    category: str
    priority: str
    team: str
    product: str
    version: str
    customer: str
    status: str
    finished_at: datetime | None
    satisfaction: int | None
    cause: str = ""
    systemic: bool = False
    reached: Mapping[str, datetime] = field(default_factory=dict)
    moves: int = 0

    @property
    def hours(self) -> float | None:
        """From received to finished; None while it is not, or where the times make no sense."""
        if self.finished_at is None or self.finished_at < self.received_at:
            return None
        return (self.finished_at - self.received_at).total_seconds() / 3600

    @property
    def reopened(self) -> bool:
        """Whether it was opened again."""
        return "reopened" in self.reached

    @property
    def title(self) -> str:
        """Its subject, or the beginning of its description."""
        return self.subject.strip() or " ".join(self.description.split())[:60]


@dataclass(frozen=True, slots=True)
class Used:
    """How a case's solution went on a ticket."""

    case_id: str
    ticket_id: str
    worked: bool
    at: datetime


def tickets(session: Session, start: datetime, end: datetime) -> list[Past]:
    """Tickets received from ``start`` to before ``end``, by key."""
    rows = session.execute(
        select(
            Ticket.pk,
            Ticket.id,
            Ticket.received_at,
            Ticket.subject,
            Ticket.description,
            Ticket.language,
            Ticket.category,
            Ticket.priority,
            Ticket.team,
            Ticket.product,
            Ticket.version,
            Ticket.customer,
            Ticket.status,
            Ticket.finished_at,
            Ticket.satisfaction,
            TicketCause.code,
            TicketCause.kind,
        )
        .outerjoin(TicketCause, TicketCause.ticket_pk == Ticket.pk)
        .where(Ticket.received_at >= start, Ticket.received_at < end)
        .order_by(Ticket.pk)
    ).all()
    reached, moves = _reached(session, [row.pk for row in rows])
    return [
        Past(
            row.pk,
            row.id,
            row.received_at,
            row.subject or "",
            row.description,
            row.language,
            row.category or "",
            row.priority or "",
            row.team or "",
            row.product or "",
            row.version or "",
            row.customer or "",
            row.status,
            row.finished_at,
            row.satisfaction,
            row.code or "",
            row.kind == "systemic",
            reached.get(row.pk, {}),
            moves.get(row.pk, 0),
        )
        for row in rows
    ]


def uses(session: Session, start: datetime, end: datetime) -> list[Used]:
    """Uses of solutions in this time, in order."""
    rows = session.execute(
        select(Case.id, CaseUse.ticket_id, CaseUse.worked, CaseUse.reopened, CaseUse.used_at)
        .join(Case, Case.pk == CaseUse.case_pk)
        .where(CaseUse.used_at >= start, CaseUse.used_at < end)
        .order_by(CaseUse.pk)
    )
    return [Used(row.id, row.ticket_id, row.worked and not row.reopened, row.used_at) for row in rows]


def causes_of_cases(session: Session, case_ids: Sequence[str]) -> dict[str, tuple[str, bool]]:
    """The root cause of each of these cases, and whether it is systemic; unknown ones are left out."""
    found: dict[str, tuple[str, bool]] = {}
    wanted = list(case_ids)
    for start in range(0, len(wanted), _AT_ONCE):
        rows = session.execute(
            select(Case.id, Case.cause_code, Case.cause_kind).where(
                Case.id.in_(wanted[start : start + _AT_ONCE]), Case.cause_code != "unknown"
            )
        )
        found |= {row.id: (row.cause_code, row.cause_kind == "systemic") for row in rows}
    return found


def _reached(session: Session, keys: Sequence[int]) -> tuple[dict[int, dict[str, datetime]], dict[int, int]]:
    """When each ticket first came to each status, and how often it went from team to team or back."""
    reached: dict[int, dict[str, datetime]] = {}
    moves: dict[int, int] = {}
    for start in range(0, len(keys), _AT_ONCE):
        rows = session.execute(
            select(Transition.ticket_pk, Transition.after, Transition.at)
            .where(Transition.ticket_pk.in_(keys[start : start + _AT_ONCE]))
            .order_by(Transition.pk)
        )
        for row in rows:
            own = reached.setdefault(row.ticket_pk, {})
            if row.after == "assigned" and "assigned" in own:
                moves[row.ticket_pk] = moves.get(row.ticket_pk, 0) + 1
            own.setdefault(row.after, row.at)
    return reached, moves
