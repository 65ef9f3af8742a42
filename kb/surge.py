"""Surges: many more alike tickets in hours or days than the past and the general flow explain.

Each new ticket is looked at with those alike that came shortly before it, in windows from an hour to three
days. What their past and the flow of all tickets let expect there is a Poisson mean; how unlikely the count
is makes its strength, the greatest over the windows (a scan statistic, Kulldorff 1997). The strength at which
an alarm is raised is found by replaying the past with its times shuffled: what is found there is chance.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import sparse, stats

Floats = NDArray[np.float64]

WINDOWS = (1.0, 3.0, 6.0, 12.0, 24.0, 48.0, 72.0)
"""Hours."""
PAST = 60 * 24.0
"""Hours before a window that say what is usual."""
LEAST = 4
"""Tickets that make a surge at the least."""
PAUSE = 14 * 24.0
"""Hours without an alarm after which another surge begins."""
FALSE_ALARMS = 0.5
"""Alarms a month by chance that are put up with."""
MONTH = 30 * 24.0
LEAST_PAST = 7 * 24.0
"""Hours of a stream after which something can be said to be more than usual."""
_RUNS = 5
_WEEK = 7 * 24
_BASE = 0.5
"""Alike tickets in the whole of the past that a problem never seen before is granted."""
_DAMPED = 0.25
_HALF_HOUR = 0.5
_LEAST_STRENGTH = 2.0


@dataclass(frozen=True, slots=True)
class Surge:
    """Places of the tickets, in order of time; when the first came, when it was known, and when the last
    came, in hours; how many were to be expected in that time, or in the window that raised the alarm if it is
    longer; its strength."""

    members: tuple[int, ...]
    since: float
    known: float
    until: float
    expected: float
    strength: float


@dataclass(frozen=True)
class Stream:
    """Tickets in order of time: hours (n,), and which are alike, a symmetric matrix without its diagonal.

    ``weights`` (n,) are less than 1 for repetitions of the same text by the same sender.
    """

    times: Floats
    alike: sparse.csr_matrix
    weights: Floats

    @cached_property
    def flow(self) -> Floats:
        """How much each hour of the week brings, the mean being 1; smoothed, as many are rare."""
        counts = np.bincount((self.times % _WEEK).astype(int), minlength=_WEEK).astype(np.float64)
        by_hour = counts.reshape(7, 24).sum(axis=0)
        by_day = counts.reshape(7, 24).sum(axis=1)
        total = max(counts.sum(), 1.0)
        hour = (by_hour + 24) / (total + 24 * 24) * 24
        day = (by_day + 7) / (total + 49) * 7
        return np.asarray(np.outer(day, hour).ravel())

    @cached_property
    def _exposed(self) -> Floats:
        return np.concatenate([[0.0], np.cumsum(self.flow)])

    def exposed(self, hours: Floats) -> Floats:
        """The weighed hours from the beginning of the first week until then."""
        weeks, rest = np.divmod(hours, _WEEK)
        whole = np.minimum(rest.astype(int), _WEEK - 1)
        part = self._exposed[whole] + (rest - whole) * self.flow[whole]
        return np.asarray(weeks * self._exposed[-1] + part)


def stream(times: Floats, alike: sparse.csr_matrix, same: NDArray[np.int64] | None = None) -> Stream:
    """Lay out tickets for surges; ``times`` (n,) in hours ascending, ``same`` (n,) names text and sender.

    A repetition of the same text within half an hour counts a quarter.
    """
    weights = np.ones(len(times))
    if same is not None:
        last: dict[int, float] = {}
        for place, name in enumerate(same.tolist()):
            if times[place] - last.get(name, -np.inf) < _HALF_HOUR:
                weights[place] = _DAMPED
            last[name] = float(times[place])
    return Stream(np.asarray(times, dtype=np.float64), alike.tocsr(), weights)


def strengths(found: Stream) -> tuple[Floats, Floats, Floats]:
    """For each ticket as it comes: the strength, and window and expected count that gave it.

    The strength is minus the decimal logarithm of the chance of so many alike ones with it.
    """
    count = len(found.times)
    best, window, mean = np.zeros(count), np.zeros(count), np.zeros(count)
    first = found.times[0] if count else 0.0
    indptr, indices = found.alike.indptr, found.alike.indices
    lengths = np.array(WINDOWS)
    for place in range(count):
        now = found.times[place]
        near = indices[indptr[place] : indptr[place + 1]]
        near = near[near < place]
        if len(near) < LEAST - 1 or now - first < LEAST_PAST:
            continue
        ages = now - found.times[near]
        weights = found.weights[near]
        within = (ages[:, None] <= lengths[None, :]) * weights[:, None]
        counts = within.sum(axis=0)
        if counts.max() < LEAST - 1:
            continue
        old = ((ages[:, None] > lengths[None, :]) & (ages[:, None] <= lengths[None, :] + PAST)) * weights[
            :, None
        ]
        starts = found.exposed(now - lengths)
        past = starts - found.exposed(np.maximum(now - lengths - PAST, first))
        exposed = found.exposed(np.array([now])) - starts
        # Of a short past little is known: its rate is drawn towards one that is never seen.
        expected = (old.sum(axis=0) + _BASE) / np.maximum(past, 24.0) * exposed
        chance = stats.poisson.logsf(np.ceil(counts) - 1, expected) / -np.log(10)
        chance[counts < LEAST - 1] = 0.0
        top = int(np.argmax(chance))
        best[place], window[place], mean[place] = chance[top], lengths[top], expected[top]
    return best, window, mean


@dataclass(slots=True)
class _Open:
    """A surge that goes on."""

    known: float
    window: float
    expected: float
    strength: float
    until: float
    members: set[int]


def surges(found: Stream, threshold: float) -> list[Surge]:
    """All surges as an hourly watch would have raised them, in order of time."""
    best, window, mean = strengths(found)
    indptr, indices = found.alike.indptr, found.alike.indices
    all_: list[_Open] = []
    for place in np.flatnonzero(best > threshold).tolist():
        now = float(found.times[place])
        near = indices[indptr[place] : indptr[place + 1]]
        near = near[near < place]
        lately = set(near[found.times[near] >= now - PAUSE].tolist())
        members = {place, *near[found.times[near] >= now - window[place]].tolist()}
        joined = next((item for item in all_ if now - item.until <= PAUSE and item.members & lately), None)
        if joined is None:
            known = float(np.ceil(now))
            joined = _Open(known, float(window[place]), float(mean[place]), 0.0, now, set())
            all_.append(joined)
        joined.members |= members
        joined.until = now
        joined.strength = max(float(best[place]), joined.strength)
    return [
        Surge(
            members=tuple(sorted(item.members)),
            since=float(found.times[min(item.members)]),
            known=item.known,
            until=item.until,
            expected=item.expected * max(1.0, (item.until - found.times[min(item.members)]) / item.window),
            strength=item.strength,
        )
        for item in all_
    ]


@dataclass(frozen=True, slots=True)
class Calibration:
    """The strength above which alarms are raised, and the strengths of those that chance raised in so many
    months, to tell how sure one is."""

    threshold: float
    by_chance: tuple[float, ...]
    months: float

    def sure(self, strength: float) -> float:
        """How sure an alarm is: against how many as strong chance would raise in a month."""
        as_strong = sum(value >= strength for value in self.by_chance) + 0.5
        return 1.0 / (1.0 + as_strong / self.months)


def calibrate(found: Stream, false_alarms: float = FALSE_ALARMS) -> Calibration:
    """Find the threshold at which so many alarms a month are raised by chance.

    The past is replayed with its times dealt out anew: what is alike stays alike, but comes together by
    chance alone.
    """
    if not len(found.times):
        return Calibration(_LEAST_STRENGTH, (), 1.0)
    rng = np.random.default_rng(0)
    span = float(found.times[-1] - found.times[0])
    raised: list[float] = []
    for _ in range(_RUNS):
        moved = shuffled(found, rng)
        raised += [item.strength for item in surges(moved, _LEAST_STRENGTH)]
    months = max(_RUNS * span / MONTH, 0.1)
    raised.sort(reverse=True)
    allowed = int(false_alarms * months)
    threshold = raised[allowed] if allowed < len(raised) else _LEAST_STRENGTH
    return Calibration(max(threshold, _LEAST_STRENGTH), tuple(raised), months)


def shuffled(found: Stream, rng: np.random.Generator) -> Stream:
    """The same tickets at the same times, but which came when is drawn anew."""
    order = rng.permutation(len(found.times))
    alike = found.alike[order][:, order]
    return Stream(found.times, alike.tocsr(), found.weights[order])
