"""The lexical head: which words and word pairs speak for which label.

TF-IDF over the analyser's words and pairs of neighbouring words, one linear support vector machine a
label. On the evaluation sets it beats logistic regression over single words (IT topics 0.839 against
0.823) and trains ten times as fast, which the folds of the blend need.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer
from sklearn.svm import LinearSVC

Scores = NDArray[np.float64]
"""(texts, labels), each row centred on 0."""

_MANY_TEXTS = 2000
_MAX_TERMS = 300_000


class LexicalHead:
    """Linear and additive: a label's score is the sum of its terms' contributions and one constant.

    Documents are the analyser's tokens joined by spaces.
    """

    def __init__(self, parts: dict[str, Any] | None = None) -> None:
        if parts is not None:
            self.counter_: CountVectorizer = parts["counter"]
            self.tfidf_: TfidfTransformer = parts["tfidf"]
            self.weights_: NDArray[np.float64] = parts["weights"]
            self.constants_: NDArray[np.float64] = parts["constants"]
            self.labels_: NDArray[np.str_] = parts["labels"]

    @property
    def parts(self) -> dict[str, Any]:
        """Everything learned, to be stored."""
        return {
            "counter": self.counter_,
            "tfidf": self.tfidf_,
            "weights": self.weights_,
            "constants": self.constants_,
            "labels": self.labels_,
        }

    def fit(self, documents: Sequence[str], labels: NDArray[np.str_]) -> LexicalHead:
        """Learn from documents and their labels (at least two different ones)."""
        rare = 1 if len(documents) < _MANY_TEXTS else 2
        self.counter_ = CountVectorizer(
            token_pattern=r"\S+", lowercase=False, ngram_range=(1, 2), min_df=rare, max_features=_MAX_TERMS
        )
        self.tfidf_ = TfidfTransformer(sublinear_tf=True)
        features = self.tfidf_.fit_transform(self.counter_.fit_transform(documents))
        machine = LinearSVC(C=1.0, random_state=0).fit(features, labels)
        self.labels_ = machine.classes_
        weights, constants = machine.coef_, machine.intercept_
        if len(self.labels_) == 2:
            weights, constants = np.vstack([-weights, weights]), np.concatenate([-constants, constants])
        # Centred over the labels, a weight says how far a term sets its label apart from the others.
        self.weights_ = weights - weights.mean(axis=0)
        self.constants_ = constants - constants.mean()
        return self

    def scores(self, documents: Sequence[str]) -> tuple[Scores, NDArray[np.float64]]:
        """Scores, and each text's coverage: the share of it, weighed by rarity, that the vocabulary knows."""
        if len(documents) == 1:
            terms = self._terms(documents[0])
            scores = self.weights_[:, terms.places] @ terms.values + self.constants_
            return scores[None, :], np.array([terms.coverage])
        counts = self.counter_.transform(documents)
        scores = self.tfidf_.transform(counts) @ self.weights_.T + self.constants_
        return np.asarray(scores), self._coverage(counts, documents)

    def contributions(self, document: str, label: int) -> list[tuple[str, float]]:
        """What each term of one text adds to the score of the label with that number."""
        terms = self._terms(document)
        weights = self.weights_[label, terms.places] * terms.values
        return list(zip(terms.names, weights.tolist(), strict=True))

    def _coverage(self, counts: Any, documents: Sequence[str]) -> NDArray[np.float64]:
        rarity = self.tfidf_.idf_
        known = counts @ rarity
        number = np.array([max(2 * (document.count(" ") + 1) - 1, 1) for document in documents])
        unknown = (number - np.asarray(counts.sum(axis=1)).ravel()) * rarity.max()
        covered: NDArray[np.float64] = known / np.maximum(known + unknown, 1e-9)
        return covered

    def _terms(self, document: str) -> _Terms:
        """The terms of one text: what the vectorisers compute, without their cost of a millisecond a call."""
        last = getattr(self, "_last", None)
        if last is not None and last[0] == document:
            known: _Terms = last[1]
            return known
        tokens = document.split()
        grams = Counter([*tokens, *map(" ".join, pairwise(tokens))])
        vocabulary, rarity = self.counter_.vocabulary_, self.tfidf_.idf_
        seen = sorted((vocabulary[gram], count, gram) for gram, count in grams.items() if gram in vocabulary)
        places = np.array([place for place, _, _ in seen], dtype=np.intp)
        counts = np.array([count for _, count, _ in seen], dtype=np.float64)
        values = (np.log(np.maximum(counts, 1)) + 1) * rarity[places]
        mass = float(counts @ rarity[places])
        missing = (grams.total() - counts.sum()) * rarity.max()
        found = _Terms(
            tuple(gram for _, _, gram in seen),
            places,
            values / max(float(np.linalg.norm(values)), 1e-12),
            mass / max(mass + missing, 1e-9),
        )
        self._last = (document, found)
        return found


@dataclass(frozen=True, slots=True)
class _Terms:
    """The known terms of one text with their places in the vocabulary and their weights in the text."""

    names: tuple[str, ...]
    places: NDArray[np.intp]
    values: NDArray[np.float64]
    coverage: float
