"""Reading a data file: what is wrong is told with file and line."""

from pathlib import Path

import pytest

from models.errors import DataFileError
from triage.datafile import did_you_mean, line_of, read, unique_codes

SOURCE = '''# comment with [brackets] and key = 1
title = "a # no comment ]"

[one.two]
long = """
[not.a.table]
fake = 1
"""
list = [
  "first",  # ]
  "second",
]
inline = { a = 1, b = [2] }

[[row]]
code = "a"
[row.names]
zh = '[['

[[row]]
code = "b"
"quoted key" = 1
dotted.key = 2
[[row.part]]
code = "p"
[[row.part]]
code = "q"
'''


@pytest.mark.parametrize(
    ("where", "containing", "line"),
    [
        (("title",), None, 2),
        (("one", "two"), None, 4),
        (("one", "two", "long"), None, 5),
        (("one", "two", "list"), None, 9),
        (("one", "two", "list"), "second", 11),
        (("one", "two", "list"), "nowhere", 9),
        (("one", "two", "inline", "a"), None, 13),
        (("one", "two", "missing"), None, 4),
        (("row", 0), None, 15),
        (("row", 0, "code"), None, 16),
        (("row", 0, "names", "zh"), None, 18),
        (("row", 1, "code"), None, 21),
        (("row", 1, "quoted key"), None, 22),
        (("row", 1, "dotted", "key"), None, 23),
        (("row", 1, "part", 0, "code"), None, 25),
        (("row", 1, "part", 1, "code"), None, 27),
        (("gone",), None, None),
        ((), "quoted key", 22),
    ],
)
def test_the_line_of_every_entry(
    where: tuple[str | int, ...], containing: str | None, line: int | None
) -> None:
    assert line_of(SOURCE, where, containing) == line


def written(tmp_path: Path, source: str | bytes) -> Path:
    path = tmp_path / "some.toml"
    path.write_bytes(source if isinstance(source, bytes) else source.encode())
    return path


@pytest.mark.parametrize(
    ("source", "line", "message"),
    [
        ('a = 1\nb = "open\n', 2, "not valid TOML"),
        ("a = 1\na = 2\n", 2, "not valid TOML"),
        ("a = [1,\n", 2, "not valid TOML"),
        ("a = 1\n\nb = '中文'\n".encode("gbk"), 3, "is not UTF-8"),
    ],
)
def test_what_is_no_toml_is_told_with_its_line(
    tmp_path: Path, source: str | bytes, line: int, message: str
) -> None:
    path = written(tmp_path, source)
    with pytest.raises(DataFileError) as caught:
        read(path)
    assert caught.value.line == line
    assert caught.value.message.startswith(f"{path}:{line}: {message}")


def test_a_missing_file_and_a_folder_are_told(tmp_path: Path) -> None:
    with pytest.raises(DataFileError, match="is missing"):
        read(tmp_path / "none.toml")
    with pytest.raises(DataFileError, match="is a folder"):
        read(tmp_path)


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path) -> bytes:
        raise PermissionError(13, "Permission denied", str(path))

    path = written(tmp_path, "")
    monkeypatch.setattr(Path, "read_bytes", refuse)
    with pytest.raises(DataFileError, match="cannot be read: Permission denied"):
        read(path)


def test_a_byte_order_mark_and_windows_lines_are_read(tmp_path: Path) -> None:
    assert read(written(tmp_path, b"\xef\xbb\xbfa = 'x'\r\nb = 'y'\r\n")).text("b") == "y"


def test_values_are_checked_by_kind(tmp_path: Path) -> None:
    table = read(
        written(
            tmp_path, "n = 3\nt = 'x'\nf = true\nl = ['a']\nd = { zh = '甲', en = 'A' }\ne = ''\ni = inf\n"
        )
    )
    assert (table.number("n"), table.text("t"), table.flag("f", False)) == (3.0, "x", True)
    assert (table.texts("l"), table.texts("t"), table.texts("none")) == (("a",), ("x",), ())
    assert table.bilingual("d") == {"zh": "甲", "en": "A"}
    assert table.bilingual("none", required=False) == {}
    assert table.choice("t", ["x", "y"]) == "x"
    checks = [
        (lambda: table.number("t"), ":2: 't' must be a number"),
        (lambda: table.number("f"), ":3: 'f' must be a number"),
        (lambda: table.number("n", least=4), ":1: 'n' must be a number of at least 4"),
        (lambda: table.number("i"), ":7: 'i' must be a number"),
        (lambda: table.text("n"), ":1: 'n' must be a text"),
        (lambda: table.text("e"), ":6: 'e' is empty"),
        (lambda: table.text("gone"), "toml: 'gone' is missing"),
        (lambda: table.flag("n", False), ":1: 'n' must be true or false"),
        (lambda: table.table("l"), ":4: 'l' must be a table"),
        (lambda: table.tables("d"), ":5: 'd' must be written as"),
        (lambda: table.tables("l"), ":4: 'l' must be written as"),
        (lambda: table.tables("none", least=1), "at least 1"),
        (lambda: table.choice("t", ["y"]), ":2: 't' has the unknown value 'x'; possible are y"),
        (lambda: table.allow("n", "t"), ":3: unknown key 'f'"),
    ]
    for check, message in checks:
        with pytest.raises(DataFileError) as caught:
            check()
        assert message in caught.value.message


def test_a_code_that_stands_twice_is_told_at_the_second(tmp_path: Path) -> None:
    table = read(written(tmp_path, "[[row]]\ncode = 'a'\n[[row]]\ncode = 'a'\n"))
    with pytest.raises(DataFileError, match=":4: the code 'a' stands twice"):
        unique_codes(table.tables("row"))


def test_a_near_word_is_proposed() -> None:
    assert did_you_mean("categroy", ["category", "priority"]) == "; did you mean 'category'?"
    assert did_you_mean("zzz", ["category"]) == ""
