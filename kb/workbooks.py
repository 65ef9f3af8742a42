"""Workbooks (xlsx): the cells of the first sheet, row by row."""

from __future__ import annotations

import contextlib
import datetime as dt
import itertools
import json
import warnings
import zipfile
from collections.abc import Iterator
from typing import Any

import openpyxl

from kb.textfiles import MAX_FIELD, OpenFile
from models.errors import FileFormatError

_MAX_PARTS = 256_000_000
_BATCH = 200

# Where a row stands, with its cells or what is wrong with it.
Cells = Iterator[tuple[int, list[str] | str]]


def sheet_cells(source: OpenFile) -> Cells:
    """The rows of the first sheet without a title above the header.

    The sheet itself is read in parts; the texts that its cells share are held in memory.

    Raises:
        FileFormatError: no workbook, a damaged one, or one whose shared texts are too large to be held.
    """
    stream = source.stack.enter_context(source.path.open("rb"))
    try:
        with zipfile.ZipFile(stream) as archive:
            parts = [part for part in archive.infolist() if "worksheets/" not in part.filename]
        if sum(part.file_size for part in parts) > _MAX_PARTS:
            # openpyxl holds everything but the sheets' cells in memory.
            source.fail("the workbook is too large; save it as csv")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            book = openpyxl.load_workbook(stream, read_only=True, data_only=True)
        source.stack.callback(book.close)
        sheet = book.worksheets[0]
        # The stored size is often wrong, and rows beyond it would be left out.
        sheet.reset_dimensions()
        rows = source.stack.enter_context(contextlib.closing(sheet.iter_rows(values_only=True)))
    except FileFormatError:
        raise
    except Exception as error:  # openpyxl has no error of its own: a damaged part raises anything
        source.fail("is damaged or no xlsx workbook", error)
    yield from _without_title(_sheet_rows(source, rows))


def _sheet_rows(source: OpenFile, rows: Iterator[Any]) -> Cells:
    count = 0
    while True:
        batch: list[list[str]] = []
        failure: Exception | None = None
        # In batches, because the switch for openpyxl's remarks must not stay set while others run.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                batch.extend([as_text(cell) for cell in row] for row in itertools.islice(rows, _BATCH))
            except Exception as error:  # as above
                failure = error
        for cells in batch:
            count += 1
            while cells and not cells[-1]:
                cells.pop()
            large = any(len(cell) > MAX_FIELD for cell in cells)
            yield count, "a field is larger than 1 MB" if large else cells
        if failure:
            source.fail(f"the workbook is damaged after row {count}", failure)
        if not batch:
            return


def _without_title(rows: Cells) -> Cells:
    """Leave out a title: a lone first cell right above a row with more than one."""
    filled = (row for row in rows if row[1])
    first = list(itertools.islice(filled, 2))
    if len(first) == 2 and len(first[0][1]) == 1 and len(first[1][1]) > 1:
        del first[0]
    return itertools.chain(first, filled)


def as_text(value: object) -> str:
    """A value of a cell, or of JSON, as the text that stands for it."""
    if value is None or value != value:  # NaN, which is how pandas writes an empty cell
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False)
    return str(value).strip()
