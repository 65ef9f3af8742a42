"""The semantic head: a kernel machine on the encoder's vectors. It carries over to other languages."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from models import kernel
from models.anchors import Anchors
from models.encoder import Vectors
from models.kernel import Likeness, Machine
from models.lexical import Scores

LANDMARKS = 6000
"""How many training texts are likened to at most. More are better and cost time: trades of seed tickets that
it did not learn from are right in 0.854 with 6,000 and in 0.845 with 3,000, IT topics in 0.797 and 0.774."""
GAMMA = 1.0
"""How fast likeness falls with squared distance; from ``python -m benchmarks.classifier_settings``."""
RIDGE = 0.1
"""How dear large weights are; from ``python -m benchmarks.classifier_settings``."""


class Landmarks:
    """Training texts that others are likened to."""

    def __init__(self, anchors: Anchors, gamma: float) -> None:
        self.anchors = anchors
        self.gamma = gamma

    @property
    def vectors(self) -> Vectors:
        """Their vectors (landmarks, dimension)."""
        return self.anchors.vectors

    def likeness(self, vectors: Vectors) -> Likeness:
        """How alike each text is to each landmark."""
        alone = len(vectors) == 1
        cosines = self.anchors.cosines(vectors[0])[None, :] if alone else vectors @ self.vectors.T
        return kernel.likeness(cosines, self.gamma)

    @property
    def parts(self) -> dict[str, Any]:
        """Everything, to be stored."""
        return {"landmarks": self.vectors.astype(np.float16), "gamma": self.gamma}

    @classmethod
    def of_parts(cls, parts: dict[str, Any]) -> Landmarks:
        """The landmarks that ``parts`` came from."""
        return cls(Anchors(parts["landmarks"]), parts["gamma"])


class SemanticHead:
    """A label's score is linear in the text's likeness to the landmarks."""

    def __init__(self, parts: dict[str, Any] | None = None) -> None:
        if parts is not None:
            self.landmarks_ = Landmarks.of_parts(parts)
            self.machine_ = Machine.of_parts(parts)

    @property
    def parts(self) -> dict[str, Any]:
        """Everything learned, to be stored."""
        return {**self.landmarks_.parts, **self.machine_.parts}

    @property
    def labels_(self) -> NDArray[np.str_]:
        """The labels in the order of the scores' columns."""
        return self.machine_.labels

    def fit(
        self,
        vectors: Vectors,
        labels: NDArray[np.str_],
        *,
        landmarks: int = LANDMARKS,
        gamma: float = GAMMA,
        ridge: float = RIDGE,
    ) -> SemanticHead:
        """Learn from vectors (texts, dimension) and their labels (at least two different ones)."""
        self.landmarks_ = Landmarks(Anchors(vectors[kernel.sample(vectors, landmarks)]), gamma)
        likeness = self.landmarks_.likeness
        self.machine_ = Machine.fit(likeness(vectors), likeness(self.landmarks_.vectors), labels, ridge)
        return self

    def scores(self, vectors: Vectors) -> Scores:
        """Scores (texts, labels), each row centred on 0."""
        return self.machine_.scores(self.landmarks_.likeness(vectors))
