"""The search comparison: every method answers the same question, places are counted against ties, and the
document says what was measured, also where another is better."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks import search_comparison, search_page
from benchmarks.search_comparison import Measured, SearchSet, ahead, load_sets, measured, place
from benchmarks.search_methods import (
    BM25,
    BM25_PLAIN,
    CHROMA,
    DEPTH,
    FTS,
    FUSION,
    OURS,
    Search,
    fused,
    opened,
)
from benchmarks.search_probes import PROBES, SENTENCES, rivals
from kb.match import MatchCurve
from models.encoder import Encoder
from models.errors import InputError
from triage.evaluation import search_quality

CURVE = MatchCurve()
ENCODER = "hashing"
TEXTS = (
    "三楼的打印机卡纸了",
    "The printer on the third floor is jammed",
    "VPN drops every ten minutes",
    "我在家里用VPN连不上内网",
    "发票抬头写错了怎么改",
    "The invoice has a wrong address",
)


@pytest.fixture(scope="module")
def methods() -> Iterator[dict[str, Search]]:
    with opened(TEXTS, ENCODER, CURVE) as found:
        yield found


@pytest.fixture
def small() -> SearchSet:
    return SearchSet("small", TEXTS, ("打印机卡纸", "VPN drops", "发票抬头写错了"), (0, 2, 4))


@pytest.fixture
def one(small: SearchSet) -> Measured:
    return measured(small, ENCODER, CURVE, lambda *_: None)


def test_a_tie_counts_against_the_right_one() -> None:
    scores = np.array([0.5, 0.9, 0.5, -np.inf])

    assert [place(scores, right) for right in range(4)] == [3, 1, 3, 0]


def test_what_stands_further_down_than_all_are_asked_for_is_not_found() -> None:
    scores = -np.arange(DEPTH + 1.0)

    assert place(scores, DEPTH - 1) == DEPTH
    assert place(scores, DEPTH) == 0


def test_fusion_goes_by_places_alone() -> None:
    first = np.array([9.0, 8.0, -np.inf, -np.inf])
    second = np.array([-np.inf, 0.2, 0.3, -np.inf])

    assert fused(first, second).tolist() == pytest.approx([1 / 61, 1 / 62 + 1 / 62, 1 / 61, -np.inf])


def test_fusion_takes_only_the_first_texts_of_a_list() -> None:
    long = -np.arange(DEPTH + 1.0)

    assert np.flatnonzero(~np.isfinite(fused(long, long))).tolist() == [DEPTH]


@pytest.mark.parametrize("name", [CHROMA, BM25_PLAIN, BM25, FUSION, FTS, OURS])
def test_every_method_finds_a_text_by_itself(methods: dict[str, Search], name: str) -> None:
    assert [place(methods[name](content), number) for number, content in enumerate(TEXTS)] == [1] * len(TEXTS)


@pytest.mark.parametrize("name", [BM25_PLAIN, BM25, FTS])
@pytest.mark.parametrize("query", ["", "  ", "？！", "quasar", 'NOT "q* (', "NEAR AND OR"])
def test_methods_by_words_have_no_answer_where_no_word_is_shared(
    methods: dict[str, Search], name: str, query: str
) -> None:
    assert not np.isfinite(methods[name](query)).any()


def test_a_word_within_a_sentence_is_found_where_chinese_is_cut(methods: dict[str, Search]) -> None:
    found = {name: place(search("打印机"), 0) for name, search in methods.items()}

    assert (found[BM25], found[OURS]) == (1, 1)
    assert (found[BM25_PLAIN], found[FTS]) == (0, 0)


def test_ours_is_what_evaluate_search_measures(small: SearchSet, one: Measured, encoder: Encoder) -> None:
    cases = [{"id": str(number), "text": content} for number, content in enumerate(small.cases)]
    queries = [
        {"text": query, "case_id": str(right)}
        for query, right in zip(small.queries, small.right, strict=True)
    ]
    told = search_quality(encoder, cases, queries, CURVE)
    del told["match"]

    assert one.figures[OURS] == told


def test_the_best_other_is_never_ours(one: Measured) -> None:
    assert one.best_other != OURS
    assert set(one.figures) == set(one.taken) == set(search_page.METHODS)
    assert one.languages == ("zh", "zh")


def test_the_difference_and_its_interval() -> None:
    ours, theirs = np.array([1, 1, 1, 2, 0] * 20), np.array([1, 2, 1, 1, 3] * 20)
    none, some = ahead(ours, theirs), ahead(ours, np.array([2, 2, 0, 2, 2] * 20))

    assert none["ahead"] == 0
    assert none["ahead_interval"][0] < 0 < none["ahead_interval"][1]
    assert some["ahead"] == 0.6
    assert some["ahead_interval"][0] > 0.4


def _write(folder: Path, name: str, heads: tuple[str, str], rows: list[tuple[str, str]]) -> None:
    with folder.joinpath(name).open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([heads, *rows])


def test_pairs_of_files_are_read_and_missing_ones_told(tmp_path: Path) -> None:
    _write(tmp_path, "search_one_cases.csv", ("id", "text"), [("a", "打印机"), ("b", "VPN")])
    _write(tmp_path, "search_one_queries.csv", ("text", "case_id"), [("vpn", "b")])
    _write(tmp_path, "search_two_cases.csv", ("id", "text"), [("a", "打印机")])
    found, missing = load_sets(tmp_path)

    assert found == [SearchSet("one", ["打印机", "VPN"], ["vpn"], [1])]
    assert missing == ["search_two_queries.csv is missing: search_two is left out"]


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    found, missing = load_sets(tmp_path / "nowhere")

    assert found == []
    assert "no set is measured" in missing[0]


@pytest.mark.parametrize(
    ("cases", "queries", "message"),
    [
        ([("a", "x")], [("vpn", "z")], "there is no case 'z'"),
        ([("a", "x")], [], "there are no queries"),
        ([("a", "x"), ("a", "y")], [("vpn", "a")], "an id occurs twice"),
    ],
)
def test_a_pair_that_does_not_fit_is_an_error(
    tmp_path: Path, cases: list[tuple[str, str]], queries: list[tuple[str, str]], message: str
) -> None:
    _write(tmp_path, "search_one_cases.csv", ("id", "text"), cases)
    _write(tmp_path, "search_one_queries.csv", ("text", "case_id"), queries)

    with pytest.raises(InputError, match=message):
        load_sets(tmp_path)


def test_a_probe_has_rivals_and_is_none_of_them() -> None:
    assert len(set(SENTENCES)) == len(SENTENCES) >= 30
    for probe in PROBES:
        others = {SENTENCES[number] for number in rivals(probe)}
        assert probe.wanted not in others
        assert len(others) > 20
        assert not [sentence for sentence in others if probe.query in sentence], probe.query


def test_the_document_is_the_same_again_but_for_the_times(one: Measured) -> None:
    probes = [dict.fromkeys(search_page.METHODS, 1) for _ in PROBES]
    again = replace(one, taken={name: 2 * number for number, name in enumerate(search_page.METHODS, 1)})
    first, second = (search_page.page([each], probes, "hashing") for each in (one, again))

    assert first.partition("## Time")[0] == second.partition("## Time")[0]
    assert first != second


def test_the_document_says_where_another_is_better(one: Measured) -> None:
    figures = {name: {"recall_at_1": 0.5, "recall_at_5": 0.5, "mrr": 0.5} for name in search_page.METHODS}
    figures[FUSION] = figures[FUSION] | {"recall_at_5": 0.75}
    probes = [dict.fromkeys(search_page.METHODS, 1) for _ in PROBES]
    behind = replace(one, figures=figures, best_other=FUSION, ahead=-0.25, ahead_interval=(-0.4, -0.1))
    written = search_page.page([behind], [*probes[:-1], probes[-1] | {OURS: 0}], "hashing")
    own = written.partition("## Where ours is not the best")[2].partition("## Each set")[0]

    assert "| `small` | recall@5 | 0.750 (rank fusion) | 0.500 |" in own
    assert "recall@1" not in own
    assert PROBES[-1].wanted in own
    assert re.search(r"-0\.250 \[-0\.400, -0\.100\] \| ours is worse \|", written)


def test_without_data_nothing_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "search.md"
    monkeypatch.setattr("sys.argv", ["search_comparison", "--data", str(tmp_path), "--out", str(out)])
    monkeypatch.setattr(search_comparison, "DEFAULT", ENCODER)
    monkeypatch.setattr(search_comparison, "match_curve", lambda *_: CURVE)
    search_comparison.main()

    assert not out.exists()
    printed = capsys.readouterr().out
    assert "no set is measured" in printed
    assert all(probe.wanted in printed for probe in PROBES)
