"""Importing a large workbook with bad rows: time, and how far memory grows with the number of rows.

Goal: every good row in, every bad one listed with its field, memory bounded by the batch and by the texts
that a workbook's cells share, not by the rows; a second run adds none. Cases take the encoder of
TRIAGE_ENCODER (``hashing`` for the import alone).
``python -m benchmarks.importing [rows] [tickets|cases] [xlsx|shared.xlsx|csv]``
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from xml.sax.saxutils import escape

from kb import rowfiles, tablefiles, transfer
from kb.database import Database
from models.encoder import load_encoder
from triage import rules
from triage.settings import load_settings

HEADERS = {
    "tickets": [
        "序号",
        "问题描述",
        "产品型号/服务名称",
        "问题分类",
        "优先级",
        "反馈时间",
        "责任人",
        "处理状态",
        "客户满意度",
    ],
    "cases": [
        "案例编号",
        "问题描述",
        "产品型号",
        "问题分类",
        "原因性质",
        "关闭日期",
        "责任部门",
        "解决时长",
        "客户满意度",
    ],
}
_TEXTS = (
    "办公室的打印机按下电源键没有反应，指示灯不亮，已经换过插座",
    "The VPN client drops every few minutes since the update to version 7.2",
    "升级以后报表页面报错 500，无法导出本月的数据",
    "How do I change the company name that is printed on the invoice?",
)
EVERY = 250
"""One row of so many is bad, in ten ways by turns."""


def table(kind: str, count: int) -> Iterator[list[str]]:
    """The rows of a file of so many rows; the 250th, 500th and so on are bad."""
    tickets = kind == "tickets"
    for number in range(1, count + 1):
        day = f"2026-{number % 12 + 1:02}-{number % 28 + 1:02}"
        row = [f"A{number:06}", f"{_TEXTS[number % 4]}（第 {number} 号）", f"HX-{number % 40}00", "硬件故障"]
        row += ["一般", f"{day} 09:30", "李工", "已关闭"] if tickets else ["偶发", day, "研发部", "3.5"]
        row += [str(number % 5 + 1)]
        if number % EVERY == 0:
            place, value = (
                (1, ""),
                (5, "昨天下午"),
                (3, "管道工程"),
                (4, "最高"),
                (8, "9"),
                (7, "飞行中" if tickets else "-3"),
                (2, "X" * 300),
                (6, "#REF!" if tickets else "没有的部门"),
                (0, "2026-03-11T00:00:00"),
                (0, "A000001"),
            )[number // EVERY % 10]
            row[place] = value
        yield row


def save_shared(path: Path, rows: list[list[str]]) -> None:
    """A workbook as Excel writes it: the texts once in a part of their own, the cells only their numbers."""
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    linked = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006"
    kinds = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    numbers: dict[str, int] = {}
    for row in rows:
        for cell in row:
            numbers.setdefault(cell, len(numbers))
    texts = "".join(f"<si><t>{escape(text)}</t></si>" for text in numbers)
    cells = "".join(
        "<row>" + "".join(f'<c t="s"><v>{numbers[cell]}</v></c>' for cell in row) + "</row>" for row in rows
    )
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{package}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{kinds}.sheet.main+xml"/>'
        f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{kinds}.worksheet+xml"/>'
        f'<Override PartName="/xl/sharedStrings.xml" ContentType="{kinds}.sharedStrings+xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{package}/relationships">'
        f'<Relationship Id="a" Type="{linked}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{linked}">'
        '<sheets><sheet name="a" sheetId="1" r:id="b"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{package}/relationships">'
        f'<Relationship Id="b" Type="{linked}/worksheet" Target="worksheets/sheet1.xml"/>'
        f'<Relationship Id="c" Type="{linked}/sharedStrings" Target="sharedStrings.xml"/></Relationships>',
        "xl/sharedStrings.xml": f'<sst xmlns="{main}">{texts}</sst>',
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{main}"><sheetData>{cells}</sheetData></worksheet>',
    }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)


def peak_mb() -> float:
    """The most memory this process has held, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measure(path: Path, kind: str, home: Path) -> None:
    """Import a file twice in this process and print."""
    settings = load_settings()
    loaded = rules.load(settings.data_folder)
    source = transfer.Source(settings.zone, rules.names(loaded.taxonomy), loaded.mappings)
    encoder = load_encoder(settings.encoder, settings.threads)
    encoder.encode(["warm 热身"])
    database = Database(f"sqlite:///{home / 'triage.db'}")
    database.upgrade()
    before, began = peak_mb(), time.perf_counter()
    count = sum(1 for _ in rowfiles.read_rows(path))
    grown = peak_mb() - before
    print(f"reading {count} rows alone: {time.perf_counter() - began:.1f} s, grown by {grown:.0f} MB")
    for turn in ("first", "second"):
        before, began = peak_mb(), time.perf_counter()
        now = datetime.now(UTC)
        import_id = transfer.start(database, path, kind, now, runner=transfer.COMMAND)
        started = time.perf_counter() - began
        row = transfer.run(database, import_id, encoder, source, lambda: datetime.now(UTC))
        taken = time.perf_counter() - began
        with database.reading() as session:
            fields = {item.field for item in transfer.problems(session, row)}
        print(
            f"{turn:<6} {row.state} {row.total} rows: {row.added} added, {row.unchanged} unchanged, "
            f"{row.bad} bad ({len(fields)} fields); {taken:.1f} s (start {started:.1f} s), "
            f"peak {peak_mb():.0f} MB, grown by {peak_mb() - before:.0f} MB",
            flush=True,
        )
    database.close()


def main() -> None:
    """Make files of a fifth and of all the rows; a process of its own for each."""
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 50_000
    kind = sys.argv[2] if len(sys.argv) > 2 else "tickets"
    ending = sys.argv[3] if len(sys.argv) > 3 else "xlsx"
    if len(sys.argv) > 4:
        measure(Path(sys.argv[4]), kind, Path(sys.argv[4]).parent)
        return
    for count in (rows // 5, rows):
        with tempfile.TemporaryDirectory(prefix="triage-bench-") as folder:
            path = Path(folder) / f"{kind}.{ending}"
            if ending == "shared.xlsx":
                save_shared(path, [HEADERS[kind], *table(kind, count)])
            else:
                tablefiles.save(path, HEADERS[kind], table(kind, count))
            print(f"{kind} {ending} {count} rows, {path.stat().st_size / 1e6:.1f} MB")
            words = [sys.executable, "-m", "benchmarks.importing", str(count), kind, ending, str(path)]
            subprocess.run(words, check=True, env=os.environ | {"TRIAGE_HOME": folder})


if __name__ == "__main__":
    main()
