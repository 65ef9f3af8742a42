"""Table files, read row by row in bounded memory: csv, tsv, jsonl (each also gzipped) and xlsx.

What a whole file cannot recover from raises ``FileFormatError``, after the rows before it were given. What
is wrong with one row alone becomes a ``BadRow`` in its place, so that the others are not lost.
"""

from __future__ import annotations

import contextlib
import csv
import itertools
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from kb import textfiles
from kb.textfiles import CHUNK, MAX_FIELD, OpenFile, encoding_of, head, lines
from kb.workbooks import Cells, as_text, sheet_cells
from models.errors import FileFormatError

JOINT = "\x1e"
"""Between the values of a column whose name the header has several times."""

_MAX_COLUMNS = 2_000
_GZIP, _ZIP, _OLD_EXCEL = b"\x1f\x8b", b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
_FORMULA_RE = re.compile(r"'*[=+\-@\t\r]")
# One limit for the whole process is all that the csv module has; its default of 128 KB is too small here.
csv.field_size_limit(MAX_FIELD)


@dataclass(frozen=True, slots=True)
class Row:
    """One data row, counted from 1 without blank rows; every column is there, stripped, empty ones as ``""``.

    In jsonl only the keys of that line are there; lists and objects are kept as JSON text. A column that
    the header has several times holds its different values with ``JOINT`` between them.
    """

    number: int
    values: dict[str, str]


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that cannot be read and why; it has its place in the count. ``values`` is what could be read."""

    number: int
    message: str
    values: dict[str, str] = field(default_factory=dict, compare=False)


@dataclass(frozen=True, slots=True)
class Shape:
    """What a file is: ``csv``, ``jsonl`` or ``xlsx``, and how its text is written (empty for xlsx)."""

    kind: str
    encoding: str = ""
    delimiter: str = ""
    packed: bool = False


# A header (list), a record (dict) or a record that cannot be read.
_Entries = Iterator[list[str] | dict[str, str] | BadRow]


def defused(cell: str) -> str:
    """A cell as it is written to a table: one that a spreadsheet would run as a formula gets a ``'``."""
    return f"'{cell}" if _FORMULA_RE.match(cell) else cell


def restored(cell: str) -> str:
    """What ``defused`` was given."""
    return cell[1:] if cell[:1] == "'" and _FORMULA_RE.match(cell) else cell


def read_rows(path: Path, *, start: int = 0) -> Iterator[Row | BadRow]:
    """Read the rows of a table file one by one, after the first ``start`` of them.

    The kind follows from the first bytes (gzip, xlsx), then from the file's ending, then from the text. Of a
    workbook the first sheet is read; a title above its header is skipped. Nothing is opened, and no error
    raised, before the first row is asked for.

    Raises:
        FileFormatError: the file is missing, empty, damaged, of unknown encoding or without a proper header.
    """
    with contextlib.ExitStack() as stack:
        rows = (entry for entry in _entries(path, stack) if not isinstance(entry, list))
        for number, entry in enumerate(rows, start=1):
            if number > start:
                if isinstance(entry, BadRow):
                    entry = BadRow(number, entry.message, entry.values)
                yield Row(number, entry) if isinstance(entry, dict) else entry


def columns(path: Path) -> list[str]:
    """The names of a file's columns in order; for jsonl the keys of all its lines, by first appearance.

    Raises:
        FileFormatError: as for ``read_rows``, or no line of a jsonl file can be used.
    """
    found: dict[str, None] = {}
    with contextlib.ExitStack() as stack:
        for entry in _entries(path, stack):
            if isinstance(entry, list):
                return list(dict.fromkeys(entry))
            if isinstance(entry, dict):
                found.update(dict.fromkeys(entry))
                if len(found) > _MAX_COLUMNS:
                    raise FileFormatError(f"{path.name}: the lines have over {_MAX_COLUMNS} different keys")
    if not found:
        raise FileFormatError(f"{path.name}: no line holds a JSON object with a key")
    return list(found)


def shape(path: Path) -> Shape:
    """What a file is, by its first bytes, its ending and its text.

    Raises:
        FileFormatError: as for ``read_rows``.
    """
    with contextlib.ExitStack() as stack:
        return _opened(path, stack)[0]


def _entries(path: Path, stack: contextlib.ExitStack) -> _Entries:
    return _opened(path, stack)[1]()


