"""Words of cases: how rare they are, who holds them, and a score that means the same everywhere."""

from __future__ import annotations

import numpy as np
import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from kb import lexical_index
from kb.database import Database
from kb.documents import CaseText, Document, documents, hashed
from kb.tables import CorpusSize
from models.encoder import Encoder

TEXTS = ["打印机无法开机", "VPN 连不上", "printer jam again and again", "invoice wrong"]


@pytest.fixture
def made(encoder: Encoder) -> list[Document]:
    return documents([CaseText.of_one(item) for item in TEXTS], encoder)


def fill(session: Session, made: list[Document]) -> None:
    for number, document in enumerate(made, start=1):
        lexical_index.add(session, {number: document})


def candidates(session: Session, question: str, most: int = 10) -> list[int]:
    return lexical_index.candidates(session, *lexical_index.prepare(session, *hashed(question)), most)


def scored(session: Session, question: str, whole: str) -> float:
    words, _ = lexical_index.prepare(session, *hashed(question))
    return float(lexical_index.scores(words, [hashed(whole)[0]])[0])


def size(session: Session) -> tuple[int, int, int]:
    row = session.scalars(select(CorpusSize)).one()
    return row.documents, row.words, row.pairs


def test_candidates_hold_the_words_asked_for(database: Database, made: list[Document]) -> None:
    with database.transaction() as session:
        fill(session, made)
        assert candidates(session, "打印机") == [1]
        assert candidates(session, "我的vpn断了") == [2]
        assert candidates(session, "jam")[0] == 3
        assert set(candidates(session, "jam VPN invoice")) == {2, 3, 4}
        assert len(candidates(session, "jam VPN invoice", most=2)) == 2
        assert candidates(session, "unheard of") == []
        assert candidates(session, "") == []


def test_all_words_asked_for_give_most_and_none_gives_zero(database: Database, made: list[Document]) -> None:
    with database.transaction() as session:
        fill(session, made)
        assert 0.5 < scored(session, "invoice wrong", "invoice wrong") <= 1.0
        assert scored(session, "invoice wrong", "打印机无法开机") == 0.0
        assert 0.0 < scored(session, "invoice wrong", "invoice lost") < 0.4
        assert scored(session, "", "invoice") == 0.0


def test_a_long_text_scores_less_and_repetition_more(database: Database, made: list[Document]) -> None:
    with database.transaction() as session:
        fill(session, made)
        once = scored(session, "invoice", "invoice lost")
        assert scored(session, "invoice", "invoice lost" + " and then some" * 20) < once
        assert once < scored(session, "invoice", "invoice invoice") <= 1.0


def test_no_score_exceeds_one(database: Database, made: list[Document]) -> None:
    with database.transaction() as session:
        fill(session, made)
        for whole in ("jam", "jam " * 500, "printer jam again " * 100):
            assert 0.0 < scored(session, "printer jam again", whole) <= 1.0


def test_scores_by_hand() -> None:
    query = lexical_index.Query(np.array([3, 7], np.uint32), np.array([1.0, 2.0]), average=4.0)
    texts = [np.array([7, 9, 9, 9], np.uint32), np.array([3, 3, 7, 9], np.uint32), np.array([], np.uint32)]
    # At the average length one occurrence weighs 2.2 / 2.2 = 1, two weigh 4.4 / 3.2; the best is 3 * 2.2.
    wanted = [2.0 / 6.6, (1.375 + 2.0) / 6.6, 0.0]
    np.testing.assert_allclose(lexical_index.scores(query, texts), wanted)


def test_overlap_by_hand() -> None:
    query = lexical_index.Query(np.array([3, 7], np.uint32), np.array([1.0, 2.0]), average=4.0)
    same, doubled, half = ([3, 7], [3, 3, 7, 7], [7])
    long, longer = ([3, 7, 9, 9], [3, 7] + [9] * 50)
    texts = [np.array(text, np.uint32) for text in (same, doubled, half, long, longer, [9], [])]
    # The rarer term is two thirds of the query; 4 terms are two queries long and count as one and a half.
    wanted = [1 / 2, 1 / 2.5, (2 / 3) / 1.5, 1 / 2.5, 1 / 2.5, 0.0, 0.0]
    np.testing.assert_allclose(lexical_index.overlap(query, texts), wanted)
    np.testing.assert_allclose(lexical_index.overlap(query, texts, np.inf)[4], 1 / 27)


