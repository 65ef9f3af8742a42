"""Whether the band ``auto`` keeps its promise on texts like those learned from: half of a labelled file
learns, the other half asks, over and over.

Each split deals the texts anew; the bands are chosen within the half that learns. Printed, for each split
and as means with their standard deviation: accuracy, calibration error, the share of texts in ``auto`` and
how right those are, with Wilson's 95 % interval. In the interval of all splits together a text counts as
often as it was asked about, so that it is narrower than so few texts allow.
``python -m benchmarks.promises FILE TEXT_COLUMN LABEL_COLUMN [splits]``
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models import scorecard
from models.calibration import AUTO_PRECISION
from models.classifier import Classifier
from models.concepts import Lexicon
from models.encoder import load_encoder
from triage import evaluation, learning
from triage.concepts import load_lexicon
from triage.learning import Prepared
from triage.settings import Settings

SPLITS = 20


@dataclass(frozen=True, slots=True)
class Kept:
    """What one split found; ``auto`` counts the texts in that band, ``right`` those answered rightly."""

    accuracy: float
    calibration_error: float
    texts: int
    auto: int
    right: int

    @property
    def share(self) -> float:
        """The share of texts in the band."""
        return self.auto / self.texts

    @property
    def precision(self) -> float:
        """How right they are; not a number where there are none."""
        return self.right / self.auto if self.auto else float("nan")

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval of the precision."""
        return scorecard.wilson(self.right, self.auto)


def split(prepared: Prepared, lexicon: Lexicon, labels: NDArray[np.str_], order: NDArray[np.intp]) -> Kept:
    """Learn from the first half of the texts in this order, ask about the second."""
    known, asked = order[: len(order) // 2], order[len(order) // 2 :]
    model = Classifier.fit(
        [prepared.texts[i] for i in known], prepared.vectors[known], labels[known].tolist(), lexicon=lexicon
    )
    chances = model.predict_proba([prepared.texts[i] for i in asked], prepared.vectors[asked])
    answers = np.array(model.labels)[chances.argmax(axis=1)]
    confidence, right = chances.max(axis=1), answers == labels[asked]
    auto = np.array(
        [
            model.band(prepared.texts[i], sure, prepared.texts[i].language, label) == "auto"
            for i, sure, label in zip(asked, confidence.tolist(), answers.tolist(), strict=True)
        ]
    )
    return Kept(
        float(right.mean()),
        scorecard.calibration_error(confidence, right),
        len(asked),
        int(auto.sum()),
        int(right[auto].sum()),
    )


def told(values: Sequence[float]) -> str:
    """Mean and standard deviation of the values there are."""
    have = [value for value in values if not np.isnan(value)]
    if len(have) < 2:
        return "too few values"
    return f"{np.mean(have):.3f} (standard deviation {np.std(have, ddof=1):.3f})"


def shown(right: int, auto: int) -> str:
    """A precision with its interval, for print."""
    low, high = scorecard.wilson(right, auto)
    return f"{right} of {auto} right: {right / auto:.3f} [{low:.3f}, {high:.3f}]" if auto else "no text"


def summary(found: Sequence[Kept]) -> None:
    """Print what all splits came to."""
    print(f"accuracy           {told([kept.accuracy for kept in found])}")
    print(f"calibration error  {told([kept.calibration_error for kept in found])}")
    print(f"share in auto      {told([kept.share for kept in found])}")
    print(f"precision in auto  {told([kept.precision for kept in found])}")
    together = shown(sum(kept.right for kept in found), sum(kept.auto for kept in found))
    print(f"auto, all splits   {together} (goal {AUTO_PRECISION})")
    used = [kept for kept in found if kept.auto]
    reached = sum(kept.interval[1] >= AUTO_PRECISION for kept in used)
    print(
        f"the interval holds {AUTO_PRECISION} or lies above it in {reached} of {len(used)} splits; "
        f"{len(found) - len(used)} more had no text in auto"
    )


def main() -> None:
    """Measure and print."""
    if len(sys.argv) not in (4, 5):
        raise SystemExit("python -m benchmarks.promises FILE TEXT_COLUMN LABEL_COLUMN [splits]")
    path, content, label = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
    splits = int(sys.argv[4]) if len(sys.argv) > 4 else SPLITS
    rows = [row for row in evaluation.read_table(path, [content, label]) if row[label].strip()]
    labels = np.array([row[label].strip() for row in rows])
    prepared = learning.prepare([row[content] for row in rows], load_encoder())
    print(f"{path.name}: {len(rows)} texts, {len(np.unique(labels))} labels, {splits} splits", flush=True)
    lexicon = load_lexicon(Settings(_env_file=None).data_folder)
    draw = np.random.default_rng(0)
    found = []
    for number in range(1, splits + 1):
        kept = split(prepared, lexicon, labels, draw.permutation(len(rows)))
        found.append(kept)
        print(
            f"split {number:2d}: accuracy {kept.accuracy:.3f}, "
            f"calibration error {kept.calibration_error:.3f}, "
            f"auto {kept.share:.3f} of the texts, {shown(kept.right, kept.auto)}",
            flush=True,
        )
    summary(found)


if __name__ == "__main__":
    main()
