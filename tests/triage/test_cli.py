"""The command line as people meet it: help, statuses, answers, and errors in one line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from triage import cli
from triage.cli import app

Run = Callable[..., Any]
COMMANDS = [
    "assess", "search", "import", "demo", "train", "db upgrade", "index verify", "index rebuild",
    "models list", "models show", "models promote", "models rollback", "evaluate classify", "evaluate search",
    "evaluate curve",
]  # fmt: skip
CASES = """id,problem,solution,category
printer,打印机开不了机,更换电源板,硬件故障
login,The login page crashes,Restart it,software
export,How do I export a spreadsheet,Use the menu,consult
"""


@pytest.fixture
def cases_file(tmp_path: Path) -> Path:
    path = tmp_path / "cases.csv"
    path.write_text(CASES, encoding="utf-8")
    return path


def one_line(said: str) -> str:
    assert said.startswith("triage: ")
    assert said.count("\n") == 1
    assert "Traceback" not in said
    return said


def leaves(group: Any, before: str = "") -> list[str]:
    """All commands of a group, written as people type them."""
    found = []
    for name, member in group.commands.items():
        whole = f"{before} {name}".strip()
        found += leaves(member, whole) if hasattr(member, "commands") else [whole]
    return found


def test_there_are_these_commands() -> None:
    assert set(COMMANDS) <= set(leaves(typer.main.get_command(app)))


@pytest.mark.parametrize("name", ["", "db", "index", "models", "evaluate", *COMMANDS])
def test_every_command_has_help(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    found = CliRunner().invoke(app, [*name.split(), "--help"])

    assert found.exit_code == 0
    assert "Usage:" in found.output
    assert name.split()[-1:] == [] or name.split()[-1] in found.output


@pytest.mark.parametrize(
    "words",
    [
        ["nonsense"],
        ["assess"],
        ["search", "x", "--limit", "0"],
        ["search", "x", "--nonsense"],
        ["import", "a.csv"],
        ["import", "a.csv", "--kind", "people"],
        ["models", "show"],
        ["evaluate", "classify"],
        ["index", "nonsense"],
    ],
)
def test_wrong_arguments_end_with_two(words: list[str], command: Run) -> None:
    assert CliRunner().invoke(app, words).exit_code == 2
    found = command(*words)
    assert found.status == 2
    assert "Traceback" not in found.err
    assert found.err


def test_the_database_is_brought_up_to_date(command: Run, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setenv("TRIAGE_HOME", str(tmp_path / "fresh" / "deeper"))

    assert command("db", "upgrade").status == 0
    assert command("db", "upgrade").out == "the database is up to date\n"
    assert (tmp_path / "fresh" / "deeper" / "triage.db").is_file()


def test_cases_are_imported_and_found(command: Run, cases_file: Path) -> None:
    first = command("import", cases_file, "--kind", "cases")
    again = command("import", cases_file, "--kind", "cases", "--json")

    assert (first.status, first.out) == (0, "3 added, 0 changed, 0 unchanged, 0 bad\n")
    assert {key: again.json[key] for key in ("added", "unchanged", "bad", "state", "problems")} == {
        "added": 0, "unchanged": 3, "bad": 0, "state": "done", "problems": []
    }  # fmt: skip
    found = command("search", "打印机开不了机", "--json", "--limit", "2")
    assert found.status == 0
    assert found.json["cases"][0]["case_id"] == "printer"
    assert found.json["cases"][0]["category"] == "hardware"
    only = command("search", "打印机", "--json", "--category", "software").json["cases"]
    assert [case["case_id"] for case in only] == ["login"]
    shown = command("search", "login crashes")
    assert "The login page crashes" in shown.out
    assert "not used yet" in shown.out


def test_bad_rows_are_told_and_the_others_taken(command: Run, tmp_path: Path) -> None:
    path = tmp_path / "tickets.csv"
    path.write_text(
        "序号,问题描述,优先级,反馈时间\n1,打印机坏了,紧急,2026-03-11 10:30\n2,登录失败,最高,\n3,,一般,\n",
        encoding="utf-8",
    )

    found = command("import", path, "--kind", "tickets")

    assert found.status == 0
    assert found.out == "1 added, 0 changed, 0 unchanged, 2 bad\n"
    assert "row 2: " in found.err
    assert "row 3: " in found.err
    assert "row 1: " not in found.err


def test_many_bad_rows_are_cut_short(command: Run, tmp_path: Path) -> None:
    path = tmp_path / "tickets.csv"
    path.write_text("id,description,priority\n" + "x,y,nonsense\n" * 30, encoding="utf-8")

    found = command("import", path, "--kind", "tickets")

    assert "... and 10 more rows" in found.err
    assert "row 20: " in found.err
    assert "row 21: " not in found.err


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "broken.csv"),
        (b"", "broken.csv"),
        (b"\x00\x01\x02", "broken.csv"),
        (b"colour,shape\nred,round\n", "colour, shape"),
    ],
)
def test_a_file_that_cannot_be_imported_is_one_line(
    command: Run, tmp_path: Path, content: bytes | None, message: str
) -> None:
    path = tmp_path / "broken.csv"
    if content is not None:
        path.write_bytes(content)

    found = command("import", path, "--kind", "tickets")

    assert (found.status, found.out) == (1, "")
    assert message in one_line(found.err)


def test_half_a_file_leaves_what_was_read_and_fails(command: Run, tmp_path: Path) -> None:
    path = tmp_path / "half.csv"
    path.write_text('id,description\n1,fine\n2,"never closed\n', encoding="utf-8")

    found = command("import", path, "--kind", "tickets", "--json")

    assert found.status == 1
    assert "never closed" in found.err.splitlines()[-1]
    assert (found.json["state"], found.json["added"]) == ("failed", 1)


def test_an_assessment_as_json_and_for_people(home: Path, command: Run) -> None:
    found = command("assess", "你好，打印机坏了 1", "--json")

    assert found.status == 0
    assert found.json["category"]["label"] == "hardware"
    assert found.json["model"]["version"] == "small-1"
    shown = command("assess", "你好，打印机坏了 1").out
    assert "硬件故障" in shown
    assert "no case found" in shown
    assert "Hardware fault" in command("assess", "Hello, printer broken 1").out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["assess", "printer"], "there is no model yet"),
        (["assess", ""], "no model"),
        (["search", " "], "nothing to search for"),
        (["models", "show", "none-1"], "no model 'none-1'"),
        (["models", "promote", "../x"], "no model"),
        (["models", "rollback"], "no earlier model"),
        (["train", "--from", "missing.csv"], "missing.csv"),
        (["evaluate", "search", "--cases", "a.csv", "--queries", "b.csv"], "a.csv"),
        (["evaluate", "curve", "--train", "missing.csv"], "missing.csv"),
    ],
)
def test_an_error_is_one_line(command: Run, words: list[str], message: str) -> None:
    found = command(*words)

    assert (found.status, found.out) == (1, "")
    assert message in one_line(found.err)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TRIAGE_PORT", "many"),
        ("TRIAGE_DATABASE_URL", "nonsense"),
        ("TRIAGE_DATA", "missing"),
        ("TRIAGE_HOME", "a-file"),
    ],
)
def test_a_wrong_setting_is_one_line(
    home: Path, command: Run, clean_environment: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    (clean_environment / "a-file").touch()
    monkeypatch.setenv(name, value)
    words = ["assess", "打印机"] if name == "TRIAGE_DATA" else ["db", "upgrade"]

    found = command(*words)

    assert found.status == 1
    assert (value if name == "TRIAGE_HOME" else name) in one_line(found.err)


def test_empty_text_is_refused(home: Path, command: Run) -> None:
    assert "no text" in one_line(command("assess", "\u200b ").err)


def test_an_interrupt_is_one_line(command: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "app", interrupted)

    found = command("db", "upgrade")

    assert (found.status, found.err) == (130, "triage: stopped\n")


def test_the_examples_of_the_demo_are_shown(
    home: Path, command: Run, data_folder: Path, monkeypatch: Any
) -> None:
    monkeypatch.setenv("TRIAGE_DATA", str(data_folder))

    found = command("demo")

    assert found.status == 0
    assert "loading the seed archive" in found.err
    assert found.out.count("model small-1") == 2
    assert "case-printer-dead-zh" in found.out
