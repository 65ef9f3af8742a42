"""Is the verdict on a measure right? Simulated histories with a true effect of -50 % and with none.

``python -m benchmarks.measures``: a year of daily counts before the measure and some weeks after it, with a
weekday pattern, slow drift and more scatter than chance, at 0.2 to 5 tickets a day; the measure on a day
drawn at random, or at the highest fortnight of the last half year, as people take measures after a peak.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from kb.effect import ERROR, effect

HISTORIES = 500
LEVELS = (0.2, 0.5, 1.0, 2.0, 5.0)
AFTER = (28, 56, 91)
_WEEKDAYS = np.array([1.2, 1.2, 1.1, 1.1, 1.1, 0.7, 0.6])


def main() -> None:
    print(f"stated error: {ERROR:.0%}; {HISTORIES} histories in each line")
    print(
        f"{'measure taken':<14} {'a day':>6} {'days after':>10} {'effect':>7} {'yes':>8} {'no':>7} {'?':>7}"
    )
    for at_peak in (False, True):
        for level in LEVELS:
            for days in AFTER:
                for change in (0.0, -0.5):
                    rng = np.random.default_rng(int(level * 10) + days)
                    said = [_verdict(rng, level, days, change, at_peak) for _ in range(HISTORIES)]
                    shares = [
                        said.count(name) / HISTORIES for name in ("worked", "did_not_work", "too_early")
                    ]
                    print(
                        f"{'at a peak' if at_peak else 'any day':<14} {level:>6} {days:>10} {change:>7.0%} "
                        f"{shares[0]:>8.1%} {shares[1]:>7.1%} {shares[2]:>7.1%}",
                        flush=True,
                    )


def _verdict(rng: np.random.Generator, level: float, days: int, change: float, at_peak: bool) -> str:
    rates = _rates(rng, level, 365 + 182 + days)
    counts = rng.poisson(rates)
    since = 365 + int(rng.integers(0, 182))
    if at_peak:
        fortnights = np.convolve(counts[: 365 + 182], np.ones(14), "valid")[365 - 14 :]
        since = 365 + int(np.argmax(fortnights))
    after = rng.binomial(counts[since : since + days], 1 + change)
    return effect(counts[since - 365 : since].astype(np.float64), after.astype(np.float64)).verdict


def _rates(rng: np.random.Generator, level: float, days: int) -> NDArray[np.float64]:
    """Daily rates: weekdays, a drift of up to a fifth over the year, and weeks that scatter by a quarter."""
    drift = 1 + rng.uniform(-0.2, 0.2) * np.linspace(-0.5, 0.5, days)
    weeks = np.repeat(rng.gamma(16, 1 / 16, days // 7 + 1), 7)[:days]
    return np.asarray(level * drift * weeks * np.resize(_WEEKDAYS, days))


if __name__ == "__main__":
    main()