def test_of_short_texts_that_hold_all_that_was_asked_the_shorter_is_nearer(
    database: Database, made: list[Document]
) -> None:
    with database.transaction() as session:
        fill(session, made)
        _, pairs = lexical_index.prepare(session, *hashed("如何办理信用卡"))
        asked, more, other = (hashed(text)[1] for text in ("如何办理信用卡", "如何办理信用卡挂失", "打印机"))
        found = lexical_index.overlap(pairs, [more, asked, other])
        assert found[1] > found[0] > found[2] == 0.0
        assert lexical_index.overlap(pairs, []).tolist() == []
        _, none = lexical_index.prepare(session, *hashed("invoice"))
        assert lexical_index.overlap(none, [asked]).tolist() == [0.0]


def test_a_rare_word_weighs_more_than_a_common_one(database: Database, encoder: Encoder) -> None:
    texts = ["system down", "system slow", "system gone", "printer gone"]
    with database.transaction() as session:
        fill(session, documents([CaseText.of_one(item) for item in texts], encoder))
        words, _ = lexical_index.prepare(session, *hashed("system printer"))
        rarity = dict(zip(words.terms.tolist(), words.rarity.tolist(), strict=True))
        common, rare = (rarity[int(hashed(word)[0][0])] for word in ("system", "printer"))
        assert common == pytest.approx(np.log1p((4 - 3 + 0.5) / 3.5))
        assert rare == pytest.approx(np.log1p((4 - 1 + 0.5) / 1.5))


def test_adding_and_removing_keep_the_counts(database: Database, made: list[Document]) -> None:
    with database.transaction() as session:
        fill(session, made)
        words = sum(len(document.words) for document in made)
        pairs = sum(len(document.pairs) for document in made)
        assert size(session) == (4, words, pairs)
        lexical_index.remove(session, {1: made[0]})
        assert size(session) == (3, words - len(made[0].words), pairs - len(made[0].pairs))
        assert candidates(session, "打印机") == []
        unknown, _ = lexical_index.prepare(session, *hashed("打印机"))
        assert unknown.rarity.min() == pytest.approx(np.log1p(3.5 / 0.5))
        lexical_index.add(session, {1: made[0]})
        assert size(session) == (4, words, pairs)
        assert candidates(session, "打印机") == [1]


def test_removing_and_adding_replaces(database: Database, made: list[Document], encoder: Encoder) -> None:
    with database.transaction() as session:
        fill(session, made)
        lexical_index.remove(session, {1: made[0]})
        lexical_index.add(session, {1: documents([CaseText.of_one("monitor flickers")], encoder)[0]})
        assert candidates(session, "打印机") == []
        assert candidates(session, "monitor") == [1]


def test_clear_forgets_all(database: Database, made: list[Document]) -> None:
    with database.transaction() as session:
        fill(session, made)
        lexical_index.clear(session)
        assert size(session) == (0, 0, 0)
        assert candidates(session, "打印机 VPN jam") == []
        assert scored(session, "jam", "jam") <= 1.0


def test_a_very_long_question_is_answered(database: Database, made: list[Document]) -> None:
    with database.transaction() as session:
        fill(session, made)
        question = "jam " + " ".join(f"word{number}" for number in range(3000))
        assert isinstance(candidates(session, question), list)


def test_rarity_follows_what_is_written(database: Database, made: list[Document]) -> None:
    asked = hashed("printer jam")
    with database.transaction() as session:

        def rarity() -> tuple[float, ...]:
            return tuple(lexical_index.prepare(session, *asked)[0].rarity)

        seen = [rarity()]
        for number, document in enumerate(made, start=1):
            lexical_index.add(session, {number: document})
            seen.append(rarity())
        lexical_index.remove(session, {3: made[2]})
        assert rarity() not in seen
        lexical_index.clear(session)
        assert len(set(seen)) == len(seen)
        assert rarity() == seen[0]
