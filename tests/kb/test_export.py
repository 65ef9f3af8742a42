"""Exports: what goes out comes back the same; files that no spreadsheet can be harmed by."""

from __future__ import annotations

import csv
import gzip
import json
import shutil
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import openpyxl
import pytest

from kb import cases, export, tablefiles, tickets, transfer
from kb.database import Database
from kb.rowfiles import Row, read_rows
from models.encoder import Encoder
from models.errors import InputError

SHANGHAI = ZoneInfo("Asia/Shanghai")
NAMES = {
    "category": {"hardware": "hardware", "硬件故障": "hardware"},
    "priority": {"urgent": "urgent", "紧急": "urgent"},
    "status": {"closed": "closed", "已关闭": "closed", "received": "received", "已接收": "received"},
    "tier": {"vip": "vip", "ordinary": "ordinary"},
    "team": {"engineering": "engineering"},
    "channel": {"phone": "phone"},
    "cause": {"unknown": "unknown", "software_bug": "software_bug"},
    "cause_kind": {},
}
LABELS = {
    "category": {"hardware": "硬件故障"},
    "priority": {"urgent": "紧急"},
    "status": {"closed": "已关闭", "received": "已接收"},
}
SOURCE = transfer.Source(SHANGHAI, NAMES)
TICKETS: list[dict[str, Any]] = [
    {
        "id": "=1+1",
        "received_at": datetime(2026, 3, 11, 2, 30, 5, 123, tzinfo=UTC),
        "subject": '打印机, "坏" 了',
        "description": '=HYPERLINK("x")\n第二行;\t分号',
        "channel": "phone",
        "contact": "+86 138 0000",
        "customer_tier": "vip",
        "category": "hardware",
        "priority": "urgent",
        "team": "engineering",
        "status": "closed",
        "due_at": datetime(2026, 3, 12, tzinfo=UTC),
        "solution": '["first", "second"]',
        "satisfaction": 5,
        "remark": "'=already quoted",
    },
    {"id": "0012", "description": "-5 degrees\u0007 \r\nand more ", "product": "@home"},
    {"id": "3-4", "description": '{"json": 1}', "received_at": datetime(2025, 12, 31, 16, tzinfo=UTC)},
]
CASES: list[dict[str, Any]] = [
    {
        "id": "c1",
        "problem": "打印机坏了",
        "symptoms": "- no light",
        "cause": "[1] see below",
        "cause_code": "software_bug",
        "cause_kind": "systemic",
        "solution": "1. off\n2. on",
        "hours": 0.1 + 0.2,
        "satisfaction": 4,
        "reopened": True,
        "keywords": ["a, b", "产品故障-登录异常"],
        "closed_on": date(2026, 3, 1),
        "category": "hardware",
    },
    {"id": "c2", "problem": "login", "keywords": ["x", "y"], "hours": 12.0},
]


@pytest.fixture
def filled(database: Database, encoder: Encoder, now: datetime) -> Database:
    with database.transaction() as session:
        tickets.write(session, TICKETS, now)
        cases.write(session, CASES, encoder, now)
    return database


@pytest.fixture
def empty(migrated: Path, tmp_path: Path) -> Iterator[Database]:
    path = tmp_path / "other.db"
    shutil.copyfile(migrated, path)
    opened = Database(f"sqlite:///{path}")
    yield opened
    opened.close()


def write(database: Database, path: Path, kind: str, **asked: str) -> int:
    wanted = export.wanted(kind, SHANGHAI, **asked)
    with database.reading() as session:
        rows = export.rows(session, wanted, SHANGHAI, LABELS)
        return tablefiles.save(path, export.header(wanted), rows)


def rows_of(database: Database, kind: str) -> list[list[object]]:
    with database.reading() as session:
        return [list(row) for row in export.rows(session, export.Wanted(kind), SHANGHAI, LABELS)]


@pytest.mark.parametrize("ending", ["csv", "csv.gz", "xlsx", "jsonl", "jsonl.gz"])
@pytest.mark.parametrize("kind", ["tickets", "cases"])
def test_what_goes_out_comes_back_the_same(
    filled: Database, empty: Database, encoder: Encoder, tmp_path: Path, kind: str, ending: str
) -> None:
    first, second = tmp_path / f"first.{ending}", tmp_path / f"second.{ending}"
    later = datetime(2027, 1, 1, tzinfo=UTC)
    assert write(filled, first, kind) == len(TICKETS if kind == "tickets" else CASES)
    import_id = transfer.start(empty, first, kind, later, runner="command")
    row = transfer.run(empty, import_id, encoder, SOURCE, lambda: later)
    with empty.reading() as session:
        assert [item.message for item in transfer.problems(session, row)] == []
    write(empty, second, kind)
    assert [item.values for item in read_rows(first) if isinstance(item, Row)] == [
        item.values for item in read_rows(second) if isinstance(item, Row)
    ]
    if kind == "cases":
        assert rows_of(empty, kind) == rows_of(filled, kind)
    else:
        assert rows_of(empty, kind)[0] == rows_of(filled, kind)[0]
        assert rows_of(empty, kind)[2] == rows_of(filled, kind)[2]
    again = transfer.start(empty, first, kind, later, runner="command")
    assert transfer.run(empty, again, encoder, SOURCE, lambda: later).unchanged == row.added


