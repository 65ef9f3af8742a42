"""Counts beside a search, each as if its own filter were not set."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from sqlalchemy import select

from kb import facets, search
from kb.database import Database
from kb.filters import NO_FILTERS, Filters
from kb.match import MatchCurve, probability
from kb.tables import Case
from models.encoder import Encoder
from models.text import analyse


def test_each_facet_is_counted_without_its_own_filter(archive: Database) -> None:
    with archive.reading() as session:
        keys = list(session.scalars(select(Case.pk)))
        everything = facets.count(session, keys, NO_FILTERS)
        assert everything["category"] == {"software": 3, "hardware": 2, "other": 1}
        assert everything["product"] == {"Updater 3": 1}
        narrowed = facets.count(session, keys, Filters(category="hardware"))
        assert narrowed["category"] == everything["category"]
        assert narrowed["language"] == {"en": 1, "zh": 1}
        assert facets.count(session, [], NO_FILTERS)["category"] == {}


def test_facets_are_of_cases_that_hold_the_words_or_are_near(archive: Database, encoder: Encoder) -> None:
    request = search.Request(analyse("打印机"), encoder.encode(["打印机"])[0])
    with archive.reading() as session:
        found = search.counted(session, request, lambda _vector, _most: [])
    assert found["category"] == {"hardware": 1}


@pytest.mark.parametrize("question", ["HX-300 卡纸", "打印机无法开机", "error 0x80070005 in the updater"])
def test_the_parts_of_a_match_add_up(ask: Callable[..., Any], question: str) -> None:
    for hit in ask(question, limit=6):
        why = hit.why
        total = why.meaning + why.words + why.pairs + why.identifiers + why.uses + why.company
        assert float(probability(np.array(total))) == pytest.approx(hit.match, abs=1e-4)


def test_an_identifier_carries_what_holds_it(ask: Callable[..., Any]) -> None:
    best, *others = ask("0x80070005", limit=6)
    assert best.case_id == "error"
    assert best.why.identifiers > 0
    assert all(hit.why.identifiers == 0 for hit in others)
    assert ask("打印机无法开机")[0].why.pairs > 0


@pytest.mark.parametrize(
    ("asked", "other"), [("0x80070005", "0x80070006"), ("HX-300", "HX-200"), ("3.2.1", "3.1.2")]
)
def test_the_asked_identifier_comes_before_another_of_its_kind(
    database: Database, encoder: Encoder, now: Any, asked: str, other: str
) -> None:
    from kb import cases

    question = f"how to mend the device after {asked} appears on the screen again"
    rows = [{"id": "other", "problem": question.replace(asked, other), "solution": "restart"}]
    rows += [{"id": "asked", "problem": f"{asked} was seen", "solution": "call the maker, order a part"}]
    rows += [{"id": f"c{n}", "problem": f"something else number {n} about paper"} for n in range(8)]
    with database.transaction() as session:
        cases.write(session, rows, encoder, now)
    with database.reading() as session:
        for text in (asked, f"device shows {asked}"):
            request = search.Request(analyse(text), encoder.encode([text])[0])
            found = search.find(session, request, lambda _vector, _most: list(range(1, 11)), MatchCurve())
            assert found[0].case_id == "asked"


def test_a_whole_mail_finds_what_two_words_find(ask: Callable[..., Any]) -> None:
    filler = " ".join(f"paragraph{n} regarding matters of the week" for n in range(350))
    mail = f"Dear colleagues,\n\nhope you are well. {filler}\nOur updater stops with error 0x80070005.\n" + (
        "Best regards\nJane Doe\nSales Department, Tel. +49 30 1234567"
    )
    assert len(mail.split()) > 2_000
    assert ask(mail)[0].case_id == ask("updater 0x80070005")[0].case_id == "error"
