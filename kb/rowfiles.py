"""Table files, read row by row in bounded memory: csv, tsv, jsonl (each also gzipped) and xlsx.

What a whole file cannot recover from raises ``FileFormatError``, after the rows before it were given. What
is wrong with one row alone becomes a ``BadRow`` in its place, so that the others are not lost.
"""

from __future__ import annotations

import codecs
import contextlib
import csv
import datetime as dt
import gzip
import io
import itertools
import json
import warnings
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, NoReturn, cast

import openpyxl

from models.errors import FileFormatError

MAX_FIELD = 1_000_000
"""Characters in one value."""

_MAX_LINE = 16 * MAX_FIELD
_MAX_WORKBOOK_PARTS = 256_000_000
_MAX_COLUMNS = 2_000
_CHUNK = 1 << 16
_SAMPLE = 20_000
_SHEET_BATCH = 200
_GZIP, _ZIP, _OLD_EXCEL = b"\x1f\x8b", b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
_COMMON_ROWS = frozenset(bytes([row]) for row in range(0xA1, 0xD8))
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
# One limit for the whole process is all that the csv module has; its default of 128 KB is too small here.
csv.field_size_limit(MAX_FIELD)


@dataclass(frozen=True, slots=True)
class Row:
    """One data row, counted from 1 without blank rows; every column is there, stripped, empty ones as ``""``.

    In jsonl only the keys of that line are there; lists and objects are kept as JSON text.
    """

    number: int
    values: dict[str, str]


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that cannot be read and why; it has its place in the count."""

    number: int
    message: str


@dataclass(frozen=True, slots=True)
class _Source:
    """A file and the stack that closes, in every case, what is opened to read its rows."""

    path: Path
    stack: contextlib.ExitStack
    packed: bool = False

    def open(self) -> BinaryIO:
        return cast(BinaryIO, gzip.open(self.path, "rb")) if self.packed else self.path.open("rb")

    def fail(self, message: str, cause: BaseException | None = None) -> NoReturn:
        raise FileFormatError(f"{self.path.name}: {message}") from cause


# A header (list), a record (dict) or what is wrong with a record (str).
_Entries = Iterator[list[str] | dict[str, str] | str]
# Where a row stands, with its cells or what is wrong with it.
_Cells = Iterator[tuple[int, list[str] | str]]


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
                yield BadRow(number, entry) if isinstance(entry, str) else Row(number, entry)


def columns(path: Path) -> list[str]:
    """The names of a file's columns in order; for jsonl the keys of all its lines, by first appearance.

    Raises:
        FileFormatError: as for ``read_rows``, or no line of a jsonl file can be used.
    """
    found: dict[str, None] = {}
    with contextlib.ExitStack() as stack:
        for entry in _entries(path, stack):
            if isinstance(entry, list):
                return entry
            if isinstance(entry, dict):
                found.update(dict.fromkeys(entry))
                if len(found) > _MAX_COLUMNS:
                    raise FileFormatError(f"{path.name}: the lines have over {_MAX_COLUMNS} different keys")
    if not found:
        raise FileFormatError(f"{path.name}: no line holds a JSON object with a key")
    return list(found)


def _entries(path: Path, stack: contextlib.ExitStack) -> _Entries:
    source = _Source(path, stack)
    if path.is_dir():
        source.fail("is a directory, not a file")
    magic = _head(source, 4)
    if magic.startswith(_GZIP):
        source = _Source(path, stack, packed=True)
    endings = [ending.lower() for ending in path.suffixes[-2:]]
    if magic.startswith(_ZIP):
        return _grid(source, _sheet_cells(source), "row")
    if magic.startswith(_OLD_EXCEL):
        source.fail("is an old or password-protected Excel file; save it as .xlsx without a password")
    head = _head(source, _CHUNK)
    if ".xlsx" in endings and head:
        source.fail("is damaged or no xlsx workbook")
    encoding = _encoding(source, head)
    begin = head.decode(encoding, "ignore").lstrip("\ufeff \t\r\n")[:1]
    lines = not {".jsonl", ".ndjson", ".json"}.isdisjoint(endings)
    table = not {".csv", ".tsv", ".txt"}.isdisjoint(endings)
    if begin == "[" and not table:
        source.fail("is one JSON array; one JSON object a line is expected (jsonl)")
    # An empty file goes the way of csv, where its lack of a header is reported.
    if begin and (lines or (begin == "{" and not table)):
        return _json_records(source, encoding)
    return _grid(source, _csv_cells(source, encoding), "line")


def _head(source: _Source, size: int) -> bytes:
    try:
        with source.open() as stream:
            return stream.read(size) if not source.packed else next(_chunks(stream), b"")
    except FileNotFoundError as error:
        source.fail("there is no such file", error)
    except OSError as error:
        source.fail(f"cannot be read: {error.strerror or error}", error)


def _chunks(stream: BinaryIO) -> Iterator[bytes]:
    # read1, because read loses what was unpacked before a break. A break ends this pass quietly: the rows
    # before it are wanted, and the pass that reads them reports it.
    with contextlib.suppress(EOFError, OSError, zlib.error):
        while chunk := cast(io.BufferedReader, stream).read1(_CHUNK):
            yield chunk


def _encoding(source: _Source, head: bytes) -> str:
    # The whole file is tried, not only its beginning: a wrong guess would spoil the rows further down.
    if head.startswith(_UTF16):
        if _fit(source, "utf-16")[0]:
            source.fail("starts like UTF-16, but is not; save it as UTF-8")
        return "utf-16"
    wrong, cut, _ = _fit(source, "utf-8-sig")
    if wrong or cut:
        unfit, _, sample = _fit(source, "gb18030")
        if not unfit and _is_chinese(sample):
            return "gb18030"
    if wrong:
        source.fail(
            f"line {wrong} is not UTF-8 (nor is the file GB18030, or UTF-16 with a mark); save it as UTF-8"
        )
    return "utf-8-sig"


def _fit(source: _Source, encoding: str) -> tuple[int, bool, str]:
    """The line of the first wrong byte (0: none), whether the file ends in the middle of a character, and a
    sample of the characters beyond ASCII."""
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    line, sample, controls, seen = 1, "", 0, 0
    with source.open() as stream:
        for chunk in _chunks(stream):
            try:
                text = decoder.decode(chunk)
            except UnicodeDecodeError as error:
                if b"\0" in chunk and encoding != "utf-16":
                    source.fail(f"holds NUL bytes after line {line}: binary data, not a table")
                return line + error.object[: error.start].count(b"\n"), False, sample
            if "\0" in text:
                where = line + text[: text.index("\0")].count("\n")
                source.fail(f"line {where} holds NUL bytes: binary data, or UTF-16 without a byte order mark")
            if seen < _SAMPLE:
                seen += len(text)
                controls += sum(1 for char in text if char < " " and char not in "\t\n\v\f\r")
                if controls > 8 + seen // 50:
                    source.fail("holds binary data, not a table")
            if len(sample) < _SAMPLE and not text.isascii():
                sample += "".join(char for char in text if char > "\x7f")[:_SAMPLE]
            line += text.count("\n")
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return 0, True, sample
    return 0, False, sample


def _is_chinese(sample: str) -> bool:
    # Nearly every byte pair is some character in GB18030. Text uses the common ones (rows 1 to 55 of GB
    # 2312); Big5, Latin-1 and damaged UTF-8 read as GB18030 give many rare ones.
    common = sum(1 for char in sample if char.encode("gb2312", "ignore")[:1] in _COMMON_ROWS)
    return 4 * common >= 3 * len(sample)


def _lines(source: _Source, encoding: str) -> Iterator[str | None]:
    """Lines with their ends; None for one that is too long to be held."""
    count = 0
    try:
        text = source.stack.enter_context(io.TextIOWrapper(source.open(), encoding, newline=""))
        while line := text.readline(_MAX_LINE):
            long = len(line) == _MAX_LINE and line[-1] not in "\r\n"
            while line and long and line[-1] not in "\r\n":
                line = text.readline(_MAX_LINE)
            count += 1
            yield None if long else line
    except (EOFError, OSError, zlib.error, UnicodeDecodeError) as error:
        source.fail(f"is damaged or only half a file: it breaks off after line {count}", error)


def _grid(source: _Source, rows: _Cells, unit: str) -> _Entries:
    header: list[str] = []
    for where, found in rows:
        if isinstance(found, str):
            if not header:
                source.fail(f"the header in {unit} {where} cannot be read: {found}")
            yield f"{unit} {where}: {found}"
            continue
        if not any(found):
            continue
        if not header:
            header = _header(source, found, f"{unit} {where}")
            yield list(header)
        elif any(found[len(header) :]):
            yield f"{unit} {where}: {len(found)} fields, but the header has {len(header)}"
        else:
            # A shorter row is whole: many programs leave out empty fields at the end.
            yield dict(itertools.zip_longest(header, found[: len(header)], fillvalue=""))
    if not header:
        source.fail("is empty")


def _header(source: _Source, names: list[str], where: str) -> list[str]:
    for position, name in enumerate(names, start=1):
        if not name:
            source.fail(f"column {position} of the header in {where} has no name")
        if name in names[: position - 1]:
            source.fail(f"the header in {where} names the column '{name[:80]}' twice")
    return names


def _csv_cells(source: _Source, encoding: str) -> _Cells:
    lines = (
        source.fail(f"line {number} is longer than {_MAX_LINE} characters") if line is None else line
        for number, line in enumerate(_lines(source, encoding), start=1)
    )
    blanks: list[str] = []
    first = ""
    for first in lines:
        if first.strip("\ufeff \t\r\n"):
            break
        blanks.append("\n")
    unquoted = "".join(first.split('"')[::2])
    delimiter = max(",;\t", key=unquoted.count)
    reader = csv.reader(
        itertools.chain(blanks, [first.lstrip("\ufeff")], lines),
        delimiter=delimiter,
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


def _sheet_cells(source: _Source) -> _Cells:
    stream = source.stack.enter_context(source.path.open("rb"))
    try:
        with zipfile.ZipFile(stream) as archive:
            parts = [part for part in archive.infolist() if "worksheets/" not in part.filename]
        if sum(part.file_size for part in parts) > _MAX_WORKBOOK_PARTS:
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


def _sheet_rows(source: _Source, rows: Iterator[Any]) -> _Cells:
    count = 0
    while True:
        batch: list[list[str]] = []
        failure: Exception | None = None
        # In batches, because the switch for openpyxl's remarks must not stay set while others run.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                batch.extend([_text(cell) for cell in row] for row in itertools.islice(rows, _SHEET_BATCH))
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


def _without_title(rows: _Cells) -> _Cells:
    """Leave out a title: a lone first cell right above a row with more than one."""
    filled = (row for row in rows if row[1])
    first = list(itertools.islice(filled, 2))
    if len(first) == 2 and len(first[0][1]) == 1 and len(first[1][1]) > 1:
        del first[0]
    return itertools.chain(first, filled)


def _json_records(source: _Source, encoding: str) -> _Entries:
    for number, line in enumerate(_lines(source, encoding), start=1):
        if line is None:
            yield f"line {number}: longer than {_MAX_LINE} characters"
        elif line := line.strip("\ufeff \t\r\n"):
            found = _json_record(line)
            yield f"line {number}: {found}" if isinstance(found, str) else found


def _json_record(line: str) -> dict[str, str] | str:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError) as error:
        return f"no valid JSON ({error})"
    if not isinstance(record, dict):
        return "JSON, but no object"
    values = {key.strip(): _text(value) for key, value in record.items()}
    if len(values) < len(record) or "" in values:
        return "a key is empty or there twice"
    if any(len(value) > MAX_FIELD for value in values.values()):
        return "a field is larger than 1 MB"
    try:
        "".join(itertools.chain.from_iterable(values.items())).encode()
    except UnicodeEncodeError:
        return "holds half a character (a lone surrogate)"
    return values


def _text(value: object) -> str:
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
