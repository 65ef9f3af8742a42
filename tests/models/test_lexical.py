"""The lexical head: what it knows of a text, and that its explanation is its arithmetic."""

from __future__ import annotations

import numpy as np
import pytest

from models.lexical import LexicalHead

DOCUMENTS = ["打印机 坏 了", "printer broken", "登录 报错", "login error", "parcel late", "快递 没 到"]
LABELS = np.array(["hardware", "hardware", "software", "software", "other", "other"])


@pytest.fixture(scope="module")
def head() -> LexicalHead:
    return LexicalHead().fit(DOCUMENTS, LABELS)


def test_coverage_is_whole_for_training_texts_and_none_for_unknown_words(head: LexicalHead) -> None:
    _, coverage = head.scores([*DOCUMENTS, "quite unheard of", "全新 词", ""])
    np.testing.assert_allclose(coverage[:6], 1.0)
    np.testing.assert_array_equal(coverage[6:], 0.0)


def test_coverage_lies_between_for_a_text_half_known(head: LexicalHead) -> None:
    _, coverage = head.scores(["printer broken again today"])
    assert 0.2 < coverage[0] < 0.8


def test_scores_are_centred_and_name_the_right_label(head: LexicalHead) -> None:
    scores, _ = head.scores(DOCUMENTS)
    np.testing.assert_allclose(scores.sum(axis=1), 0.0, atol=1e-9)
    assert head.labels_[scores.argmax(axis=1)].tolist() == LABELS.tolist()


@pytest.mark.parametrize("document", ["printer broken login", "打印机 报错", "unknown", ""])
def test_contributions_and_the_constant_add_up_to_the_score(head: LexicalHead, document: str) -> None:
    scores, _ = head.scores([document])
    for label in range(len(head.labels_)):
        added = sum(weight for _, weight in head.contributions(document, label))
        assert added + head.constants_[label] == pytest.approx(scores[0, label])


def test_contributions_name_terms_of_the_text(head: LexicalHead) -> None:
    hardware = head.labels_.tolist().index("hardware")
    found = dict(head.contributions("printer broken now", hardware))
    assert set(found) == {"printer", "broken", "printer broken"}
    assert min(found.values()) > 0


def test_two_labels_are_enough() -> None:
    head = LexicalHead().fit(DOCUMENTS[:4], LABELS[:4])
    scores, _ = head.scores(["printer", "login"])
    np.testing.assert_allclose(scores[:, 0], -scores[:, 1])
    assert scores.argmax(axis=1).tolist() == [0, 1]


def test_parts_make_the_same_head_again(head: LexicalHead) -> None:
    again = LexicalHead(head.parts)
    np.testing.assert_array_equal(again.scores(DOCUMENTS)[0], head.scores(DOCUMENTS)[0])
    assert again.contributions("login error", 0) == head.contributions("login error", 0)
