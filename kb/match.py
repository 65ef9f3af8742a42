"""How well a case fits a question: one score from meaning and words, and what it is worth as a probability.

A score ranks cases. Alone it says little: where an archive is about one thing, everything is alike. The
probability therefore goes by the company as well: how far a case is ahead of the others of its script and of
the other script, and of what is usual among the candidates of this question. Searches in the ESP questions
are an example: by the score alone the calibration error is 0.71, with the company 0.03.

The weights are those of ``python -m benchmarks.search_weights``: seed tickets search the seed archive and
each other. It cannot tell weights of pairs from 0.3 to 1.2 apart, nor those of words of a Chinese question
in English cases: docs/decisions/0004-search-score.md.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, special

from models.errors import ModelError

Floats = NDArray[np.float64]

WORD_WEIGHT = 1.2
PAIR_WEIGHT = 0.6
CROSSING_WORD_WEIGHT = 0.6
"""That of words where a question in Latin letters meets a case in Chinese: few of the question's words can
stand in any such case. The Latin words of a Chinese question are names and codes, and weigh in full."""

FOUND = 0.5
"""A match from which on a case counts as found; below it the nearest cases are only that."""

WEIGHTS = (WORD_WEIGHT, PAIR_WEIGHT, WORD_WEIGHT, CROSSING_WORD_WEIGHT)
"""Of words and pairs within a script, of words of a Chinese question in English cases, and the other way
round; a curve that was fitted with others is fitted anew."""


def fuse(cosine: Floats, words: Floats, pairs: Floats, foreign: NDArray[np.bool_]) -> Floats:
    """The score that ranks cases; it grows with each of its three parts.

    ``foreign`` says where a question in Latin letters meets a case in Chinese.
    """
    return cosine + np.where(foreign, CROSSING_WORD_WEIGHT, WORD_WEIGHT) * words + PAIR_WEIGHT * pairs


@dataclass(frozen=True, slots=True)
class Logistic:
    """One logistic curve over scores."""

    slope: float = 6.0
    middle: float = 0.85

    def logits(self, scores: Floats) -> Floats:
        """Log odds that question and case are about the same problem."""
        return self.slope * (scores - self.middle)


@dataclass(frozen=True, slots=True)
class Company:
    """How a candidate's own log odds and its place among the others make log odds of a match."""

    own: float = 1.0
    ahead: float = 0.0
    abroad: float = 0.0
    usual: float = 0.0
    constant: float = 0.0

    def logits(self, places: Floats) -> Floats:
        """Log odds of each row of ``standing``."""
        found: Floats = places @ np.array([self.own, self.ahead, self.abroad, self.usual]) + self.constant
        return found


_FAR = 6.0
"""Log odds by which a candidate can be ahead at most; so far it is where there is no other."""
_USUAL = slice(3, 20)
"""The places among the candidates of one script that show what is usual for the question."""


def standing(odds: Floats, crossing: NDArray[np.bool_]) -> Floats:
    """Where each candidate stands (candidates, 4): its own log odds, how far it is ahead of the best other
    one of its script, of the best one of the other script, and of the usual ones of its script.

    Scripts are told apart only where there are enough candidates of both to know what is usual.
    """
    enough = min(crossing.sum(), (~crossing).sum()) >= _USUAL.stop
    sides = [~crossing, crossing] if enough else [np.ones_like(crossing)]
    found = np.full((len(odds), 4), _FAR)
    found[:, 0] = odds
    for own in sides if len(odds) else ():
        ranked = np.sort(odds[own])[::-1]
        if len(ranked) > 1:
            best_other = np.where(odds[own] == ranked[0], ranked[1], ranked[0])
            found[own, 1] = np.clip(odds[own] - best_other, -_FAR, _FAR)
        if enough:
            found[own, 2] = np.clip(odds[own] - odds[~own].max(), -_FAR, _FAR)
        usual = ranked[_USUAL] if len(ranked) > _USUAL.start else ranked[-1:]
        found[own, 3] = odds[own] - usual.mean()
    return found


@dataclass(frozen=True, slots=True)
class MatchCurve:
    """Turns scores into the probability that a case is about the same problem.

    Words can add to the score only where question and case share a script, so that each of the two
    situations has its own curve. That makes cases of both languages comparable in one list. A curve is
    worth something only for scores of the weights it was fitted with.
    """

    same: Logistic = Logistic()
    crossing: Logistic = Logistic()
    fitted_on: str = "nothing"
    weights: tuple[float, ...] = WEIGHTS
    company: Company = Company()

    def logits(self, scores: Floats, crossing: NDArray[np.bool_]) -> Floats:
        """Log odds of each score by itself; ``crossing`` says where question and case differ in script."""
        return np.where(crossing, self.crossing.logits(scores), self.same.logits(scores))

    def odds(self, scores: Floats, crossing: NDArray[np.bool_]) -> Floats:
        """Log odds that each of all candidates for one question is about the same problem."""
        return self.company.logits(standing(self.logits(scores, crossing), crossing))

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
            company = Company(**stored["company"])
            return cls(same, crossing, stored["fitted_on"], tuple(stored.get("weights", ())), company)
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


Search = tuple[Floats, NDArray[np.bool_], NDArray[np.bool_]]
"""The candidates of one question: their log odds, whether they differ in script, whether they are right."""

MISSING = 2.0
"""How many searches for something that is not in the archive come on one for something that is. Most
tickets are new; of the seed tickets the archive has one in seventeen."""
_SHOWN = 10
_STEADY = 0.1
_RISING = [(0, None), (0, None), (None, None), (0, None), (None, None)]
"""Within a script a case that stands out further is never less likely, whatever a few searches say."""


def fit_company(searches: Sequence[Search]) -> Company:
    """What the company of a candidate says, learned from searches and, without the right answers, from the
    same searches in an archive that does not have them. Without a right or a wrong answer, nothing."""
    rows, right, weights = [], [], []
    for odds, crossing, same in searches:
        for kept, share in ((np.ones_like(same), 1.0), (~same, MISSING)):
            first = np.argsort(-odds[kept], kind="stable")[:_SHOWN]
            rows.append(standing(odds[kept], crossing[kept])[first])
            right.append(same[kept][first])
            weights.append(np.full(len(first), share))
    if not rows or not (answers := np.concatenate(right)).any() or answers.all():
        return Company()
    places, weight = np.concatenate(rows), np.concatenate(weights)
    columns = np.column_stack([places, np.ones(len(places))])

    def loss(values: Floats) -> tuple[float, Floats]:
        logits = columns @ values
        slope = columns.T @ (weight * (special.expit(logits) - answers)) + _STEADY * values
        total = weight @ (np.logaddexp(0, logits) - answers * logits) + _STEADY / 2 * (values @ values)
        return float(total), slope

    found = optimize.minimize(loss, np.zeros(5), jac=True, method="L-BFGS-B", bounds=_RISING)
    return Company(*found.x.tolist())
