"""Surges among alike tickets, and none where there is none."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import sparse

from kb import surge
from kb.surge import Stream

DAYS = 200


def made(
    problems: NDArray[np.int64], times: NDArray[np.float64], same: NDArray[np.int64] | None = None
) -> Stream:
    """A stream in which tickets of one problem are alike; 0 is like nothing."""
    order = np.argsort(times, kind="stable")
    own = problems[order]
    alike = (own[:, None] == own[None, :]) & (own[:, None] > 0)
    np.fill_diagonal(alike, False)
    return surge.stream(times[order], sparse.csr_matrix(alike.astype(float)), same)


def times_of(stream: Stream, item: surge.Surge) -> list[float]:
    return stream.times[list(item.members)].tolist()


def background(rng: np.random.Generator, a_day: float = 12) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Tickets of forty problems, at even rates."""
    count = int(a_day * DAYS)
    return rng.integers(0, 40, count), np.sort(rng.uniform(0, DAYS * 24, count))


@pytest.mark.parametrize("seed", range(5))
def test_fifteen_in_six_hours_are_known_within_three(seed: int) -> None:
    rng = np.random.default_rng(seed)
    problems, times = background(rng)
    start = 150 * 24.0 + 9
    extra = np.concatenate([[start], start + rng.uniform(0, 6, 14)])
    stream = made(np.concatenate([problems, np.full(15, 99)]), np.concatenate([times, extra]))

    found = surge.surges(stream, surge.calibrate(stream).threshold)

    (only,) = [item for item in found if item.since == start]
    assert only.known - start <= 3
    assert len(only.members) == 15
    assert only.known < only.until
    assert only.expected < 1


def test_without_a_surge_hardly_any_is_raised() -> None:
    raised = 0
    for seed in range(10):
        stream = made(*background(np.random.default_rng(seed)))
        raised += len(surge.surges(stream, surge.calibrate(stream).threshold))

    months = 10 * DAYS / 30
    assert raised <= 2 * surge.FALSE_ALARMS * months


def test_what_is_always_frequent_is_no_surge() -> None:
    rng = np.random.default_rng(1)
    problems, times = background(rng)
    often = rng.uniform(0, DAYS * 24, 3 * DAYS)  # three a day of one problem, all year
    stream = made(np.concatenate([problems, np.full(len(often), 77)]), np.concatenate([times, often]))

    found = surge.surges(stream, surge.calibrate(stream).threshold)

    assert [item for item in found if set(times_of(stream, item)) & set(often.tolist())] == []


def test_one_that_goes_on_is_one() -> None:
    rng = np.random.default_rng(2)
    problems, times = background(rng)
    start = 150 * 24.0
    extra = start + np.arange(40) * 5.0  # five hours apart, for eight days
    stream = made(np.concatenate([problems, np.full(40, 99)]), np.concatenate([times, extra]))

    (only,) = [item for item in surge.surges(stream, 3.0) if set(times_of(stream, item)) & set(extra)]

    assert len(only.members) == 40
    assert only.until > start + 100


def test_the_same_text_sent_again_and_again_counts_little() -> None:
    rng = np.random.default_rng(3)
    problems, times = background(rng)
    extra = 150 * 24.0 + np.arange(6) / 60  # six times within minutes
    all_problems, all_times = np.concatenate([problems, np.full(6, 99)]), np.concatenate([times, extra])
    order = np.argsort(all_times, kind="stable")
    same = np.where(all_problems[order] == 99, -1, np.arange(len(order)))

    plain = made(all_problems, all_times)
    damped = made(all_problems, all_times, same)

    assert any(150 * 24 <= item.since < 150 * 24 + 1 for item in surge.surges(plain, 4.0))
    assert not any(150 * 24 <= item.since < 150 * 24 + 1 for item in surge.surges(damped, 4.0))


def test_a_stronger_one_is_surer() -> None:
    calibrated = surge.Calibration(2.0, (5.0, 3.0, 2.5), 12.0)

    assert calibrated.sure(9.0) > calibrated.sure(4.0) > calibrated.sure(2.2)


def test_an_empty_stream_has_none() -> None:
    stream = made(np.zeros(0, dtype=np.int64), np.zeros(0))

    assert surge.surges(stream, surge.calibrate(stream).threshold) == []
