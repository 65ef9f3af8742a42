"""Texts without labels help where labels are few, and are left alone where there are many."""

from __future__ import annotations

import numpy as np
import pytest

from models.classifier import Classifier
from models.encoder import Vectors
from models.self_training import self_trained
from models.semantic import SemanticHead
from models.text import analyse


@pytest.fixture
def clouds(noise: np.random.Generator) -> tuple[Vectors, np.ndarray]:
    """Two clouds in many dimensions: two labelled texts of each say little of where its middle is."""
    made = noise.normal(0, 0.3, (600, 24))
    made[:300, 0] += 0.5
    made[300:, 1] += 0.5
    made /= np.linalg.norm(made, axis=1, keepdims=True)
    return made.astype(np.float32), np.repeat(["a", "b"], 300)


def test_unlabelled_texts_show_where_the_labels_lie(clouds: tuple[Vectors, np.ndarray]) -> None:
    vectors, labels = clouds
    gains = []
    for draw in range(10):
        chosen = np.random.default_rng(draw).permutation(300)[:2]
        known = np.concatenate([chosen, 300 + chosen])
        heads = (
            SemanticHead().fit(vectors[known], labels[known]),
            self_trained(vectors[known], labels[known], vectors),
        )
        right = [(head.labels_[head.scores(vectors).argmax(axis=1)] == labels).mean() for head in heads]
        gains.append(right[1] - right[0])
    assert np.mean(gains) > 0.02


def test_with_enough_labels_they_change_nothing(clouds: tuple[Vectors, np.ndarray]) -> None:
    vectors, labels = clouds
    documents = [analyse(f"word{number % 7}") for number in range(600)]
    both = [
        Classifier.fit(documents[::5], vectors[::5], labels[::5].tolist(), unlabelled=pool)
        for pool in (None, vectors)
    ]
    chances = [model.predict_proba(documents, vectors) for model in both]
    np.testing.assert_array_equal(chances[0], chances[1])


def test_with_few_labels_they_are_used(clouds: tuple[Vectors, np.ndarray]) -> None:
    vectors, labels = clouds
    documents = [analyse(f"word{number % 7}") for number in range(600)]
    both = [
        Classifier.fit(documents[::60], vectors[::60], labels[::60].tolist(), unlabelled=pool)
        for pool in (None, vectors)
    ]
    chances = [model.predict_proba(documents, vectors) for model in both]
    assert np.abs(chances[0] - chances[1]).max() > 0.01
