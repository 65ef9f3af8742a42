"""Opening a ticket records what was suggested; deciding accepts or corrects it, and only that teaches."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from unittest.mock import Mock
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy.orm import Session

from kb import decisions, tickets
from kb.database import Database
from kb.tables import Ticket
from models.encoder import Encoder
from models.errors import ConflictError, InputError
from models.store import StoredModel
from triage import actions
from triage.actions import Verdict
from triage.assessment import Assessment
from triage.pipeline import Triager
from triage.rules import Rules

VALUES: dict[str, Any] = {"id": "t1", "subject": "你好", "description": "打印机坏了 1", "customer": "某公司"}


@pytest.fixture
def found(encoder: Encoder, small_model: StoredModel, shipped_rules: Rules, now: datetime) -> Assessment:
    triager = Triager(
        encoder,
        small_model,
        shipped_rules,
        Mock(),
        Mock(),
        lambda *_: [],
        ZoneInfo("Asia/Shanghai"),
        max_text=1000,
    )
    return triager.assess(actions.text_of(VALUES), now=now)


@pytest.fixture
def opened(database: Database, found: Assessment, now: datetime) -> Database:
    with database.transaction() as session:
        actions.open_ticket(session, VALUES, found, shown=True, now=now)
    return database


def _decide(database: Database, rules: Rules, verdict: Verdict, now: datetime) -> Ticket:
    with database.transaction() as session:
        ticket = tickets.get(session, "t1")
        return actions.decide(session, ticket, verdict, rules.taxonomy, by="li", now=now)


def _examples(session: Session) -> dict[str, list[str]]:
    return {
        target: [example.label for example in decisions.labelled_examples(session, target)]
        for target in decisions.TARGETS
    }


def test_what_matters_of_a_ticket_is_taken(now: datetime) -> None:
    text = actions.text_of({**VALUES, "customer_tier": "vip", "channel": "phone", "received_at": now})

    assert (text.subject, text.description) == ("你好", "打印机坏了 1")
    assert (text.customer_tier, text.channel, text.received_at, text.product) == ("vip", "phone", now, None)


def test_an_opened_ticket_is_triaged_with_two_suggestions(
    opened: Database, found: Assessment, now: datetime
) -> None:
    with opened.reading() as session:
        ticket = tickets.get(session, "t1")
        rows = decisions.history(session, ticket)
        steps = [(step.before, step.after, step.by) for step in tickets.transitions(session, ticket)]
        assert _examples(session) == {"category": [], "priority": []}

    assert (ticket.status, ticket.category, ticket.priority) == ("triaged", "hardware", "important")
    assert (ticket.team, ticket.customer) == ("technical_support", "某公司")
    assert ticket.due_at == min(due.due_at for due in found.route.clocks) > now
    assert [(row.target, row.suggested, row.final) for row in rows] == [
        ("category", "hardware", None),
        ("priority", "important", None),
    ]
    assert all(row.shown and row.model_version == "small-1" for row in rows)
    assert [row.band for row in rows] == [found.category.band, found.priority.band]
    assert steps == [("received", "triaged", "triage")]


def test_an_accepted_suggestion_is_confirmed_and_assigned(
    opened: Database, shipped_rules: Rules, now: datetime
) -> None:
    ticket = _decide(opened, shipped_rules, Verdict(), now)

    assert (ticket.status, ticket.category, ticket.priority) == ("assigned", "hardware", "important")
    with opened.reading() as session:
        rows = decisions.history(session, tickets.get(session, "t1"))[2:]
        assert _examples(session) == {"category": ["hardware"], "priority": ["important"]}
        example = decisions.labelled_examples(session, "category")[0]
    assert [(row.target, row.suggested, row.final, row.decided_by) for row in rows] == [
        ("category", "hardware", "hardware", "li"),
        ("priority", "important", "important", "li"),
    ]
    assert (example.ticket_id, example.text) == ("t1", "你好\n打印机坏了 1")


def test_a_correction_keeps_what_was_suggested(opened: Database, shipped_rules: Rules, now: datetime) -> None:
    verdict = Verdict("complaint", "urgent", team="customer_service", owner="wang", reason="anger")
    ticket = _decide(opened, shipped_rules, verdict, now)

    assert (ticket.category, ticket.priority) == ("complaint", "urgent")
    assert (ticket.team, ticket.owner) == ("customer_service", "wang")
    with opened.reading() as session:
        last = decisions.latest(session, tickets.get(session, "t1"), "category")
        assert _examples(session) == {"category": ["complaint"], "priority": ["urgent"]}
    assert last is not None
    assert (last.suggested, last.final, last.reason) == ("hardware", "complaint", "anger")


def test_the_last_decision_teaches(opened: Database, shipped_rules: Rules, now: datetime) -> None:
    _decide(opened, shipped_rules, Verdict(category="complaint"), now)
    ticket = _decide(opened, shipped_rules, Verdict(category="other"), now + timedelta(hours=1))

    assert ticket.status == "assigned"
    with opened.reading() as session:
        assert _examples(session)["category"] == ["other"]
        assert len(decisions.history(session, tickets.get(session, "t1"))) == 6


@pytest.mark.parametrize(
    ("verdict", "field"),
    [
        (Verdict(category="hardwear"), "category"),
        (Verdict(priority="asap"), "priority"),
        (Verdict(team="nobody"), "team"),
    ],
)
def test_an_unknown_label_changes_nothing(
    opened: Database, shipped_rules: Rules, now: datetime, verdict: Verdict, field: str
) -> None:
    with pytest.raises(InputError, match=field) as raised:
        _decide(opened, shipped_rules, verdict, now)

    assert raised.value.field == field
    with opened.reading() as session:
        ticket = tickets.get(session, "t1")
        assert (ticket.status, ticket.category) == ("triaged", "hardware")
        assert len(decisions.history(session, ticket)) == 2


def test_the_same_ticket_cannot_be_opened_twice(opened: Database, found: Assessment, now: datetime) -> None:
    with pytest.raises(ConflictError, match="t1"), opened.transaction() as session:
        actions.open_ticket(session, VALUES, found, shown=True, now=now)


@pytest.mark.parametrize(
    ("satisfaction", "status", "priority"),
    [
        (1, "reopened", "important"),
        (2, "reopened", "important"),
        (3, "closed", "normal"),
        (5, "closed", "normal"),
    ],
)
def test_an_unhappy_customer_opens_a_ticket_again_one_level_higher(
    database: Database, shipped_rules: Rules, now: datetime, satisfaction: int, status: str, priority: str
) -> None:
    with database.transaction() as session:
        values = {**VALUES, "status": "informed", "priority": "normal", "owner": "anna"}
        ticket = tickets.add(session, values, now)
        actions.rate(session, ticket, satisfaction, shipped_rules.taxonomy, by="bert", now=now)
        assert (ticket.status, ticket.priority, ticket.satisfaction) == (status, priority, satisfaction)
        assert ticket.owner == ("" if status == "reopened" else "anna")
        note = tickets.transitions(session, ticket)[-1].note
        assert ("anna" in note) == (status == "reopened")


def test_satisfaction_has_its_time_and_its_bounds(
    database: Database, shipped_rules: Rules, now: datetime
) -> None:
    with database.transaction() as session:
        ticket = tickets.add(session, {**VALUES, "status": "informed", "priority": "urgent"}, now)
        for wrong in (0, 6):
            with pytest.raises(InputError, match="1 to 5"):
                actions.rate(session, ticket, wrong, shipped_rules.taxonomy, by="x", now=now)
        actions.rate(session, ticket, 1, shipped_rules.taxonomy, by="x", now=now)
        assert ticket.priority == "urgent", "there is no level above"
        with pytest.raises(ConflictError):
            actions.rate(session, ticket, 5, shipped_rules.taxonomy, by="x", now=now)
