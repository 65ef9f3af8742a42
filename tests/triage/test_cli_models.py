"""``train``, ``models``, ``evaluate`` and ``index`` as commands."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kb import cases, decisions, tickets
from triage import setup
from triage.learning import Labelled
from triage.taxonomy import load_taxonomy
from triage.wiring import Parts

Run = Callable[..., Any]


@pytest.fixture
def labelled_file(labelled: list[Labelled], tmp_path: Path) -> Path:
    path = tmp_path / "own.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["body", "kind", "level", "lang"])
        for number, row in enumerate(labelled):
            lang = "aa" if number % 2 else "bb"
            writer.writerow([row.text, row.labels["category"], row.labels["priority"], lang])
        writer.writerow(["unknown thing", "", "", "aa"])
    return path


def test_a_model_is_trained_shown_promoted_and_rolled_back(
    home: Path, command: Run, labelled_file: Path
) -> None:
    columns = ["--text", "body", "--label", "kind", "--priority", "level"]
    trained = command("train", "--from", labelled_file, *columns, "--name", "desk")

    assert trained.status == 0
    assert trained.out == "desk-1: 109 texts, not promoted\n"
    listed = {row["version"]: row["current"] for row in command("models", "list", "--json").json}
    assert listed == {"small-1": True, "desk-1": False}
    card = command("models", "show", "desk-1").json
    assert (card["source"], sorted(card["labels"])) == ("own.csv", ["category", "priority"])
    assert command("models", "promote", "desk-1").out == "desk-1 is now in use\n"
    assert "* desk-1" in command("models", "list").out
    assert command("assess", "你好，打印机坏了 1", "--json").json["model"]["version"] == "desk-1"
    assert command("models", "rollback").out == "small-1 is now in use\n"
    assert command("models", "rollback").status == 1


def test_imported_labels_are_learned_from_if_asked(
    command: Run, make_parts: Callable[..., Parts], labelled: list[Labelled], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(setup, "shipped_examples", lambda parts: labelled)
    parts = make_parts()
    with parts.database.transaction() as session:
        for number in range(6):
            values = {"description": f"请问怎么导出报表 {number}", "category": "consult", "status": "closed"}
            tickets.add(session, values, parts.now())

    def learned(*options: str) -> dict[str, Any]:
        version = command("train", "--name", "own", *options).out.split(":")[0]
        return dict(command("models", "show", version).json)

    plain, more = learned(), learned("--imported")
    assert sum(more["counts"]["category"].values()) == sum(plain["counts"]["category"].values()) + 6
    assert more["source"] == "seed tickets, confirmed decisions and imported labels"


def test_a_model_can_be_promoted_at_once(command: Run, labelled_file: Path) -> None:
    found = command(
        "train", "--from", labelled_file, "--text", "body", "--label", "kind", "--name", "a", "--promote"
    )

    assert found.out == "a-1: 109 texts, now in use\n"
    assert [row["current"] for row in command("models", "list", "--json").json] == [True]


def test_without_a_file_it_learns_from_the_seed_and_what_people_decided(
    command: Run, make_parts: Callable[..., Parts], data_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRIAGE_DATA", str(data_folder))
    parts = make_parts()
    with parts.database.transaction() as session:
        for number in range(4):
            ticket = tickets.add(
                session, {"id": f"t{number}", "description": f"很生气 {number}"}, parts.now()
            )
            if number < 3:
                decisions.decide(session, ticket, "category", "complaint", by="li", now=parts.now())
    parts.close()

    found = command("train")

    assert found.out == "shipped-1: 21 texts, not promoted\n"
    card = command("models", "show", "shipped-1").json
    decided = {"complaint": 3, "consult": 6, "hardware": 6, "software": 6, "other": 0}
    told = {
        entry.code: len([*entry.names, *entry.description, *entry.examples])
        for entry in load_taxonomy(data_folder).categories
    }
    assert card["counts"]["category"] == {code: number + told[code] for code, number in decided.items()}
    assert sum(card["counts"]["priority"].values()) == 18


def test_one_ticket_and_the_taxonomy_are_enough_to_begin_with(command: Run, tmp_path: Path) -> None:
    path = tmp_path / "few.csv"
    path.write_text("text,category\n打印机坏了,hardware\n", encoding="utf-8")

    assert command("train", "--from", path, "--name", "few").out == "few-1: 1 texts, not promoted\n"
    labels = command("models", "show", "few-1").json["labels"]["category"]
    assert labels == ["complaint", "consult", "hardware", "other", "software"]


def test_too_little_to_learn_from_is_one_line(command: Run, tmp_path: Path) -> None:
    path = tmp_path / "few.csv"
    path.write_text("text,category\na,b\n", encoding="utf-8")

    found = command("train", "--from", path)

    assert found.status == 1
    assert found.err.splitlines()[-1].startswith("triage: training needs at least two labels")
    assert command("models", "list", "--json").json == []


def test_a_column_that_is_missing_is_named(command: Run, labelled_file: Path) -> None:
    found = command("train", "--from", labelled_file)

    assert (found.status, found.err.count("\n")) == (1, 1)
    assert "no column 'text'; there are body, kind, level, lang" in found.err


@pytest.mark.parametrize("throw_away", [True, False])
def test_classification_is_measured(home: Path, command: Run, labelled_file: Path, throw_away: bool) -> None:
    words = ["evaluate", "classify", "--test", labelled_file, "--text", "body", "--label", "kind"]
    train = ["--train", labelled_file] if throw_away else []
    found = command(*words, *train, "--lang-col", "lang", "--json")

    assert found.status == 0
    assert {
        "skipped", "n", "accuracy", "macro_f1", "per_class", "per_language", "ece"
    } <= found.json.keys()  # fmt: skip
    assert (found.json["skipped"], found.json["n"]) == (1, 108)
    assert found.json["accuracy"] > 0.9
    assert {key: own["n"] for key, own in found.json["per_language"].items()} == {"aa": 54, "bb": 54}
    assert set(found.json["per_class"]["hardware"]) == {"precision", "recall", "f1", "support"}
    assert "accuracy " in command(*words, *train).out


def test_what_one_would_pick_instead_is_set_beside_it(home: Path, command: Run, labelled_file: Path) -> None:
    words = [
        "evaluate",
        "classify",
        "--test",
        labelled_file,
        "--text",
        "body",
        "--label",
        "kind",
        "--compare",
    ]
    found = command(*words, "--train", labelled_file, "--json").json

    assert set(found["compared"]) == {
        "majority", "nearest neighbours", "TF-IDF + linear SVM", "encoder + logistic regression",
        "lexical head alone", "semantic head alone", "concept head alone"
    }  # fmt: skip
    majority = found["compared"]["majority"]
    assert majority["ahead"] == pytest.approx(found["accuracy"] - majority["accuracy"], abs=2e-4)
    assert majority["ahead_interval"][0] <= majority["ahead"] <= majority["ahead_interval"][1]
    assert "majority: accuracy" in command(*words, "--train", labelled_file).out

    refused = command(*words)  # the texts that this model learned from are not kept
    assert (refused.status, "give them with --train" in refused.err) == (1, True)


def test_labels_are_renamed(home: Path, command: Run, labelled_file: Path) -> None:
    words = ["evaluate", "classify", "--test", labelled_file, "--text", "body", "--label", "kind", "--json"]
    found = command(*words, "--train", labelled_file, "--map", "hardware=fault, software=fault")

    assert set(found.json["per_class"]) == {"fault", "consult"}
    assert command(*words, "--map", "hardware").status == 2


def test_search_is_measured(command: Run, tmp_path: Path) -> None:
    archive, queries = tmp_path / "cases.csv", tmp_path / "queries.jsonl"
    archive.write_text("id,text\na,打印机开不了机\nb,the login page crashes\n", encoding="utf-8")
    asked = [{"text": "打印机", "case_id": "a"}, {"text": "login crashes", "case_id": "b"}]
    queries.write_text("\n".join(json.dumps(row) for row in asked), encoding="utf-8")
    words = ["evaluate", "search", "--cases", archive, "--queries", queries]

    found = command(*words, "--json").json
    assert 0 <= found.pop("match")["ece"] <= 1
    assert found == {"n": 2, "recall_at_1": 1.0, "recall_at_5": 1.0, "recall_at_10": 1.0, "mrr": 1.0}
    assert "recall_at_1 1.0" in command(*words).out
    assert "match: ece" in command(*words).out


@pytest.fixture
def archived(make_parts: Callable[..., Parts]) -> None:
    parts = make_parts()
    with parts.database.transaction() as session:
        rows = [{"id": "printer", "problem": "打印机坏了"}, {"id": "login", "problem": "login crashes"}]
        cases.write(session, rows, parts.encoder, parts.now())
    parts.index().apply(parts.database)
    parts.close()


def test_a_lost_index_is_found_and_made_again(archived: None, bare_home: Path, command: Run) -> None:
    assert (command("index", "verify").status, command("index", "verify").err) == (0, "")
    shutil.rmtree(bare_home / "index")

    lost = command("index", "verify")
    assert (lost.status, lost.out, lost.err) == (1, "missing printer\nmissing login\n", "")
    as_json = command("index", "verify", "--json")
    assert (as_json.status, as_json.json) == (1, {"missing": ["printer", "login"], "surplus": []})

    assert command("index", "rebuild").out == "the index holds 2 cases\n"
    assert command("index", "verify").status == 0
    assert command("search", "打印机坏了", "--json").json["cases"][0]["case_id"] == "printer"


def test_a_damaged_index_is_made_again(archived: None, bare_home: Path, command: Run) -> None:
    (bare_home / "index" / "chroma.sqlite3").write_bytes(b"no database " * 500)

    assert command("index", "rebuild").out == "the index holds 2 cases\n"
    assert command("index", "verify").status == 0


def test_what_the_index_holds_too_much_is_named(
    archived: None, command: Run, make_parts: Callable[..., Parts]
) -> None:
    parts = make_parts()
    parts.index().put([99], parts.encoder.encode(["x", "y"]).reshape(1, 2, -1))
    parts.close()

    found = command("index", "verify")

    assert (found.status, found.out) == (1, "surplus 99\n")
    command("index", "rebuild")
    assert command("index", "verify").status == 0


def test_an_index_in_use_is_one_line(
    archived: None, command: Run, make_parts: Callable[..., Parts], monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = make_parts()
    owner.index()
    own = Parts.index
    monkeypatch.setattr(Parts, "index", lambda self, wait=0.0: own(self, 0.0))

    found = command("index", "rebuild")

    assert (found.status, found.err.count("\n")) == (1, 1)
    assert "another running process" in found.err


def test_cases_made_with_another_analyser_are_made_again(
    archived: None, command: Run, make_parts: Callable[..., Parts]
) -> None:
    from sqlalchemy import update

    from kb.tables import CaseDocument

    parts = make_parts()
    with parts.database.transaction() as session:
        session.execute(update(CaseDocument).values(fingerprint="of-old"))
    parts.close()

    assert command("index", "verify").status == 1
    assert command("index", "rebuild").out == "the index holds 2 cases\n"
    assert command("index", "verify").status == 0


def test_the_learning_curve_is_drawn(home: Path, command: Run, tmp_path: Path) -> None:
    file = tmp_path / "more.jsonl"
    sounds = {"hw": "printer paper jam fan", "sw": "login error crash app"}
    rows = [
        {"text": f"{words} {number}", "kind": label}
        for number in range(40)
        for label, words in sounds.items()
    ]
    file.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    words = ["evaluate", "curve", "--train", file, "--label", "kind"]

    found = command(*words, "--json").json
    assert [point["texts"] for point in found["points"]] == [8, 16, 32, 64]
    assert found["forecast"]["texts"] == 128
    assert {gain["label"]: gain["texts"] for gain in found["gains"]} == {"hw": 32, "sw": 32}
    drawn = command(*words, "--test", file).out
    assert "160 texts  accuracy" in drawn
    assert "hw: 40 texts" in drawn
