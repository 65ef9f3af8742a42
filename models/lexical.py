"""The lexical head: which words and word pairs speak for which label.

TF-IDF over the analyser's words and pairs of neighbouring words, one linear support vector machine a
label. On the evaluation sets it beats logistic regression over single words (IT topics 0.839 against
0.823) and trains ten times as fast, which the folds of the blend need.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
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
        counts = self.counter_.transform(documents)
        scores = self.tfidf_.transform(counts) @ self.weights_.T + self.constants_
        return np.asarray(scores), self._coverage(counts, documents)

    def contributions(self, document: str, label: int) -> list[tuple[str, float]]:
        """What each term of one text adds to the score of the label with that number."""
        row = sparse.csr_matrix(self.tfidf_.transform(self.counter_.transform([document])))
        weights = self.weights_[label, row.indices] * row.data
        names = self._names()
        return [(names[int(i)], float(w)) for i, w in zip(row.indices, weights, strict=True)]

    def _coverage(self, counts: Any, documents: Sequence[str]) -> NDArray[np.float64]:
        rarity = self.tfidf_.idf_
        known = counts @ rarity
        number = np.array([max(2 * (document.count(" ") + 1) - 1, 1) for document in documents])
        unknown = (number - np.asarray(counts.sum(axis=1)).ravel()) * rarity.max()
        covered: NDArray[np.float64] = known / np.maximum(known + unknown, 1e-9)
        return covered

    def _names(self) -> NDArray[np.str_]:
        if not hasattr(self, "_cached_names"):
            self._cached_names: NDArray[np.str_] = self.counter_.get_feature_names_out()
        return self._cached_names
