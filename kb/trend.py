"""What a group's past lets expect of a period, and whether what came is more or less than that.

Counts are gamma-Poisson (negative binomial): the rate of a group is drawn towards that of all groups where
its past says little, older stretches count less, and the spread is that of all groups' stretches together.
Days weigh by the weekday pattern of all tickets, so that a period with fewer working days expects less.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Floats = NDArray[np.float64]

HALF_LIFE = 3.0
"""Stretches of the period's length after which a count weighs half."""
LEAST = 5.0
"""Tickets expected and come together below which nothing is said."""
FALSE_DISCOVERIES = 0.05
_PRIOR_STRETCHES = 1.0
_WEEKDAY_TRUST = 50.0
_MOST_STRETCHES = 12


@dataclass(frozen=True, slots=True)
class Expectation:
    """The mean and the central 95 % of what was to be expected; ``shape`` is that of the distribution, and
    ``known`` what it would be if every period kept to its rate."""

    mean: float
    low: float
    high: float
    shape: float
    known: float


def weekday_weights(counts: Sequence[float]) -> Floats:
    """How much each weekday (Monday first) brings, the mean being 1; few tickets say little."""
    held = np.asarray(counts, dtype=np.float64)
    return np.asarray((held + _WEEKDAY_TRUST / 7) / (held.sum() + _WEEKDAY_TRUST) * 7)


def stretches(days: int, length: int) -> list[tuple[int, int]]:
    """The past cut into stretches of the period's length, the latest first, in days before the period: from
    how many days back to how many. A rest shorter than half a stretch is left out."""
    found: list[tuple[int, int]] = []
    start = 0
    while start < days and len(found) < _MOST_STRETCHES:
        end = min(start + length, days)
        if found and end - start < length / 2:
            break
        found.append((start, end))
        start = end
    return found


def expectations(counts: Floats, exposures: Floats, exposure: float) -> list[Expectation]:
    """What each group's past lets expect.

    Args:
        counts: (groups, stretches), the latest stretch first.
        exposures: (stretches,), the weighed days of each.
        exposure: the weighed days of the period.
    """
    weights = 0.5 ** (np.arange(counts.shape[1]) / HALF_LIFE)
    shown = exposures @ weights
    common = (counts @ weights).sum() / max(len(counts) * shown, 1e-9)
    prior = _PRIOR_STRETCHES * exposure
    shapes = counts @ weights + common * prior
    rates = shapes / (shown + prior)
    scatter = spread(counts, exposures)
    found = []
    for shape, rate in zip(shapes.tolist(), rates.tolist(), strict=True):
        mean = rate * exposure
        # The rate is not known better than its past, nor does a period keep to it better than others did.
        own = 1.0 / (1.0 / max(shape, 1e-6) + scatter)
        low, high = _negative_binomial(mean, own).ppf([0.025, 0.975])
        found.append(Expectation(mean, float(low), float(high), own, max(shape, 1e-6)))
    return found


def parts(expected: Sequence[Expectation], weights: Floats, scatter: float) -> tuple[Floats, Floats, Floats]:
    """Mean, low and high (groups, parts) of the parts of a period, by how much each part weighs.

    ``scatter`` is by how much stretches of a part's length scatter (see ``spread``).
    """
    whole = np.array([item.mean for item in expected])
    known = np.array([item.known for item in expected])
    mean = np.maximum(whole[:, None] * weights[None, :] / max(weights.sum(), 1e-9), 1e-9)
    shape = np.broadcast_to((1.0 / (1.0 / known + scatter))[:, None], mean.shape)
    law = stats.nbinom(shape, shape / (shape + mean))
    return mean, np.asarray(law.ppf(0.025)), np.asarray(law.ppf(0.975))


def verdicts(expected: Sequence[Expectation], actual: Sequence[int]) -> list[str]:
    """``rose``, ``fell``, ``steady`` or ``too_little`` for each group.

    Of those said to have risen or fallen, one in twenty is chance (Benjamini and Hochberg 1995).
    """
    said = ["too_little"] * len(expected)
    tested = [place for place, item in enumerate(expected) if item.mean + actual[place] >= LEAST]
    chances = np.array([_chance(expected[place], actual[place]) for place in tested])
    order = np.argsort(chances, kind="stable")
    limits = FALSE_DISCOVERIES * (np.arange(len(order)) + 1) / max(len(order), 1)
    below = np.flatnonzero(chances[order] <= limits)
    sure = set(order[: below[-1] + 1].tolist()) if len(below) else set()
    for number, place in enumerate(tested):
        above = actual[place] > expected[place].mean
        said[place] = ("rose" if above else "fell") if number in sure else "steady"
    return said


def _chance(expected: Expectation, actual: int) -> float:
    """How likely something as far from the expectation is, either way."""
    law = _negative_binomial(expected.mean, expected.shape)
    return min(1.0, 2 * min(float(law.sf(actual - 1)), float(law.cdf(actual))))


def _negative_binomial(mean: float, shape: float) -> stats.rv_discrete:
    return stats.nbinom(shape, shape / (shape + max(mean, 1e-9)))


def spread(counts: Floats, exposures: Floats) -> float:
    """By how much counts scatter more than chance: 1 / shape of a negative binomial, by moments over all
    groups that have enough to tell."""
    rates = counts.sum(axis=1) / max(exposures.sum(), 1e-9)
    means = rates[:, None] * exposures[None, :]
    telling = counts.sum(axis=1) >= 2 * LEAST
    if counts.shape[1] < 2 or not telling.any():
        return 0.1
    more = ((counts - means) ** 2 - means)[telling].sum() * counts.shape[1] / (counts.shape[1] - 1)
    return float(np.clip(more / (means[telling] ** 2).sum(), 0.02, 2.0))
