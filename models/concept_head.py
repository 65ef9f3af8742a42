"""The concept head: what a text speaks of, within what it means, says which label it has.

A kernel machine whose likeness is the product of two: of the texts' meanings and of the concepts they
mention. A concept means one thing alone and another beside others: part of a device and "asks how" is a
question, part of a device and damage a fault.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models import kernel
from models.anchors import Anchors
from models.concepts import Floats, Lexicon
from models.encoder import Vectors
from models.kernel import Likeness, Machine
from models.lexical import Scores
from models.memo import Last
from models.semantic import GAMMA, Landmarks

LANDMARKS = 2000
"""How many training texts are likened to at most. More cost time and bring little: on seed topics held out
the blend's log loss is 0.379 with 2,000 and 0.375 with 3,000 (reach 0.25)."""
REACH = 0.4
"""How fast likeness falls with the squared distance of concepts, as ``GAMMA`` with that of meanings. On seed
topics held out the blend's log loss of categories is 0.382, 0.379 and 0.377 with 0.15, 0.25 and 0.4;
``python -m benchmarks.classifier_settings`` sweeps it."""
RIDGE = 0.1
"""How dear large weights are; on the same topics 0.3 is no better (0.380 for 0.379, reach 0.25)."""
_LEAST_SPREAD = 0.05
"""What is mentioned in hardly any text must not weigh more than all else where it is."""


class ConceptHead:
    """A label's score by what a text mentions, in all it writes and in its opening clause, and means."""

    def __init__(self, lexicon: Lexicon, parts: dict[str, Any] | None = None) -> None:
        self.lexicon = lexicon
        self._last: Last[tuple[bytes, str], tuple[Likeness, Floats]] = Last()
        if parts is not None:
            self.middle_: Floats = parts["middle"]
            self.spread_: Floats = parts["spread"]
            self.mentioned_: Floats = parts["mentioned"].astype(np.float32)
            self.reach_: float = parts["reach"]
            self.landmarks_ = Landmarks.of_parts(parts)
            self.machine_ = Machine.of_parts(parts)

    @property
    def parts(self) -> dict[str, Any]:
        """Everything learned but the lexicon, to be stored."""
        return {
            "middle": self.middle_,
            "spread": self.spread_,
            "mentioned": self.mentioned_.astype(np.float16),
            "reach": self.reach_,
            **self.landmarks_.parts,
            **self.machine_.parts,
        }

    @property
    def labels_(self) -> NDArray[np.str_]:
        """The labels in the order of the scores' columns."""
        return self.machine_.labels

    def fit(
        self,
        vectors: Vectors,
        described: Floats,
        labels: NDArray[np.str_],
        *,
        ground: tuple[Vectors, Floats] | None = None,
        landmarks: int = LANDMARKS,
        reach: float = REACH,
        ridge: float = RIDGE,
    ) -> ConceptHead:
        """Learn from texts' vectors (texts, dimension), descriptions (texts, width) and labels (at least two
        different ones). ``ground`` are vectors and descriptions of the texts that others are likened to,
        where these are not all of them."""
        known, told = ground or (vectors, described)
        self.middle_ = told.mean(axis=0)
        self.spread_ = np.maximum(told.std(axis=0), _LEAST_SPREAD)
        self.reach_ = reach
        placed = self._placed(told)
        chosen = kernel.sample(np.hstack([known, placed]), landmarks)
        self.mentioned_ = placed[chosen].astype(np.float16).astype(np.float32)
        self.landmarks_ = Landmarks(Anchors(known[chosen]), GAMMA)
        seen = self._likeness(vectors, self._placed(described))
        among = self._likeness(self.landmarks_.vectors, self.mentioned_)
        self.machine_ = Machine.fit(seen, among, labels, ridge)
        return self

    def scores(self, vectors: Vectors, described: Floats) -> Scores:
        """Scores (texts, labels), each row centred on 0."""
        return self.machine_.scores(self._likeness(vectors, self._placed(described)))

    def share(self, other: ConceptHead) -> None:
        """Have another head, where it learned from the same texts, compare a text once with both."""
        mine, its = self._ground, other._ground
        if self.lexicon.phrases == other.lexicon.phrases and all(map(np.array_equal, mine, its)):
            other.lexicon, other._last = self.lexicon, self._last

    @property
    def _ground(self) -> tuple[Any, ...]:
        """All that the likeness of a text depends on, but the lexicon."""
        landmarks = self.landmarks_
        return self.middle_, self.spread_, self.mentioned_, self.reach_, landmarks.gamma, landmarks.vectors

    def read(self, vector: Vectors, folded: str) -> Scores:
        """The scores (labels,) of one text."""
        return np.asarray(self.machine_.scores(self._compared(vector, folded)[0][None, :])[0])

    def contributions(self, vector: Vectors, folded: str, place: int) -> list[tuple[str, float]]:
        """What each phrase of a text adds to the score of a label, to a first order: how steeply the score
        rises or falls with its concepts, times how much of them the text has. Of a concept that several
        phrases mention, each has its part."""
        described, mentions = self.lexicon.described(folded)
        likeness, moved = self._compared(vector, folded)
        slope = 2 * self.reach_ * (self.machine_.weights[:, place] * likeness) @ self.mentioned_
        number = len(self.lexicon.codes)
        each = np.where(described > 0, slope * moved, 0.0)[: 2 * number].reshape(2, number).sum(axis=0)
        often = Counter(concept for mention in mentions for concept in mention.concepts)
        added: dict[str, float] = defaultdict(float)
        for mention in mentions:
            for concept in mention.concepts:
                added[mention.phrase] += float(each[concept]) / often[concept]
        return list(added.items())

    def _compared(self, vector: Vectors, folded: str) -> tuple[Likeness, Floats]:
        """The likeness (landmarks,) of one text, and its description as it is compared."""

        def work_out() -> tuple[Likeness, Floats]:
            moved = self._placed(self.lexicon.describe(folded)[None, :])
            return self._likeness(vector[None, :], moved)[0], moved[0]

        return self._last.get((vector.tobytes(), folded), work_out)

    def _likeness(self, vectors: Vectors, placed: Floats) -> Likeness:
        among = kernel.likeness(placed @ self.mentioned_.T, self.reach_)
        among *= self.landmarks_.likeness(vectors)
        return among

    def _placed(self, described: Floats) -> Floats:
        """Brought to like spread and to length 1."""
        moved = (described - self.middle_) / self.spread_
        lengths = np.linalg.norm(moved, axis=1, keepdims=True)
        return np.asarray(moved / np.maximum(lengths, 1e-9), dtype=np.float32)


def describe(lexicon: Lexicon, folded: Sequence[str]) -> Floats:
    """The descriptions of many folded texts (texts, width)."""
    if not folded:
        return np.zeros((0, lexicon.width), dtype=np.float32)
    return np.stack([lexicon.describe(one) for one in folded])
