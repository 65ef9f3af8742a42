"""Encoders: the model-free one, and the contract that every one keeps."""

from __future__ import annotations

import numpy as np
import pytest

from models.encoder import Encoder, load_encoder
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


@pytest.mark.real
def test_an_unknown_model_is_explained_and_nothing_is_fetched() -> None:
    with pytest.raises(ModelError, match="nobody/no-such-model"):
        load_encoder("nobody/no-such-model")
