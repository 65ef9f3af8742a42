"""Whether a measure worked."""

from __future__ import annotations

import numpy as np
import pytest

from kb.effect import ERROR, effect


def history(level: float, change: float, seed: int, days: int = 90) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.poisson(level, 300).astype(float), rng.poisson(level * (1 + change), days).astype(float)


def test_a_halving_is_seen_and_none_is_not() -> None:
    halved = [effect(*history(2, -0.5, seed)).verdict for seed in range(60)]
    unchanged = [effect(*history(2, 0.0, seed)).verdict for seed in range(60)]

    assert halved.count("worked") >= 55
    assert unchanged.count("worked") <= 60 * ERROR
    assert unchanged.count("did_not_work") >= 50


def test_rare_tickets_take_time() -> None:
    said = [effect(*history(0.1, -0.5, seed, days=20)).verdict for seed in range(30)]

    assert set(said) <= {"too_early", "worked"}
    assert said.count("too_early") >= 28


def test_a_peak_that_passes_is_no_effect() -> None:
    said = []
    for seed in range(60):
        before, after = history(1, 0.0, seed, days=60)
        before[-14:] += 4
        said.append(effect(before, after).verdict)

    assert said.count("worked") <= 3


def test_the_interval_is_what_was_to_be_expected() -> None:
    found = effect(np.full(200, 2.0), np.full(50, 1.0))

    assert found.expected == pytest.approx(100)
    assert found.low < 100 < found.high
    assert found.actual == 50


@pytest.mark.parametrize(("before", "after"), [(0, 10), (100, 0), (0, 0)])
def test_without_a_past_or_a_future_it_is_too_early(before: int, after: int) -> None:
    assert effect(np.ones(before), np.ones(after)).verdict == "too_early"


def test_nothing_before_says_nothing_after() -> None:
    assert effect(np.zeros(300), np.ones(30)).verdict == "too_early"
