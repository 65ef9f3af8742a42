"""One score of three parts, and what it is worth as a probability."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from kb.match import (
    CROSSING_WORD_WEIGHT,
    PAIR_WEIGHT,
    WORD_WEIGHT,
    Company,
    Logistic,
    MatchCurve,
    Search,
    fit_company,
    fit_curve,
    fuse,
    probability,
    standing,
)
from models.errors import ModelError

WITHIN, ACROSS = np.array([False]), np.array([True])


def fused(cosine: float, words: float, pairs: float, foreign: np.ndarray = WITHIN) -> float:
    return float(fuse(np.array([cosine]), np.array([words]), np.array([pairs]), foreign)[0])


def test_the_score_grows_with_each_part() -> None:
    base = fused(0.5, 0.2, 0.1)
    assert base == pytest.approx(0.5 + WORD_WEIGHT * 0.2 + PAIR_WEIGHT * 0.1)
    for parts in ((0.6, 0.2, 0.1), (0.5, 0.3, 0.1), (0.5, 0.2, 0.2)):
        assert fused(*parts) > base


def test_a_latin_word_in_a_chinese_case_counts_for_less() -> None:
    assert fused(0.5, 0.2, 0.0, ACROSS) == pytest.approx(0.5 + CROSSING_WORD_WEIGHT * 0.2)
    assert fused(0.5, 0.0, 0.0, ACROSS) < fused(0.5, 0.2, 0.0, ACROSS) < fused(0.5, 0.2, 0.0)


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
    curve = MatchCurve(
        Logistic(3.0, 0.7), Logistic(5.0, 0.4), "toy", company=Company(0.2, 0.8, -0.3, 0.5, -3)
    )
    curve.save(path)
    assert MatchCurve.load(path) == curve


@pytest.mark.parametrize("content", ["", "{", "[1]", '{"steep": 1}'])
def test_a_damaged_file_is_explained(tmp_path: Path, content: str) -> None:
    path = tmp_path / "curve.json"
    path.write_text(content)
    with pytest.raises(ModelError, match="damaged"):
        MatchCurve.load(path)


def crowd(lead: float, level: float = -4.0, number: int = 40) -> tuple[np.ndarray, np.ndarray]:
    """The log odds of one candidate that is so far ahead of many alike, all of one script."""
    return np.array([level + lead, *np.linspace(level, level - 1, number)]), np.zeros(number + 1, dtype=bool)


def searches() -> list[Search]:
    """Right answers are ahead, wherever the crowd stands."""
    noise = np.random.default_rng(5)
    found: list[Search] = []
    for level in np.linspace(-8, 4, 60):
        odds, crossing = crowd(noise.normal(4, 1), level)
        found.append((odds + noise.normal(0, 0.3, len(odds)), crossing, np.arange(len(odds)) == 0))
    return found


def test_company_tells_a_match_from_a_crowd_of_things_alike() -> None:
    company = fit_company(searches())
    for level in (-6.0, 0.0, 3.0):
        ahead = probability(company.logits(standing(*crowd(5.0, level))))
        among = probability(company.logits(standing(*crowd(0.2, level))))
        assert ahead[0] > 0.8
        assert ahead[1:].max() < 0.2
        assert among.max() < 0.3


def test_whatever_few_searches_say_a_case_further_ahead_is_not_less_likely() -> None:
    near, crossing = crowd(1.0)
    far, _ = crowd(5.0)
    # Right where it is hardly ahead, wrong where it is far ahead.
    company = fit_company(
        [(near, crossing, np.arange(len(near)) == 0), (far, crossing, np.arange(len(far)) == 1)]
    )
    assert min(company.own, company.ahead, company.usual) >= 0


def test_searches_without_a_right_or_a_wrong_answer_teach_nothing() -> None:
    odds, crossing = crowd(3.0)
    assert fit_company([]) == Company()
    assert fit_company([(odds, crossing, np.zeros(len(odds), dtype=bool))]) == Company()


def test_without_company_the_score_speaks_alone() -> None:
    scores, crossing = np.array([0.2, 0.85, 1.5]), np.zeros(3, dtype=bool)
    curve = MatchCurve()
    np.testing.assert_allclose(curve.odds(scores, crossing), curve.logits(scores, crossing))


def test_a_case_in_the_other_script_is_compared_with_its_own_kind() -> None:
    odds = np.concatenate([np.linspace(4, -3, 30), [1.0], np.linspace(-4, -6, 30)])
    crossing = np.arange(61) >= 30
    places = standing(odds, crossing)
    assert places[0, 1] == pytest.approx(odds[0] - odds[1])
    assert places[30, 1] == pytest.approx(1.0 + 4.0)
    assert places[30, 2] == pytest.approx(1.0 - 4.0)
    # Too few of one script: all are compared with all.
    few = standing(odds[:33], crossing[:33])
    assert few[30, 1] == pytest.approx(1.0 - 4.0)
    assert set(few[:, 2]) == {6.0}


@pytest.mark.parametrize("number", [0, 1, 2])
def test_few_candidates_or_none(number: int) -> None:
    odds = np.linspace(2, 1, number)
    places = standing(odds, np.zeros(number, dtype=bool))
    assert places.shape == (number, 4)
    assert np.isfinite(places).all()
