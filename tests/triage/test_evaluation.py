"""Measuring on files: what is read, skipped and renamed, and figures with a known answer."""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from kb.match import Logistic, MatchCurve
from models.encoder import Encoder
from models.errors import FileFormatError, InputError
from models.store import StoredModel
from triage import evaluation
from triage.evaluation import Columns, classify_current, classify_trained, read_table, search_quality
from triage.learning import Labelled
from triage.rules import Rules

Rows = list[dict[str, str]]


@pytest.fixture
def rows(labelled: list[Labelled]) -> Rows:
    """The labelled set as rows of a file."""
    return [{"text": row.text, "category": row.labels["category"], "lang": "xx"} for row in labelled]


def test_a_table_is_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.csv.gz"
    path.write_bytes(gzip.compress("text,category\n打印机,hw\n\nb,\n".encode()))

    assert read_table(path, ["text", "category"]) == [
        {"text": "打印机", "category": "hw"},
        {"text": "b", "category": ""},
    ]


def test_what_a_line_of_jsonl_leaves_out_is_empty(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"text": "a", "category": "hw"}\n{"text": "b"}\n', encoding="utf-8")

    assert read_table(path, ["text", "category"])[1] == {"text": "b", "category": ""}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"text,label\na,b\n", "no column 'category'; there are text, label"),
        (b"text,category\na,b\nc,d,e\n", "row 2"),
        (b"", "empty"),
        (b"text,category\n\x00\x01\x02", "NUL"),
        (None, "no such file"),
    ],
)
def test_a_table_that_cannot_be_used_is_named(tmp_path: Path, content: bytes | None, message: str) -> None:
    path = tmp_path / "bad.csv"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(FileFormatError, match=message) as raised:
        read_table(path, ["text", "category"])

    assert "bad.csv" in raised.value.message


