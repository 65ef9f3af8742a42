"""How likely two tickets are about one problem, from what they mean and the words they share.

The log odds of a pair are linear in two products, that of the meanings and that of the weighed words. So
the mean over all pairs of two groups needs nothing but the groups' sums, and average linkage is exact
without a matrix of pairs.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from kb.documents import Hashes, script
from models.encoder import Vectors

Floats = NDArray[np.float32]

RARITY = 2
"""The power of the inverse document frequency: what tells problems apart are names, and names are rare."""
SUBJECT = np.float32(0.5)
"""What a subject's meaning counts beside that of the whole text, which holds it already. The seed's
pairs want a quarter or a half, not as much as the text (``python -m benchmarks.likeness_weights``)."""
COMMON = 4
"""Directions in which all texts of an archive differ most (their length, their kind), taken out
(Mu and Viswanath 2018), fewer from few texts."""
_TEXTS_A_DIRECTION = 100
_FURTHER = 10
"""So many further texts are thought to be without a word: what few texts all say may be their problem, and a
number that two of them share by chance is no name."""
_OWN_MEAN = 100
"""So many texts make half of a mean, first of all texts, then of a script: few may be about one problem."""


@dataclass(frozen=True, slots=True)
class Weights:
    """What meaning and words count, by whether two texts share their script.

    Fitted by logistic regression on the pairs of seed tickets and cases whose problem is known
    (``python -m benchmarks.likeness_weights``); at 0 a pair is as likely about the same problem as not.
    """

    meaning: float = 12.8
    words: float = 21.5
    base: float = -7.0
    meaning_across: float = 22.0
    base_across: float = -6.6

    def odds(
        self, meaning: Floats, meaning_across: Floats, words: Floats, pairs: Floats, pairs_across: Floats
    ) -> Floats:
        """The summed log odds of so many pairs, by the sums of their products of meanings and of words.

        Those of the pairs that differ in script are given once more by themselves.
        """
        more, more_base = self.meaning_across - self.meaning, self.base_across - self.base
        return np.asarray(
            self.meaning * meaning
            + more * meaning_across
            + self.words * words
            + self.base * pairs
            + more_base * pairs_across,
            dtype=np.float32,
        )


@dataclass(frozen=True, slots=True)
class Space:
    """Texts where they can be compared: meanings (n, dimension) of length 1, words (n, terms) of length 1,
    scripts (n,) of 1 Han, -1 none, 0 both."""

    meanings: Floats
    words: sparse.csr_matrix
    scripts: NDArray[np.int8]
    weights: Weights = Weights()

    def __len__(self) -> int:
        return len(self.scripts)

    def of_pairs(self, left: NDArray[np.intp], right: NDArray[np.intp]) -> Floats:
        """The log odds (pairs,) that the texts numbered so are about one problem."""
        found = np.empty(len(left), dtype=np.float32)

        def work(start: int) -> None:
            part = slice(start, start + _PAIRS_AT_ONCE)
            one, other = left[part], right[part]
            meaning = np.einsum("ij,ij->i", self.meanings[one], self.meanings[other])
            words = np.asarray(self.words[one].multiply(self.words[other]).sum(axis=1)).ravel()
            across = (self.scripts[one] * self.scripts[other] < 0).astype(np.float32)
            found[part] = self.weights.odds(meaning, meaning * across, words, np.ones_like(across), across)

        with ThreadPoolExecutor(2) as beside:
            list(beside.map(work, range(0, len(left), _PAIRS_AT_ONCE)))
        return found

    def towards(self, texts: NDArray[np.intp], others: NDArray[np.intp]) -> Floats:
        """The mean log odds (texts,) that each of some texts is about one problem with each of the others."""
        kinds = [np.ones(len(others), dtype=np.bool_), self.scripts[others] > 0, self.scripts[others] < 0]
        sums = [self.meanings[others[kind]].sum(axis=0) for kind in kinds]
        every, han, other = (self.meanings[texts] @ summed for summed in sums)
        scripts = self.scripts[texts]
        words = np.asarray(self.words[texts] @ np.asarray(self.words[others].sum(axis=0)).ravel())
        odds = self.weights.odds(
            every,
            np.where(scripts > 0, other, np.where(scripts < 0, han, 0)),
            words,
            np.full(len(texts), len(others), dtype=np.float32),
            np.where(scripts > 0, kinds[2].sum(), np.where(scripts < 0, kinds[1].sum(), 0)),
        )
        return np.asarray(odds / max(len(others), 1), dtype=np.float32)


_PAIRS_AT_ONCE = 100_000


@dataclass(frozen=True, slots=True)
class Texts:
    """Analysed texts: hashes of their words and of their pairs of Han characters, vectors (n, dimension)."""

    words: Sequence[Hashes]
    pairs: Sequence[Hashes]
    vectors: Vectors

    def part(self, places: NDArray[np.intp]) -> Texts:
        """Some of them, in that order."""
        return Texts(
            [self.words[place] for place in places],
            [self.pairs[place] for place in places],
            self.vectors[places],
        )


def space(whole: Texts, subjects: Texts | None = None, weights: Weights | None = None) -> Space:
    """Lay out texts for comparison.

    Where there are ``subjects``, a text and its subject are one: a name in the subject of one is compared
    with the same in the text of the other. Words of the subject count as much as those of the whole text,
    for a subject names the matter and a long text says much beside it. One without a subject has its whole
    text there.
    """
    scripts = np.array(
        [script(len(words), len(pairs)) for words, pairs in zip(whole.words, whole.pairs, strict=True)],
        dtype=np.int8,
    )
    meanings = _meanings(whole.vectors, scripts)
    if subjects is not None:
        meanings = _of_length_1(meanings + SUBJECT * _meanings(subjects.vectors, scripts))
    words = weigh(whole.words, None if subjects is None else subjects.words)
    return Space(meanings, words, scripts, weights or Weights())


def weigh(texts: Sequence[Hashes], subjects: Sequence[Hashes] | None = None) -> sparse.csr_matrix:
    """TF-IDF (n, terms) of texts given as hashes, each of length 1; terms of one text alone are left out.

    With ``subjects``, those of a text and of its subject are added up, each of length 1 before.
    """
    every = [*texts, *(subjects or ())]
    lengths = np.array([len(tokens) for tokens in every], dtype=np.int64)
    tokens = np.concatenate(every) if len(every) else np.zeros(0, dtype=np.uint32)
    _, columns = np.unique(tokens, return_inverse=True)
    size = int(columns.max()) + 1 if len(columns) else 0
    owners = np.repeat(np.arange(len(every)), lengths)
    counts = sparse.csr_matrix(
        (np.ones(len(tokens), dtype=np.float32), (owners, columns)), shape=(len(every), size)
    )
    counts.sum_duplicates()
    holding = np.bincount(counts.indices[: counts.indptr[len(texts)]], minlength=size)
    kept = holding > 1
    counts = counts[:, kept]
    counts.data = 1 + np.log(counts.data)
    among = 1 + len(texts) + _FURTHER
    rarity = (np.log(among / (1 + holding[kept])) ** RARITY).astype(np.float32)
    counts.data *= rarity[counts.indices]
    weighed = _rows_of_length_1(counts)
    if subjects is None:
        return weighed
    return _rows_of_length_1(weighed[: len(texts)] + weighed[len(texts) :])


def _rows_of_length_1(rows: sparse.csr_matrix) -> sparse.csr_matrix:
    length = np.sqrt(np.asarray(rows.multiply(rows).sum(axis=1)).ravel())
    rows.data /= np.repeat(np.maximum(length, 1e-9), np.diff(rows.indptr)).astype(np.float32)
    return rows


def _of_length_1(vectors: Floats) -> Floats:
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(length, 1e-9), dtype=np.float32)


def _meanings(vectors: Vectors, scripts: NDArray[np.int8]) -> Floats:
    """Vectors without what is common to their script and to all, of length 1 again."""
    centred = np.array(vectors, dtype=np.float32)
    if not len(centred):
        return centred
    overall = len(centred) / (len(centred) + _OWN_MEAN) * centred.mean(axis=0)
    for value in (-1, 0, 1):
        own = scripts == value
        if own.any():
            trust = own.sum() / (own.sum() + _OWN_MEAN)
            centred[own] -= trust * centred[own].mean(axis=0) + (1 - trust) * overall
    most = min(COMMON, len(centred) // _TEXTS_A_DIRECTION)
    if most:
        _, directions = np.linalg.eigh((centred.T @ centred).astype(np.float64))
        common = directions[:, -most:].astype(np.float32)
        centred -= (centred @ common) @ common.T
    return _of_length_1(centred)
