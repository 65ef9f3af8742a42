"""A classifier beside what a user would pick instead, on the same texts and in the same run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from models import baselines, scorecard
from models.baselines import Texts
from models.classifier import Classifier
from triage.learning import Labelled, Prepared, Progress


def compared(
    classifier: Classifier,
    known: Sequence[Labelled],
    learned: Prepared,
    target: str,
    truth: Sequence[str],
    predicted: Sequence[str],
    asked: Prepared,
    progress: Progress = lambda *_: None,
) -> dict[str, Any]:
    """By name of the alternative: its scores, and how far ahead of it the classifier is.

    The alternatives learn from the rows of ``known`` (prepared as ``learned``) that have the label.
    """
    own = [i for i, row in enumerate(known) if row.labels.get(target)]
    texts = Texts([learned.texts[i] for i in own], learned.vectors[own])
    labels = [known[i].labels[target] for i in own]
    test = Texts(asked.texts, asked.vectors)
    answers = baselines.heads(classifier, test)
    for number, (name, baseline) in enumerate(baselines.BASELINES.items(), 1):
        answers[name] = baseline(texts, labels, test)
        progress("comparing", number, len(baselines.BASELINES))
    return {name: scorecard.compared(truth, predicted, theirs) for name, theirs in answers.items()}