def _opened(path: Path, stack: contextlib.ExitStack) -> tuple[Shape, Callable[[], _Entries]]:
    source = OpenFile(path, stack)
    if path.is_dir():
        source.fail("is a directory, not a file")
    magic = head(source, 4)
    if magic.startswith(_GZIP):
        source = OpenFile(path, stack, packed=True)
    endings = [ending.lower() for ending in path.suffixes[-2:]]
    if magic.startswith(_ZIP):
        return Shape("xlsx"), lambda: _grid(source, sheet_cells(source), "row")
    if magic.startswith(_OLD_EXCEL):
        source.fail("is an old or password-protected Excel file; save it as .xlsx without a password")
    begin = head(source, CHUNK)
    if ".xlsx" in endings and begin:
        source.fail("is damaged or no xlsx workbook")
    encoding = encoding_of(source, begin)
    first = begin.decode(encoding, "ignore").lstrip("\ufeff \t\r\n")
    a_record = not {".jsonl", ".ndjson", ".json"}.isdisjoint(endings)
    a_table = not {".csv", ".tsv", ".txt"}.isdisjoint(endings)
    if first[:1] == "[" and not a_table:
        source.fail("is one JSON array; one JSON object a line is expected (jsonl)")
    # An empty file goes the way of csv, where its lack of a header is reported.
    if first and (a_record or (first[:1] == "{" and not a_table)):
        return Shape("jsonl", encoding, "", source.packed), lambda: _json_records(source, encoding)
    delimiter = _delimiter(first.splitlines()[0] if first else "")
    table = Shape("csv", encoding, delimiter, source.packed)
    return table, lambda: _grid(source, _csv_cells(source, encoding), "line")


def _delimiter(header: str) -> str:
    unquoted = "".join(header.split('"')[::2])
    return max(",;\t", key=unquoted.count)


def _grid(source: OpenFile, rows: Cells, unit: str) -> _Entries:
    header: list[str] = []
    for where, found in rows:
        if isinstance(found, str):
            if not header:
                source.fail(f"the header in {unit} {where} cannot be read: {found}")
            yield BadRow(0, f"{unit} {where}: {found}")
            continue
        if not any(found):
            continue
        if not header:
            header = _header(source, [restored(name) for name in found], f"{unit} {where}")
            yield list(header)
            continue
        # A shorter row is whole: many programs leave out empty fields at the end.
        values = _by_name(header, found[: len(header)])
        if any(found[len(header) :]):
            message = f"{unit} {where}: {len(found)} fields, but the header has {len(header)}"
            yield BadRow(0, message, values)
        else:
            yield values
    if not header:
        source.fail("is empty")


def _header(source: OpenFile, names: list[str], where: str) -> list[str]:
    for position, name in enumerate(names, start=1):
        if not name:
            source.fail(f"column {position} of the header in {where} has no name")
    return names


def _by_name(header: list[str], cells: list[str]) -> dict[str, str]:
    pairs = itertools.zip_longest(header, map(restored, cells), fillvalue="")
    values: dict[str, str] = {}
    for name, cell in pairs:
        held = values.setdefault(name, cell)
        if cell and cell not in held.split(JOINT):
            values[name] = f"{held}{JOINT}{cell}" if held else cell
    return values


def _csv_cells(source: OpenFile, encoding: str) -> Cells:
    texts = (
        source.fail(f"line {number} is longer than {textfiles.MAX_LINE} characters") if line is None else line
        for number, line in enumerate(lines(source, encoding), start=1)
    )
    blanks: list[str] = []
    first = ""
    for first in texts:
        if first.strip("\ufeff \t\r\n"):
            break
        blanks.append("\n")
    reader = csv.reader(
        itertools.chain(blanks, [first.lstrip("\ufeff")], texts),
        delimiter=_delimiter(first),
        skipinitialspace=True,
        strict=True,
    )
    while True:
        line = reader.line_num + 1
        try:
            yield line, [cell.strip() for cell in next(reader)]
        except StopIteration:
            return
        except csv.Error as error:
            # After these two nobody knows where the next row starts.
            if "field limit" in str(error):
                source.fail(f"line {line}: a field is larger than 1 MB (a quote never closed?)", error)
            if "end of data" in str(error):
                source.fail(f"line {line}: a quote is opened and never closed", error)
            yield line, str(error)


def _json_records(source: OpenFile, encoding: str) -> _Entries:
    for number, line in enumerate(lines(source, encoding), start=1):
        if line is None:
            yield BadRow(0, f"line {number}: longer than {textfiles.MAX_LINE} characters")
        elif line := line.strip("\ufeff \t\r\n"):
            found = _json_record(line)
            yield BadRow(0, f"line {number}: {found}") if isinstance(found, str) else found


def _json_record(line: str) -> dict[str, str] | str:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError) as error:
        return f"no valid JSON ({error})"
    if not isinstance(record, dict):
        return "JSON, but no object"
    values = {key.strip(): as_text(value) for key, value in record.items()}
    if len(values) < len(record) or "" in values:
        return "a key is empty or there twice"
    if any(len(value) > MAX_FIELD for value in values.values()):
        return "a field is larger than 1 MB"
    try:
        "".join(itertools.chain.from_iterable(values.items())).encode()
    except UnicodeEncodeError:
        return "holds half a character (a lone surrogate)"
    return values
