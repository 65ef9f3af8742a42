"""Table files: every format and encoding, what breaks a file, and what spoils one row alone."""

from __future__ import annotations

import csv
import datetime as dt
import gzip
import io
import json
import tracemalloc
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kb import textfiles, workbooks
from kb.rowfiles import JOINT, BadRow, Row, Shape, columns, defused, read_rows, restored, shape
from models.errors import FileFormatError

TABLE = "id,description\n1,打印机无法开机，请尽快处理\n2,The portal shows error 500\n"
ROWS = [
    Row(1, {"id": "1", "description": "打印机无法开机，请尽快处理"}),
    Row(2, {"id": "2", "description": "The portal shows error 500"}),
]
LINES = "".join(json.dumps(row.values, ensure_ascii=False) + "\n" for row in ROWS)


def write(folder: Path, name: str, data: bytes | str) -> Path:
    path = folder / name
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path


def workbook(folder: Path, rows: Sequence[Sequence[object]], name: str = "table.xlsx") -> Path:
    book = openpyxl.Workbook()
    for row in rows:
        book.worksheets[0].append(list(row))
    book.save(folder / name)
    book.close()
    return folder / name


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.csv", TABLE.encode()),
        ("a.tsv", TABLE.replace(",", "\t").encode()),
        ("semicolon.csv", TABLE.replace(",", ";").encode()),
        ("a.csv.gz", gzip.compress(TABLE.encode())),
        ("a.jsonl", LINES.encode()),
        ("a.jsonl.gz", gzip.compress(LINES.encode())),
        ("no_ending", LINES.encode()),
        ("upload.bin", gzip.compress(TABLE.encode())),
        ("crlf.csv", TABLE.replace("\n", "\r\n").encode()),
        ("cr.csv", TABLE.replace("\n", "\r").encode()),
        ("blank_lines.csv", ("\n\n" + TABLE.replace("\n", "\n\n,\n")).encode()),
        ("bom.csv", TABLE.encode("utf-8-sig")),
        ("bom.jsonl", LINES.encode("utf-8-sig")),
        ("gb.csv", TABLE.encode("gb18030")),
        ("gb.jsonl", LINES.encode("gb18030")),
        ("utf16.csv", TABLE.encode("utf-16")),
        ("utf16be.csv", b"\xfe\xff" + TABLE.encode("utf-16-be")),
        ("excel_unicode_text.txt", TABLE.replace(",", "\t").encode("utf-16")),
    ],
)
def test_every_format_and_encoding_gives_the_same_rows(tmp_path: Path, name: str, data: bytes) -> None:
    path = write(tmp_path, name, data)
    assert list(read_rows(path)) == ROWS
    assert columns(path) == ["id", "description"]


def test_workbook_with_dates_numbers_title_and_gaps(tmp_path: Path) -> None:
    path = workbook(
        tmp_path,
        [
            ["客户问题跟踪表"],
            [],
            ["id", "at", "n", "ok", "share", None],
            ["A-1", dt.datetime.fromisoformat("2019-07-01 10:20"), 13800138000, True, 0.25],
            [None, None],
            [" A-2 ", dt.date(2019, 7, 2), 4.0, False],
            ["A-3", "", "", "", "", "", "too far"],
        ],
    )
    assert list(read_rows(path)) == [
        Row(1, {"id": "A-1", "at": "2019-07-01T10:20:00", "n": "13800138000", "ok": "true", "share": "0.25"}),
        Row(2, {"id": "A-2", "at": "2019-07-02T00:00:00", "n": "4", "ok": "false", "share": ""}),
        BadRow(3, "row 7: 7 fields, but the header has 5"),
    ]
    assert columns(path) == ["id", "at", "n", "ok", "share"]
    assert len(list(read_rows(path.rename(tmp_path / "stored")))) == 3


def test_a_workbook_of_one_column_has_no_title(tmp_path: Path) -> None:
    path = workbook(tmp_path, [["text"], ["one"], ["two"]])
    assert [row.values for row in read_rows(path) if isinstance(row, Row)] == [
        {"text": "one"},
        {"text": "two"},
    ]


def test_a_long_workbook_is_read_in_batches(tmp_path: Path) -> None:
    path = workbook(tmp_path, [["n"], *[[n] for n in range(1, 1001)]])
    rows = list(read_rows(path, start=990))
    assert [row.number for row in rows] == list(range(991, 1001))


