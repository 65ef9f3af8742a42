"""Search in the archive, as an engineer uses it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import numpy as np
import pytest

from kb import ledger, search
from kb.database import Database
from kb.documents import CaseText, Document, documents, hashed
from kb.lexical_index import Query
from kb.search import Hit
from models.encoder import Encoder
from models.text import analyse

Ask = Callable[..., list[Hit]]


@pytest.mark.parametrize(
    ("question", "case_id"),
    [
        ("我们三楼的打印机今天早上突然无法开机了", "printer"),
        ("居家办公连不上公司VPN怎么办", "vpn"),
        ("手機軟體閃退", "app"),
        ("0x80070005", "error"),
        ("update ends with 0X80070005!", "error"),
        ("wrong name on invoice", "invoice"),
        ("HX-300卡纸", "jam"),
        ("ＨＸ－３００", "jam"),
    ],
)
def test_the_right_case_comes_first(ask: Ask, question: str, case_id: str) -> None:
    assert ask(question)[0].case_id == case_id


def test_a_stray_chinese_word_in_an_english_question_is_no_pair_in_common(encoder: Encoder) -> None:
    question = "I was charged twice for one order, the second time the bill said 打印 and nothing else at all"
    held = documents(
        [CaseText.of_one(text) for text in ("打印机卡纸，打印不出来", "charged twice, 打印")], encoder
    )
    words, pairs = (
        Query(np.unique(terms), np.ones(len(np.unique(terms))), 8.0, 10) for terms in hashed(question)
    )
    parts = search.compare(encoder.encode([question])[0], words, pairs, held, hashed("")[0])
    assert parts.crossing[0]
    assert parts.pairs[0] == 0


def test_a_hit_tells_what_a_person_needs(ask: Ask) -> None:
    hit = ask("error 0x80070005", limit=1)[0]
    assert (hit.problem, hit.solution) == (
        "The updater stops with error 0x80070005.",
        "Run it as administrator",
    )
    assert (hit.language, hit.category, hit.product) == ("en", "software", "Updater 3")
    assert hit.shared_terms == ("0x80070005", "error")
    assert hit.proven == ledger.NO_PROOF


def test_the_order_is_the_order_of_matches(ask: Ask) -> None:
    matches = [hit.match for hit in ask("打印机 error VPN invoice", limit=6)]
    assert len(matches) == 6
    assert matches == sorted(matches, reverse=True)
    assert 0.0 <= matches[-1] < matches[0] <= 1.0


def test_limit(ask: Ask) -> None:
    assert len(ask("打印机", limit=2)) == 2
    assert [hit.case_id for hit in ask("打印机", limit=2)] == [hit.case_id for hit in ask("打印机", limit=6)][
        :2
    ]


def test_filters(ask: Ask) -> None:
    assert {hit.case_id for hit in ask("printer", category="hardware")} == {"printer", "jam"}
    assert {hit.case_id for hit in ask("打印机", language="en", limit=10)} == {"error", "invoice", "jam"}
    assert [hit.case_id for hit in ask("VPN", category="hardware", language="zh")] == ["printer"]
    assert ask("VPN", category="unheard") == []


def test_proof_is_shown(ask: Ask, archive: Database, now: datetime) -> None:
    with archive.transaction() as session:
        ledger.record(session, "vpn", worked=True, used_at=now)
    assert ask("VPN连不上")[0].proven == ledger.Proof(1, 1, 0, now)


def test_an_empty_archive_gives_nothing(database: Database, encoder: Encoder) -> None:
    request = search.Request(analyse("打印机"), encoder.encode(["打印机"])[0])
    with database.reading() as session:
        assert search.find(session, request, lambda _vector, _most: [], search.MatchCurve()) == []


@pytest.mark.parametrize("question", ["", "😀", "\x00", "the", "%_'\";--", '" OR NEAR(*'])
def test_no_question_makes_it_fail(ask: Ask, question: str) -> None:
    assert all(0.0 <= hit.match <= 1.0 for hit in ask(question))


def test_words_alone_find_it_where_the_vector_index_is_empty(archive: Database, encoder: Encoder) -> None:
    request = search.Request(analyse("打印机"), encoder.encode(["打印机"])[0])
    with archive.reading() as session:
        found = search.find(session, request, lambda _vector, _most: [], search.MatchCurve())
    assert [hit.case_id for hit in found] == ["printer"]


def test_keys_that_sql_does_not_know_are_passed_over(archive: Database, encoder: Encoder) -> None:
    request = search.Request(analyse("zyx"), encoder.encode(["zyx"])[0])
    with archive.reading() as session:
        found = search.find(session, request, lambda _vector, _most: [999, 1], search.MatchCurve())
    assert [hit.case_id for hit in found] == ["printer"]


@pytest.mark.parametrize(
    ("question", "whole", "shared"),
    [
        ("打印机坏了", "打印机无法开机", ("打印机",)),
        ("the printer is not on", "the printer and this", ("printer",)),
        ("軟體閃退", "软件安装后闪退", ("软件", "闪退")),
        ("HX-300 fails", "an HX-300 stops", ("hx-300",)),
        ("nothing", "打印机", ()),
        ("", "", ()),
    ],
)
def test_shared_terms(question: str, whole: str, shared: tuple[str, ...], encoder: Encoder) -> None:
    assert search.shared_terms(search.telling_words(analyse(question)), stored(whole, encoder)) == shared


def stored(whole: str, encoder: Encoder) -> Document:
    return documents([CaseText("", whole)], encoder)[0]


def test_shared_terms_are_few(encoder: Encoder) -> None:
    many = " ".join(f"{letter * 3}{letter}word" for letter in "abcdefghijkl")
    assert len(search.shared_terms(search.telling_words(analyse(many)), stored(many, encoder))) == 8


@pytest.mark.parametrize(
    ("question", "whole", "crosses"),
    [
        ("打印机突然无法开机", "The printer does not start any more", True),
        ("打印机突然无法开机", "打印机无法启动，指示灯不亮", False),
        ("打印机突然无法开机", "启动 driver 时 Windows 提示 printer spooler service is not running", False),
        (
            "Outlook 提示 cannot start Microsoft Outlook, cannot open the window",
            "打印机无法启动，指示灯不亮",
            False,
        ),
        (
            "Outlook 提示 cannot start Microsoft Outlook, cannot open the window",
            "Outlook does not start",
            False,
        ),
        (
            "The print spooler does not start",
            "启动 driver 时 Windows 提示 printer spooler service is not running",
            True,
        ),
    ],
)
def test_texts_of_both_scripts_are_in_the_other_language_to_a_question_in_latin_alone(
    question: str, whole: str, crosses: bool, encoder: Encoder
) -> None:
    words, pairs = (Query(np.unique(own), np.ones(len(np.unique(own))), 10.0) for own in hashed(question))
    found, crossing = search.score(encoder.encode([question])[0], words, pairs, [stored(whole, encoder)])
    assert crossing.tolist() == [crosses]
    assert found.shape == (1,)


def test_the_other_script_keeps_the_last_place_where_it_is_plausible() -> None:
    odds = np.array([5.0, 4.0, 3.0, 1.0, 0.5])
    crossing = np.array([False, False, False, True, True])
    assert search.choose(odds, crossing, 2).tolist() == [0, 3]
    assert search.choose(odds, crossing, 1).tolist() == [0]
    assert search.choose(odds - 5, crossing, 2).tolist() == [0, 1]
    assert search.choose(odds, ~crossing, 4).tolist() == [0, 1, 2, 3]
