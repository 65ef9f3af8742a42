"""Where in a ticket's text its assessment's reasons stand, so that a person can check them there."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from triage.assessment import Assessment

_WORD = re.compile(r"[^\W\u3400-\u9fff]")
"""A letter or digit that is no Han character: words of these stand between borders."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a text. ``kind`` is ``signal``, ``term`` or empty."""

    text: str
    kind: str = ""


def pieces(content: str, found: Assessment) -> list[Piece]:
    """The text in pieces, those marked that a signal or a reason for the suggested labels stands on.

    Signals go before terms, longer marks before shorter ones, and marks do not overlap.
    """
    wanted = [(signal.evidence, "signal") for signal in found.priority.signals]
    for finding in (found.category, found.priority):
        spoken = [reason for reason in finding.reasons if reason.kind in ("term", "concepts")]
        wanted += [(reason.term, "term") for reason in spoken if reason.weight > 0]
    folded = "".join(small if len(small := letter.lower()) == 1 else letter for letter in content)
    spans = [
        (start, start + len(word), kind) for word, kind in wanted for start in _places(folded, word.lower())
    ]
    spans.sort(key=lambda span: (span[2] != "signal", span[0] - span[1], span[0]))
    taken: list[tuple[int, int, str]] = []
    for start, end, kind in spans:
        if all(end <= other[0] or start >= other[1] for other in taken):
            taken.append((start, end, kind))
    made, done = [], 0
    for start, end, kind in sorted(taken):
        made += [Piece(content[done:start]), Piece(content[start:end], kind)]
        done = end
    return [piece for piece in (*made, Piece(content[done:])) if piece.text]


def cut(content: str, spans: Sequence[Sequence[int]], kind: str = "term") -> list[Piece]:
    """A text in pieces at spans (begin, end) that are in order and do not overlap."""
    made, done = [], 0
    for start, end in spans:
        made += [Piece(content[done:start]), Piece(content[start:end], kind)]
        done = end
    return [piece for piece in (*made, Piece(content[done:])) if piece.text]


def _places(folded: str, word: str) -> list[int]:
    if not word.strip():
        return []
    found, start = [], folded.find(word)
    while start >= 0:
        end = start + len(word)
        before, after = folded[start - 1 : start], folded[end : end + 1]
        inside = (_WORD.match(word[0]) and before and _WORD.match(before)) or (
            _WORD.match(word[-1]) and after and _WORD.match(after)
        )
        if not inside:
            found.append(start)
        start = folded.find(word, end)
    return found
