"""Misspelt words of a query are read as the archive's cases spell them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from kb import spelling
from kb.database import Database
from kb.search import Hit
from models.text import analyse

Ask = Callable[..., list[Hit]]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("updatr", "updater"),
        ("updatter", "updater"),
        ("updtaer", "updater"),
        ("updaten", "updater"),
        ("invocie", "invoice"),
        ("UPDATR", "updater"),
    ],
)
def test_a_word_one_slip_away_is_found(ask: Ask, database: Database, typed: str, meant: str) -> None:
    ask("printer", limit=1)
    with database.reading() as session:
        assert spelling.corrected(session, analyse(typed)).words == (meant,)
    assert meant in ask(typed, limit=1)[0].shared_terms


@pytest.mark.parametrize(
    "typed",
    [
        "updater",  # a case holds it
        "pdater",  # the first letter
        "updtr",  # two slips
        "vpm",  # too short: everything is near
        "打音机",  # pairs of characters do this
        "hx-301",  # another part number is no slip
        "nothing like it",
        "u" * 100_000,
        "",
    ],
)
def test_other_words_stay_as_they_are(ask: Ask, database: Database, typed: str) -> None:
    ask("printer", limit=1)
    with database.reading() as session:
        analysis = analyse(typed)
        assert spelling.corrected(session, analysis) == analysis


def test_a_message_is_left_alone(ask: Ask, database: Database) -> None:
    ask("printer", limit=1)
    long = analyse("dear team since monday the updatr stops with an error that nobody here has seen before")
    with database.reading() as session:
        assert spelling.corrected(session, long) == long


def test_every_slip_once() -> None:
    near = set(spelling.slips("abcde"))
    assert {"abcd", "abce", "acbde", "abcdee", "abxcde", "abcdx"} <= near
    assert not {"bcde", "xabcde", "xbcde", "bacde"} & near
