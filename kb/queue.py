"""Tickets that still need somebody, in the order in which they are due."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.orm import Session

from kb.tables import Decision, Ticket

OPEN = ("received", "triaged", "assigned", "confirmed", "in_progress", "solved", "informed", "reopened")
"""All statuses but closed."""


@dataclass(frozen=True, slots=True)
class View:
    """Which tickets are looked at. Empty fields leave nothing out."""

    owner: str = ""
    team: str = ""
    status: str = ""
    category: str = ""
    priority: str = ""
    customer: str = ""
    due_before: datetime | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page of the queue begins: after this ticket."""

    due_at: datetime | None
    pk: int


def page(session: Session, view: View, *, after: Place | None = None, limit: int = 50) -> Sequence[Ticket]:
    """Open tickets, the first due first; those without a due time come last."""
    # Keys first: to put thousands of tickets in order none of their texts is read.
    query = _seen(select(Ticket.pk), view)
    if after is not None and after.due_at is not None:
        later = and_(Ticket.due_at == after.due_at, Ticket.pk > after.pk)
        query = query.where(or_(Ticket.due_at > after.due_at, Ticket.due_at.is_(None), later))
    elif after is not None:
        query = query.where(Ticket.due_at.is_(None), Ticket.pk > after.pk)
    order = (Ticket.due_at.is_(None), Ticket.due_at, Ticket.pk)
    keys = session.scalars(query.order_by(*order).limit(limit)).all()
    return session.scalars(select(Ticket).where(Ticket.pk.in_(keys)).order_by(*order)).all()


def count(session: Session, view: View) -> int:
    """How many there are."""
    return int(session.scalar(_seen(select(func.count()).select_from(Ticket), view)) or 0)


def bands(session: Session, keys: Sequence[int]) -> dict[int, dict[str, Decision]]:
    """The last word on each target of these tickets: ticket key -> target -> row."""
    last = (
        select(func.max(Decision.pk))
        .where(Decision.ticket_pk.in_(keys))
        .group_by(Decision.ticket_pk, Decision.target)
    )
    found: dict[int, dict[str, Decision]] = {}
    for row in session.scalars(select(Decision).where(Decision.pk.in_(last))):
        found.setdefault(row.ticket_pk, {})[row.target] = row
    return found


def undecided_auto(session: Session, view: View, most: int) -> Sequence[Ticket]:
    """Tickets that wait for a decision and whose suggestions are all sure, the first due first."""
    query = _undecided(select(Ticket), view)
    return session.scalars(query.order_by(Ticket.due_at, Ticket.pk).limit(most)).all()


def count_undecided_auto(session: Session, view: View, most: int) -> int:
    """How many of those there are, counted up to ``most``."""
    found = _undecided(select(Ticket.pk), view).limit(most).subquery()
    return int(session.scalar(select(func.count()).select_from(found)) or 0)


def _undecided(query: Select[Any], view: View) -> Select[Any]:
    unsure = select(Decision.ticket_pk).where(
        Decision.ticket_pk == Ticket.pk, or_(Decision.final.is_not(None), Decision.band != "auto")
    )
    known = select(Decision.ticket_pk).where(Decision.ticket_pk == Ticket.pk)
    return _seen(query, view).where(Ticket.status == "triaged", known.exists(), ~unsure.exists())


def of_customer(session: Session, customer: str, most: int = 5) -> Sequence[Ticket]:
    """The open tickets of a customer, the last received first."""
    query = select(Ticket).where(Ticket.customer == customer, Ticket.status.in_(OPEN))
    return session.scalars(query.order_by(Ticket.received_at.desc()).limit(most)).all()


def lately(session: Session, since: datetime, most: int) -> Sequence[int]:
    """The keys of open tickets received since, the last ``most`` of them."""
    query = select(Ticket.pk).where(Ticket.received_at >= since, Ticket.status.in_(OPEN))
    return session.scalars(query.order_by(Ticket.received_at.desc()).limit(most)).all()


def _seen(query: Select[Any], view: View) -> Select[Any]:
    query = query.where(Ticket.status == view.status if view.status else Ticket.status.in_(OPEN))
    for field in fields(view):
        value = getattr(view, field.name)
        if value and field.name not in ("status", "due_before"):
            query = query.where(getattr(Ticket, field.name) == value)
    if view.due_before is not None:
        query = query.where(Ticket.due_at < view.due_before)
    return query
