"""Anchors: cosines with known texts, asked for once."""

from __future__ import annotations

import numpy as np
import pytest

from models.anchors import Anchors, gather
from models.encoder import Vectors
from models.semantic import SemanticHead


@pytest.fixture
def vectors(noise: np.random.Generator) -> Vectors:
    made = noise.normal(0, 1, (12, 16))
    return (made / np.linalg.norm(made, axis=1, keepdims=True)).astype(np.float32)


def test_cosines_are_those_of_the_vectors_to_half_precision(vectors: Vectors) -> None:
    anchors = Anchors(vectors)
    assert len(anchors) == 12
    for asked in (vectors[3], vectors[3], vectors[5]):
        np.testing.assert_allclose(anchors.cosines(asked), vectors @ asked, atol=2e-3)


def test_gathered_ones_answer_as_before(vectors: Vectors) -> None:
    parts = [vectors[:6], vectors[[7, 2]], vectors[4:], vectors[:0]]
    several = [Anchors(part) for part in parts]
    before = [anchors.vectors for anchors in several]
    gather(several)
    for anchors, part, own in zip(several, parts, before, strict=True):
        assert len(anchors) == len(part)
        np.testing.assert_array_equal(anchors.vectors, own)
        for asked in vectors:
            np.testing.assert_allclose(anchors.cosines(asked), part @ asked, atol=2e-3)


def test_gathering_nothing_is_nothing(vectors: Vectors) -> None:
    empty = Anchors(vectors[:0])
    gather([empty])
    gather([])
    assert empty.cosines(vectors[0]).shape == (0,)


def test_texts_that_several_hold_are_compared_once(vectors: Vectors) -> None:
    several = [Anchors(vectors[:8]), Anchors(vectors[4:]), Anchors(vectors[:2])]
    whole = gather(several)
    assert len(whole) == 12
    asked = whole.cosines(vectors[5])
    for anchors in several:
        anchors.cosines(vectors[5])
    assert whole.cosines(vectors[5]) is asked


def test_gathering_changes_no_score(vectors: Vectors) -> None:
    labels = np.array(["a", "b", "c"] * 3)
    head = SemanticHead().fit(vectors[:9], labels)
    before = [head.scores(vectors[[row]]) for row in range(12)]
    gather([Anchors(vectors[4:]), head.landmarks_.anchors])
    for row in range(12):
        np.testing.assert_allclose(head.scores(vectors[[row]]), before[row], atol=1e-5)
    np.testing.assert_array_equal(SemanticHead(head.parts).scores(vectors), head.scores(vectors))
