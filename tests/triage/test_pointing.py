"""Where an assessment's reasons stand in the text."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from models.classifier import Reason
from triage.pointing import Piece, pieces


def found(terms: list[tuple[str, float]] = (), signals: list[str] = ()) -> Any:  # type: ignore[assignment]
    reasons = tuple(Reason(term, weight, "term") for term, weight in terms)
    finding = SimpleNamespace(reasons=reasons, signals=())
    marks = tuple(SimpleNamespace(code="code", evidence=evidence) for evidence in signals)
    return SimpleNamespace(category=finding, priority=SimpleNamespace(reasons=(), signals=marks))


@pytest.mark.parametrize(
    ("text", "terms", "signals", "marked"),
    [
        ("打印机坏了", [("打印机", 1.0)], [], [("打印机", "term")]),
        ("VPN 坏了，vpn", [("vpn", 1.0)], [], [("VPN", "term"), ("vpn", "term")]),
        ("VPN断了", [("vpn", 1.0)], [], [("VPN", "term")]),  # glued to Han it still is a word
        ("VPNs are", [("vpn", 1.0)], [], []),  # inside a longer word it is not
        ("a cat", [("cat", -1.0)], [], []),  # what speaks against the label is not marked
        ("全公司都断网", [("公司", 1.0)], ["全公司"], [("全公司", "signal")]),  # signals go first
        ("电源键坏", [("电源", 1.0), ("电源键", 0.5)], [], [("电源键", "term")]),  # the longer mark
        ("", [("x", 1.0)], [], []),
        ("x", [("", 1.0), (" ", 1.0)], [""], []),
        ("İstanbul down", [("down", 1.0)], [], [("down", "term")]),  # a letter that grows when folded
    ],
)
def test_marks(
    text: str, terms: list[tuple[str, float]], signals: list[str], marked: list[tuple[str, str]]
) -> None:
    made = pieces(text, found(terms, signals))
    assert "".join(piece.text for piece in made) == text
    assert [(piece.text, piece.kind) for piece in made if piece.kind] == marked
    assert replace(Piece("x"), kind="term").kind == "term"


def test_phrases_that_say_what_is_spoken_of_are_marked() -> None:
    phrases = (Reason("屏幕", 0.5, "concepts"), Reason("won't start", 0.2, "concepts"))
    finding = SimpleNamespace(reasons=phrases, signals=())
    both = SimpleNamespace(category=finding, priority=SimpleNamespace(reasons=(), signals=()))
    made: Any = pieces("屏幕黑，it Won't start", both)  # type: ignore[arg-type]
    assert [piece.text for piece in made if piece.kind] == ["屏幕", "Won't start"]
