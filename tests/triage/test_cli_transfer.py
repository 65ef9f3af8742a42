"""Import, export, backup and restore on the command line."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]
SHEET = (
    "序号,问题描述,优先级,反馈时间\n"
    "1,打印机坏了,紧急,13/03/2026 10:30\n2,登录失败,最高,03/04/2026\n3,蓝屏,一般,\n"
)


@pytest.fixture
def sheet(tmp_path: Path) -> Path:
    path = tmp_path / "sheet.csv"
    path.write_text(SHEET, encoding="utf-8")
    return path


def test_a_preview_stores_nothing(command: Run, sheet: Path) -> None:
    found = command("import", sheet, "--kind", "tickets", "--preview", "--json")
    assert found.status == 0, found.err
    answer = found.json
    assert answer["file"] == {"kind": "csv", "encoding": "utf-8-sig", "delimiter": ",", "packed": False}
    assert {"column": "问题描述", "field": "description"} in answer["columns"]
    assert answer["dates"] == [
        {
            "field": "received_at",
            "column": "反馈时间",
            "order": "day-first",
            "ambiguous": False,
            "mixed": False,
        }
    ]
    assert (answer["total"], answer["checked"], answer["bad"], len(answer["rows"])) == (3, 3, 1, 2)
    assert answer["problems"][0]["row"] == 2
    assert answer["rows"][0]["received_at"] == "2026-03-13 02:30:00+00:00"
    shown = command("import", sheet, "--kind", "tickets", "--preview")
    assert shown.status == 0
    for words in ("问题描述 -> description", "反馈时间: day-first", "1 of the first 3", "row 2: "):
        assert words in shown.out
    assert "0 tickets" in command("export", "--kind", "tickets", "--out", sheet.with_name("none.csv")).out


def test_bad_rows_go_to_a_file_that_can_be_mended(command: Run, sheet: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.csv"
    found = command("import", sheet, "--kind", "tickets", "--bad-rows", bad)
    assert found.out == "2 added, 0 changed, 0 unchanged, 1 bad\n"
    assert str(bad) in found.err
    assert "3 of 3 rows done" in found.err
    bad.write_text(bad.read_text(encoding="utf-8-sig").replace("最高", "紧急"), encoding="utf-8")
    again = command("import", bad, "--kind", "tickets")
    assert again.out == "1 added, 0 changed, 0 unchanged, 0 bad\n"


def test_no_file_for_no_bad_rows(command: Run, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("id,description\n1,a\n")
    assert command("import", path, "--kind", "tickets", "--bad-rows", tmp_path / "bad.csv").status == 0
    assert not (tmp_path / "bad.csv").exists()


def test_columns_are_mapped_by_hand(command: Run, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("Ref,Alpha,Beta\n7,Printer,dead\n")
    found = command(
        "import", path, "--kind", "tickets", "--map", "Ref=id,Alpha=subject,Beta=description", "--json"
    )
    assert (found.status, found.json["added"], found.json["total"]) == (0, 1, 1)
    out = tmp_path / "out.jsonl"
    assert command("export", "--kind", "tickets", "--out", out).out == f"1 tickets are in {out}\n"
    (ticket,) = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert (ticket["id"], ticket["subject"], ticket["description"]) == ("7", "Printer", "dead")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--map", "Ref=identity"], "the fields of tickets are id, received_at"),
        (["--map", "Ref"], "column=field"),
        (["--mapping", "bugzilla"], "there are jira, servicenow, zammad, zendesk, none"),
        (["--dates", "odd"], "day-first or month-first"),
        (["--bad-rows", "a.docx.gz/x.xlsx.gz"], "ends in .csv"),
    ],
)
def test_wrong_choices_are_one_line(command: Run, sheet: Path, words: list[str], message: str) -> None:
    sheet.write_text("Ref,description\n1,a\n")
    found = command("import", sheet, "--kind", "tickets", *words)
    assert (found.status, found.out) == (1, "")
    assert message in found.err
    assert len(found.err.splitlines()) == 1


def test_dates_that_can_be_read_two_ways_are_asked_about(command: Run, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("id,description,received_at\n1,a,03/04/2026\n")
    found = command("import", path, "--kind", "tickets")
    assert found.status == 1
    assert "day first or month first" in found.err
    assert command("import", path, "--kind", "tickets", "--dates", "month-first").out.startswith("1 added")


def test_an_export_is_imported_again(command: Run, sheet: Path, tmp_path: Path) -> None:
    command("import", sheet, "--kind", "tickets")
    out = tmp_path / "out.xlsx"
    assert command("export", "--kind", "tickets", "--out", out, "--columns", "sheet").status == 0
    assert command("import", out, "--kind", "tickets", "--json").json["bad"] == 0
    only = tmp_path / "only.csv"
    command("export", "--kind", "tickets", "--out", only, "--since", "2026-03-13", "--until", "2026-03-13")
    with only.open(encoding="utf-8-sig", newline="") as file:
        assert [row["id"] for row in csv.DictReader(file)] == ["1"]
    refused = command("export", "--kind", "cases", "--out", tmp_path / "c.csv", "--columns", "sheet")
    assert (refused.status, "tickets only" in refused.err) == (1, True)
    assert command("export", "--kind", "tickets", "--out", tmp_path / "c.doc").status == 1


def test_backup_and_restore(
    command: Run, bare_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cases = tmp_path / "cases.csv"
    cases.write_text("id,problem,solution\nprinter,打印机无法开机,换电源\n", encoding="utf-8")
    command("import", cases, "--kind", "cases")
    saved = tmp_path / "saved.tar.gz"
    assert command("backup", saved).status == 0
    assert command("restore", saved).status == 1
    other = tmp_path / "other"
    monkeypatch.setenv("TRIAGE_HOME", str(other))
    found = command("restore", saved)
    assert found.status == 0, found.err
    assert "the index holds 1 cases" in found.out
    assert command("search", "打印机", "--json").json["cases"][0]["case_id"] == "printer"
    assert command("restore", saved, "--force").status == 0
    saved.write_bytes(saved.read_bytes()[:2000])
    broken = command("restore", saved, "--force")
    assert (broken.status, len(broken.err.splitlines())) == (1, 1)
    assert command("search", "打印机", "--json").json["cases"][0]["case_id"] == "printer"


def test_postgresql_is_saved_with_its_own_tools(
    command: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRIAGE_DATABASE_URL", "postgresql+psycopg://nobody@127.0.0.1:1/none")
    found = command("backup", tmp_path / "a.tar.gz")
    assert found.status == 1
    assert "pg_dump" in found.err
