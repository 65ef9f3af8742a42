"""What a user would pick instead: each learns what it can from the toy set, and the majority nothing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from models import baselines
from models.baselines import Texts
from models.classifier import Classifier
from models.text import analyse


@pytest.fixture
def halves(toy: Any) -> tuple[Texts, list[str], Texts, list[str]]:
    even, odd = range(0, len(toy.labels), 2), range(1, len(toy.labels), 2)
    first, second = (Texts([toy.analyses[i] for i in part], toy.vectors[list(part)]) for part in (even, odd))
    return first, [toy.labels[i] for i in even], second, [toy.labels[i] for i in odd]


@pytest.mark.parametrize("name", ["TF-IDF + linear SVM", "encoder + logistic regression"])
def test_what_learns_tells_the_toy_labels_apart(name: str, halves: Any) -> None:
    known, labels, asked, truth = halves
    answers = baselines.BASELINES[name](known, labels, asked)
    assert np.mean(np.array(answers) == truth) > 0.9


def test_the_majority_is_the_commonest_label_and_of_equals_the_first(halves: Any) -> None:
    known, labels, asked, _ = halves
    assert set(baselines.majority(known, [*labels[:-1], "rare"], asked)) <= set(labels)
    assert baselines.majority(known, ["b", "a", "b", "a"], asked)[0] == "a"
    assert baselines.majority(known, ["b", "c", "b"], asked)[0] == "b"


def test_the_nearest_vote_by_their_cosine() -> None:
    known = Texts([analyse("")] * 3, np.float32([[1, 0], [0.6, 0.8], [0.6, 0.8]]))
    asked = Texts([analyse("")], np.float32([[0.96, 0.28]]))
    assert baselines.nearest(known, ["a", "b", "b"], asked) == ["b"]
    assert baselines.nearest(Texts([analyse("")] * 2, known.vectors[:2]), ["a", "b"], asked) == ["a"]


def test_each_head_answers_by_itself(toy: Any, trained: Classifier) -> None:
    found = baselines.heads(trained, Texts(toy.analyses, toy.vectors))
    assert set(found) == {"lexical head alone", "semantic head alone", "concept head alone"}
    for answers in found.values():
        assert np.mean(np.array(answers) == toy.labels) > 0.9
