"""One score of three parts, and what it is worth as a probability."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from kb.match import (
    CROSSING_WORD_WEIGHT,
    PAIR_WEIGHT,
    WORD_WEIGHT,
    Logistic,
    MatchCurve,
    fit_curve,
    fuse,
    probability,
)
from models.errors import ModelError

WITHIN, ACROSS = np.array([False]), np.array([True])


def fused(cosine: float, words: float, pairs: float, crossing: np.ndarray = WITHIN) -> float:
    return float(fuse(np.array([cosine]), np.array([words]), np.array([pairs]), crossing)[0])


def test_the_score_grows_with_each_part() -> None:
    base = fused(0.5, 0.2, 0.1)
    assert base == pytest.approx(0.5 + WORD_WEIGHT * 0.2 + PAIR_WEIGHT * 0.1)
    for parts in ((0.6, 0.2, 0.1), (0.5, 0.3, 0.1), (0.5, 0.2, 0.2)):
        assert fused(*parts) > base


def test_across_scripts_a_shared_code_still_counts() -> None:
    assert fused(0.5, 0.2, 0.0, ACROSS) == pytest.approx(0.5 + CROSSING_WORD_WEIGHT * 0.2)
    assert fused(0.5, 0.2, 0.0, ACROSS) > fused(0.5, 0.0, 0.0, ACROSS)


def test_a_curve_keeps_the_order_and_stays_a_probability() -> None:
    scores = np.array([-5.0, 0.2, 0.85, 1.5, 9.0])
    for crossing in (False, True):
        chances = probability(MatchCurve().logits(scores, np.full(5, crossing)))
        assert np.all(np.diff(chances) > 0)
        assert chances.min() >= 0.0
        assert chances.max() <= 1.0
        assert chances[2] == pytest.approx(0.5)


def test_fitted_curves_say_what_was_seen_within_and_across_scripts() -> None:
    noise = np.random.default_rng(3)
    same = np.arange(8000) % 2 == 0
    crossing = np.arange(8000) >= 4000
    scores = np.where(same, 1.2, 0.6) - 0.4 * crossing + noise.normal(0, 0.25, 8000)
    curve = fit_curve(scores, crossing, same, "toy")
    chances = probability(curve.logits(scores, crossing))
    for part in (crossing, ~crossing):
        for low in (0.1, 0.4, 0.7):
            chosen = part & (chances >= low) & (chances < low + 0.2)
            assert same[chosen].mean() == pytest.approx(chances[chosen].mean(), abs=0.08)
    assert curve.fitted_on == "toy"
    assert curve.same.middle == pytest.approx(0.9, abs=0.03)
    assert curve.crossing.middle == pytest.approx(0.5, abs=0.03)


@pytest.mark.parametrize("answer", [True, False])
def test_one_sided_data_teach_nothing(answer: bool) -> None:
    curve = fit_curve(np.linspace(0, 1, 20), np.arange(20) % 2 == 0, np.full(20, answer), "toy")
    assert (curve.same, curve.crossing) == (Logistic(), Logistic())


def test_a_curve_survives_its_file(tmp_path: Path) -> None:
    path = tmp_path / "curve.json"
    assert MatchCurve.load(path) == MatchCurve()
    curve = MatchCurve(Logistic(3.0, 0.7), Logistic(5.0, 0.4), "toy")
    curve.save(path)
    assert MatchCurve.load(path) == curve


@pytest.mark.parametrize("content", ["", "{", "[1]", '{"steep": 1}'])
def test_a_damaged_file_is_explained(tmp_path: Path, content: str) -> None:
    path = tmp_path / "curve.json"
    path.write_text(content)
    with pytest.raises(ModelError, match="damaged"):
        MatchCurve.load(path)
