"""The terms of texts, counted one by one and many at once."""

from __future__ import annotations

import numpy as np
import pytest

from models.terms import Vocabulary, pieces


def test_pieces_mark_the_borders_of_a_word() -> None:
    assert set(pieces("vpn")) == {" v", "vp", "pn", "n ", " vp", "vpn", "pn ", " vpn", "vpn ", " vpn "}
    assert set(pieces("坏")) == {" 坏", "坏 ", " 坏 "}


@pytest.mark.parametrize("rarest", [1, 2])
def test_rare_terms_are_left_out(rarest: int) -> None:
    vocabulary = Vocabulary.of(["router down", "router up"], rarest)
    assert ("down" in vocabulary.words) == (rarest == 1)
    assert "router" in vocabulary.words
    assert " rou" in vocabulary.pieces
    assert "dow" not in vocabulary.pieces  # pieces need two texts whatever is said


def test_terms_are_counted_with_repetitions() -> None:
    vocabulary = Vocabulary.of(["ping ping pong", "ping"], 1)
    found = vocabulary.terms("ping ping ping unknown")
    names = [*vocabulary.words, *vocabulary.pieces]
    counts = {names[place]: count for place, count in zip(found.places, found.counts, strict=True)}
    assert (counts["ping"], counts["ping ping"], counts["pin"]) == (3, 2, 3)
    assert found.total == 7


def test_many_are_counted_as_one_is() -> None:
    documents = ["ping pong", "", "打印机 坏 了", "ping 坏"]
    vocabulary = Vocabulary.of(documents, 1)
    counted = vocabulary.count(documents)
    assert counted.matrix.shape == (4, len(vocabulary))
    for row, document in enumerate(documents):
        alone = vocabulary.terms(document)
        np.testing.assert_array_equal(counted.matrix[[row]].toarray()[0, alone.places], alone.counts)
        assert counted.matrix[[row]].nnz == len(alone.places)
        assert counted.totals[row] == alone.total
    assert counted[np.array([2, 0])].totals.tolist() == [5, 3]


def test_nothing_to_learn_from_is_no_reason_to_fail() -> None:
    vocabulary = Vocabulary.of(["", ""], 1)
    again = Vocabulary.of_parts(vocabulary.parts)
    assert len(vocabulary) == len(again) == 0
    assert again.count(["anything"]).matrix.nnz == 0


def test_parts_make_the_same_vocabulary_again() -> None:
    vocabulary = Vocabulary.of(["登录 报错 0x80070005", "login error", "login"], 1)
    again = Vocabulary.of_parts(vocabulary.parts)
    assert (again.words, again.pieces) == (vocabulary.words, vocabulary.pieces)
