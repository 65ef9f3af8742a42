"""Tickets: opened, changed, listed."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from kb.tables import Ticket, Transition
from models import text
from models.errors import ConflictError, InputError, NotFoundError

FIELDS = (
    "received_at",
    "subject",
    "description",
    "channel",
    "product",
    "version",
    "customer",
    "contact_person",
    "contact",
    "customer_tier",
    "category",
    "priority",
    "team",
    "owner",
    "status",
    "due_at",
    "finished_at",
    "solution",
    "satisfaction",
    "remark",
)

NEXT = {
    "received": ("triaged",),
    "triaged": ("assigned",),
    "assigned": ("confirmed", "assigned"),
    "confirmed": ("in_progress", "assigned"),
    "in_progress": ("solved", "assigned"),
    "solved": ("informed", "in_progress"),
    "informed": ("closed", "reopened"),
    "closed": ("reopened",),
    "reopened": ("assigned", "in_progress"),
}
"""Which status may follow which."""


@dataclass(frozen=True, slots=True)
class Page:
    """A part of a list, and where the next part begins (None: this was the last)."""

    tickets: Sequence[Ticket]
    next_cursor: int | None


def whole_text(subject: str, description: str) -> str:
    """Subject and description as the one text that is judged."""
    return "\n".join(part for part in (subject.strip(), description.strip()) if part)


def add(session: Session, values: Mapping[str, Any], now: datetime) -> Ticket:
    """Store a new ticket.

    Raises:
        InputError: neither subject nor description says anything.
        ConflictError: a ticket with that id exists.
    """
    content = whole_text(str(values.get("subject", "")), str(values.get("description", "")))
    if not content:
        raise InputError("a ticket needs a description", field="description")
    ticket_id = str(values.get("id") or "") or _new_id(now)
    if session.scalar(select(Ticket.pk).where(Ticket.id == ticket_id)) is not None:
        raise ConflictError(f"a ticket with the id {ticket_id!r} exists", field="id")
    ticket = Ticket(id=ticket_id, language=text.language(content))
    _fill(ticket, values, now)
    session.add(ticket)
    session.flush()
    return ticket


def write(session: Session, rows: Sequence[Mapping[str, Any]], now: datetime) -> tuple[int, int, int]:
    """Add tickets or change those whose id exists; answers how many were added, changed, unchanged."""
    wanted = {}
    for row in rows:
        digest = _digest(row)
        wanted[str(row.get("id") or f"ticket-{digest[:16]}")] = (row, digest)
    stored = {item.id: item for item in session.scalars(select(Ticket).where(Ticket.id.in_(list(wanted))))}
    added = changed = 0
    for ticket_id, (row, digest) in wanted.items():
        ticket = stored.get(ticket_id)
        if ticket is None:
            ticket = Ticket(id=ticket_id)
            session.add(ticket)
            added += 1
        elif ticket.content_hash != digest:
            changed += 1
        else:
            continue
        _fill(ticket, row, now)
        ticket.language = text.language(whole_text(ticket.subject or "", ticket.description or ""))
        ticket.content_hash = digest
    session.flush()
    return added, changed, len(wanted) - added - changed


def get(session: Session, ticket_id: str) -> Ticket:
    """One ticket.

    Raises:
        NotFoundError: there is no such ticket.
    """
    ticket = session.scalar(select(Ticket).where(Ticket.id == ticket_id))
    if ticket is None:
        raise NotFoundError(f"there is no ticket {ticket_id!r}", field="ticket_id")
    return ticket


def text_of(session: Session, ticket_id: str) -> str:
    """What a ticket says; empty where there is no such ticket."""
    row = session.execute(
        select(Ticket.subject, Ticket.description).where(Ticket.id == ticket_id)
    ).one_or_none()
    return whole_text(row.subject or "", row.description or "") if row else ""


def page(
    session: Session,
    *,
    before: int | None = None,
    limit: int = 50,
    status: str | None = None,
    category: str | None = None,
    priority: str | None = None,
    team: str | None = None,
) -> Page:
    """Tickets, the last stored first; ``before`` is the cursor of the page before."""
    query = select(Ticket).order_by(Ticket.pk.desc()).limit(limit + 1)
    if before is not None:
        query = query.where(Ticket.pk < before)
    wanted = {Ticket.status: status, Ticket.category: category, Ticket.priority: priority, Ticket.team: team}
    for column, value in wanted.items():
        if value is not None:
            query = query.where(column == value)
    found = session.scalars(query).all()
    return Page(found[:limit], found[limit - 1].pk if len(found) > limit else None)


def move(
    session: Session, ticket: Ticket, status: str, *, by: str, now: datetime, note: str = ""
) -> Transition:
    """Bring a ticket to its next status and record it.

    Raises:
        ConflictError: that status cannot follow the present one.
    """
    allowed = NEXT.get(ticket.status, ())
    if status not in allowed:
        listed = ", ".join(allowed) or "nothing"
        raise ConflictError(
            f"a ticket that is {ticket.status} can become {listed}, not {status}", field="status"
        )
    step = Transition(ticket_pk=ticket.pk, before=ticket.status, after=status, at=now, by=by, note=note)
    ticket.status = status
    if status == "solved":
        ticket.finished_at = now
    session.add(step)
    session.flush()
    return step


def transitions(session: Session, ticket: Ticket) -> Sequence[Transition]:
    """The steps of a ticket's life, in order."""
    return session.scalars(
        select(Transition).where(Transition.ticket_pk == ticket.pk).order_by(Transition.pk)
    ).all()


def _fill(ticket: Ticket, values: Mapping[str, Any], now: datetime) -> None:
    for name in FIELDS:
        if values.get(name) is not None:
            setattr(ticket, name, values[name])
    ticket.received_at = ticket.received_at or now
    ticket.status = ticket.status or "received"
    ticket.description = ticket.description or ticket.subject or ""


def _new_id(now: datetime) -> str:
    return f"t{now:%Y%m%d%H%M%S}-{secrets.token_hex(4)}"


def _digest(row: Mapping[str, Any]) -> str:
    content = {name: str(row[name]) for name in FIELDS if row.get(name) is not None}
    return hashlib.sha256(json.dumps(content, sort_keys=True, ensure_ascii=False).encode()).hexdigest()[:32]
