"""Models on disk: saved whole, promoted, rolled back, and never trusted further than our own types."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import skops.io

from models import anchors
from models.card import Card
from models.classifier import Classifier
from models.errors import ConflictError, InputError, ModelError, NotFoundError
from models.examples import Examples
from models.store import ModelStore, StoredModel


def model(
    trained: Classifier, toy: Any, version: str = "shipped-1", created_at: str = "2026-03-11"
) -> StoredModel:
    card = Card(
        version=version,
        created_at=created_at,
        encoder="hashing-256@1",
        analyser="1",
        source="toy",
        data_hash="abc",
        labels={"category": trained.labels},
        counts={},
        blend={},
        bands={},
    )
    ids = [f"t{number}" for number in range(len(toy.labels))]
    return StoredModel(
        card, {"category": trained}, Examples.sample(ids, {"category": toy.labels}, toy.vectors)
    )


@pytest.fixture
def store(tmp_path: Path) -> ModelStore:
    return ModelStore(tmp_path / "models")


@pytest.fixture
def filled(store: ModelStore, trained: Classifier, toy: Any) -> ModelStore:
    store.save(model(trained, toy, "shipped-1", "2026-03-11"))
    store.save(model(trained, toy, "shipped-2", "2026-03-12"))
    return store


def test_what_is_saved_is_loaded_with_equal_probabilities(
    filled: ModelStore, trained: Classifier, toy: Any
) -> None:
    loaded = filled.load("shipped-1")
    assert loaded.card.version == "shipped-1"
    np.testing.assert_array_equal(
        loaded.classifiers["category"].predict_proba(toy.analyses, toy.vectors),
        trained.predict_proba(toy.analyses, toy.vectors),
    )
    document, vector = toy.analyses[0], toy.vectors[0]
    again = loaded.classifiers["category"].read(document, vector)
    assert again.reasons("hardware") == trained.read(document, vector).reasons("hardware")
    assert loaded.classifiers["category"].bands_ == trained.bands_
    assert loaded.examples.nearest(toy.vectors[0], "category", 1)[0].label == toy.labels[0]


def test_a_loaded_model_compares_a_text_with_all_it_holds_at_once(
    filled: ModelStore, toy: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    gathered: list[anchors.Anchors] = []
    monkeypatch.setattr(anchors, "gather", gathered.extend)
    loaded = filled.load("shipped-1")
    held = [loaded.examples.anchors, *(own for made in loaded.classifiers.values() for own in made.anchors)]
    assert [id(one) for one in gathered] == [id(one) for one in held]


def test_an_empty_store_has_nothing(store: ModelStore) -> None:
    assert store.versions() == []
    assert store.current() is None
    assert store.next_version("helpdesk") == "helpdesk-1"


def test_versions_are_listed_oldest_first_and_numbered_on(filled: ModelStore) -> None:
    assert [card.version for card in filled.versions()] == ["shipped-1", "shipped-2"]
    assert filled.next_version("shipped") == "shipped-3"
    assert filled.next_version("ship") == "ship-1"


def test_the_longest_name_allowed_can_be_found_again(
    store: ModelStore, trained: Classifier, toy: Any
) -> None:
    version = store.next_version("a" * 41)
    store.save(model(trained, toy, version))
    assert store.card(version).version == version


def test_a_version_is_never_overwritten(filled: ModelStore, trained: Classifier, toy: Any) -> None:
    with pytest.raises(ConflictError, match="exists already"):
        filled.save(model(trained, toy, "shipped-1"))


def test_saving_promotes_nothing_and_promoting_can_be_undone(filled: ModelStore) -> None:
    assert filled.current() is None
    filled.promote("shipped-1")
    filled.promote("shipped-2")
    filled.promote("shipped-2")
    assert ModelStore(filled.folder).current() == "shipped-2"
    assert filled.rollback() == "shipped-1"
    assert filled.current() == "shipped-1"


def test_there_is_no_way_back_before_the_first(filled: ModelStore) -> None:
    with pytest.raises(ConflictError, match="no earlier model"):
        filled.rollback()
    filled.promote("shipped-1")
    with pytest.raises(ConflictError, match="no earlier model"):
        filled.rollback()
    assert filled.current() == "shipped-1"


@pytest.mark.parametrize(
    "version", ["nothing-9", "../models/shipped-1", "..", "", "/etc", "a\0b", ".draft-x"]
)
def test_an_unknown_version_or_a_path_is_refused(filled: ModelStore, version: str) -> None:
    for use in (filled.load, filled.card, filled.promote):
        with pytest.raises(NotFoundError):
            use(version)
    assert filled.current() is None


@pytest.mark.parametrize("name", ["../x", "", "A", "a/b", "a" * 42, ".a", "模型"])
def test_a_name_that_is_no_folder_is_refused(
    store: ModelStore, trained: Classifier, toy: Any, name: str
) -> None:
    with pytest.raises(InputError):
        store.next_version(name)


def test_nothing_is_written_outside_the_store(store: ModelStore, trained: Classifier, toy: Any) -> None:
    with pytest.raises(InputError):
        store.save(model(trained, toy, "../outside"))
    assert not (store.folder.parent / "outside").exists()


@pytest.mark.parametrize("name", ["category.skops", "examples.npz", "card.json"])
@pytest.mark.parametrize("content", [b"", b"\xff\xfe garbage", None])
def test_a_damaged_file_is_explained(filled: ModelStore, name: str, content: bytes | None) -> None:
    path = filled.folder / "shipped-1" / name
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2] if content is None else content)
    with pytest.raises(ModelError):
        filled.load("shipped-1")


def test_a_missing_file_is_explained(filled: ModelStore) -> None:
    (filled.folder / "shipped-1" / "category.skops").unlink()
    with pytest.raises(ModelError, match="damaged"):
        filled.load("shipped-1")


def test_a_damaged_pointer_is_explained(filled: ModelStore) -> None:
    (filled.folder / "current.json").write_bytes(b"\xff{")
    with pytest.raises(ModelError, match="damaged"):
        filled.current()


class Stranger:
    """A type no model of ours has."""


def test_a_file_with_another_type_is_refused(filled: ModelStore, trained: Classifier) -> None:
    skops.io.dump(trained.parts | {"extra": Stranger()}, filled.folder / "shipped-1" / "category.skops")
    with pytest.raises(ModelError, match="Stranger"):
        filled.load("shipped-1")


def test_a_draft_left_by_a_killed_process_is_not_listed(filled: ModelStore) -> None:
    (filled.folder / "shipped-2").rename(filled.folder / ".draft-abc")
    assert [card.version for card in filled.versions()] == ["shipped-1"]


def test_a_failed_save_leaves_nothing(store: ModelStore, trained: Classifier, toy: Any) -> None:
    class Full(Examples):
        def save(self, path: Path) -> None:
            path.write_bytes(b"half")
            raise OSError("no space left on device")

    good = model(trained, toy)
    full = Full(good.examples.ids, good.examples.labels, good.examples.anchors)
    with pytest.raises(OSError, match="no space"):
        store.save(StoredModel(good.card, good.classifiers, full))
    assert list(store.folder.iterdir()) == []


def test_the_history_is_plain_json(filled: ModelStore) -> None:
    filled.promote("shipped-1")
    assert json.loads((filled.folder / "current.json").read_text()) == {"history": ["shipped-1"]}
