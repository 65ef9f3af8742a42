"""Answers to held-out texts: scorecards, thresholds for a promise, and their file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from models.errors import ModelError
from models.held_out import HeldOut
from tests.models.conftest import Toy


@pytest.fixture
def held() -> HeldOut:
    """Two labels, 1,000 texts; the surer an answer, the likelier it is right."""
    random = np.random.default_rng(3)
    chance = random.uniform(0.5, 1.0, 1000)
    truth = np.where(random.random(1000) < chance, 0, 1)
    return HeldOut(["a", "b"], truth, np.stack([chance, 1 - chance], axis=1), ["zh", "en"] * 500)


def test_a_higher_promise_leaves_fewer_texts_and_is_kept(held: HeldOut) -> None:
    low, high = (held.scorecard(held.bands(0.6, auto))["bands"]["auto"] for auto in (0.8, 0.9))
    assert low["share"] > high["share"] > 0
    assert high["accuracy"] >= 0.9
    assert low["accuracy"] >= 0.8


def test_a_scorecard_has_the_figures_of_the_answers(held: HeldOut) -> None:
    card = held.scorecard(held.bands())
    assert card["n"] == 1000
    assert card["accuracy"] == pytest.approx(float((held.truth == 0).mean()), abs=1e-4)
    assert card["per_language"]["zh"]["n"] == 500
    assert card["ece"] < 0.06


def test_they_come_back_from_a_file(held: HeldOut, tmp_path: Path) -> None:
    path = tmp_path / "held.npz"
    held.save(path)
    again = HeldOut.load(path)
    assert again.labels == held.labels
    assert again.languages == held.languages
    assert (again.truth == held.truth).all()
    assert np.abs(again.chances - held.chances).max() < 1e-3
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(ModelError, match="damaged"):
        HeldOut.load(path)


def test_a_classifier_keeps_them_in_the_order_of_its_texts(toy: Toy) -> None:
    from models.classifier import Classifier

    made = Classifier.fit(toy.analyses, toy.vectors, toy.labels)
    held = made.held_out_
    assert held is not None
    assert [held.labels[i] for i in held.truth] == toy.labels
    assert held.languages == [one.language for one in toy.analyses]
    assert dict(made.bands_.thresholds) == dict(held.bands().thresholds)
