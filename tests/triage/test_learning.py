"""Training: what is stored, what its card tells, and what is too little to learn from."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import pytest

from models import text
from models.card import Card
from models.encoder import Encoder
from models.errors import InputError
from models.store import ModelStore, StoredModel
from triage import learning
from triage.learning import Labelled


def test_the_card_carries_everything_that_shaped_the_model(
    small_model: StoredModel, labelled: list[Labelled], encoder: Encoder
) -> None:
    card = small_model.card

    assert card.version == "small-1"
    assert card.created_at == "2026-03-11T00:00:00+00:00"
    assert (card.encoder, card.analyser, card.source) == (encoder.identity, text.ANALYSER_VERSION, "tests")
    assert card.labels == {
        "category": ["consult", "hardware", "software"],
        "priority": ["important", "normal"],
    }
    own = sum(row.labels["category"] == "hardware" for row in labelled)
    assert card.counts["category"]["hardware"] == own
    assert card.counts["priority"] == {"important": own, "normal": len(labelled) - own}
    for target, classifier in small_model.classifiers.items():
        blend = classifier.blend_
        assert card.blend[target] == [blend.lexical, blend.semantic, blend.concepts]
        assert card.bands[target] == {k: list(v) for k, v in classifier.bands_.thresholds.items()}
    assert {"scikit-learn", "jieba", "numpy"} <= card.libraries.keys()
    assert len(card.data_hash) == 16
    assert Card.of_json(json.dumps(json.loads(card.to_json()))) == card


def test_training_twice_gives_two_versions_alike_and_promotes_neither(
    labelled: list[Labelled], encoder: Encoder, tmp_path: Path, now: datetime
) -> None:
    store = ModelStore(tmp_path)
    first, second = (
        learning.train(labelled, ("category",), encoder, store, name="own", source="a file", now=now)
        for _ in range(2)
    )

    assert [card.version for card in store.versions()] == ["own-1", "own-2"]
    assert store.current() is None
    assert first.card.data_hash == second.card.data_hash
    prepared = learning.prepare(["打印机坏了", "login crashes"], encoder)
    chances = [
        model.classifiers["category"].predict_proba(prepared.texts, prepared.vectors).tolist()
        for model in (first, second)
    ]
    assert chances[0] == chances[1]


def test_the_data_hash_tells_other_labels_apart(
    labelled: list[Labelled], small_model: StoredModel, encoder: Encoder, tmp_path: Path, now: datetime
) -> None:
    changed = [Labelled(labelled[0].id, labelled[0].text, {"category": "consult", "priority": "normal"})]
    changed += labelled[1:]
    targets = ("category", "priority")
    model = learning.train(changed, targets, encoder, ModelStore(tmp_path), name="b", source="b", now=now)

    assert model.card.data_hash != small_model.card.data_hash


def test_without_a_priority_there_is_only_a_category(
    labelled: list[Labelled], encoder: Encoder, tmp_path: Path, now: datetime
) -> None:
    store = ModelStore(tmp_path)
    learning.train(labelled, ("category",), encoder, store, name="own", source="a file", now=now)
    loaded = store.load("own-1")

    assert set(loaded.classifiers) == set(loaded.card.labels) == {"category"}
    assert loaded.examples.nearest(encoder.encode(["打印机坏了"])[0], "priority") == []
    assert loaded.examples.nearest(encoder.encode(["打印机坏了"])[0], "category")[0].label == "hardware"


def test_rows_without_a_label_teach_nothing_about_that_target(
    labelled: list[Labelled], encoder: Encoder, tmp_path: Path, now: datetime
) -> None:
    unknown = [Labelled(f"u{i}", f"说不清 {i}", {"category": "", "priority": "normal"}) for i in range(5)]
    model = learning.train(
        [*labelled, *unknown], ("category",), encoder, ModelStore(tmp_path), name="o", source="o", now=now
    )

    assert model.card.labels["category"] == ["consult", "hardware", "software"]
    assert sum(model.card.counts["category"].values()) == len(labelled)


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([], "no labelled texts"),
        (["hardware", "software"], "at least two labels"),
        (["hardware"] * 6, "at least two labels"),
        (["", "", "", ""], "at least two labels"),
    ],
)
def test_too_little_is_refused_and_nothing_stored(
    labels: list[str], message: str, encoder: Encoder, tmp_path: Path, now: datetime
) -> None:
    rows = [Labelled(str(i), f"打印机 {i}", {"category": label}) for i, label in enumerate(labels)]
    store = ModelStore(tmp_path)

    with pytest.raises(InputError, match=message):
        learning.train(rows, ("category",), encoder, store, name="own", source="a", now=now)

    assert store.versions() == []


def test_a_name_that_cannot_be_a_folder_is_refused(
    labelled: list[Labelled], encoder: Encoder, tmp_path: Path, now: datetime
) -> None:
    with pytest.raises(InputError, match="name"):
        learning.train(
            labelled, ("category",), encoder, ModelStore(tmp_path), name="../up", source="", now=now
        )


def test_progress_counts_up_to_all_texts(labelled: list[Labelled], encoder: Encoder) -> None:
    told: dict[str, tuple[int, int]] = {}
    learning.prepare(
        [row.text for row in labelled], encoder, lambda what, done, all_: told.update({what: (done, all_)})
    )

    assert told == {what: (len(labelled),) * 2 for what in ("cutting words", "encoding")}
