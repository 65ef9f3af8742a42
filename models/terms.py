"""The terms of texts: words, pairs of neighbouring words, and the pieces of each word, counted.

Pieces (two to five characters of a word with its borders) carry over typing errors, endings and Chinese
words that were cut in another way. They belong to the word they lie in, so that what they say of a label
can be shown as what the word says.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from models.memo import Last

Places = NDArray[np.intp]
_SHORTEST, _LONGEST = 2, 5
_MOST_WORDS = 300_000
_MOST_PIECES = 200_000


@lru_cache(maxsize=50_000)
def pieces(word: str) -> tuple[str, ...]:
    """The pieces of a word, its borders marked by spaces."""
    marked = f" {word} "
    sizes = range(_SHORTEST, min(_LONGEST, len(marked)) + 1)
    return tuple(marked[start : start + size] for size in sizes for start in range(len(marked) - size + 1))


def words_and_pairs(words: Sequence[str]) -> Iterator[str]:
    """The words of a text and its pairs of neighbours."""
    yield from words
    yield from map(" ".join, pairwise(words))


@dataclass(frozen=True, slots=True)
class Terms:
    """One text's known terms: places in the vocabulary, ascending, and how often each occurs.

    ``total`` is how many words and pairs there are, known or not.
    """

    places: Places
    counts: NDArray[np.float64]
    total: int


@dataclass(frozen=True, slots=True)
class Counted:
    """The same of many texts: a row each."""

    matrix: Any
    totals: NDArray[np.float64]

    def __getitem__(self, rows: Any) -> Counted:
        return Counted(self.matrix[rows], self.totals[rows])


class Vocabulary:
    """Which terms are known, and their places: words and pairs first, then pieces."""

    def __init__(self, words: Sequence[str], parts: Sequence[str]) -> None:
        self.words = list(words)
        self.pieces = list(parts)
        self._word_places = {term: place for place, term in enumerate(self.words)}
        self._piece_places = {term: place for place, term in enumerate(self.pieces, start=len(self.words))}
        self._of_word: dict[str, tuple[int, ...]] = {}
        self._last: Last[str, Terms] = Last()

    @classmethod
    def of(cls, documents: Sequence[str], rarest: int) -> Vocabulary:
        """The terms of these texts that at least ``rarest`` of them hold; pieces need two at least."""
        words: Counter[str] = Counter()
        parts: Counter[str] = Counter()
        for document in documents:
            tokens = document.split()
            words.update(set(words_and_pairs(tokens)))
            parts.update({piece for token in set(tokens) for piece in pieces(token)})
        return cls(_frequent(words, rarest, _MOST_WORDS), _frequent(parts, max(rarest, 2), _MOST_PIECES))

    def __len__(self) -> int:
        return len(self.words) + len(self.pieces)

    def terms(self, document: str) -> Terms:
        """Count the terms of one text; ``document`` is the analyser's tokens joined by spaces."""
        return self._last.get(document, lambda: self._terms(document))

    def _terms(self, document: str) -> Terms:
        tokens = document.split()
        found = [self._word_places[term] for term in words_and_pairs(tokens) if term in self._word_places]
        for token in tokens:
            found.extend(self.pieces_of(token))
        places, counts = np.unique(np.array(found, dtype=np.intp), return_counts=True)
        return Terms(places, counts.astype(np.float64), max(2 * len(tokens) - 1, 0))

    def pieces_of(self, word: str) -> tuple[int, ...]:
        """The places of a word's known pieces."""
        known = self._of_word.get(word)
        if known is None:
            places = self._piece_places
            known = tuple(places[piece] for piece in pieces(word) if piece in places)
            if len(self._of_word) < _MOST_WORDS:
                self._of_word[word] = known
        return known

    def count(self, documents: Sequence[str]) -> Counted:
        """Count the terms of many texts."""
        rows = [self.terms(document) for document in documents]
        ends = np.concatenate([[0], np.cumsum([len(row.places) for row in rows])])
        matrix = sparse.csr_matrix(
            (
                np.concatenate([row.counts for row in rows] or [np.zeros(0)]),
                np.concatenate([row.places for row in rows] or [np.zeros(0, np.intp)]),
                ends,
            ),
            shape=(len(rows), len(self)),
        )
        return Counted(matrix, np.array([row.total for row in rows], dtype=np.float64))

    @property
    def parts(self) -> dict[str, Any]:
        """The terms as bytes, to be stored."""
        return {"words": _packed(self.words), "pieces": _packed(self.pieces)}

    @classmethod
    def of_parts(cls, parts: dict[str, Any]) -> Vocabulary:
        """The vocabulary that ``parts`` came from."""
        return cls(_unpacked(parts["words"]), _unpacked(parts["pieces"]))


def _frequent(holding: Counter[str], rarest: int, most: int) -> list[str]:
    kept = [term for term, texts in holding.items() if texts >= rarest]
    if len(kept) > most:
        kept = sorted(kept, key=lambda term: (-holding[term], term))[:most]
    return sorted(kept)


def _packed(terms: Sequence[str]) -> NDArray[np.uint8]:
    return np.frombuffer("\n".join(terms).encode(), dtype=np.uint8)


def _unpacked(packed: NDArray[np.uint8]) -> list[str]:
    return packed.tobytes().decode().split("\n") if packed.size else []
