"""Encoders: the model-free one, and the contract that every one keeps."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from models.encoder import Encoder, SentenceEncoder, load_encoder
from models.errors import ModelError

TEXTS = ["打印机卡纸", "The printer is jammed", "", "😀"]


def test_hashing_gives_unit_vectors_and_always_the_same(encoder: Encoder) -> None:
    first = encoder.encode(TEXTS)
    assert first.shape == (4, encoder.dimension)
    assert first.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(first, axis=1), 1.0, rtol=1e-6)
    np.testing.assert_array_equal(first, encoder.encode(TEXTS))
    np.testing.assert_array_equal(first[1], encoder.encode([TEXTS[1]])[0])


def test_hashing_puts_shared_words_closer(encoder: Encoder) -> None:
    jam, jammed, invoice = encoder.encode(
        ["printer paper jam", "the printer paper jam again", "invoice copy"]
    )
    assert jam @ jammed > 0.7 > jam @ invoice


def test_no_texts_give_no_vectors(encoder: Encoder) -> None:
    assert encoder.encode([]).shape == (0, encoder.dimension)


def test_progress_adds_up_to_all_texts(encoder: Encoder) -> None:
    steps: list[int] = []
    encoder.encode(["a"] * 70, progress=steps.append)
    assert sum(steps) == 70


def test_one_encoder_is_loaded_once(encoder: Encoder) -> None:
    assert load_encoder("hashing") is encoder
    assert encoder.identity == "hashing-256@1"


class Lengths:
    """Stands for a model: the vector of a text is its length and how many texts came with it."""

    def get_embedding_dimension(self) -> int:
        return 2

    def encode(self, texts: Sequence[str], **_: object) -> NDArray[np.float64]:
        return np.array([(len(text), len(texts)) for text in texts], dtype=np.float64)


@pytest.mark.parametrize(("threads", "texts", "largest"), [(1, 50, 50), (3, 50, 17), (3, 5, 5), (64, 9, 5)])
def test_texts_are_shared_out_among_threads_and_come_back_in_order(
    threads: int, texts: int, largest: int
) -> None:
    asked = ["x" * (7 * number % 50) for number in range(texts)]
    found = SentenceEncoder(Lengths(), "lengths", threads).encode(asked)
    assert found.dtype == np.float32
    assert found[:, 0].tolist() == [len(text) for text in asked]
    assert found[:, 1].max() == largest


@pytest.mark.real
def test_an_unknown_model_is_explained_and_nothing_is_fetched() -> None:
    with pytest.raises(ModelError, match="nobody/no-such-model"):
        load_encoder("nobody/no-such-model")
