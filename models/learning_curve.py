"""The learning curve: how right a classifier is with ever more texts, and what twice as many would bring.

Errors fall as a power of the number of texts towards a floor (Hestness et al. 2017). The curve is fitted to
nested parts of the texts, each drawn so that every label has its share; the interval of the forecast comes
from fitting it again to what other test texts might have shown (parametric bootstrap).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import optimize

from models.errors import InputError

Floats = NDArray[np.float64]
Places = NDArray[np.intp]
Learn = Callable[[Places], Sequence[str]]
"""Places of the texts to learn from in; what is then answered for each test text out."""

SHARES = (1 / 16, 1 / 8, 1 / 4, 1 / 2, 1.0)
_DRAWS = 3
"""How often small parts are drawn: their texts differ more than those of large ones."""
_LARGE = 0.5
_FEWEST_A_LABEL = 4
_FEWEST_POINTS = 3
_RESAMPLED = 200
_DOUBT = 50
"""As many test texts of a label count as much as what is known of all labels together."""
_SURE = 0.9


@dataclass(frozen=True, slots=True)
class Point:
    """How right one was with so many texts: of all test texts, and of each label's."""

    texts: int
    accuracy: float
    recall: dict[str, float]


@dataclass(frozen=True, slots=True)
class Forecast:
    """What so many texts would bring, with the interval that holds it nine times in ten."""

    texts: int
    accuracy: float
    interval: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Gain:
    """What a label would gain: its texts so far, its recall with them, and with twice as many of all."""

    label: str
    texts: int
    recall: float
    gain: float


@dataclass(frozen=True, slots=True)
class LearningCurve:
    """The points measured, the forecast for twice the texts, and the labels, those that gain most first."""

    points: tuple[Point, ...]
    forecast: Forecast
    gains: tuple[Gain, ...]


def measure(
    labels: Sequence[str],
    truth: Sequence[str],
    learn: Learn,
    progress: Callable[[int, int], None] = lambda *_: None,
) -> LearningCurve:
    """Learn from ever larger parts of the texts, whose ``labels`` are given, and test on those of ``truth``.

    Raises:
        InputError: there are too few texts to draw three parts of.
    """
    known, wanted = np.asarray(labels, dtype=np.str_), np.asarray(truth, dtype=np.str_)
    fewest = _FEWEST_A_LABEL * len(np.unique(known))
    sizes = [size for share in SHARES if (size := round(share * len(known))) >= fewest]
    if len(sizes) < _FEWEST_POINTS or not len(wanted):
        least = round(fewest / SHARES[-_FEWEST_POINTS])
        raise InputError(f"a learning curve needs {least} texts and some to test on", field="train")
    rounds = [_DRAWS if size < _LARGE * len(known) else 1 for size in sizes]
    points, done = [], 0
    for size, draws in zip(sizes, rounds, strict=True):
        right = np.zeros(len(wanted))
        for draw in range(draws):
            right += np.asarray(learn(np.sort(nested(known, draw)[:size])), dtype=np.str_) == wanted
            done += 1
            progress(done, sum(rounds))
        right /= draws
        recall = {str(label): float(right[wanted == label].mean()) for label in np.unique(wanted)}
        points.append(Point(size, float(right.mean()), recall))
    forecast = foresee(points, rounds, len(wanted))
    return LearningCurve(tuple(points), forecast, _gains(points, forecast, known, wanted))


def nested(labels: NDArray[np.str_], draw: int) -> Places:
    """An order of the texts in which the first so many hold every label by its share."""
    random = np.random.default_rng(draw)
    key = np.zeros(len(labels))
    for label in np.unique(labels):
        own = np.flatnonzero(labels == label)
        key[random.permutation(own)] = (np.arange(len(own)) + random.random(len(own))) / len(own)
    return np.argsort(key, kind="stable")


def foresee(points: Sequence[Point], draws: Sequence[int], tested: int) -> Forecast:
    """The forecast for twice as many texts as the last point had; ``draws`` were made for each point."""
    sizes = np.array([point.texts for point in points], dtype=np.float64)
    errors = np.array([1 - point.accuracy for point in points])
    # As if one text more had been wrong and one right: no point is ever certain.
    doubted = (errors * tested + 1) / (tested + 2)
    spread = np.sqrt(doubted * (1 - doubted) / tested / np.asarray(draws))
    twice = 2 * sizes[-1]
    expected = _error(_fitted(sizes, errors, spread), twice, sizes[-1])
    random = np.random.default_rng(0)
    others = [
        _error(_fitted(sizes, np.clip(random.normal(errors, spread), 0, 1), spread), twice, sizes[-1])
        for _ in range(_RESAMPLED)
    ]
    low, high = np.quantile(others, [(1 - _SURE) / 2, (1 + _SURE) / 2])
    return Forecast(int(twice), 1 - expected, (1 - float(high), 1 - float(low)))


def _error(values: Floats, size: float | Floats, last: float) -> float:
    """floor + fall x (size / last) ^ -speed"""
    floor, fall, speed = values
    return float(floor + fall * (size / last) ** -speed)


def _fitted(sizes: Floats, errors: Floats, spread: Floats) -> Floats:
    relative = sizes / sizes[-1]

    def away(values: Floats) -> Floats:
        missed: Floats = (values[0] + values[1] * relative ** -values[2] - errors) / spread
        return missed

    found = optimize.least_squares(
        away, [0.5 * errors[-1], 0.5 * errors[-1] + 1e-3, 0.5], bounds=([0, 0, 0.05], [1, 1, 1.5])
    )
    values: Floats = found.x
    return values


def _gains(
    points: Sequence[Point], forecast: Forecast, known: NDArray[np.str_], wanted: NDArray[np.str_]
) -> tuple[Gain, ...]:
    """Each label's gain: what all labels' errors lose on the whole, moved towards what its own lost at the
    last doubling, as far as its test texts allow."""
    last, before = points[-1], points[-2]
    error = max(1 - last.accuracy, 1e-9)
    kept = min((1 - forecast.accuracy) / error, 1.0)
    slowing = max(forecast.accuracy - last.accuracy, 0.0) / max(last.accuracy - before.accuracy, 1e-9)
    found = []
    for label, recall in last.recall.items():
        tested = int((wanted == label).sum())
        usual = (1 - recall) * (1 - kept)
        own = (recall - before.recall[label]) * min(slowing, 1.0)
        weight = tested / (tested + _DOUBT)
        gain = min(max(weight * own + (1 - weight) * usual, 0.0), 1 - recall)
        found.append(Gain(label, int((known == label).sum()), recall, gain))
    return tuple(sorted(found, key=lambda each: (-each.gain, each.label)))
