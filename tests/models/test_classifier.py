"""The classifier, through what it answers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from models import text
from models.classifier import Classifier
from models.encoder import Encoder
from models.errors import InputError

NEW = {
    "三楼财务室的打印机又坏了": "hardware",
    "the battery is broken again": "hardware",
    "登录系统就闪退": "software",
    "password login crashed": "software",
    "请问报表怎么导出": "consult",
    "how to export the catalogue": "consult",
}


def asked(encoder: Encoder, *texts: str) -> tuple[list[str], Any]:
    return [" ".join(text.words(item)) for item in texts], encoder.encode(texts)


def test_it_learns_a_separable_set_in_both_languages(trained: Classifier, encoder: Encoder) -> None:
    assert trained.predict(*asked(encoder, *NEW)) == list(NEW.values())


def test_probabilities_add_up_to_one(trained: Classifier, encoder: Encoder) -> None:
    chances = trained.predict_proba(*asked(encoder, *NEW, "", "完全无关 nothing known", "😀"))
    assert chances.shape == (9, 3)
    np.testing.assert_allclose(chances.sum(axis=1), 1.0)
    assert chances.min() >= 0.0


def test_known_words_are_surer_than_unknown_ones(trained: Classifier, encoder: Encoder) -> None:
    known, unknown = trained.predict_proba(*asked(encoder, "打印机坏了", "zyx wvu tsr")).max(axis=1)
    assert known > 0.9 > unknown


@pytest.mark.parametrize(
    ("written", "label", "telling"),
    [("我的打印机又坏了", "hardware", "打印机"), ("the login crashed", "software", "login")],
)
def test_reasons_name_the_telling_word(trained: Classifier, written: str, label: str, telling: str) -> None:
    reasons = trained.reasons(" ".join(text.words(written)), label)
    assert dict(reasons)[telling] > 0
    loudness = [abs(weight) for _, weight in reasons]
    assert loudness == sorted(loudness, reverse=True)
    assert len(reasons) <= 6


def test_a_word_of_another_label_speaks_against(trained: Classifier) -> None:
    assert dict(trained.reasons("打印机", "software"))["打印机"] < 0


def test_no_known_word_gives_no_reasons(trained: Classifier) -> None:
    assert trained.reasons("zyx wvu", "software") == []


def test_the_same_data_gives_the_same_model(toy: Any, trained: Classifier) -> None:
    again = Classifier.fit(toy.documents, toy.vectors, toy.labels, toy.languages)
    assert again.blend_ == trained.blend_
    assert again.bands_ == trained.bands_
    np.testing.assert_array_equal(
        again.predict_proba(toy.documents, toy.vectors), trained.predict_proba(toy.documents, toy.vectors)
    )


def test_bands_let_a_separable_set_through(toy: Any, trained: Classifier) -> None:
    assert trained.bands_.band(1.0, "zh", "hardware") == "auto"
    assert trained.bands_.band(0.05, "zh", "hardware") == "ask"


@pytest.mark.parametrize(
    "labels", [["a"] * 6, ["a", "a", "a", "a", "a", "b"], ["a", "b", "c", "d", "e", "f"]]
)
def test_too_few_labels_are_refused(labels: list[str], encoder: Encoder) -> None:
    documents = [f"word{number} thing" for number in range(6)]
    with pytest.raises(InputError, match="two labels") as caught:
        Classifier.fit(documents, encoder.encode(documents), labels, ["en"] * 6)
    assert caught.value.field == "label"


def test_a_label_with_one_text_does_not_stop_the_others(encoder: Encoder) -> None:
    documents = ["printer broken", "screen broken", "login error", "password error", "parcel late"]
    labels = ["hardware", "hardware", "software", "software", "other"]
    fitted = Classifier.fit(documents, encoder.encode(documents), labels, ["en"] * 5)
    assert fitted.labels == ["hardware", "other", "software"]
    assert fitted.predict(documents, encoder.encode(documents)) == labels


def test_groups_stay_together(toy: Any) -> None:
    steps: list[str] = []
    groups = [f"trade{number % 5}" for number in range(len(toy.labels))]
    fitted = Classifier.fit(
        toy.documents, toy.vectors, toy.labels, toy.languages, groups=groups, step=steps.append
    )
    assert steps == [*(f"fold {number}" for number in range(1, 6)), "all texts"]
    assert fitted.predict(toy.documents, toy.vectors) == toy.labels
