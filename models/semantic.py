"""The semantic head: logistic regression on the encoder's vectors. It carries over to other languages."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from models.encoder import Vectors
from models.lexical import Scores


class SemanticHead:
    """A label's score is linear in the vector of the whole text."""

    def __init__(self, parts: dict[str, Any] | None = None) -> None:
        if parts is not None:
            self.weights_: NDArray[np.float64] = parts["weights"]
            self.constants_: NDArray[np.float64] = parts["constants"]
            self.labels_: NDArray[np.str_] = parts["labels"]

    @property
    def parts(self) -> dict[str, Any]:
        """Everything learned, to be stored."""
        return {"weights": self.weights_, "constants": self.constants_, "labels": self.labels_}

    def fit(self, vectors: Vectors, labels: NDArray[np.str_]) -> SemanticHead:
        """Learn from vectors (texts, dimension) and their labels (at least two different ones)."""
        machine = LogisticRegression(C=10.0, max_iter=300, tol=1e-3).fit(vectors, labels)
        self.labels_ = machine.classes_
        weights, constants = machine.coef_, machine.intercept_
        if len(self.labels_) == 2:
            weights, constants = np.vstack([-weights, weights]) / 2, np.concatenate([-constants, constants]) / 2
        self.weights_ = weights - weights.mean(axis=0)
        self.constants_ = constants - constants.mean()
        return self

    def scores(self, vectors: Vectors) -> Scores:
        """Scores (texts, labels), each row centred on 0."""
        return np.asarray(vectors @ self.weights_.T + self.constants_)
