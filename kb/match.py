"""How well a case fits a question: one score from meaning and words, and what it is worth as a probability.

The weights are those of ``python -m benchmarks.search_weights``: seed tickets search the seed archive and
each other. Across scripts only codes, names and numbers can be shared, pairs of Han characters not at all.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, special

from models.errors import ModelError

Floats = NDArray[np.float64]

WORD_WEIGHT = 1.2
PAIR_WEIGHT = 0.3
CROSSING_WORD_WEIGHT = 0.6

WEIGHTS = (WORD_WEIGHT, PAIR_WEIGHT, CROSSING_WORD_WEIGHT)


def fuse(cosine: Floats, words: Floats, pairs: Floats, crossing: NDArray[np.bool_]) -> Floats:
    """The score that ranks cases; it grows with each of its three parts.

    ``crossing`` says where question and case differ in script.
    """
    return cosine + np.where(
        crossing, CROSSING_WORD_WEIGHT * words, WORD_WEIGHT * words + PAIR_WEIGHT * pairs
    )


@dataclass(frozen=True, slots=True)
class Logistic:
    """One logistic curve over scores."""

    slope: float = 6.0
    middle: float = 0.85

    def logits(self, scores: Floats) -> Floats:
        """Log odds that question and case are about the same problem."""
        return self.slope * (scores - self.middle)


@dataclass(frozen=True, slots=True)
class MatchCurve:
    """Turns a score into the probability that the case is about the same problem.

    Words can add to the score only where question and case share a script, so that each of the two
    situations has its own curve. That makes cases of both languages comparable in one list. A curve is
    worth something only for scores of the weights it was fitted with.
    """

    same: Logistic = Logistic()
    crossing: Logistic = Logistic()
    fitted_on: str = "nothing"
    weights: tuple[float, ...] = WEIGHTS

    def logits(self, scores: Floats, crossing: NDArray[np.bool_]) -> Floats:
        """Log odds of each score; ``crossing`` says where question and case differ in script."""
        return np.where(crossing, self.crossing.logits(scores), self.same.logits(scores))

    def save(self, path: Path) -> None:
        """Write the curve."""
        draft = path.with_suffix(".draft")
        draft.write_text(json.dumps(asdict(self), indent=1), encoding="utf-8")
        draft.replace(path)

    @classmethod
    def load(cls, path: Path) -> MatchCurve:
        """Read a curve; where there is none yet, a cautious one.

        Raises:
            ModelError: the file is damaged.
        """
        if not path.is_file():
            return cls()
        try:
            stored = json.loads(path.read_text(encoding="utf-8"))
            same, crossing = Logistic(**stored["same"]), Logistic(**stored["crossing"])
            return cls(same, crossing, stored["fitted_on"], tuple(stored.get("weights", ())))
        except (ValueError, TypeError, KeyError) as error:
            raise ModelError(f"{path} is damaged: {error}") from error


def probability(logits: Floats) -> Floats:
    """Log odds as probabilities, 0..1."""
    chances: Floats = special.expit(logits)
    return chances


def fit_curve(
    scores: Floats, crossing: NDArray[np.bool_], same: NDArray[np.bool_], fitted_on: str
) -> MatchCurve:
    """The logistic curves (Platt 1999) of least log loss; ``same`` says which scores were of one problem."""
    return MatchCurve(
        _fit(scores[~crossing], same[~crossing]), _fit(scores[crossing], same[crossing]), fitted_on
    )


def _fit(scores: Floats, same: NDArray[np.bool_]) -> Logistic:
    if not same.any() or same.all():
        return Logistic()
    rise = (same.sum() + 1) / (same.sum() + 2)
    fall = 1 / ((~same).sum() + 2)
    wanted = np.where(same, rise, fall)

    def loss(values: Floats) -> float:
        logits = np.exp(values[0]) * (scores - values[1])
        return float(np.mean(np.logaddexp(0, logits) - wanted * logits))

    found = optimize.minimize(loss, np.array([1.5, float(scores.mean())]), method="Nelder-Mead")
    return Logistic(float(np.exp(found.x[0])), float(found.x[1]))
