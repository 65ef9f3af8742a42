"""The form of an assessment on the wire."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from kb.ledger import Proof
from kb.search import Hit
from models.classifier import Reason
from models.examples import Nearest
from triage.assessment import Assessment, Finding, Option, RouteTaken, as_json, hit_json
from triage.clocks import Due
from triage.priority import Signal

AT = datetime(2026, 3, 11, 2, 30, 15, 123456, tzinfo=UTC)
SIGNAL = Signal("safety", "受伤", 0, 2, "at_least", "urgent", 80.0, 40)


def _finding(label: str, signals: tuple[Signal, ...] = ()) -> Finding:
    option, reason, nearest = Option("other", 0.1), Reason("灯", -0.5), Nearest("t1", label, 0.75)
    return Finding(label, 0.9, "auto", (option,), (reason,), (nearest,), signals)


@pytest.fixture
def hit() -> Hit:
    return Hit("c1", 0.8, "问题", "方案", "zh", "hardware", "HX", ("灯",), Proof(3, 2, 1, AT))


@pytest.fixture
def wire(hit: Hit) -> dict[str, Any]:
    due = Due("first_response", AT, None, sure=True)
    route = RouteTaken("technical_support", "named_owner", "hardware", (due,), ("finance",), ("supervisor",))
    category, priority = _finding("hardware"), _finding("urgent", (SIGNAL,))
    return as_json(Assessment("zh", category, priority, route, (hit,), "small-1", "hashing-1", 4.2))


def test_the_keys_are_those_of_the_contract(wire: dict[str, Any]) -> None:
    finding = {"label", "confidence", "band", "alternatives", "reasons", "score", "examples"}

    assert set(wire) == {
        "language", "category", "priority", "route", "similar_cases", "similar_found", "degraded",
        "model", "elapsed_ms",
    }  # fmt: skip
    assert set(wire["category"]) == finding
    assert set(wire["priority"]) == finding | {"signals"}
    for target in ("category", "priority"):
        assert set(wire[target]["alternatives"][0]) == {"label", "confidence"}
        assert set(wire[target]["reasons"][0]) == {"term", "weight", "kind"}
        assert set(wire[target]["examples"][0]) == {"ticket_id", "label", "match"}
    assert set(wire["priority"]["signals"][0]) == {"code", "evidence"}
    assert set(wire["route"]) == {"team", "role", "rule", "clocks"} | {"helpers", "notify"}
    assert set(wire["route"]["clocks"][0]) == {"step", "due_at"}
    assert set(wire["model"]) == {"version", "encoder"}


def test_a_case_has_the_keys_of_the_contract(wire: dict[str, Any]) -> None:
    case = wire["similar_cases"][0]
    fixed = {"case_id", "match", "problem", "solution", "language", "shared_terms", "proven"}

    assert set(case) == fixed | {"category", "product"}
    assert case["proven"] == {
        "used": 3, "worked": 2, "reopened": 1, "last_worked_at": "2026-03-11T02:30:15+00:00",
        "last_failed_at": None, "failed_last": False,
    }  # fmt: skip


def test_the_values_are_those_found_and_can_be_json(wire: dict[str, Any]) -> None:
    assert json.loads(json.dumps(wire)) == wire
    assert wire["route"]["clocks"] == [{"step": "first_response", "due_at": "2026-03-11T02:30:15+00:00"}]
    assert wire["priority"]["signals"] == [{"code": "safety", "evidence": "受伤"}]
    assert wire["category"]["examples"] == [{"ticket_id": "t1", "label": "hardware", "match": 0.75}]
    assert (wire["route"]["helpers"], wire["route"]["notify"]) == (["finance"], ["supervisor"])
    assert wire["model"] == {"version": "small-1", "encoder": "hashing-1"}


def test_a_case_never_used_has_no_time(hit: Hit) -> None:
    unused = Hit("c2", 0.5, "p", "", "en", "", "", (), Proof(0, 0, 0, None))

    assert hit_json(unused)["proven"]["last_worked_at"] is None
    assert hit_json(hit)["shared_terms"] == ["灯"]