def test_no_cell_is_a_formula(filled: Database, tmp_path: Path) -> None:
    write(filled, tmp_path / "a.xlsx", "tickets")
    book = openpyxl.load_workbook(tmp_path / "a.xlsx")
    cells = [cell for row in book.worksheets[0].iter_rows() for cell in row if cell.value is not None]
    assert {cell.data_type for cell in cells} <= {"s", "inlineStr"}
    assert not [cell.value for cell in cells if str(cell.value)[0] in "=+-@"]
    book.close()
    write(filled, tmp_path / "a.csv", "tickets")
    with (tmp_path / "a.csv").open(encoding="utf-8-sig", newline="") as file:
        assert not [cell for row in csv.reader(file) for cell in row if cell[:1] in ("=", "+", "-", "@")]
    write(filled, tmp_path / "a.jsonl", "tickets")
    assert json.loads((tmp_path / "a.jsonl").read_text(encoding="utf-8").splitlines()[0])["id"] == "=1+1"


def test_the_tracking_sheet(filled: Database, empty: Database, encoder: Encoder, tmp_path: Path) -> None:
    path = tmp_path / "sheet.xlsx"
    write(filled, path, "tickets", columns="sheet")
    first = next(item for item in read_rows(path) if isinstance(item, Row)).values
    assert ",".join(first) == (
        "序号,客户名称,联系人,联系方式,产品型号/服务名称,问题描述,问题分类,优先级,"
        "反馈时间,责任人,处理状态,预计完成时间,实际完成时间,解决方案,客户满意度,备注"
    )
    assert (first["问题分类"], first["优先级"], first["处理状态"]) == ("硬件故障", "紧急", "已关闭")
    assert first["反馈时间"] == "2026-03-11 10:30"
    assert first["问题描述"].startswith('打印机, "坏" 了\n=HYPERLINK')
    now = datetime(2027, 1, 1, tzinfo=UTC)
    import_id = transfer.start(empty, path, "tickets", now, runner="command")
    row = transfer.run(empty, import_id, encoder, SOURCE, lambda: now)
    assert (row.added, row.bad) == (3, 0)


@pytest.mark.parametrize(
    ("asked", "ids"),
    [
        ({"since": "2026-03-11"}, ["=1+1", "0012"]),
        ({"until": "2026-01-01"}, ["3-4"]),
        ({"until": "2025-12-31"}, []),
        ({"until": "2026-03-11 10:30"}, ["3-4", "0012"]),
        ({"category": "hardware"}, ["=1+1"]),
        ({"since": "2030-01-01"}, []),
    ],
)
def test_only_some_days_or_one_category(
    filled: Database, tmp_path: Path, asked: dict[str, str], ids: list[str], now: datetime
) -> None:
    path = tmp_path / "some.jsonl"
    with filled.transaction() as session:
        tickets.get(session, "0012").received_at = now.replace(minute=0, hour=2)
        tickets.get(session, "=1+1").received_at = now.replace(minute=30, second=30)
    write(filled, path, "tickets", **asked)
    found = [json.loads(line)["id"] for line in path.read_text(encoding="utf-8").splitlines()]
    assert sorted(found) == sorted(ids)


@pytest.mark.parametrize(
    ("kind", "asked", "field"),
    [
        ("people", {}, "kind"),
        ("cases", {"columns": "sheet"}, "columns"),
        ("tickets", {"columns": "odd"}, "columns"),
        ("tickets", {"since": "yesterday"}, "since"),
        ("tickets", {"until": "03/04/2026"}, "until"),
    ],
)
def test_what_cannot_be_asked_for(kind: str, asked: dict[str, str], field: str) -> None:
    with pytest.raises(InputError) as caught:
        export.wanted(kind, SHANGHAI, **asked)
    assert caught.value.field == field


@pytest.mark.parametrize("name", ["a.txt", "a", "a.xlsx.gz", "a.pdf"])
def test_files_that_cannot_be_written(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match=r"\.csv, \.jsonl"):
        tablefiles.save(tmp_path / name, ["id"], [["1"]])
    assert list(tmp_path.iterdir()) == []


def test_a_text_too_long_for_a_cell_is_told_not_cut(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    path.write_bytes(b"what was there")
    with pytest.raises(InputError, match="row 2: text is longer"):
        tablefiles.save(path, ["id", "text"], [["1", "short"], ["2", "x" * 40_000]])
    assert path.read_bytes() == b"what was there"
    assert list(tmp_path.iterdir()) == [path]
    assert tablefiles.save(tmp_path / "a.csv", ["id", "text"], [["2", "x" * 40_000]]) == 1


def test_a_stopped_export_leaves_no_file(tmp_path: Path) -> None:
    def rows() -> Iterator[list[str]]:
        yield ["1"]
        raise RuntimeError("stop")

    for ending in ("csv", "xlsx", "jsonl.gz"):
        with pytest.raises(RuntimeError):
            tablefiles.save(tmp_path / f"a.{ending}", ["id"], rows())
    assert list(tmp_path.iterdir()) == []


def test_a_packed_file_is_the_same_each_time(filled: Database, tmp_path: Path) -> None:
    for name in ("a.csv.gz", "b.csv.gz"):
        write(filled, tmp_path / name, "cases")
    assert (tmp_path / "a.csv.gz").read_bytes() == (tmp_path / "b.csv.gz").read_bytes()
    assert gzip.decompress((tmp_path / "a.csv.gz").read_bytes()).startswith(b"\xef\xbb\xbfid,problem")
