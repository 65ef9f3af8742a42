"""What was suggested, what people decided, and what may be learned from it."""

from __future__ import annotations

from datetime import datetime

import pytest

from kb import decisions, tickets
from kb.database import Database
from kb.decisions import Suggestion
from kb.tables import Ticket

SUGGESTED = [
    Suggestion("category", "software", 0.8, "suggest", "shipped-1"),
    Suggestion("priority", "normal", 0.6, "ask", "shipped-1"),
]


@pytest.fixture
def ticket(database: Database, now: datetime) -> Ticket:
    with database.transaction() as session:
        opened = tickets.add(session, {"id": "t1", "subject": "打印机", "description": "坏了"}, now)
        decisions.suggest(session, opened, SUGGESTED, shown=True, now=now)
    return opened


def decide(database: Database, ticket: Ticket, target: str, final: str, now: datetime) -> None:
    with database.transaction() as session:
        decisions.decide(session, ticket, target, final, by="li", now=now, reason="seen")


def test_suggestions_alone_teach_nothing(database: Database, ticket: Ticket) -> None:
    with database.reading() as session:
        assert decisions.labelled_examples(session, "category") == []
        assert len(decisions.history(session, ticket)) == 2


def test_a_decision_stands_beside_what_was_suggested(
    database: Database, ticket: Ticket, now: datetime
) -> None:
    decide(database, ticket, "category", "hardware", now)
    with database.reading() as session:
        made = decisions.latest(session, ticket, "category")
        rows = decisions.history(session, ticket)
    assert made is not None
    assert (made.suggested, made.final, made.confidence, made.band) == (
        "software",
        "hardware",
        0.8,
        "suggest",
    )
    assert (made.decided_by, made.reason, made.model_version, made.shown) == ("li", "seen", "shipped-1", True)
    assert [row.final for row in rows] == [None, None, "hardware"]


def test_only_the_last_decision_teaches(database: Database, ticket: Ticket, now: datetime) -> None:
    decide(database, ticket, "category", "hardware", now)
    decide(database, ticket, "category", "complaint", now)
    with database.transaction() as session:
        decisions.suggest(session, ticket, SUGGESTED, shown=False, now=now)
        assert decisions.labelled_examples(session, "category") == [
            decisions.Example("t1", "打印机\n坏了", "complaint")
        ]
        assert decisions.labelled_examples(session, "priority") == []


def test_a_decision_without_a_suggestion(database: Database, now: datetime) -> None:
    with database.transaction() as session:
        bare = tickets.add(session, {"id": "t2", "description": "x"}, now)
        assert decisions.latest(session, bare, "category") is None
        made = decisions.decide(session, bare, "category", "other", by="li", now=now)
    assert (made.suggested, made.confidence, made.band, made.model_version) == ("", 0.0, "ask", "")


def test_each_ticket_teaches_once_in_the_order_of_arrival(
    database: Database, ticket: Ticket, now: datetime
) -> None:
    with database.transaction() as session:
        second = tickets.add(session, {"id": "t2", "description": "login"}, now)
    decide(database, second, "category", "software", now)
    decide(database, ticket, "category", "hardware", now)
    with database.reading() as session:
        found = decisions.labelled_examples(session, "category")
    assert [(item.ticket_id, item.label) for item in found] == [("t1", "hardware"), ("t2", "software")]
