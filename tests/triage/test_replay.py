"""Other rules over the tickets of the last months: what would have been different."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from numpy.typing import NDArray

from kb import tickets
from kb.database import Database
from models.anchors import Anchors
from models.card import Card
from models.classifier import Classifier
from models.encoder import Encoder
from models.examples import Examples
from models.store import StoredModel
from triage import replay, rules
from triage.rules import Rules

DATA = Path(__file__).parents[2] / "data"
NOW = datetime(2026, 3, 11, 8, tzinfo=UTC)
ZONE = ZoneInfo("Asia/Shanghai")


@pytest.fixture(scope="module")
def now_rules() -> Rules:
    return rules.load(DATA)


@pytest.fixture
def model(encoder: Encoder) -> StoredModel:
    """A model without priorities: signals alone decide."""
    card = Card("none-1", NOW.isoformat(), encoder.identity, "1", "tests", "", {}, {}, {}, {})
    return StoredModel(card, {}, Examples([], {}, Anchors(np.zeros((0, encoder.dimension), np.float32))))


class Calm:
    """Finds everything normal."""

    labels = ("urgent", "important", "normal")

    def predict_proba(self, documents: list[str], vectors: object) -> NDArray[np.float64]:
        return np.tile([0.01, 0.04, 0.95], (len(documents), 1))


def calm(model: StoredModel) -> StoredModel:
    return dataclasses.replace(model, classifiers={"priority": cast("Classifier", Calm())})


def asked(database: Database, *rows: dict[str, object]) -> list[replay.Past]:
    with database.transaction() as session:
        for number, row in enumerate(rows):
            tickets.add(session, {"id": f"t{number}", "received_at": NOW - timedelta(days=1), **row}, NOW)
    with database.reading() as session:
        return replay.past(session, NOW)


def test_the_same_rules_change_nothing(
    database: Database, now_rules: Rules, model: StoredModel, encoder: Encoder
) -> None:
    held = asked(database, {"description": "打印机坏了", "category": "hardware"})
    found = replay.replay(now_rules, now_rules, held, model, encoder, ZONE, NOW)
    assert (found.tickets, found.changed) == (1, ())


def test_another_team_shows_in_the_replay(
    database: Database, now_rules: Rules, model: StoredModel, encoder: Encoder
) -> None:
    held = asked(
        database,
        {"description": "打印机坏了", "category": "hardware"},
        {"description": "请问怎么导出", "category": "consult"},
    )
    before = replay.replay(now_rules, now_rules, held, model, encoder, ZONE, NOW)
    assert not before.changed
    first = next(rule for rule in now_rules.routing.rules if "hardware" in rule.when.get("category", ()))
    other = "engineering" if first.team != "engineering" else "first_line"
    after = dataclasses.replace(
        now_rules,
        routing=dataclasses.replace(
            now_rules.routing,
            rules=tuple(
                dataclasses.replace(rule, team=other) if "hardware" in rule.when.get("category", ()) else rule
                for rule in now_rules.routing.rules
            ),
        ),
    )
    found = replay.replay(now_rules, after, held, model, encoder, ZONE, NOW)
    assert [one.ticket_id for one in found.changed] == ["t0"]
    ((old, new, number),) = found.moved["team"]
    assert (new, number) == (other, 1)
    assert old != new


def test_another_signal_and_clock_show_in_the_replay(
    database: Database, now_rules: Rules, model: StoredModel, encoder: Encoder
) -> None:
    held = asked(
        database,
        {"description": "生产线全部停产了，请马上处理", "category": "hardware"},
        {"description": "请问怎么导出", "category": "consult"},
    )
    quiet = dataclasses.replace(now_rules, priority=dataclasses.replace(now_rules.priority, signals=()))
    found = replay.replay(now_rules, quiet, held, calm(model), encoder, ZONE, NOW)
    assert [one.ticket_id for one in found.changed] == ["t0"]
    assert found.changed[0].before.priority == "urgent"
    assert found.moved["priority"] == (("urgent", "normal", 1),)
    assert found.moved["due"] == (("", "later", 1),)


def test_only_the_last_ninety_days_with_a_text_count(database: Database) -> None:
    held = asked(
        database,
        {"description": "now"},
        {"description": "long ago", "received_at": NOW - timedelta(days=91)},
    )
    assert [one.id for one in held] == ["t0"]
