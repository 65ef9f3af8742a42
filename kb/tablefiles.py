"""Writing table files row by row in bounded memory: csv, xlsx and jsonl, the texts also gzipped."""

from __future__ import annotations

import contextlib
import csv
import gzip
import io
import json
import os
import secrets
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO, Any

import openpyxl
from openpyxl.cell import WriteOnlyCell
from openpyxl.utils.exceptions import WorkbookAlreadySaved

from kb.cells import written
from kb.rowfiles import defused
from models.errors import InputError

KINDS = ("csv", "xlsx", "jsonl")
MEDIA = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "jsonl": "application/x-ndjson",
}
"""What each kind is called on the wire."""

_CELL = 32_767
_FLUSH = 1 << 16

Record = Sequence[object]
"""The values of one row in the order of the header."""


def kind_of(path: Path, default: str = "") -> tuple[str, bool]:
    """The kind of file that a name asks for, and whether it is gzipped.

    Raises:
        InputError: the ending says none that can be written.
    """
    name = path.name.lower()
    packed = name.endswith(".gz")
    ending = name.removesuffix(".gz").rpartition(".")[2]
    kind = ending if ending in KINDS else default
    if not kind or (packed and kind == "xlsx"):
        raise InputError(f"{path.name}: the file ends in .csv, .jsonl (each also .gz) or .xlsx", field="file")
    return kind, packed


def save(path: Path, header: Sequence[str], rows: Iterable[Record], default: str = "") -> int:
    """Write a file of the kind its name says; answers how many rows. It appears whole or not at all.

    Raises:
        InputError: the name says no kind, or a text is too long for a workbook.
    """
    kind, packed = kind_of(path, default)
    count = 0

    def counted() -> Iterator[Record]:
        nonlocal count
        for row in rows:
            count += 1
            yield row

    part = path.with_name(f".{path.name[:100]}.{secrets.token_hex(4)}.part")
    try:
        with part.open("xb") as target:
            if kind == "xlsx":
                save_workbook(target, header, counted())
            else:
                with (
                    gzip.GzipFile("", "wb", 6, target, 0) if packed else contextlib.nullcontext(target) as out
                ):
                    for piece in pieces(kind, header, counted()):
                        out.write(piece)
            target.flush()
            os.fsync(target.fileno())
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    return count


def pieces(kind: str, header: Sequence[str], rows: Iterable[Record]) -> Iterator[bytes]:
    """A csv or jsonl file in pieces. The csv begins with a mark, without which Excel misreads Chinese."""
    text = io.StringIO(newline="")
    add = _csv_adder(text, header) if kind == "csv" else _jsonl_adder(text, header)
    for row in rows:
        add(row)
        if text.tell() >= _FLUSH:
            yield text.getvalue().encode()
            text.seek(0)
            text.truncate()
    yield text.getvalue().encode()


def save_workbook(target: IO[bytes], header: Sequence[str], rows: Iterable[Record]) -> None:
    """Write a workbook of one sheet, every cell as text, so that no program takes an id for a date.

    Raises:
        InputError: a text is longer than a cell can hold; cut short it would be lost unseen.
    """
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet()
    try:
        for number, row in enumerate(_with(header, rows)):
            cells = []
            for name, value in zip(header, row, strict=True):
                content = defused(written(name, value))
                if len(content) > _CELL:
                    raise InputError(
                        f"row {number}: {name} is longer than the {_CELL} characters that a cell of a "
                        "workbook holds; write csv or jsonl instead",
                        field=name,
                    )
                cell = WriteOnlyCell(sheet, content or None)
                if content:
                    cell.data_type = "s"
                cells.append(cell)
            sheet.append(cells)
        book.save(target)
    except BaseException:
        _give_up(sheet)
        raise


def _give_up(sheet: Any) -> None:
    """Remove the temporary file of a sheet that will not be saved; it would stay until the process ends."""
    with contextlib.suppress(WorkbookAlreadySaved, FileNotFoundError, ValueError, AttributeError):
        sheet.close()
        sheet._writer.cleanup()


def _with(header: Sequence[str], rows: Iterable[Record]) -> Iterator[Record]:
    yield header
    yield from rows


def _csv_adder(text: io.StringIO, header: Sequence[str]) -> Callable[[Record], None]:
    writer = csv.writer(text)
    text.write("\ufeff")
    writer.writerow([defused(name) for name in header])

    def add(row: Record) -> None:
        writer.writerow([defused(written(name, value)) for name, value in zip(header, row, strict=True)])

    return add


def _jsonl_adder(text: io.StringIO, header: Sequence[str]) -> Callable[[Record], None]:
    def add(row: Record) -> None:
        record = {
            name: value if isinstance(value, bool | int | float | list) else written(name, value)
            for name, value in zip(header, row, strict=True)
        }
        text.write(json.dumps(record, ensure_ascii=False) + "\n")

    return add
