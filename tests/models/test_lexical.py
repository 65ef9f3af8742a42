"""The lexical head: what it knows of a text, and that its explanation is its arithmetic."""

from __future__ import annotations

import numpy as np
import pytest

from models.lexical import LexicalHead
from models.terms import Vocabulary

DOCUMENTS = ["打印机 坏 了", "printer broken", "登录 报错", "login error", "parcel late", "快递 没 到"]
LABELS = np.array(["hardware", "hardware", "software", "software", "other", "other"])
ASKED = ["printer broken login", "打印机 报错", "printer printer", "unknown", ""]


def learned(documents: list[str], labels: np.ndarray) -> LexicalHead:
    vocabulary = Vocabulary.of(documents, 1)
    return LexicalHead(vocabulary).fit(vocabulary.count(documents), labels)


@pytest.fixture(scope="module")
def head() -> LexicalHead:
    return learned(DOCUMENTS, LABELS)


def scores(head: LexicalHead, *documents: str) -> tuple[np.ndarray, np.ndarray]:
    return head.scores(head.vocabulary.count(documents))


def test_coverage_is_whole_for_training_texts_and_none_for_unknown_words(head: LexicalHead) -> None:
    _, coverage = scores(head, *DOCUMENTS, "quite unheard of", "全新 词", "")
    np.testing.assert_allclose(coverage[:6], 1.0)
    np.testing.assert_array_equal(coverage[6:], 0.0)


def test_coverage_lies_between_for_a_text_half_known(head: LexicalHead) -> None:
    _, coverage = scores(head, "printer broken again today")
    assert 0.2 < coverage[0] < 0.8


def test_scores_are_centred_and_name_the_right_label(head: LexicalHead) -> None:
    found, _ = scores(head, *DOCUMENTS)
    np.testing.assert_allclose(found.sum(axis=1), 0.0, atol=1e-6)
    assert head.labels_[found.argmax(axis=1)].tolist() == LABELS.tolist()


@pytest.mark.parametrize("document", ASKED)
def test_one_text_is_read_as_many_are(head: LexicalHead, document: str) -> None:
    found, coverage = scores(head, document)
    spoken = head.read(document)
    np.testing.assert_allclose(head.score(spoken), found[0], atol=1e-5)
    assert spoken.coverage == pytest.approx(coverage[0])


@pytest.mark.parametrize("document", ASKED)
def test_contributions_and_the_constant_add_up_to_the_score(head: LexicalHead, document: str) -> None:
    spoken = head.read(document)
    for label in range(len(head.labels_)):
        added = sum(weight for _, weight in head.contributions(document, spoken, label))
        assert added + head.constants_[label] == pytest.approx(head.score(spoken)[label], abs=1e-6)


def test_contributions_name_terms_of_the_text(head: LexicalHead) -> None:
    hardware = head.labels_.tolist().index("hardware")
    found = dict(head.contributions("printer broken now", head.read("printer broken now"), hardware))
    assert set(found) == {"printer", "broken", "printer broken"}
    assert min(found.values()) > 0


def test_a_misspelt_word_speaks_through_its_pieces() -> None:
    head = learned([*DOCUMENTS, *DOCUMENTS], np.concatenate([LABELS, LABELS]))
    found = head.score(head.read("prineter"))
    assert head.labels_[found.argmax()] == "hardware"


def test_two_labels_are_enough() -> None:
    head = learned(DOCUMENTS[:4], LABELS[:4])
    found, _ = scores(head, "printer", "login")
    np.testing.assert_allclose(found[:, 0], -found[:, 1], atol=1e-6)
    assert found.argmax(axis=1).tolist() == [0, 1]


def test_a_term_of_other_folds_says_nothing() -> None:
    vocabulary = Vocabulary.of(DOCUMENTS, 1)
    head = LexicalHead(vocabulary).fit(vocabulary.count(DOCUMENTS)[np.arange(6) < 4], LABELS[:4])
    assert head.read("快递 没 到").coverage == 0.0
    assert head.score(head.read("快递 没 到")) == pytest.approx(head.constants_)


def test_parts_make_the_same_head_again(head: LexicalHead) -> None:
    again = LexicalHead(Vocabulary.of_parts(head.vocabulary.parts), head.parts)
    np.testing.assert_array_equal(scores(again, *DOCUMENTS)[0], scores(head, *DOCUMENTS)[0])
    spoken = again.read("login error")
    assert again.contributions("login error", spoken, 0) == head.contributions("login error", spoken, 0)
