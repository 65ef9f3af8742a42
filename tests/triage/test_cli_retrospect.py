"""``triage retrospect`` on the command line."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

PRINTER = "三楼的HX-300打印机卡纸，进纸轮磨损"
PERIOD = ("--from", "2026-03-01", "--to", "2026-03-31")


@pytest.fixture
def imported(home: Path, command: Callable[..., Any], tmp_path: Path) -> Path:
    """A home with six tickets of March about one problem and one about another."""
    file = tmp_path / "tickets.csv"
    lines = ["id,received_at,description"]
    lines += [f"t{day},2026-03-{day:02} 10:00,{PRINTER} {day}" for day in range(1, 7)]
    file.write_text("\n".join([*lines, "t7,2026-03-31 23:30,Where is the key of the canteen?"]), "utf-8")
    command("import", file, "--kind", "tickets")
    return home


def test_the_groups_of_a_period_in_json(imported: Path, command: Callable[..., Any]) -> None:
    outcome = command("retrospect", *PERIOD, "--json")

    assert outcome.status == 0
    found = outcome.json
    assert [group["size"] for group in found["groups"]] == [6]
    assert found["outside"] == ["t7"]


def test_a_summary_for_people(imported: Path, command: Callable[..., Any]) -> None:
    outcome = command("retrospect", *PERIOD)

    assert "7 tickets, 1 groups, 1 tickets in none" in outcome.out
    assert "HX-300" in outcome.out


def test_the_figures_as_a_file(imported: Path, command: Callable[..., Any], tmp_path: Path) -> None:
    out = tmp_path / "march.json"

    assert command("retrospect", *PERIOD, "--out", out).status == 0
    assert json.loads(out.read_text("utf-8"))["groups"][0]["size"] == 6


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--from", "2026-03-01", "--to", "2026-02-01"), "is before from"),
        (("--from", "March", "--to", "2026-03-31"), "from is a day such as"),
        ((*PERIOD, "--out", "report.pdf"), "ends in .html, .xlsx"),
        ((*PERIOD, "--language", "fr"), "zh or en"),
    ],
)
def test_what_cannot_be_done_is_told_in_a_line(
    imported: Path, command: Callable[..., Any], words: tuple[str, ...], said: str
) -> None:
    outcome = command("retrospect", *words)

    assert outcome.status == 1
    assert said in outcome.err


def test_the_report_in_all_forms(imported: Path, command: Callable[..., Any], tmp_path: Path) -> None:
    folder = tmp_path / "report"
    folder.mkdir()

    assert command("retrospect", *PERIOD, "--out", folder, "--language", "en").status == 0
    assert sorted(path.suffix for path in folder.iterdir()) == [".docx", ".html", ".xlsx"]
    assert PRINTER in next(folder.glob("*.html")).read_text("utf-8")
