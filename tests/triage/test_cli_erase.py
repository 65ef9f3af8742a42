"""``triage erase`` and what imports say about masking."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from triage import cli_index

Run = Callable[..., Any]
NAME = "星河精密机械有限公司"


@pytest.fixture
def cases(tmp_path: Path) -> Path:
    path = tmp_path / "cases.jsonl"
    rows = [
        {"id": "c1", "problem": f"{NAME}的打印机坏了", "solution": "回电13912345678，联系人：李雷"},
        {"id": "c2", "problem": "显示器花屏", "solution": "换线"},
    ]
    path.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows), encoding="utf-8")
    return path


def test_an_import_says_how_much_it_masked(command: Run, cases: Path, tmp_path: Path) -> None:
    shown = command("import", cases, "--kind", "cases", "--preview", "--json").json
    assert shown["rows"][0]["solution"] == "回电[手机号]，联系人：[姓名]"
    done = command("import", cases, "--kind", "cases")
    assert (done.status, done.out) == (0, "2 added, 0 changed, 0 unchanged, 0 bad\n")
    assert "2 places with personal data were masked" in done.err
    assert command("import", cases, "--kind", "cases", "--json").json["masked"] == 0
    outs = [tmp_path / "first.jsonl", tmp_path / "second.jsonl"]
    for out in outs:
        command("export", "--kind", "cases", "--out", out)
        again = command("import", out, "--kind", "cases")
        assert "masked" not in again.err
    assert outs[0].read_bytes() == outs[1].read_bytes()
    assert "回电[手机号]，联系人：[姓名]" in outs[0].read_text(encoding="utf-8")


def test_a_customer_is_erased_and_the_index_follows(command: Run, cases: Path, tmp_path: Path) -> None:
    tickets = tmp_path / "tickets.csv"
    tickets.write_text(f"id,description,customer\n1,坏了,{NAME}\n", encoding="utf-8")
    assert command("import", cases, "--kind", "cases").status == 0
    assert command("import", tickets, "--kind", "tickets").status == 0

    told = command("erase", "--customer", NAME, "--preview")
    assert "would be erased: 2 texts in 1 tickets, 1 cases; 1 tickets are the customer's own" in told.out
    done = command("erase", "--customer", NAME)
    assert (done.status, done.out) == (0, told.out.replace("would be erased", "erased"))
    assert "backups" in done.err
    assert command("index", "verify").status == 0
    files = [path for path in tmp_path.joinpath("home").rglob("*") if path.is_file()]
    assert [path for path in files if path.suffix == ".sqlite3"]
    assert [path for path in files if NAME.encode() in path.read_bytes()] == []
    again = command("erase", "--customer", NAME, "--json")
    assert (again.json["rows"], again.json["compacted"]) == ({}, True)
    assert command("erase", "--customer", NAME).out == "nothing stored names this customer\n"


def test_what_cannot_be_looked_for_is_one_line(command: Run) -> None:
    done = command("erase", "--customer", "李")

    assert (done.status, done.out) == (1, "")
    assert done.err == "triage: a customer's name has at least two characters\n"


def test_beside_a_service_it_asks_for_the_index(
    command: Run, cases: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command("import", cases, "--kind", "cases")
    asked: list[tuple[str, str]] = []
    monkeypatch.setattr("triage.service.running", lambda _home: object())
    monkeypatch.setattr(
        "triage.service.call", lambda _service, method, path, **_: asked.append((method, path))
    )
    monkeypatch.setattr(cli_index, "apply_or_say", lambda _built: pytest.fail("the service has the index"))

    assert command("erase", "--customer", NAME).status == 0
    assert asked == [("POST", "/internal/index/apply")]