def test_openpyxl_remarks_do_not_reach_the_caller(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = workbook(tmp_path, [["text"], ["one"]])
    load = openpyxl.load_workbook

    def remarking(*args: Any, **kwargs: Any) -> object:
        warnings.warn("Workbook contains no default style", stacklevel=1)
        return load(*args, **kwargs)

    monkeypatch.setattr(openpyxl, "load_workbook", remarking)
    assert len(list(read_rows(path))) == 1


def test_json_values_become_text(tmp_path: Path) -> None:
    line = (
        '{"id": 7, " a ": null, "b": [1, "二"], "c": {"d": 1}, "e": true, "f": 2.5, "g": NaN, "h": " x "}\n'
    )
    (row,) = read_rows(write(tmp_path, "a.jsonl", line))
    assert row == Row(
        1, {"id": "7", "a": "", "b": '[1, "二"]', "c": '{"d": 1}', "e": "true", "f": "2.5", "g": "", "h": "x"}
    )


def test_json_columns_are_those_of_all_lines(tmp_path: Path) -> None:
    path = write(tmp_path, "a.jsonl", '{"id": 1}\nnonsense\n{"text": "x", "id": 2}\n')
    assert columns(path) == ["id", "text"]


def test_quoted_fields_keep_delimiters_lines_and_quotes(tmp_path: Path) -> None:
    path = write(tmp_path, "a.csv", '"id", "a;b;c;d"\n1, "x, ""y""\nz"\n2\n')
    assert list(read_rows(path)) == [
        Row(1, {"id": "1", "a;b;c;d": 'x, "y"\nz'}),
        Row(2, {"id": "2", "a;b;c;d": ""}),
    ]


def test_a_column_that_stands_there_twice_keeps_all_its_values(tmp_path: Path) -> None:
    path = write(tmp_path, "a.csv", "id,note,note,note\n1,a,,b\n2,a,a,\n3\n")
    assert columns(path) == ["id", "note"]
    notes = [row.values["note"] for row in read_rows(path) if isinstance(row, Row)]
    assert notes == [f"a{JOINT}b", "a", ""]


@pytest.mark.parametrize(
    "cell", ["=1+1", "+86 138", "-5", "@now", "'=1", "''+2", "'quoted'", "it's", "#REF!", ""]
)
def test_what_a_spreadsheet_would_run_is_defused_and_restored(tmp_path: Path, cell: str) -> None:
    assert restored(defused(cell)) == cell
    assert defused(cell)[:1] not in tuple("=+-@")
    path = write(tmp_path, "a.csv", f'id,text\n1,"{defused(cell)}"\n')
    assert list(read_rows(path)) == [Row(1, {"id": "1", "text": cell})]


@pytest.mark.parametrize(
    ("name", "data", "expected"),
    [
        ("a.csv", TABLE.encode("gb18030"), Shape("csv", "gb18030", ",")),
        ("a.csv", TABLE.replace(",", ";").encode("utf-16"), Shape("csv", "utf-16", ";")),
        ("a.csv.gz", gzip.compress(TABLE.encode()), Shape("csv", "utf-8-sig", ",", True)),
        ("a.jsonl", LINES.encode(), Shape("jsonl", "utf-8-sig")),
    ],
)
def test_what_a_file_is(tmp_path: Path, name: str, data: bytes, expected: Shape) -> None:
    assert shape(write(tmp_path, name, data)) == expected


def test_bad_rows_do_not_lose_the_others(tmp_path: Path) -> None:
    path = write(tmp_path, "a.csv", 'a,b\n1,2\n1,2,3\n"x"y,2\n3,4\n')
    first, wide, quote, last = read_rows(path)
    assert first == Row(1, {"a": "1", "b": "2"})
    assert wide == BadRow(2, "line 3: 3 fields, but the header has 2")
    assert isinstance(quote, BadRow)
    assert quote.message.startswith("line 4:")
    assert last == Row(4, {"a": "3", "b": "4"})
    assert list(read_rows(path, start=2)) == [quote, last]
    assert list(read_rows(path, start=9)) == []


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('{"id": 1', "no valid JSON"),
        ("[" * 100_000, "no valid JSON"),
        ("[1]", "no object"),
        ("17", "no object"),
        ('{"a": 1, " a": 2}', "twice"),
        ('{"": 1}', "empty"),
        (r'{"a": "\ud800"}', "surrogate"),
        ('{"a": "' + "x" * 1_000_001 + '"}', "1 MB"),
        ('{"a": 1' + "0" * 5000 + "}", "no valid JSON"),
    ],
)
def test_bad_json_lines(tmp_path: Path, line: str, message: str) -> None:
    good, bad, after = read_rows(write(tmp_path, "a.jsonl", f'{{"id": 1}}\n\n{line}\n{{"id": 3}}\n'))
    assert isinstance(bad, BadRow)
    assert (good.number, bad.number, after) == (1, 2, Row(3, {"id": "3"}))
    assert bad.message.startswith("line 3: ")
    assert message in bad.message


