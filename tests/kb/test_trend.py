"""What a past lets expect, and when something rose or fell."""

from __future__ import annotations

import numpy as np
import pytest

from kb import trend


def expect(counts: list[list[float]], exposure: float = 30.0) -> list[trend.Expectation]:
    held = np.array(counts, dtype=np.float64)
    return trend.expectations(held, np.full(held.shape[1], 30.0), exposure)


def test_a_steady_past_expects_the_same() -> None:
    busy, quiet = expect([[20, 21, 19, 20, 20], [1, 0, 1, 1, 0]])

    assert busy.mean == pytest.approx(20, rel=0.15)
    assert busy.low < 20 < busy.high
    assert quiet.mean < 3


def test_half_a_period_expects_half() -> None:
    (half,) = expect([[20, 20, 20, 20]], exposure=15.0)

    assert half.mean == pytest.approx(10, rel=0.1)


def test_later_stretches_count_more() -> None:
    rising, falling = expect([[30, 20, 10, 5, 5], [5, 5, 10, 20, 30]])

    assert rising.mean > falling.mean


def test_a_scattered_past_gives_a_wide_interval() -> None:
    even = expect([[20, 20, 20, 20, 20, 20]] * 3)[0]
    wild = expect([[40, 2, 35, 1, 38, 4]] * 3)[0]

    assert wild.high - wild.low > 2 * (even.high - even.low)


def test_rises_and_falls_are_told_and_little_is_not_judged() -> None:
    expected = expect([[20, 21, 19, 20, 20], [20, 19, 21, 20, 20], [20, 20, 20, 20, 20], [0, 1, 0, 0, 1]])

    assert trend.verdicts(expected, [60, 2, 21, 1]) == ["rose", "fell", "steady", "too_little"]


def test_of_many_groups_that_stay_as_they_are_hardly_any_is_said_to_move() -> None:
    rng = np.random.default_rng(0)
    rates = rng.uniform(3, 30, 300)
    expected = trend.expectations(rng.poisson(rates[:, None], (300, 8)).astype(float), np.full(8, 30.0), 30.0)

    said = trend.verdicts(expected, rng.poisson(rates).tolist())

    assert sum(item in ("rose", "fell") for item in said) <= 6


def test_weekdays_follow_the_tickets_and_few_say_little() -> None:
    many = trend.weekday_weights([200, 200, 200, 200, 200, 10, 10])
    few = trend.weekday_weights([2, 2, 2, 2, 2, 0, 0])

    assert many.mean() == pytest.approx(1)
    assert many[0] > 1.2
    assert 0.8 < few[0] < 1.1


def test_the_parts_of_a_period_share_its_expectation() -> None:
    expected = expect([[20, 21, 19, 20, 20], [0, 0, 1, 0, 0]])
    weights = np.array([10.0, 10.0, 5.0])

    mean, low, high = trend.parts(expected, weights, 0.05)
    _, lower, higher = trend.parts(expected, weights, 1.0)

    assert mean.sum(axis=1) == pytest.approx([item.mean for item in expected])
    assert mean[0, 2] == pytest.approx(mean[0, 0] / 2)
    assert (low <= mean).all() and (mean <= high).all()
    assert higher[0, 0] > high[0, 0] and lower[0, 0] < low[0, 0]


def test_the_past_is_cut_into_stretches() -> None:
    assert trend.stretches(75, 30) == [(0, 30), (30, 60), (60, 75)]
    assert trend.stretches(70, 30) == [(0, 30), (30, 60)]
    assert trend.stretches(10, 30) == [(0, 10)]
    assert trend.stretches(0, 30) == []
