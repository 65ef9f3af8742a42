"""An assessment from a small trained model and a search of our own."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import Mock
from zoneinfo import ZoneInfo

import pytest

from kb.ledger import NO_PROOF
from kb.search import Hit
from models.encoder import Encoder
from models.errors import InputError, TooLargeError
from models.store import ModelStore, StoredModel
from triage import learning
from triage.learning import Labelled
from triage.pipeline import TicketText, Triager
from triage.rules import Rules

URGENT = "整条生产线停了，有人员受伤"
EMOJI = "\U0001f600\U0001f525\U0001f44d"


@dataclass
class Archive:
    """Stands in for the search; remembers what was asked."""

    asked: list[tuple[str, int]] = field(default_factory=list)

    def find(self, analysis: Any, vector: Any, limit: int, wording: Any, near: Any) -> list[Hit]:
        assert vector.ndim == 1
        self.asked.append((analysis.folded, limit))
        hits = [
            Hit(f"case-{i}", 0.9 - i / 10, "p", "s", "zh", "hardware", "", (), NO_PROOF) for i in range(9)
        ]
        return hits[:limit]


@pytest.fixture
def archive() -> Archive:
    return Archive()


@pytest.fixture
def triager(encoder: Encoder, small_model: StoredModel, shipped_rules: Rules, archive: Archive) -> Triager:
    zone = ZoneInfo("Asia/Shanghai")
    return Triager(encoder, small_model, shipped_rules, Mock(), Mock(), archive.find, zone, max_text=1000)


@pytest.mark.parametrize(
    ("text", "label", "language"),
    [
        ("你好，打印机坏了 1", "hardware", "zh"),
        ("你好，系统闪退 2", "software", "zh"),
        ("你好，请问怎么导出 1", "consult", "zh"),
        ("Hello, login crashes 1", "software", "en"),
        ("Hello, printer broken 1", "hardware", "en"),
    ],
)
def test_a_text_like_those_learned_gets_their_label(
    triager: Triager, now: datetime, text: str, label: str, language: str
) -> None:
    found = triager.assess(TicketText(description=text), now=now)

    assert (found.category.label, found.language) == (label, language)
    assert found.category.band in ("auto", "suggest")
    assert found.category.confidence > 0.6
    chances = [found.category.confidence, *(option.confidence for option in found.category.alternatives)]
    assert sum(chances) == pytest.approx(1, abs=0.001)
    assert chances == sorted(chances, reverse=True)
    assert found.category.examples[0].label == label
    assert found.category.reasons
    assert found.model_version == "small-1"


def test_the_reasons_are_terms_of_the_text(triager: Triager, now: datetime) -> None:
    text = "你好，打印机坏了 1"
    found = triager.assess(TicketText(description=text), now=now)

    spoken = [reason for reason in found.category.reasons if reason.kind == "term"]
    terms = [reason.term for reason in spoken]
    assert all(part in text for term in terms for part in term.split())
    assert any("坏" in term or "印机" in term for term in terms)
    weights = [abs(reason.weight) for reason in spoken]
    assert weights == sorted(weights, reverse=True)


def test_subject_and_description_are_one_text(triager: Triager, archive: Archive, now: datetime) -> None:
    triager.assess(TicketText(subject="打印机", description="坏了"), now=now, top_k=2)

    assert archive.asked == [("打印机\n坏了", 2)]


def test_as_many_cases_as_wanted_are_shown(triager: Triager, now: datetime) -> None:
    found = triager.assess(TicketText(description="打印机坏了"), now=now, top_k=3)

    assert [hit.case_id for hit in found.similar_cases] == ["case-0", "case-1", "case-2"]


def test_a_signal_raises_the_priority_and_is_quoted(triager: Triager, now: datetime) -> None:
    calm = triager.assess(TicketText(description="你好，导出价格目录 1"), now=now)
    alarmed = triager.assess(TicketText(description=f"你好，导出价格目录 1。{URGENT}"), now=now)

    assert (calm.priority.label, calm.priority.signals) == ("normal", ())
    assert alarmed.priority.label == "urgent"
    assert alarmed.priority.signals
    assert all(signal.evidence in URGENT for signal in alarmed.priority.signals)
    assert alarmed.category.label == calm.category.label


def test_a_model_without_priorities_leaves_them_to_the_signals(
    triager: Triager,
    labelled: list[Labelled],
    encoder: Encoder,
    tmp_path: Path,
    now: datetime,
) -> None:
    store = ModelStore(tmp_path)
    model = learning.train(labelled, ("category",), encoder, store, name="c", source="", now=now)
    own = replace(triager, model=model)

    plain = own.assess(TicketText(description="你好，打印机坏了"), now=now)
    alarmed = own.assess(TicketText(description=URGENT), now=now)

    assert (plain.priority.band, plain.priority.reasons, plain.priority.examples) == ("ask", (), ())
    assert alarmed.priority.label == "urgent"


@pytest.mark.parametrize("text", ["", "  \n\t ", "\x00\x00", "\x00 \u200b\ufeff"])
def test_no_text_is_refused(triager: Triager, archive: Archive, now: datetime, text: str) -> None:
    with pytest.raises(InputError, match="no text") as raised:
        triager.assess(TicketText(subject=text, description=text), now=now)

    assert raised.value.field == "text"
    assert archive.asked == []


def test_characters_no_database_takes_are_left_out(triager: Triager, archive: Archive, now: datetime) -> None:
    triager.assess(TicketText(description="打印机\x00坏了\ud800"), now=now)

    assert "\x00" not in archive.asked[0][0]
    assert "\ud800" not in archive.asked[0][0]


def test_emoji_alone_go_to_a_person(triager: Triager, now: datetime) -> None:
    found = triager.assess(TicketText(description=EMOJI), now=now)

    assert (found.category.band, found.priority.band) == ("ask", "ask")
    assert found.language == "other"
    assert (found.route.team, found.route.rule) == ("first_line", "first_line")
    assert (found.category.reasons, found.priority.reasons) == ((), ())


def test_the_limit_counts_characters(triager: Triager, now: datetime) -> None:
    triager.assess(TicketText(description="字" * 1000), now=now)

    with pytest.raises(TooLargeError, match="1001 characters, at most 1000"):
        triager.assess(TicketText(description="字" * 1001), now=now)


def test_traditional_characters_are_read_like_simplified_ones(triager: Triager, now: datetime) -> None:
    simple = triager.assess(TicketText(description="你好，请问怎么导出报表，系统闪退，风扇坏了"), now=now)
    traditional = triager.assess(
        TicketText(description="你好，請問怎麼導出報表，系統閃退，風扇壞了"), now=now
    )

    assert traditional.language == "zh"
    assert [reason.term for reason in traditional.category.reasons] == [
        reason.term for reason in simple.category.reasons
    ]
    hard = triager.assess(TicketText(description="打印機開不了機"), now=now)
    assert hard.category.label == "hardware"


def test_the_clocks_run_from_when_the_ticket_came(triager: Triager, now: datetime) -> None:
    earlier = now - timedelta(hours=1)
    ticket = TicketText(description=URGENT)

    late = triager.assess(replace(ticket, received_at=earlier), now=now).route.clocks
    prompt = triager.assess(ticket, now=earlier).route.clocks
    fresh = triager.assess(ticket, now=now).route.clocks

    assert late == prompt != fresh
    first = {due.step: due.due_at for due in late}["first_response"]
    assert first == earlier + timedelta(minutes=5)


def test_a_vip_is_led_by_the_named_owner_in_the_same_team(triager: Triager, now: datetime) -> None:
    ticket = TicketText(description="你好，打印机坏了 1")

    plain = triager.assess(ticket, now=now).route
    vip = triager.assess(replace(ticket, customer_tier="vip"), now=now).route

    assert (plain.team, plain.role, plain.notify) == ("technical_support", "hardware_engineer", ())
    assert (vip.team, vip.role) == ("technical_support", "named_owner")
    assert "named_owner" in vip.notify


def test_a_given_language_is_believed(triager: Triager, now: datetime) -> None:
    found = triager.assess(TicketText(description="HX-300 error", language="zh"), now=now)

    assert found.language == "zh"


def test_the_same_ticket_is_assessed_the_same(triager: Triager, now: datetime) -> None:
    first, second = (
        replace(triager.assess(TicketText(description="你好，系统报错 1"), now=now), elapsed_ms=0.0)
        for _ in range(2)
    )

    assert first == second
