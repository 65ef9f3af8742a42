"""Blend and bands: a head of noise is not listened to, and thresholds keep what they promise."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.calibration import (
    AUTO_PRECISION,
    DOUBT,
    NEVER,
    SUGGEST_PRECISION,
    Bands,
    Blend,
    fit_bands,
    fit_blend,
    threshold,
)


def heads(noise: np.random.Generator, number: int = 400) -> tuple[np.ndarray, ...]:
    targets = noise.integers(0, 3, number)
    telling = noise.normal(0, 0.6, (number, 3))
    telling[np.arange(number), targets] += 1.0
    return telling, noise.normal(0, 1.0, (number, 3)), targets


def test_a_lexical_head_of_noise_is_silenced(noise: np.random.Generator) -> None:
    telling, senseless, targets = heads(noise)
    blend = fit_blend(senseless, np.ones(len(targets)), telling, np.zeros_like(telling), targets)
    assert blend.semantic > 1.0
    assert blend.lexical < 0.15 * blend.semantic


def test_a_semantic_head_of_noise_is_silenced(noise: np.random.Generator) -> None:
    telling, senseless, targets = heads(noise)
    blend = fit_blend(telling, np.ones(len(targets)), senseless, np.zeros_like(telling), targets)
    assert blend.lexical > 1.0
    assert blend.semantic < 0.15 * blend.lexical


def test_a_concept_head_is_heard_as_far_as_it_tells_something(noise: np.random.Generator) -> None:
    telling, senseless, targets = heads(noise)
    heard = fit_blend(senseless, np.ones(len(targets)), senseless, telling, targets)
    assert heard.concepts > 1.0
    silenced = fit_blend(telling, np.ones(len(targets)), telling, senseless, targets)
    assert silenced.concepts < 0.15 * (silenced.lexical + silenced.semantic)


def test_the_blend_calibrates(noise: np.random.Generator) -> None:
    telling, senseless, targets = heads(noise, 2000)
    scores = senseless, np.ones(2000), telling, np.zeros_like(telling)
    joined = fit_blend(*scores, targets).join(*scores)
    chances = np.exp(joined) / np.exp(joined).sum(axis=1, keepdims=True)
    accuracy = (chances.argmax(axis=1) == targets).mean()
    assert chances.max(axis=1).mean() == pytest.approx(accuracy, abs=0.03)


def test_where_the_heads_know_nothing_the_labels_shares_are_answered(noise: np.random.Generator) -> None:
    targets = (noise.random(3000) < 0.2).astype(np.intp)
    silent = np.zeros((3000, 2))
    scores = silent, np.ones(3000), silent, silent
    joined = fit_blend(*scores, targets).join(*scores)
    rare = 1 / (1 + np.exp(joined[0, 0] - joined[0, 1]))
    assert rare == pytest.approx(targets.mean(), abs=0.08)


@pytest.mark.parametrize(("steady", "likely"), [(True, 0.9), (False, 0.5)])
def test_head_starts_are_given_where_they_carry_over(
    noise: np.random.Generator, steady: bool, likely: float
) -> None:
    folds = np.repeat([0, 1, 2, 3], 500)
    share = np.full(4, 0.9) if steady else np.array([0.95, 0.05, 0.95, 0.05])
    targets = (noise.random(2000) < share[folds]).astype(np.intp)
    silent = np.zeros((2000, 2))
    blend = fit_blend(silent, np.ones(2000), silent, silent, targets, folds)
    joined = blend.join(silent, np.ones(2000), silent, silent)
    assert 1 / (1 + np.exp(joined[0, 0] - joined[0, 1])) == pytest.approx(likely, abs=0.04)


def test_join_weighs_by_coverage() -> None:
    one = np.ones((2, 1))
    joined = Blend(2.0, 3.0, 4.0, (0.0,)).join(one, np.array([0.5, 0.0]), one, one)
    assert joined.tolist() == [[8.0], [7.0]]


@given(
    st.lists(st.tuples(st.sampled_from([0.2, 0.4, 0.5, 0.8, 0.9]), st.booleans()), min_size=1, max_size=200)
)
@settings(max_examples=200, deadline=None)
def test_thresholds_keep_their_precision_on_the_data_given(rows: list[tuple[float, bool]]) -> None:
    confidence = np.array([row[0] for row in rows])
    correct = np.array([row[1] for row in rows])
    suggest, auto = fit_bands(confidence, correct, ["zh"] * len(rows), ["x"] * len(rows)).thresholds["*/*"]
    assert suggest <= auto
    for least, promised in ((suggest, SUGGEST_PRECISION), (auto, AUTO_PRECISION)):
        let_through = correct[confidence >= least]
        assert not len(let_through) or let_through.mean() >= promised


@pytest.mark.parametrize("precision", [AUTO_PRECISION, SUGGEST_PRECISION])
def test_the_promise_holds_for_texts_that_did_not_choose_the_threshold(precision: float) -> None:
    draws, kept = np.random.default_rng(11), []
    for _ in range(200):
        confidence = draws.random(500)
        chosen = threshold(confidence, draws.random(500) < confidence, precision)
        # The chance of being right is the confidence itself: above a threshold it is the mean of both ends.
        kept.append(chosen == NEVER or (chosen + 1) / 2 >= precision)
    assert np.mean(kept) >= 1 - DOUBT


def test_a_threshold_lets_through_what_can_be_promised() -> None:
    confidence = np.linspace(0.999, 0.0, 1000)
    correct = np.arange(1000) < 600
    # 600 right of 800 are too many for a precision of 0.6 to be in doubt, 600 of 900 are as well.
    assert threshold(confidence, correct, SUGGEST_PRECISION) == pytest.approx(confidence[899])
    assert threshold(confidence, correct, AUTO_PRECISION) == pytest.approx(confidence[599])


def test_a_few_lucky_ones_are_no_promise() -> None:
    assert threshold(np.linspace(0.5, 1.0, 60), np.ones(60, bool), AUTO_PRECISION) == NEVER


def test_a_language_learns_its_own_threshold_and_an_unknown_one_falls_back() -> None:
    confidence = np.full(240, 0.7)
    correct = np.array([True] * 120 + [False] * 120)
    bands = fit_bands(confidence, correct, ["zh"] * 120 + ["en"] * 120, ["x"] * 240)
    assert bands.band(0.7, "zh", "x") == "auto"
    assert bands.band(0.9, "en", "x") == "ask"
    assert bands.band(0.99, "other", "y") == bands.band(0.99, "*", "*") == "ask"


def test_too_few_of_a_label_fall_back_on_its_language() -> None:
    confidence = np.full(165, 0.8)
    bands = fit_bands(confidence, np.ones(165, bool), ["zh"] * 165, ["x"] * 150 + ["rare"] * 15)
    assert "zh/rare" not in bands.thresholds
    assert bands.band(0.85, "zh", "rare") == "auto"


def test_the_nearest_threshold_speaks_first() -> None:
    bands = Bands({"zh/x": (0.5, 0.9), "zh/*": (0.1, 0.2), "*/x": (0.3, 0.4), "*/*": (0.6, 0.7)})
    assert [bands.band(c, "zh", "x") for c in (0.49, 0.5, 0.9)] == ["ask", "suggest", "auto"]
    assert bands.band(0.2, "zh", "y") == "auto"
    assert bands.band(0.35, "en", "x") == "suggest"
    assert bands.band(0.35, "en", "y") == "ask"


def test_a_text_in_a_language_nobody_learned_from_is_asked_about() -> None:
    bands = Bands({"zh/x": (0.1, 0.2), "*/x": (0.3, 0.4), "*/*": (0.6, 0.7)})
    assert bands.band(0.99, "mixed", "x") == "auto"
    assert bands.band(0.99, "other", "x") == "ask"
    learned = Bands({**bands.thresholds, "other/x": (0.5, 0.9)})
    assert learned.band(0.95, "other", "x") == "auto"
    assert learned.band(0.95, "other", "y") == "ask"


def test_nothing_reliable_means_ask() -> None:
    bands = fit_bands(np.linspace(0.3, 1.0, 160), np.zeros(160, bool), ["zh"] * 160, ["x"] * 160)
    assert bands.band(1.0, "zh", "x") == "ask"
    assert Bands({}).band(1.0, "zh", "x") == "ask"
