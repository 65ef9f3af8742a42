"""The queue: open tickets, the first due first."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from kb import decisions, queue, tickets
from kb.database import Database
from kb.decisions import Suggestion
from kb.queue import Place, View
from kb.tables import Ticket


def add(session: Session, now: datetime, ticket_id: str, hours: float | None = None, **more: Any) -> Ticket:
    due = now + timedelta(hours=hours) if hours is not None else None
    values = {"id": ticket_id, "description": ticket_id, "status": "triaged", "due_at": due, **more}
    return tickets.add(session, values, now)


def suggest(session: Session, ticket: Ticket, now: datetime, *bands: str) -> None:
    made = [
        Suggestion(target, "x", 0.9, band, "m") for target, band in zip(decisions.TARGETS, bands, strict=True)
    ]
    decisions.suggest(session, ticket, made, shown=True, now=now)


@pytest.fixture
def filled(database: Database, now: datetime) -> Database:
    with database.transaction() as session:
        add(session, now, "late", -2, team="product", owner="anna")
        add(session, now, "soon", 1, team="engineering", priority="urgent", category="software")
        add(session, now, "same-time", 1, team="engineering", customer="Acme")
        add(session, now, "never", None, customer="Acme")
        add(session, now, "later", 50)
        add(session, now, "done", 0, status="closed", customer="Acme")
    return database


def test_closed_ones_are_gone_and_those_without_a_time_last(filled: Database) -> None:
    with filled.reading() as session:
        assert [row.id for row in queue.page(session, View())] == [
            "late", "soon", "same-time", "later", "never",
        ]  # fmt: skip
        assert queue.count(session, View()) == 5


@pytest.mark.parametrize("limit", [1, 2, 3])
def test_pages_hold_every_ticket_once(filled: Database, limit: int) -> None:
    seen: list[str] = []
    place = None
    with filled.reading() as session:
        while rows := queue.page(session, View(), after=place, limit=limit):
            seen += [row.id for row in rows]
            place = Place(rows[-1].due_at, rows[-1].pk)
    assert seen == ["late", "soon", "same-time", "later", "never"]


@pytest.mark.parametrize(
    ("view", "ids"),
    [
        (View(owner="anna"), ["late"]),
        (View(team="engineering"), ["soon", "same-time"]),
        (View(team="engineering", customer="Acme"), ["same-time"]),
        (View(category="software", priority="urgent"), ["soon"]),
        (View(status="closed"), ["done"]),
        (View(team="none"), []),
    ],
)
def test_filters(filled: Database, view: View, ids: list[str]) -> None:
    with filled.reading() as session:
        assert [row.id for row in queue.page(session, view)] == ids
        assert queue.count(session, view) == len(ids)


def test_what_is_due_by_a_time(filled: Database, now: datetime) -> None:
    with filled.reading() as session:
        assert [row.id for row in queue.page(session, View(due_before=now))] == ["late"]
        assert queue.count(session, View(due_before=now + timedelta(hours=2))) == 3


def test_only_what_is_sure_throughout_and_undecided_is_accepted_at_once(
    database: Database, now: datetime
) -> None:
    with database.transaction() as session:
        for ticket_id, bands in (("a", "auto auto"), ("b", "auto suggest"), ("c", "auto auto")):
            suggest(session, add(session, now, ticket_id, 1), now, *bands.split())
        suggest(session, add(session, now, "moved", 1, status="assigned"), now, "auto", "auto")
        add(session, now, "imported", 1)
        decided = tickets.get(session, "c")
        decisions.decide(session, decided, "category", "y", by="anna", now=now)
    with database.reading() as session:
        assert [row.id for row in queue.undecided_auto(session, View(), 10)] == ["a"]
        found = queue.bands(session, [decided.pk])[decided.pk]
        assert (found["category"].final, found["priority"].final) == ("y", None)


def test_a_customers_open_tickets_and_the_last_ones(filled: Database, now: datetime) -> None:
    with filled.transaction() as session:
        tickets.get(session, "never").received_at = now - timedelta(days=30)
    with filled.reading() as session:
        assert [row.id for row in queue.of_customer(session, "Acme")] == ["same-time", "never"]
        assert queue.of_customer(session, "nobody") == []
        recent = queue.lately(session, now - timedelta(days=1), 10)
        assert len(recent) == 4
        assert len(queue.lately(session, now - timedelta(days=1), 2)) == 2
