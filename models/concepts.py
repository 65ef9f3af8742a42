"""Concepts: what kinds of things a text speaks of, whatever words it uses.

A lexicon says which words and phrases of either language stand for which concept ("part of a device", "nobody
answers", "asks how"). Words alone carry over badly from the texts a model learned from to others: a new word
says nothing. A concept that holds it says the same in all trades and both languages.

In Chinese a phrase is looked for within runs of Han characters; in English as a row of words, compared by
their stems (Snowball, Porter 2001). At each place the longest phrase wins, and what lies wholly within a
phrase found before is not found.
"""

from __future__ import annotations

import functools
import hashlib
import re
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import snowballstemmer
from numpy.typing import NDArray

from models.memo import Last

Floats = NDArray[np.float32]

SHIELD = "neutral"
"""The code of phrases that mean nothing by themselves and keep shorter ones within them from being found."""

_HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_TOKEN_RE = re.compile(f"[{_HAN}]+|[a-z\u00c0-\u024f]+(?:['\u2019][a-z]+)*|[0-9]+|[^\\s-]")
_CLAUSE_RE = re.compile(r"[.!?;。\n]")
_LEAD = 80
"""Characters of the opening clause at most: what a text is about is mostly said there."""
_WRITTEN = ("?", "!", "@", "#", "http", "`", "::", "()", "*")
_SHORT, _LONG = 20, 400
_STEMMER = snowballstemmer.stemmer("english")
_STEMMING = threading.Lock()
"""A stemmer holds the word it works on."""


@dataclass(frozen=True, slots=True)
class Mention:
    """A phrase found in a text, and the places of its concepts among the lexicon's."""

    phrase: str
    start: int
    concepts: tuple[int, ...]


class Lexicon:
    """Phrases by concept, ready to be looked for."""

    def __init__(self, phrases: Mapping[str, Sequence[str]]) -> None:
        self.phrases = {code: tuple(own) for code, own in phrases.items()}
        self.codes = tuple(code for code in self.phrases if code != SHIELD)
        self._han: dict[str, tuple[int, ...]] = {}
        self._rows: dict[str, tuple[int, ...]] = {}
        self._longest: dict[str, int] = {}
        self._row_longest: dict[str, int] = {}
        self._last: Last[str, tuple[Floats, list[Mention]]] = Last()
        for code, own in self.phrases.items():
            meant = () if code == SHIELD else (self.codes.index(code),)
            for phrase in own:
                self._add(phrase, meant)

    def _add(self, phrase: str, meant: tuple[int, ...]) -> None:
        tokens = _TOKEN_RE.findall(phrase)
        if len(tokens) == 1 and _is_han(tokens[0]):
            known, key, head, longest, size = self._han, phrase, phrase[0], self._longest, len(phrase)
        else:
            row = [_stem(token) for token in tokens]
            known, key, head = self._rows, " ".join(row), row[0]
            longest, size = self._row_longest, len(row)
        known[key] = tuple(dict.fromkeys((*known.get(key, ()), *meant)))
        longest[head] = max(longest.get(head, 0), size)

    def find(self, folded: str) -> list[Mention]:
        """The mentions in a folded text, in the order of their kind and place."""
        found: list[Mention] = []
        row: list[tuple[str, str, int]] = []
        for match in _TOKEN_RE.finditer(folded):
            token = match.group()
            if _is_han(token):
                found.extend(self._in_han(token, match.start()))
            if token.isalnum() or "'" in token or "\u2019" in token:
                row.append((_stem(token), token, match.start()))
            else:
                found.extend(self._in_row(row))
                row = []
        found.extend(self._in_row(row))
        return found

    def _in_han(self, run: str, offset: int) -> Iterable[Mention]:
        behind = 0
        for place, sign in enumerate(run):
            longest = min(self._longest.get(sign, 0), len(run) - place)
            for size in range(longest, max(behind - place, 0), -1):
                concepts = self._han.get(run[place : place + size])
                if concepts is not None:
                    yield Mention(run[place : place + size], offset + place, concepts)
                    behind = place + size
                    break

    def _in_row(self, row: Sequence[tuple[str, str, int]]) -> Iterable[Mention]:
        behind = 0
        for place, (first, _, start) in enumerate(row):
            longest = min(self._row_longest.get(first, 0), len(row) - place)
            for size in range(longest, max(behind - place, 0), -1):
                concepts = self._rows.get(" ".join(stem for stem, _, _ in row[place : place + size]))
                if concepts is not None:
                    yield Mention(" ".join(word for _, word, _ in row[place : place + size]), start, concepts)
                    behind = place + size
                    break

    @property
    def width(self) -> int:
        """How many numbers describe a text."""
        return 2 * len(self.codes) + len(_WRITTEN) + 4

    def describe(self, folded: str) -> Floats:
        """What a folded text speaks of, (width,): how often it mentions each concept (logarithmic), which of
        them in its opening clause, and how it is written."""
        return self.described(folded)[0]

    def described(self, folded: str) -> tuple[Floats, list[Mention]]:
        """The same, and the mentions it rests on."""
        return self._last.get(folded, lambda: self._described(folded))

    def _described(self, folded: str) -> tuple[Floats, list[Mention]]:
        counts = np.zeros(len(self.codes), dtype=np.float32)
        opening = np.zeros(len(self.codes), dtype=np.float32)
        mentions, lead = self.find(folded), _lead(folded)
        for mention in mentions:
            for concept in mention.concepts:
                counts[concept] += 1
                if mention.start < lead:
                    opening[concept] = 1
        written = [min(folded.count(sign), 2) for sign in _WRITTEN]
        digits = sum(sign.isdigit() for sign in folded) / max(len(folded), 1)
        form = [*written, digits, np.log1p(len(folded)) / 3, len(folded) < _SHORT, len(folded) > _LONG]
        return np.concatenate([np.log1p(counts), opening, np.array(form, dtype=np.float32)]), mentions

    @property
    def hash(self) -> str:
        """Names the lexicon by what it holds; empty where it holds nothing."""
        if not self.phrases:
            return ""
        content = ((code, *sorted(own)) for code, own in sorted(self.phrases.items()))
        return hashlib.sha256(repr(list(content)).encode()).hexdigest()[:16]

    @property
    def parts(self) -> dict[str, Any]:
        """Everything, to be stored."""
        text = "\n".join("\t".join((code, *own)) for code, own in self.phrases.items())
        return {"phrases": np.frombuffer(text.encode(), dtype=np.uint8)}

    @classmethod
    def of_parts(cls, parts: Mapping[str, Any]) -> Lexicon:
        """The lexicon that ``parts`` came from."""
        return _read(parts["phrases"].tobytes())


NO_CONCEPTS = Lexicon({})
"""Of a text only how it is written is said."""


@functools.lru_cache(maxsize=2)
def _read(written: bytes) -> Lexicon:
    """Category and priority share one: a fifth of a second to read, and a text is looked through once."""
    lines = written.decode().split("\n")
    return Lexicon({code: own for code, *own in (line.split("\t") for line in lines if line)})


def _lead(folded: str) -> int:
    """Where the opening clause of a text ends."""
    start = len(folded) - len(folded.lstrip())
    end = _CLAUSE_RE.search(folded, start + 1)
    return min(end.start() if end else len(folded), start + _LEAD)


def _is_han(token: str) -> bool:
    return "\u3400" <= token[0] <= "\ufaff"


@functools.lru_cache(maxsize=50_000)
def _stem(word: str) -> str:
    word = word.replace("\u2019", "'")
    if "'" in word or not word.isascii():
        return word
    with _STEMMING:
        return str(_STEMMER.stemWord(word))
