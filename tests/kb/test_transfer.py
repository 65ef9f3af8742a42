"""Imports: files of both kinds, bad rows, and going on after a stop."""

from __future__ import annotations

import csv
import gzip
import hashlib
import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from kb import cases, tickets, transfer
from kb.database import Database
from kb.tables import Import
from kb.transfer import Source
from models.encoder import Encoder
from models.errors import FileFormatError, InputError, NotFoundError

NAMES = {
    "category": {"hardware": "hardware", "硬件故障": "hardware", "software": "software"},
    "priority": {"normal": "normal", "一般": "normal"},
}
SOURCE = Source(ZoneInfo("Asia/Shanghai"), NAMES)
Run = Callable[..., Import]


@pytest.fixture
def run(database: Database, encoder: Encoder, now: datetime) -> Run:
    """Import a file from beginning to end, or go on with it."""

    def done(path: Path, kind: str, after_batch: Callable[[Import], None] = lambda _: None) -> Import:
        import_id = transfer.start(database, path, kind, now, runner="service")
        return transfer.run(database, import_id, encoder, SOURCE, lambda: now, after_batch)

    return done


def table(path: Path, rows: Sequence[Sequence[object]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)
    return path


def numbered(path: Path, count: int) -> Path:
    return table(
        path, [["id", "description"], *([f"t{n}", f"ticket number {n}"] for n in range(1, count + 1))]
    )


def counts(row: Import) -> tuple[int, int, int, int]:
    return row.added, row.changed, row.unchanged, row.bad


def stored(database: Database) -> int:
    with database.reading() as session:
        return len(tickets.page(session, limit=10_000).tickets)


def test_tickets_from_the_chinese_sheet(database: Database, run: Run, tmp_path: Path) -> None:
    header = ["序号", "客户名称", "问题描述", "问题分类", "优先级", "反馈时间"]
    row = run(
        table(
            tmp_path / "a.csv",
            [header, ["7", "甲公司", "打印机坏了", "硬件故障", "一般", "2026-03-11 10:30"]],
        ),
        "tickets",
    )
    assert (row.state, row.error, row.file_name, counts(row)) == ("done", "", "a.csv", (1, 0, 0, 0))
    with database.reading() as session:
        ticket = tickets.get(session, "7")
    assert (ticket.customer, ticket.category, ticket.priority) == ("甲公司", "hardware", "normal")
    assert ticket.received_at == datetime(2026, 3, 11, 2, 30, tzinfo=UTC)


@pytest.mark.parametrize("kind", ["tickets", "cases"])
@pytest.mark.parametrize("ending", ["csv", "jsonl"])
def test_both_kinds_from_both_formats(
    database: Database, run: Run, tmp_path: Path, kind: str, ending: str
) -> None:
    field = "description" if kind == "tickets" else "problem"
    rows: list[dict[str, Any]] = [{"id": "a1", field: "打印机坏了"}, {"id": "a2", field: "login fails"}]
    path = tmp_path / f"file.{ending}"
    if ending == "csv":
        table(path, [list(rows[0]), *(list(row.values()) for row in rows)])
    else:
        path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    assert counts(run(path, kind)) == (2, 0, 0, 0)
    with database.reading() as session:
        getter = tickets.get if kind == "tickets" else cases.get
        assert [getter(session, name).language for name in ("a1", "a2")] == ["zh", "en"]


def test_the_second_run_changes_nothing(run: Run, tmp_path: Path) -> None:
    path = numbered(tmp_path / "a.csv", 5)
    assert counts(run(path, "tickets")) == (5, 0, 0, 0)
    assert counts(run(path, "tickets")) == (0, 0, 5, 0)


def test_bad_rows_are_listed_with_their_numbers(database: Database, run: Run, tmp_path: Path) -> None:
    rows = [["a", "fine", "hardware"], ["b", "fine", "nonsense"], ["c", "", "hardware"], ["d", "fine", ""]]
    row = run(table(tmp_path / "a.csv", [["id", "description", "category"], *rows]), "tickets")
    assert (row.state, counts(row)) == ("done", (2, 0, 0, 2))
    with database.reading() as session:
        found = [(item.row, item.field) for item in transfer.problems(session, row)]
        messages = " ".join(item.message for item in transfer.problems(session, row))
    assert found == [(2, "category"), (3, "description")]
    assert "nonsense" in messages


def test_problems_are_not_listed_twice(database: Database, run: Run, tmp_path: Path) -> None:
    path = table(tmp_path / "a.csv", [["id", "description"], ["a", ""], ["b", "fine"]])
    run(path, "tickets")
    row = run(path, "tickets")
    with database.reading() as session:
        assert [item.row for item in transfer.problems(session, row)] == [1]


def test_a_stopped_import_goes_on_where_it_was(database: Database, run: Run, tmp_path: Path) -> None:
    class KilledError(Exception):
        pass

    def kill(row: Import) -> None:
        if row.batches == 2:
            raise KilledError

    path = numbered(tmp_path / "a.csv", 250)
    with pytest.raises(KilledError):
        run(path, "tickets", kill)
    with database.reading() as session:
        (import_id,) = transfer.unfinished(session)
        row = transfer.get(session, import_id)
    assert (row.state, row.cursor, counts(row), stored(database)) == ("running", 200, (200, 0, 0, 0), 200)

    batches: list[int] = []
    row = run(path, "tickets", lambda row: batches.append(row.cursor))
    assert batches == [250]
    assert (row.id, row.state, counts(row), stored(database)) == (import_id, "done", (250, 0, 0, 0), 250)
    with database.reading() as session:
        assert transfer.unfinished(session) == []


def test_half_a_file_keeps_what_was_read(database: Database, run: Run, tmp_path: Path) -> None:
    rows = [[f"t{n}", hashlib.sha256(str(n).encode()).hexdigest() * 8] for n in range(3000)]
    whole = gzip.compress(table(tmp_path / "a.csv", [["id", "description"], *rows]).read_bytes())
    path = tmp_path / "half.csv.gz"
    path.write_bytes(whole[: len(whole) // 2])
    row = run(path, "tickets")
    assert row.state == "failed"
    assert row.error
    assert 0 < stored(database) == row.added < 3000
    with database.reading() as session:
        assert transfer.unfinished(session) == []
        assert tickets.get(session, "t0").description == rows[0][1]


@pytest.mark.parametrize(
    ("content", "error"),
    [("", FileFormatError), ("colour,size\n1,2\n", FileFormatError), ("{bad", FileFormatError)],
)
def test_what_cannot_be_read_at_all_is_not_begun(
    database: Database, tmp_path: Path, now: datetime, content: str, error: type[Exception]
) -> None:
    path = tmp_path / "a.csv"
    path.write_text(content)
    with pytest.raises(error):
        transfer.start(database, path, "tickets", now, runner="command")
    with database.reading() as session:
        assert transfer.unfinished(session) == []


def test_another_kind_is_refused(database: Database, tmp_path: Path, now: datetime) -> None:
    with pytest.raises(InputError, match="tickets, cases"):
        transfer.start(database, numbered(tmp_path / "a.csv", 1), "customers", now, runner="command")


def test_an_unknown_import_is_said(database: Database, encoder: Encoder, now: datetime) -> None:
    with pytest.raises(NotFoundError, match="no import"):
        transfer.run(database, "tickets-9", encoder, SOURCE, lambda: now)


def test_a_file_that_vanished_ends_failed(
    database: Database, encoder: Encoder, tmp_path: Path, now: datetime
) -> None:
    path = numbered(tmp_path / "a.csv", 3)
    import_id = transfer.start(database, path, "tickets", now, runner="command", file_name="upload.csv")
    path.unlink()
    row = transfer.run(database, import_id, encoder, SOURCE, lambda: now)
    assert (row.state, row.file_name) == ("failed", "upload.csv")
