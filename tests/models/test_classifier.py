"""The classifier, through what it answers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from models import text
from models.anchors import Anchors, gather
from models.classifier import Classifier, Reason
from models.concepts import Lexicon
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


def asked(encoder: Encoder, *texts: str) -> tuple[list[text.Analysis], Any]:
    return [text.analyse(item) for item in texts], encoder.encode(texts)


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


def reasons(trained: Classifier, encoder: Encoder, written: str, label: str) -> list[Reason]:
    document, vector = asked(encoder, written)
    return trained.read(document[0], vector[0]).reasons(label)


@pytest.mark.parametrize(
    ("written", "label", "telling"),
    [("我的打印机又坏了", "hardware", "打印机"), ("the login crashed", "software", "login")],
)
def test_reasons_name_the_telling_word(
    trained: Classifier, encoder: Encoder, written: str, label: str, telling: str
) -> None:
    found = [reason for reason in reasons(trained, encoder, written, label) if reason.kind == "term"]
    assert {reason.term: reason.weight for reason in found}[telling] > 0
    loudness = [abs(reason.weight) for reason in found]
    assert loudness == sorted(loudness, reverse=True)
    assert len(found) <= 6


def test_a_word_of_another_label_speaks_against(trained: Classifier, encoder: Encoder) -> None:
    found = {reason.term: reason.weight for reason in reasons(trained, encoder, "打印机", "software")}
    assert found["打印机"] < 0


def test_no_known_word_leaves_the_meaning_alone(trained: Classifier, encoder: Encoder) -> None:
    assert [reason.kind for reason in reasons(trained, encoder, "zyx wvu", "software")] == ["meaning"]


@pytest.mark.parametrize("written", [*NEW, "zyx wvu", "打印机 login 怎么 export " * 30, "😀"])
def test_reasons_add_up_to_the_score(trained: Classifier, encoder: Encoder, written: str) -> None:
    document, vector = asked(encoder, written)
    reading = trained.read(document[0], vector[0])
    for label in trained.labels:
        total = sum(reason.weight for reason in reading.reasons(label))
        assert total == pytest.approx(reading.score(label), abs=0.006)


def test_one_text_is_read_as_many_are_predicted(trained: Classifier, encoder: Encoder) -> None:
    documents, vectors = asked(encoder, *NEW, "", "zyx")
    for row, chances in enumerate(trained.predict_proba(documents, vectors)):
        reading = trained.read(documents[row], vectors[row])
        assert list(reading.chances.values()) == pytest.approx(chances, abs=1e-4)


def test_the_same_data_gives_the_same_model(toy: Any, trained: Classifier) -> None:
    again = Classifier.fit(toy.analyses, toy.vectors, toy.labels)
    assert again.blend_ == trained.blend_
    assert again.bands_ == trained.bands_
    np.testing.assert_array_equal(
        again.predict_proba(toy.analyses, toy.vectors), trained.predict_proba(toy.analyses, toy.vectors)
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
        Classifier.fit(*asked(encoder, *documents), labels)
    assert caught.value.field == "label"


def test_a_label_with_one_text_does_not_stop_the_others(encoder: Encoder) -> None:
    documents = ["printer broken", "screen broken", "login error", "password error", "parcel late"]
    labels = ["hardware", "hardware", "software", "software", "other"]
    fitted = Classifier.fit(*asked(encoder, *documents), labels)
    assert fitted.labels == ["hardware", "other", "software"]
    assert fitted.predict(*asked(encoder, *documents)) == labels


def test_groups_stay_together(toy: Any) -> None:
    steps: list[str] = []
    groups = [f"trade{number % 5}" for number in range(len(toy.labels))]
    fitted = Classifier.fit(toy.analyses, toy.vectors, toy.labels, groups=groups, step=steps.append)
    assert steps == [*(f"fold {number}" for number in range(1, 6)), "all texts"]
    assert fitted.predict(toy.analyses, toy.vectors) == toy.labels


def test_sharing_changes_no_answer(toy: Any, encoder: Encoder) -> None:
    turned = ["x" if label == "hardware" else "y" for label in toy.labels]
    lexicon = Lexicon({"part": ["打印机", "printer", "屏幕"], "fault": ["坏了", "broken", "闪退"]})
    trained = Classifier.fit(toy.analyses, toy.vectors, toy.labels, lexicon=lexicon)
    alone, sharing = (
        Classifier.fit(toy.analyses, toy.vectors, turned, lexicon=Lexicon(lexicon.phrases)) for _ in range(2)
    )
    trained.share(sharing)
    assert sharing.concepts_.lexicon is trained.concepts_.lexicon
    gather([*sharing.anchors, *trained.anchors, Anchors(toy.vectors[:3])])
    assert sharing.lexical_.vocabulary is trained.lexical_.vocabulary
    documents, vectors = asked(encoder, *NEW)
    for document, vector in zip(documents, vectors, strict=True):
        first = trained.read(document, vector).chances
        assert sharing.read(document, vector).chances == pytest.approx(alone.read(document, vector).chances)
        assert trained.read(document, vector).chances == first


def test_a_few_texts_without_a_label_are_compared_with_all_the_same(toy: Any, encoder: Encoder) -> None:
    lexicon = Lexicon({"part": ["打印机", "printer", "屏幕"], "fault": ["坏了", "broken", "闪退"]})
    some = ["" if number % 20 == 0 else label for number, label in enumerate(toy.labels)]
    whole, partly = (
        Classifier.fit(toy.analyses, toy.vectors, labels, lexicon=lexicon) for labels in (toy.labels, some)
    )
    whole.share(partly)
    assert partly.labels == whole.labels
    assert partly.lexical_.vocabulary is whole.lexical_.vocabulary
    assert partly.concepts_._last is whole.concepts_._last
    assert partly.predict(*asked(encoder, *NEW)) == list(NEW.values())
    assert partly.held_out_ is not None
    assert len(partly.held_out_.languages) == sum(map(bool, some))


def test_where_many_have_no_label_they_are_not_compared_with(toy: Any) -> None:
    some = [label if number % 2 else "" for number, label in enumerate(toy.labels)]
    apart = Classifier.fit(toy.analyses, toy.vectors, some)
    alone = Classifier.fit(toy.analyses[1::2], toy.vectors[1::2], toy.labels[1::2])
    assert len(apart.anchors[1]) == len(alone.anchors[1])
    assert apart.lexical_.vocabulary.words == alone.lexical_.vocabulary.words
