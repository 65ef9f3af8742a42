"""The learning curve of one's own labels: what more of them would bring, and for which label."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from models import learning_curve
from models.concepts import NO_CONCEPTS, Lexicon
from models.encoder import Encoder
from models.learning_curve import LearningCurve, Places
from triage import learning
from triage.learning import Labelled, Progress

_PARTS = 5
"""One part in so many is kept to test on, where no other texts are given for it."""


def curve(
    encoder: Encoder,
    rows: Sequence[Labelled],
    test: Sequence[Labelled] | None,
    target: str,
    progress: Progress = lambda *_: None,
    lexicon: Lexicon = NO_CONCEPTS,
) -> LearningCurve:
    """Learn from ever more of the rows that have a label for the target; test on ``test`` or a fifth of them.

    Raises:
        InputError: there are too few texts.
    """
    known = [row for row in rows if row.labels.get(target)]
    if test is None:
        known, test = kept_back(known, target)
    asked = [row for row in test if row.labels.get(target)]
    texts = learning.prepare([row.text for row in known], encoder, progress)
    tested = learning.prepare([row.text for row in asked], encoder, progress)

    def learn(places: Places) -> list[str]:
        part = texts[places.tolist()]
        classifier = learning.fit([known[i] for i in places], target, part, lexicon)
        return classifier.predict(tested.texts, tested.vectors)

    return learning_curve.measure(
        [row.labels[target] for row in known],
        [row.labels[target] for row in asked],
        learn,
        lambda done, total: progress("drawing the curve", done, total),
    )


def kept_back(rows: Sequence[Labelled], target: str) -> tuple[list[Labelled], list[Labelled]]:
    """The rows to learn from and those to test on: whole groups where there are enough, else by label."""
    groups = sorted({row.group for row in rows} - {learning.TAXONOMY})
    if len(groups) >= _PARTS:
        apart = set(groups[::_PARTS])
        tested = np.array([row.group in apart for row in rows])
    else:
        order = learning_curve.nested(np.array([row.labels[target] for row in rows], dtype=np.str_), 0)
        tested = np.zeros(len(rows), dtype=np.bool_)
        tested[order[: len(rows) // _PARTS]] = True
    return (
        [row for row, held in zip(rows, tested, strict=True) if not held],
        [row for row, held in zip(rows, tested, strict=True) if held],
    )
