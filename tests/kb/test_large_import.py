"""A large workbook with rows that are bad in ten ways: good ones in, bad ones told, mended, sent again."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import openpyxl
import pytest
from sqlalchemy import func, select

from kb import badrows, tablefiles, transfer
from kb.database import Database
from kb.tables import Case, Import, ImportedId, ImportProblem, Ticket
from kb.transfer import Source
from models.encoder import Encoder

NAMES = {
    "category": {"硬件故障": "hardware"},
    "priority": {"一般": "normal"},
    "status": {"已关闭": "closed"},
    "cause_kind": {},
    "team": {"研发部": "engineering"},
}
SOURCE = Source(ZoneInfo("Asia/Shanghai"), NAMES)
HEADER = {
    "tickets": [
        "序号",
        "问题描述",
        "产品型号/服务名称",
        "问题分类",
        "优先级",
        "反馈时间",
        "责任人",
        "处理状态",
    ],
    "cases": ["案例编号", "问题描述", "产品型号", "问题分类", "原因性质", "关闭日期", "责任部门", "解决时长"],
}
GOOD = {
    "tickets": ["硬件故障", "一般", "13/04/2026 09:30", "李工", "已关闭"],
    "cases": ["硬件故障", "偶发", "13/04/2026", "研发部", "3.5"],
}
# Column, value, and the field that the problem must name.
FAULTS = {
    "tickets": [
        (1, "", "description"),
        (5, "昨天下午", "received_at"),
        (3, "管道工程", "category"),
        (4, "最高", "priority"),
        (8, "9", "satisfaction"),
        (7, "飞行中", "status"),
        (2, "X" * 300, "product"),
        (6, "#REF!", "owner"),
        (0, "2026-03-11T00:00:00", "id"),
        (0, "A000001", "id"),
    ],
    "cases": [
        (1, "", "problem"),
        (5, "31/02/2026", "closed_on"),
        (3, "管道工程", "category"),
        (4, "每天", "cause_kind"),
        (8, "9", "satisfaction"),
        (7, "-3", "hours"),
        (2, "X" * 300, "product"),
        (6, "#REF!", "team"),
        (0, "true", "id"),
        (0, "A000001", "id"),
    ],
}
Run = Callable[[Path, str], Import]


def rows(kind: str, count: int, every: int) -> Iterator[list[str]]:
    for number in range(1, count + 1):
        row = [f"A{number:06}", f"打印机坏了（第 {number} 号）", f"HX-{number % 40}", *GOOD[kind], "4"]
        if number % every == 0:
            column, value, _ = FAULTS[kind][number // every % 10]
            row[column] = value
        yield row


@pytest.fixture
def run(database: Database, encoder: Encoder, now: datetime) -> Run:
    def done(path: Path, kind: str) -> Import:
        import_id = transfer.start(database, path, kind, now, runner="command")
        return transfer.run(database, import_id, encoder, SOURCE, lambda: now)

    return done


def counts(row: Import) -> tuple[str, int, int, int, int]:
    return row.state, row.added, row.changed, row.unchanged, row.bad


def held(database: Database, kind: str) -> int:
    with database.reading() as session:
        return session.scalar(select(func.count()).select_from(Ticket if kind == "tickets" else Case)) or 0


def mend(source: Path, target: Path, kind: str) -> None:
    """Do what a person does: put right what is wrong, leave the other columns as they are."""
    book = openpyxl.load_workbook(source)
    sheet = book.worksheets[0]
    for number, row in enumerate(sheet.iter_rows(min_row=2), start=1):
        fixed = [f"M{number}", "修好了", "HX", *GOOD[kind], "4"]
        for cell, value in zip(row[2:], fixed, strict=True):
            cell.value = value
    book.save(target)
    book.close()


def check(database: Database, run: Run, folder: Path, kind: str, count: int, every: int) -> None:
    path = folder / f"{kind}.xlsx"
    tablefiles.save(path, [*HEADER[kind], "客户满意度"], rows(kind, count, every))
    bad = count // every
    row = run(path, kind)
    assert counts(row) == ("done", count - bad, 0, 0, bad)
    assert (row.total, row.cursor) == (count, count)
    with database.reading() as session:
        found = [(item.row, item.field) for item in transfer.problems(session, row)]
        assert all(item.message for item in transfer.problems(session, row))
        assert session.scalar(select(func.count()).select_from(ImportedId)) == 0
    expected = [(n * every, FAULTS[kind][n % 10][2]) for n in range(1, bad + 1)]
    assert found == expected

    again = run(path, kind)
    assert counts(again) == ("done", 0, 0, count - bad, bad)
    assert held(database, kind) == count - bad

    mending = folder / "bad.xlsx"
    with database.reading() as session:
        assert badrows.save(session, again, mending) == bad
    # Sent again as it is, it changes nothing: not even the row that took the id of another.
    assert counts(run(mending, kind)) == ("done", 0, 0, 0, bad)
    mend(mending, folder / "mended.xlsx", kind)
    mended = run(folder / "mended.xlsx", kind)
    assert counts(mended) == ("done", bad, 0, 0, 0)
    assert held(database, kind) == count


@pytest.mark.parametrize("kind", ["tickets", "cases"])
def test_ten_kinds_of_bad_rows(database: Database, run: Run, tmp_path: Path, kind: str) -> None:
    check(database, run, tmp_path, kind, 2_000, 50)


@pytest.mark.real
@pytest.mark.parametrize("kind", ["tickets"])
def test_fifty_thousand_rows(database: Database, run: Run, tmp_path: Path, kind: str) -> None:
    check(database, run, tmp_path, kind, 50_000, 250)


def test_the_file_to_mend_has_the_source_columns_number_and_reason(
    database: Database, run: Run, tmp_path: Path
) -> None:
    path = tmp_path / "a.csv"
    path.write_text(
        "编号,内部,描述,优先级,反馈时间\nt1,=x,好,一般,03/04/2026\nt2,=1+1,坏,最高,04/05/2026\n"
        "t3,y,好,一般,13/04/2026\nt4,a,b,一般,13/04/2026,太多\n",
        encoding="utf-8",
    )
    row = run(path, "tickets")
    target = tmp_path / "mend.csv"
    with database.reading() as session:
        badrows.save(session, row, target)
    assert target.read_bytes().startswith(b"\xef\xbb\xbf")
    with target.open(encoding="utf-8-sig", newline="") as file:
        header, *lines = csv.reader(file)
    assert header == [badrows.NUMBER, badrows.REASON, "编号", "内部", "描述", "优先级", "反馈时间"]
    # The date says its month now: in two rows nobody could tell. The formula is one no longer.
    assert lines[0][0] == "2"
    assert "最高" in lines[0][1]
    assert lines[0][2:] == ["t2", "'=1+1", "坏", "最高", "2026-05-04 00:00:00"]
    assert lines[1][0] == "4"
    assert "6 fields, but the header has 5" in lines[1][1]
    assert lines[1][2:4] == ["t4", "a"]

    text = target.read_text(encoding="utf-8-sig").replace("最高", "一般")
    target.write_text(text, encoding="utf-8-sig")
    mended = run(target, "tickets")
    assert counts(mended) == ("done", 2, 0, 0, 0)
    with database.reading() as session:
        ticket = session.scalar(select(Ticket).where(Ticket.id == "t2"))
    assert ticket is not None
    assert ticket.received_at.isoformat() == "2026-05-03T16:00:00+00:00"


def test_one_id_with_two_contents_is_told_with_the_row_it_stands_in(
    database: Database, run: Run, tmp_path: Path
) -> None:
    path = tmp_path / "a.csv"
    lines = ["id,description", *(f"t{n},one" for n in range(150)), "t3,other", "t4,one"]
    path.write_text("\n".join(lines) + "\n")
    row = run(path, "tickets")
    # The other content is in a later batch; the same content again does no harm.
    assert counts(row) == ("done", 150, 0, 1, 1)
    with database.reading() as session:
        (problem,) = transfer.problems(session, row)
        ticket = session.scalar(select(Ticket).where(Ticket.id == "t3"))
    assert (problem.row, problem.field) == (151, "id")
    assert "row 4 already" in problem.message
    assert ticket is not None
    assert ticket.description == "one"


def test_an_id_met_before_a_stop_is_known_after_it(
    database: Database, encoder: Encoder, now: datetime, tmp_path: Path
) -> None:
    class KilledError(Exception):
        pass

    def kill(row: Import) -> None:
        raise KilledError

    path = tmp_path / "a.csv"
    lines = ["id,description", *(f"t{n},one" for n in range(100)), "t3,other"]
    path.write_text("\n".join(lines) + "\n")
    import_id = transfer.start(database, path, "tickets", now, runner="command")
    with pytest.raises(KilledError):
        transfer.run(database, import_id, encoder, SOURCE, lambda: now, kill)
    row = transfer.run(database, import_id, encoder, SOURCE, lambda: now)
    assert counts(row) == ("done", 100, 0, 0, 1)
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(ImportProblem)) == 1
