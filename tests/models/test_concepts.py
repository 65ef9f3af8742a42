"""The lexicon: what is found in a text, and what it says of it."""

from __future__ import annotations

import numpy as np
import pytest

from models import text
from models.concept_head import ConceptHead, describe
from models.concepts import NO_CONCEPTS, Lexicon

PHRASES = {
    "part": ("屏幕", "screen", "hinge"),
    "damage": ("裂", "裂开了一道缝", "屏幕裂", "crack", "fell off"),
    "neglect": ("没人联系", "no answer"),
    "failing": ("cannot", "won't start"),
    "neutral": ("屏幕保护", "screen saver", "influence", "分裂"),
}


@pytest.fixture(scope="module")
def lexicon() -> Lexicon:
    return Lexicon(PHRASES)


def found(lexicon: Lexicon, written: str) -> list[tuple[str, list[str]]]:
    mentions = lexicon.find(text.fold(written))
    return [(each.phrase, [lexicon.codes[place] for place in each.concepts]) for each in mentions]


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("屏幕有裂", [("屏幕", ["part"]), ("裂", ["damage"])]),
        ("屏幕裂", [("屏幕裂", ["damage"])]),
        ("螢幕?手機屏幕", [("屏幕", ["part"]), ("屏幕", ["part"])]),
        ("The hinges were CRACKED", [("hinges", ["part"]), ("cracked", ["damage"])]),
        ("it FELL   OFF; won\u2019t start", [("fell off", ["damage"]), ("won\u2019t start", ["failing"])]),
        ("it fell. Off we go", []),
        ("根本没人联系我", [("没人联系", ["neglect"])]),
        ("我的screen裂", [("screen", ["part"]), ("裂", ["damage"])]),
    ],
)
def test_phrases_are_found(lexicon: Lexicon, written: str, expected: list[tuple[str, list[str]]]) -> None:
    assert sorted(found(lexicon, written)) == sorted(expected)


@pytest.mark.parametrize("written", ["屏幕保护", "my screen saver", "细胞分裂"])
def test_a_neutral_phrase_shields_what_lies_within_it(lexicon: Lexicon, written: str) -> None:
    assert [concepts for _, concepts in found(lexicon, written) if concepts] == []


@pytest.mark.parametrize("written", ["", " ", "😀", "a" * 5000, "裂" * 3000, "'''", "-- - --", "\u0000"])
def test_any_text_is_described(lexicon: Lexicon, written: str) -> None:
    described = lexicon.describe(text.fold(written))
    assert described.shape == (lexicon.width,)
    assert np.isfinite(described).all()


def test_a_description_counts_and_tells_the_opening_from_the_rest(lexicon: Lexicon) -> None:
    described = lexicon.describe("no answer. the screen, the screen")
    part, neglect = lexicon.codes.index("part"), lexicon.codes.index("neglect")
    number = len(lexicon.codes)
    assert described[[part, neglect]].tolist() == pytest.approx([np.log(3), np.log(2)])
    assert described[[number + part, number + neglect]].tolist() == [0, 1]


def test_a_lexicon_comes_back_from_its_parts(lexicon: Lexicon) -> None:
    again = Lexicon.of_parts(lexicon.parts)
    assert again.phrases == lexicon.phrases
    assert again.hash == lexicon.hash != Lexicon({"part": ("screen",)}).hash
    assert found(again, "屏幕裂了") == found(lexicon, "屏幕裂了")


def test_without_concepts_only_the_way_of_writing_is_described() -> None:
    assert NO_CONCEPTS.hash == ""
    assert NO_CONCEPTS.find("the screen cracked") == []
    assert NO_CONCEPTS.describe("why? why?").any()
    assert Lexicon.of_parts(NO_CONCEPTS.parts).codes == ()


def test_the_head_knows_a_word_it_never_saw_by_its_concept(lexicon: Lexicon) -> None:
    learned = ["the screen cracked", "屏幕有裂", "no answer", "没人联系"] * 5
    labels = np.array(["hardware", "hardware", "complaint", "complaint"] * 5)
    vectors = np.zeros((len(learned), 4), dtype=np.float32)
    vectors[:, 0] = 1
    head = ConceptHead(lexicon).fit(vectors, describe(lexicon, learned), labels)
    asked = ["a hinge fell off"]
    scores = head.scores(vectors[:1], describe(lexicon, asked))
    assert head.labels_[scores.argmax()] == "hardware"
    again = ConceptHead(lexicon, head.parts)
    np.testing.assert_allclose(again.scores(vectors[:1], describe(lexicon, asked)), scores, atol=1e-3)


def test_a_phrase_adds_about_what_is_lost_without_it(lexicon: Lexicon) -> None:
    learned = ["the screen cracked", "the screen", "no answer", "the hinge, no answer"] * 5
    labels = np.array(["hardware", "other", "complaint", "complaint"] * 5)
    vectors = np.ones((len(learned), 1), dtype=np.float32)
    head = ConceptHead(lexicon).fit(vectors, describe(lexicon, learned), labels)
    place = head.labels_.tolist().index("complaint")
    added = dict(head.contributions(vectors[0], "the hinge, and no answer", place))
    assert set(added) == {"hinge", "no answer"}
    assert added["no answer"] > max(added["hinge"], 0)
    whole, without = head.scores(
        vectors[:2], describe(lexicon, ["the hinge, and no answer", "the hinge, and"])
    )
    assert whole[place] > without[place]
    assert head.contributions(vectors[0], "nothing known", place) == []
