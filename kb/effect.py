"""Did a measure work? Tickets after it against what the time before lets expect, with an interval.

Measures are taken after a peak, and peaks pass by themselves: the weeks just before a measure are left out of
what is compared with, and all the rest of the year before counts alike.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Floats = NDArray[np.float64]

LEFT_OUT = 28
"""Days before the measure that are not compared with."""
ERROR = 0.05
"""How often a measure without effect may be said to have worked."""
POWER = 0.8
HALVED = 0.5
"""The effect that must be detectable before "did not work" is said."""
DRIFT = 0.9
"""A ratio down to this may be a drift of the year and no effect; many tickets would make it look certain."""
_WEEK = 7
_LEAST_DAYS = 28


@dataclass(frozen=True, slots=True)
class Effect:
    """What was to be expected after the measure had it no effect, with its central 95 %; what came; and the
    verdict: ``worked``, ``did_not_work`` or ``too_early``."""

    expected: float
    actual: int
    low: float
    high: float
    verdict: str


def effect(before: Floats, after: Floats) -> Effect:
    """Compare daily counts before a measure (the last day last) with those after it.

    The counts' ratio is F-distributed under chance (Gart 1970 for Poisson counts); both are divided by how
    much more than chance the weeks before scatter (quasi-Poisson, McCullagh and Nelder 1989).
    """
    compared = before[:-LEFT_OUT] if len(before) > LEFT_OUT + _LEAST_DAYS else before
    actual = int(after.sum())
    if not len(compared) or not len(after) or compared.sum() <= 0:
        return Effect(0.0, actual, 0.0, 0.0, "too_early")
    expected = float(compared.mean() * len(after))
    spread = _spread(compared)
    had, came = compared.sum() / spread, actual / spread
    exposure = len(after) / len(compared)
    low, high = spread * stats.nbinom(had + 0.5, 1 / (1 + exposure)).ppf([0.025, 0.975])
    if _ratio(had, came, 1 - ERROR, 1) / exposure < DRIFT:
        verdict = "worked"
    elif _detectable(had, expected / spread, exposure):
        verdict = "did_not_work"
    else:
        verdict = "too_early"
    return Effect(expected, actual, float(low), float(high), verdict)


def _ratio(had: float, came: float, share: float, more: int) -> float:
    """A quantile of the ratio of two Poisson means, from below (0) or above (1)."""
    top, bottom = 2 * (came + more), 2 * (had + 1 - more)
    if top <= 0:
        return 0.0
    return float(stats.f.ppf(share, top, max(bottom, 1e-9)) * top / max(bottom, 1e-9))


def _detectable(had: float, expected: float, exposure: float) -> bool:
    """Whether a halving would by now have been seen with the power wanted."""
    halved = HALVED * expected
    worst = float(stats.poisson.ppf(POWER, halved))
    return _ratio(had, worst, 1 - ERROR, 1) / exposure < DRIFT


def _spread(daily: Floats) -> float:
    """How much more than chance the weeks scatter, at least 1."""
    weeks = daily[len(daily) % _WEEK :].reshape(-1, _WEEK).sum(axis=1)
    if len(weeks) < 4 or weeks.mean() <= 0:
        return 1.0
    return float(max(weeks.var(ddof=1) / weeks.mean(), 1.0))
