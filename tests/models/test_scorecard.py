"""The scorecard, against numbers worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from models.errors import InputError
from models.scorecard import (
    Judged,
    calibration_error,
    classification,
    compared,
    ranking,
    ranking_of_ranks,
    wilson,
)

CARD = classification(
    Judged(
        truth=["a", "a", "a", "b", "b", "c"],
        predicted=["a", "a", "b", "b", "a", "a"],
        confidence=[0.9, 0.8, 0.7, 0.6, 0.5, 0.4],
        languages=["zh", "zh", "en", "en", "en", "zh"],
        bands=["auto", "auto", "auto", "ask", "ask", "ask"],
        labels=["a", "b"],
        spread=np.array([[0.9, 0.1], [0.8, 0.2], [0.3, 0.7], [0.4, 0.6], [0.5, 0.5], [0.4, 0.6]]),
    ),
    skipped=2,
)


def judged(truth: list[str], predicted: list[str], sure: float) -> Judged:
    number = len(truth)
    chances = np.where(np.array(predicted)[:, None] == np.array(["a", "b"]), sure, 1 - sure)
    return Judged(truth, predicted, [sure] * number, ["zh"] * number, ["auto"] * number, ["a", "b"], chances)


def test_totals() -> None:
    assert (CARD["n"], CARD["skipped"], CARD["accuracy"]) == (6, 2, 0.5)
    # F1: a 2*2/(3+4), b 2*1/(2+2), c 0.
    assert CARD["macro_f1"] == pytest.approx((4 / 7 + 0.5 + 0) / 3, abs=1e-4)
    low, high = CARD["macro_f1_interval"]
    assert 0 <= low <= CARD["macro_f1"] <= high <= 1


def test_per_class() -> None:
    assert CARD["per_class"]["a"] == {"precision": 0.5, "recall": 0.6667, "f1": 0.5714, "support": 3}
    assert CARD["per_class"]["c"] == {"precision": 0.0, "recall": 0.0, "f1": 0.0, "support": 1}


def test_per_language() -> None:
    assert {name: (own["n"], own["accuracy"]) for name, own in CARD["per_language"].items()} == {
        "en": (3, 0.3333),
        "zh": (3, 0.6667),
    }


def test_the_confusion_adds_up() -> None:
    assert CARD["confusion"]["a"] == {"a": 2, "b": 1, "c": 0}
    assert CARD["confusion"]["c"] == {"a": 1, "b": 0, "c": 0}
    assert sum(sum(row.values()) for row in CARD["confusion"].values()) == CARD["n"]


def test_brier_counts_an_unknown_label_as_never_expected() -> None:
    squares = [0.02, 0.08, 0.98, 0.32, 0.5, 0.16 + 0.36 + 1]
    assert CARD["brier"] == pytest.approx(sum(squares) / 6, abs=1e-4)


def test_bands_and_coverage() -> None:
    assert CARD["bands"]["auto"]["n"] == 3
    assert CARD["bands"]["auto"]["accuracy"] == pytest.approx(2 / 3, abs=1e-4)
    assert CARD["bands"]["ask"]["share"] == 0.5
    assert [(point["coverage"], point["accuracy"]) for point in CARD["risk_coverage"]][-1] == (1.0, 0.5)
    assert CARD["risk_coverage"][0] == {"coverage": 0.1667, "accuracy": 1.0}


def test_the_bins_of_reliability_hold_all_texts() -> None:
    assert sum(part["n"] for part in CARD["reliability"]) == CARD["n"]
    assert [part["confidence"] for part in CARD["reliability"]] == [0.4, 0.5, 0.6, 0.7, 0.8, 0.9]


def test_a_perfect_answer() -> None:
    card = classification(judged(["a", "b"], ["a", "b"], 1.0))
    assert (card["accuracy"], card["macro_f1"], card["ece"], card["brier"]) == (1.0, 1.0, 0.0, 0.0)


def test_a_label_only_predicted_counts_in_the_mean() -> None:
    card = classification(judged(["a", "a"], ["a", "b"], 0.5))
    assert card["macro_f1"] == pytest.approx((2 / 3 + 0) / 2, abs=1e-4)


def test_nothing_to_judge_is_said() -> None:
    with pytest.raises(InputError, match="no labelled text"):
        classification(Judged([], [], [], [], [], [], np.zeros((0, 2))), skipped=3)


@pytest.mark.parametrize(
    ("right", "number", "interval"),
    [
        (0, 0, (0.0, 1.0)),
        (0, 10, (0.0, 0.2775)),
        (5, 10, (0.2366, 0.7634)),
        (10, 10, (0.7225, 1.0)),
        (81, 263, (0.2553, 0.3662)),
    ],
)
def test_wilson_against_published_values(right: int, number: int, interval: tuple[float, float]) -> None:
    assert wilson(right, number) == pytest.approx(interval, abs=1e-4)


def test_calibration_error_by_hand() -> None:
    # Two texts are two bins: |0.9 - 1| and |0.6 - 0|.
    assert calibration_error(np.array([0.9, 0.6]), np.array([True, False])) == pytest.approx(0.35)
    # Twenty texts are ten bins of two; each bin states 0.75 and has one right of two.
    assert calibration_error(np.full(20, 0.75), np.array([True, False] * 10)) == pytest.approx(0.25)


def test_ranking_counts_ties_against() -> None:
    rows = [np.array([0.9, 0.5, 0.1]), np.array([0.5, 0.5, 0.1]), np.array([0.9, 0.8, 0.8])]
    assert ranking(rows, [0, 0, 1]) == {
        "n": 3,
        "recall_at_1": 0.3333,
        "recall_at_5": 1.0,
        "recall_at_10": 1.0,
        "mrr": pytest.approx((1 + 1 / 2 + 1 / 3) / 3, abs=1e-4),
    }


def test_ranks_beyond_the_list_count_nothing() -> None:
    found = ranking_of_ranks(np.array([1, 5, 6, 10, 11, 0]))
    assert found["recall_at_1"] == pytest.approx(1 / 6, abs=1e-4)
    assert found["recall_at_5"] == pytest.approx(2 / 6, abs=1e-4)
    assert found["recall_at_10"] == pytest.approx(4 / 6, abs=1e-4)
    assert found["mrr"] == pytest.approx((1 + 1 / 5 + 1 / 6 + 1 / 10 + 1 / 11) / 6, abs=1e-4)


def test_another_is_compared_text_by_text() -> None:
    truth = ["a", "b"] * 50
    theirs = ["a"] * 100
    found = compared(truth, truth, theirs)
    assert (found["accuracy"], found["ahead"]) == (0.5, 0.5)
    low, high = found["ahead_interval"]
    assert 0.38 < low < 0.5 < high < 0.62
    assert compared(truth, theirs, theirs)["ahead_interval"] == (0.0, 0.0)
    assert compared(truth, theirs, truth)["ahead"] == -0.5
