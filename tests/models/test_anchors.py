"""Anchors: cosines with known texts, asked for once."""

from __future__ import annotations

import numpy as np
import pytest

from models.anchors import Anchors
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


def test_places_are_found_whole_or_not_at_all(vectors: Vectors) -> None:
    anchors = Anchors(vectors)
    found = anchors.places(Anchors(vectors[[7, 2]]))
    assert found is not None
    assert found.tolist() == [7, 2]
    assert anchors.places(Anchors(np.vstack([vectors[2], -vectors[2]]))) is None


@pytest.mark.parametrize("among", [True, False])
def test_leaning_on_other_anchors_changes_no_score(vectors: Vectors, among: bool) -> None:
    labels = np.array(["a", "b", "c"] * 3)
    head = SemanticHead().fit(vectors[:9], labels)
    before = [head.scores(vectors[[row]]) for row in range(12)]
    head.landmarks_.lean_on(Anchors(vectors if among else vectors[4:]))
    for row in range(12):
        np.testing.assert_allclose(head.scores(vectors[[row]]), before[row], atol=1e-5)
    np.testing.assert_array_equal(SemanticHead(head.parts).scores(vectors), head.scores(vectors))
