"""A model's card."""

from __future__ import annotations

import pytest

from models.card import Card, data_hash, library_versions
from models.errors import ModelError

CARD = Card(
    version="shipped-1",
    created_at="2026-03-11T02:30:00+00:00",
    encoder="hashing-256@1",
    analyser="1",
    source="seed",
    data_hash="abc",
    labels={"category": ["硬件", "software"]},
    counts={"category": {"硬件": 3, "software": 4}},
    blend={"category": [1.0, 2.0, 0.5]},
    bands={"category": {"*/*": [0.5, 0.9]}},
    libraries=library_versions(),
)


def test_a_card_survives_its_file() -> None:
    assert Card.of_json(CARD.to_json()) == CARD
    assert "硬件" in CARD.to_json()


@pytest.mark.parametrize("text", ["", "{", "[]", "3", "null", "{}", '{"version": "a", "extra": 1}'])
def test_what_is_no_card_is_explained(text: str) -> None:
    with pytest.raises(ModelError, match="card cannot be read"):
        Card.of_json(text)


def test_the_hash_depends_on_rows_and_not_on_their_order() -> None:
    rows = [("打印机", "hardware"), ("login", "software")]
    assert data_hash(rows) == data_hash(reversed(rows))
    assert data_hash(rows) != data_hash(rows[:1])
    assert data_hash([("a", "bc")]) != data_hash([("ab", "c")])


def test_libraries_are_named_with_their_versions() -> None:
    assert library_versions()["jieba"] == "0.42.1"
