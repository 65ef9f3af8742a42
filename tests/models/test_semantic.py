"""The semantic head: it learns regions of the vector space."""

from __future__ import annotations

import numpy as np
import pytest

from models.encoder import Vectors
from models.semantic import SemanticHead

NAMES = ("hardware", "other", "software")


def around_axes(noise: np.random.Generator, each: int) -> tuple[Vectors, np.ndarray]:
    vectors = noise.normal(0, 0.15, (3 * each, 8))
    vectors[np.arange(3 * each), np.repeat([0, 1, 2], each)] += 1.0
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors.astype(np.float32), np.repeat(NAMES, each)


def test_it_tells_regions_apart_that_it_has_not_seen(noise: np.random.Generator) -> None:
    head = SemanticHead().fit(*around_axes(noise, 20))
    vectors, labels = around_axes(noise, 30)
    scores = head.scores(vectors)
    assert scores.shape == (90, 3)
    np.testing.assert_allclose(scores.sum(axis=1), 0.0, atol=1e-6)
    assert (head.labels_[scores.argmax(axis=1)] == labels).mean() > 0.95


def test_two_labels_mirror_each_other(noise: np.random.Generator) -> None:
    vectors, labels = around_axes(noise, 10)
    head = SemanticHead().fit(vectors[:20], labels[:20])
    scores = head.scores(vectors[:20])
    np.testing.assert_allclose(scores[:, 0], -scores[:, 1], atol=1e-9)
    assert scores.argmax(axis=1).tolist() == [0] * 10 + [1] * 10


def test_the_same_data_and_the_stored_parts_give_the_same_scores(noise: np.random.Generator) -> None:
    vectors, labels = around_axes(noise, 10)
    first = SemanticHead().fit(vectors, labels)
    second = SemanticHead().fit(vectors, labels)
    np.testing.assert_array_equal(first.scores(vectors), second.scores(vectors))
    np.testing.assert_array_equal(SemanticHead(first.parts).scores(vectors), first.scores(vectors))


def test_all_texts_alike_are_no_reason_to_fail() -> None:
    vectors = np.tile(np.float32([[1, 0, 0]]), (6, 1))
    head = SemanticHead().fit(vectors, np.array(["a", "b"] * 3))
    assert np.isfinite(head.scores(vectors)).all()
    assert head.scores(vectors)[0, 0] == pytest.approx(0.0, abs=1e-3)