def test_a_json_line_without_end_is_skipped_unread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(textfiles, "MAX_LINE", 50)
    path = write(tmp_path, "a.jsonl", '{"a": "' + "x" * 990 + '"}\n{"a": 2}\n')
    assert list(read_rows(path)) == [BadRow(1, "line 1: longer than 50 characters"), Row(2, {"a": "2"})]
    path = write(tmp_path, "a.csv", "a,b\n" + "x" * 99)
    with pytest.raises(FileFormatError, match="line 2 is longer than 50"):
        list(read_rows(path))


def _damaged_sheet(data: bytes) -> bytes:
    position = data.index(b"PK\x01\x02") // 2
    return data[:position] + b"\x55" * 40 + data[position + 40 :]


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("a.csv", b"", "a.csv: is empty"),
        ("a.jsonl", b"", "a.jsonl: is empty"),
        ("a.csv", b"\xef\xbb\xbf \n\n", "a.csv: is empty"),
        ("a.csv.gz", gzip.compress(b""), "is empty"),
        ("a.csv", bytes(range(256)) * 50, "NUL"),
        ("a.csv", b"\x89PNG\r\n\x1a\n" + bytes(range(1, 256)) * 50, "line 1 is not UTF-8"),
        ("a.csv", bytes(range(1, 32)) * 50, "binary data"),
        ("a.csv", b"id,text\n1,a\n2,b\0c\n", "line 3 holds NUL"),
        ("a.csv", TABLE.encode("utf-16-le"), "NUL"),
        ("a.csv", b"\xff\xfeid,\x00\xd8\x41\x00\x00", "UTF-16"),
        ("a.csv", "id,text\n1,café\n2,naïve à la carte\n".encode("latin-1"), "line 2 is not UTF-8"),
        ("a.csv", "編號,問題描述\n1,印表機無法開機，請儘快處理\n".encode("big5"), "line 1 is not UTF-8"),
        ("a.csv", TABLE.encode().replace(b"500", b"\xff\xff"), "line 3 is not UTF-8"),
        ("a.csv", "\n\nid,,text\n1,a,b\n", "column 2 of the header in line 3 has no name"),
        ("a.csv", '"a"b,c\n1,2\n', "header in line 1 cannot be read"),
        ("a.jsonl", '[{"a": 1}]', "JSON array"),
        ("a.xlsx", TABLE, "no xlsx workbook"),
        ("a.xlsx", b"PK\x03\x04" + b"\0" * 100, "no xlsx workbook"),
        ("a.xls", b"\xd0\xcf\x11\xe0" + b"\0" * 100, "save it as .xlsx"),
        ("a.csv.gz", b"\x1f\x8b\x08", "half a file"),
        ("a.csv.gz", b"\x1f\x8b" + b"nonsense" * 9, "half a file"),
    ],
)
def test_faults_of_a_whole_file(tmp_path: Path, name: str, data: bytes | str, message: str) -> None:
    path = write(tmp_path, name, data)
    for read in (lambda: list(read_rows(path)), lambda: columns(path)):
        with pytest.raises(FileFormatError) as caught:
            read()
        assert message in caught.value.message
        assert caught.value.message.startswith(f"{name}: ")


@pytest.mark.parametrize("read", [lambda path: list(read_rows(path)), columns])
def test_missing_file_and_directory(tmp_path: Path, read: Callable[[Path], object]) -> None:
    with pytest.raises(FileFormatError, match=r"none\.csv: there is no such file"):
        read(tmp_path / "none.csv")
    with pytest.raises(FileFormatError, match="is a directory"):
        read(tmp_path)