def test_a_throw_away_model_is_measured(rows: Rows, encoder: Encoder) -> None:
    found = classify_trained(encoder, rows[::2], rows[1::2], Columns(), {})

    assert {
        "skipped", "n", "accuracy", "macro_f1", "per_class", "per_language", "ece"
    } <= found.keys()  # fmt: skip
    assert (found["n"], found["skipped"]) == (len(rows) // 2, 0)
    assert found["accuracy"] > 0.9
    assert set(found["per_class"]) == {"hardware", "software", "consult"}
    assert set(found["per_class"]["hardware"]) == {"precision", "recall", "f1", "support"}
    assert sum(own["support"] for own in found["per_class"].values()) == found["n"]
    assert set(found["per_language"]) == {"zh", "en"}
    assert json.loads(json.dumps(found))["n"] == found["n"]
    assert found == classify_trained(encoder, rows[::2], rows[1::2], Columns(), {})


def test_rows_without_a_label_are_skipped_and_counted(rows: Rows, encoder: Encoder) -> None:
    unknown = [{"text": "说不清", "category": label} for label in ("", "  ", "")]

    found = classify_trained(encoder, [*rows[::2], *unknown], [*rows[1::2], *unknown], Columns(), {})

    assert (found["skipped"], found["n"]) == (3, len(rows) // 2)
    assert "" not in found["per_class"]


def test_wrong_labels_count_as_wrong(rows: Rows, encoder: Encoder) -> None:
    turned = {"hardware": "software", "software": "consult", "consult": "hardware"}
    test = [row | {"category": turned[row["category"]]} for row in rows[1::2]]

    assert classify_trained(encoder, rows[::2], test, Columns(), {})["accuracy"] < 0.1


def test_labels_are_renamed_in_both_files(rows: Rows, encoder: Encoder) -> None:
    rename = {"software": "fault", "hardware": "fault"}

    test = [row for row in rows if row["text"].endswith("2")]
    train = [row for row in rows if not row["text"].endswith("2")]

    found = classify_trained(encoder, train, test, Columns(), rename)

    assert set(found["per_class"]) == {"fault", "consult"}
    assert found["accuracy"] > 0.9


def test_languages_go_by_the_column_where_one_is_given(rows: Rows, encoder: Encoder) -> None:
    test = [row | {"lang": "de" if number < 10 else ""} for number, row in enumerate(rows[1::2])]

    found = classify_trained(encoder, rows[::2], test, Columns(language="lang"), {})

    assert set(found["per_language"]) == {"de", "zh", "en"}
    assert found["per_language"]["de"]["n"] == sum(row["lang"] == "de" for row in test)


@pytest.mark.parametrize("label", ["", " "])
def test_a_file_without_any_label_is_refused(rows: Rows, encoder: Encoder, label: str) -> None:
    with pytest.raises(InputError, match="no row has a label"):
        classify_trained(encoder, rows, [{"text": "a", "category": label}], Columns(), {})


def test_the_current_model_is_measured_on_renamed_labels_of_any_column(
    rows: Rows, encoder: Encoder, small_model: StoredModel, shipped_rules: Rules
) -> None:
    test = [{"body": row["text"], "kind": row["category"].upper()} for row in rows]
    rename = {name.upper(): name for name in ("hardware", "software", "consult")}

    found = classify_current(small_model, encoder, shipped_rules, test, Columns("body", "kind"), rename)

    assert found["accuracy"] > 0.9
    assert found["n"] == len(rows)


def test_priorities_are_measured_with_their_signals(
    rows: Rows, encoder: Encoder, small_model: StoredModel, shipped_rules: Rules
) -> None:
    test = [
        {"text": "你好，请问怎么导出 1", "priority": "normal"},
        {"text": "你好，请问怎么导出 1。整条生产线停了，有人员受伤", "priority": "urgent"},
    ]

    found = classify_current(small_model, encoder, shipped_rules, test, Columns(label="priority"), {})

    assert found["accuracy"] == 1.0


def test_a_model_without_priorities_says_so(
    encoder: Encoder, small_model: StoredModel, shipped_rules: Rules
) -> None:
    own = replace(small_model, classifiers={"category": small_model.classifiers["category"]})
    test = [{"text": "你好", "priority": "normal"}]

    with pytest.raises(InputError, match="small-1 was trained without priorities"):
        classify_current(own, encoder, shipped_rules, test, Columns(label="priority"), {})


ARCHIVE = [
    {"id": "printer", "text": "打印机按电源键没有反应，指示灯不亮"},
    {"id": "vpn", "text": "The VPN drops every few minutes"},
    {"id": "invoice", "text": "发票抬头开错了，需要重开"},
    {"id": "parcel", "text": "My parcel never arrived at the office"},
]


def _measure(encoder: Encoder, archive: Sequence[dict[str, str]], asked: dict[str, str]) -> dict[str, Any]:
    queries = [{"text": text, "case_id": case} for text, case in asked.items()]
    return search_quality(encoder, archive, queries, MatchCurve())


def test_a_search_with_a_known_answer(encoder: Encoder) -> None:
    asked = {
        "打印机指示灯不亮": "printer",
        "vpn drops": "vpn",
        "发票抬头错了": "invoice",
        "parcel never arrived": "parcel",
    }
    told: list[tuple[str, int, int]] = []
    queries = [{"text": text, "case_id": case} for text, case in asked.items()]

    found = search_quality(encoder, ARCHIVE, queries, MatchCurve(), lambda *step: told.append(step))

    match = found.pop("match")
    assert found == {"n": 4, "recall_at_1": 1.0, "recall_at_5": 1.0, "recall_at_10": 1.0, "mrr": 1.0}
    assert set(match) == {"ece", "found_precision", "found_recall", "nothing_found_when_missing"}
    assert ("archiving", 4, 4) in told
    assert told[-1] == ("searching", 4, 4)


def test_an_answer_in_second_place_counts_half(encoder: Encoder) -> None:
    found = _measure(encoder, ARCHIVE[:2], {"打印机指示灯不亮": "vpn"})

    assert (found["recall_at_1"], found["recall_at_5"], found["mrr"]) == (0.0, 1.0, 0.5)


def test_a_tie_counts_against_the_right_answer(encoder: Encoder) -> None:
    twins = [*ARCHIVE, {"id": "twin", "text": ARCHIVE[0]["text"]}]

    found = _measure(encoder, twins, {"打印机指示灯不亮": "printer"})

    assert (found["recall_at_1"], found["mrr"]) == (0.0, 0.5)


@pytest.mark.parametrize(
    ("middle", "precision", "recall", "missing"),
    [(9.0, None, 0.0, 1.0), (-9.0, 0.25, 1.0, 0.0)],
    ids=["never found", "always found"],
)
def test_matches_are_judged_with_the_right_case_and_without(
    encoder: Encoder, middle: float, precision: float | None, recall: float, missing: float
) -> None:
    queries = [{"text": row["text"], "case_id": row["id"]} for row in ARCHIVE]
    curve = MatchCurve(Logistic(1.0, middle), Logistic(1.0, middle))
    match = search_quality(encoder, ARCHIVE, queries, curve)["match"]
    assert match["found_precision"] == precision
    assert match["found_recall"] == recall
    assert match["nothing_found_when_missing"] == missing
    # Shown are near 0 or near 1; right is one of four.
    assert match["ece"] == pytest.approx(0.25 if precision is None else 0.75, abs=0.01)


def test_a_query_without_such_a_case_is_refused(encoder: Encoder) -> None:
    with pytest.raises(InputError, match=r"query 2.*'nothing'"):
        _measure(encoder, ARCHIVE, {"vpn": "vpn", "printer": "nothing"})


def test_no_queries_are_refused(encoder: Encoder) -> None:
    with pytest.raises(InputError, match="no queries"):
        evaluation.search_quality(encoder, ARCHIVE, [], MatchCurve())
