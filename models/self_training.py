"""Learning from few labels with the help of texts that have none."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from models.encoder import Vectors
from models.semantic import SemanticHead

FEW = 40
"""With fewer texts a label than this, texts without one help; with more they hardly do."""
_SHARE = 0.5
_LOUDER = 3
_MOST = 5000


def self_trained(vectors: Vectors, labels: NDArray[np.str_], unlabelled: Vectors) -> SemanticHead:
    """A semantic head that has also learned from the unlabelled texts it was surest of (Yarowsky 1995).

    Of each label it answers, the surer half is taken over; a text whose label is known counts three times.
    With five texts a label this lifts macro-F1 on seed tickets from 0.68 to 0.72
    (``python -m benchmarks.few_labels``).
    """
    first = SemanticHead().fit(vectors, labels)
    pool = unlabelled[np.sort(np.random.default_rng(0).permutation(len(unlabelled))[:_MOST])]
    scores = first.scores(pool)
    answers = scores.argmax(axis=1)
    ranked = np.sort(scores, axis=1)
    margins = ranked[:, -1] - ranked[:, -2]
    taken = [
        places[np.argsort(-margins[places], kind="stable")][: int(np.ceil(_SHARE * len(places)))]
        for places in (np.flatnonzero(answers == label) for label in range(len(first.labels_)))
    ]
    chosen = np.concatenate(taken)
    return SemanticHead().fit(
        np.concatenate([np.repeat(vectors, _LOUDER, axis=0), pool[chosen]]),
        np.concatenate([np.repeat(labels, _LOUDER), first.labels_[answers[chosen]]]),
    )