def test_columns_of_a_file_without_any_object(tmp_path: Path) -> None:
    with pytest.raises(FileFormatError, match="no line holds"):
        columns(write(tmp_path, "a.jsonl", "1\n"))


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_half_a_gzip_file_gives_the_rows_before_the_break(tmp_path: Path, kind: str) -> None:
    rows = [{"id": str(n), "text": f"工单 {n * 7919 % 10007} {n * 104729 % 99991}"} for n in range(20_000)]
    if kind == "csv":
        text = io.StringIO()
        table = csv.DictWriter(text, ["id", "text"])
        table.writeheader()
        table.writerows(rows)
        whole = text.getvalue()
    else:
        whole = "".join(json.dumps(row) + "\n" for row in rows)
    packed = gzip.compress(whole.encode())
    path = write(tmp_path, f"a.{kind}.gz", packed[: len(packed) // 2])
    got: list[Row | BadRow] = []
    with pytest.raises(FileFormatError, match="half a file: it breaks off after line"):
        for row in read_rows(path):
            got.append(row)
    assert 5_000 < len(got) < 20_000
    assert got == [Row(n, row) for n, row in enumerate(rows[: len(got)], start=1)]


def test_a_text_cut_inside_a_character_is_half_a_file(tmp_path: Path) -> None:
    path = write(tmp_path, "a.csv", TABLE.encode() + "3,坏".encode()[:-1])
    rows = read_rows(path)
    assert [next(rows), next(rows)] == ROWS
    with pytest.raises(FileFormatError, match="breaks off after line 3"):
        next(rows)


@pytest.mark.parametrize(
    ("tail", "message"),
    [
        ('3,"never closed\n4,x\n5,y\n', "line 4: a quote is opened and never closed"),
        ("3," + "x" * 1_000_001 + "\n", "line 4: a field is larger than 1 MB"),
        ('3,"' + "x\n" * 600_000, "line 4: a field is larger than 1 MB"),
    ],
)
def test_faults_after_which_no_row_can_be_found(tmp_path: Path, tail: str, message: str) -> None:
    rows = read_rows(write(tmp_path, "a.csv", TABLE + tail))
    assert [next(rows), next(rows)] == ROWS
    with pytest.raises(FileFormatError) as caught:
        next(rows)
    assert message in caught.value.message


def test_a_field_just_under_the_limit_is_read(tmp_path: Path) -> None:
    (row,) = read_rows(write(tmp_path, "a.csv", "id,text\n1," + "x" * 999_999))
    assert isinstance(row, Row)
    assert len(row.values["text"]) == 999_999


def test_a_workbook_damaged_inside(tmp_path: Path) -> None:
    path = workbook(tmp_path, [["n", "text"], *[[n, f"row {n * 7919}"] for n in range(5000)]])
    path.write_bytes(_damaged_sheet(path.read_bytes()))
    with pytest.raises(FileFormatError, match="damaged"):
        list(read_rows(path))
    path.write_bytes(path.read_bytes()[:5000])
    with pytest.raises(FileFormatError, match="damaged or no xlsx workbook"):
        list(read_rows(path))


def test_a_workbook_too_large_to_be_held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbooks, "_MAX_PARTS", 100)
    with pytest.raises(FileFormatError, match="too large"):
        list(read_rows(workbook(tmp_path, [["a"], ["b"]])))


def test_an_empty_workbook(tmp_path: Path) -> None:
    with pytest.raises(FileFormatError, match="is empty"):
        list(read_rows(workbook(tmp_path, [])))


@pytest.mark.parametrize("ending", ["csv", "jsonl", "csv.gz"])
def test_rows_stream_in_bounded_memory(tmp_path: Path, ending: str) -> None:
    line = '{"text": "' + "x" * 1000 + '"}\n' if ending == "jsonl" else "x" * 1000 + "\n"
    data = ("text\n" + line * 20_000).encode()
    path = write(tmp_path, f"a.{ending}", gzip.compress(data, 1) if ending.endswith("gz") else data)
    tracemalloc.start()
    try:
        assert sum(1 for _ in read_rows(path)) >= 20_000
        assert tracemalloc.get_traced_memory()[1] < 3_000_000
    finally:
        tracemalloc.stop()


def test_reading_the_first_row_does_not_read_the_rest(tmp_path: Path) -> None:
    # The fault is in the last line: it shows only to those who read on.
    rows = read_rows(write(tmp_path, "a.csv", TABLE + "x,y\n" * 50_000 + '"'))
    assert next(rows) == ROWS[0]
    rows.close()  # type: ignore[attr-defined]  # a generator behind Iterator


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    table=st.lists(
        st.tuples(
            st.integers(0, 10**6).map(str),
            st.text(st.characters(exclude_categories=["C"]) | st.sampled_from(',;\t"\n 中文')).map(str.strip),
        ),
        max_size=6,
    ),
    delimiter=st.sampled_from(",;\t"),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)
def test_what_is_written_as_csv_is_read_back(
    tmp_path: Path, table: list[tuple[str, str]], delimiter: str, encoding: str
) -> None:
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, quoting=csv.QUOTE_ALL).writerows(
        [("id", "text"), *((key, defused(value)) for key, value in table)]
    )
    path = write(tmp_path, "round.csv", text.getvalue().encode(encoding))
    assert list(read_rows(path)) == [
        Row(number, {"id": key, "text": value}) for number, (key, value) in enumerate(table, start=1)
    ]
