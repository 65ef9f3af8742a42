"""A commented TOML file of ``data/``, read so that every mistake in it is told with file and line.

People edit these files by hand, so a wrong one must say where: ``taxonomy.toml:12: ...``. tomllib gives
no lines for what it has read; they are found by scanning the text, and only once something is wrong.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from models.errors import DataFileError

LANGUAGES = ("zh", "en")
"""Every name shown to people is written in these languages."""

Where = tuple[str | int, ...]
"""The place of an entry: keys, and the index after the name of an array, as in ``("rule", 2, "team")``."""

_CODE_RE = re.compile(r"[a-z0-9_]+")
_AT_LINE_RE = re.compile(r"\(at line (\d+), column \d+\)")
_TOKEN_RE = re.compile(
    r'"""(?:\\.|[^\\])*?"""|\'\'\'.*?\'\'\'|"(?:\\.|[^"\\\n])*"|\'[^\'\n]*\'|#[^\n]*|\n|[\[\]{}=,]|[^\s"\'#\[\]{}=,]+',
    re.DOTALL,
)
_KEY_PART_RE = re.compile(r'"([^"]*)"|\'([^\']*)\'|([^.\s"\']+)')
_KIND = {str: "a text", bool: "true or false", float: "a number", dict: "a table"}


@dataclass(frozen=True, slots=True)
class DataFile:
    """One file as it was read: its path and its text."""

    path: Path
    source: str

    def error(self, where: Where, message: str, containing: str | None = None) -> DataFileError:
        """The error to raise about the entry at ``where``; ``containing`` picks one line of a long list."""
        return DataFileError(str(self.path), line_of(self.source, where, containing), message)


@dataclass(frozen=True, slots=True)
class Table:
    """One table of a file, with checks that raise ``DataFileError`` naming the line."""

    file: DataFile
    where: Where
    values: dict[str, Any]

    def error(self, message: str, key: str | None = None, containing: str | None = None) -> DataFileError:
        """The error to raise about this table, or about one key of it."""
        return self.file.error(self.where if key is None else (*self.where, key), message, containing)

    def allow(self, *keys: str) -> None:
        """Refuse keys that nobody reads: they are slips of the pen."""
        for key in self.values:
            if key not in keys:
                raise self.error(f"unknown key {key!r}{did_you_mean(key, keys)}", key)

    def text(self, key: str, default: str | None = None) -> str:
        """A text that is not empty; required unless there is a default."""
        value: str = self._get(key, str, default)
        if not value.strip() and key in self.values:
            raise self.error(f"{key!r} is empty", key)
        return value

    def number(self, key: str, default: float | None = None, *, least: float = 0.0) -> float:
        """A number of at least ``least``; required unless there is a default."""
        value = self._get(key, float, default)
        if not least <= value < float("inf"):
            raise self.error(f"{key!r} must be a number of at least {least:g}", key)
        return float(value)

    def flag(self, key: str, default: bool) -> bool:
        """True or false."""
        value: bool = self._get(key, bool, default)
        return value

    def choice(self, key: str, allowed: Collection[str], default: str | None = None) -> str:
        """One of the allowed texts."""
        value = self.text(key, default)
        self.known(key, [value], allowed)
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of texts; a lone text is a list of one, a missing key an empty list."""
        value = self.values.get(key, [])
        if isinstance(value, str):
            value = [value]
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            raise self.error(f"{key!r} must be a list of texts", key)
        for one in value:
            if not one.strip():
                raise self.error(f"{key!r} holds an empty text", key)
        return tuple(value)

    def choices(self, key: str, allowed: Collection[str]) -> tuple[str, ...]:
        """A list of texts, each one of the allowed ones."""
        values = self.texts(key)
        self.known(key, values, allowed)
        return values

    def known(self, key: str, values: Iterable[str], allowed: Collection[str]) -> None:
        """Refuse values that are not among the allowed ones."""
        for value in values:
            if value not in allowed:
                hint = did_you_mean(value, allowed) or f"; possible are {', '.join(allowed)}"
                raise self.error(f"{key!r} has the unknown value {value!r}{hint}", key, value)

    def code(self) -> str:
        """The key ``code``: small letters, digits and ``_``, for it stands in addresses and databases."""
        value = self.text("code")
        if not _CODE_RE.fullmatch(value):
            raise self.error(f"the code {value!r} may hold only a-z, 0-9 and _", "code")
        return value

    def bilingual(self, key: str, *, required: bool = True) -> dict[str, str]:
        """A text in both languages, ``{ zh = "...", en = "..." }``."""
        if key not in self.values and not required:
            return {}
        table = self.table(key)
        table.allow(*LANGUAGES)
        return {language: table.text(language) for language in LANGUAGES}

    def table(self, key: str, *, required: bool = True) -> Table:
        """A table inside this one; an optional one that is missing is empty."""
        return Table(self.file, (*self.where, key), self._get(key, dict, None if required else {}))

    def tables(self, key: str, *, least: int = 0) -> list[Table]:
        """The tables of an array, ``[[key]]``, at least so many."""
        value = self.values.get(key, [])
        if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
            raise self.error(f"{key!r} must be written as [[{key}]] tables", key)
        if len(value) < least:
            raise self.error(f"at least {least} [[{key}]] needed, found {len(value)}", key)
        return [Table(self.file, (*self.where, key, i), one) for i, one in enumerate(value)]

    def _get(self, key: str, kind: type, default: Any) -> Any:
        if key not in self.values:
            if default is None:
                raise self.error(f"{key!r} is missing")
            return default
        value = self.values[key]
        wanted = (int, float) if kind is float else kind
        # For Python true is a number; for the person who wrote the file it is not.
        if not isinstance(value, wanted) or (isinstance(value, bool) and kind is not bool):
            raise self.error(f"{key!r} must be {_KIND[kind]}", key)
        return value


def read(path: Path) -> Table:
    """Read a file and give its top table.

    Raises:
        DataFileError: it is missing, a folder, unreadable, not UTF-8 or not TOML.
    """
    if path.is_dir():
        raise DataFileError(str(path), None, "is a folder, not a file")
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        raise DataFileError(str(path), None, "the file is missing") from None
    except OSError as error:
        raise DataFileError(str(path), None, f"cannot be read: {error.strerror}") from error
    try:
        # Editors on Windows put a byte order mark first.
        source = raw.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise DataFileError(str(path), line, "is not UTF-8 text; save it in the encoding UTF-8") from None
    try:
        values = tomllib.loads(source)
    except tomllib.TOMLDecodeError as error:
        at = _AT_LINE_RE.search(str(error))
        line = int(at[1]) if at else source.count("\n") + 1
        message = _AT_LINE_RE.sub("", str(error)).strip()
        raise DataFileError(str(path), line, f"not valid TOML: {message}") from None
    return Table(DataFile(path, source), (), values)


def unique_codes(tables: Iterable[Table], key: str = "code") -> None:
    """Refuse a code that stands twice, at the line of the second."""
    seen: set[str] = set()
    for table in tables:
        value = table.text(key)
        if value in seen:
            raise table.error(f"the {key} {value!r} stands twice", key)
        seen.add(value)


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """The closest known word as ``; did you mean 'x'?``, or nothing."""
    close = difflib.get_close_matches(word, list(known), n=1)
    return f"; did you mean {close[0]!r}?" if close else ""


def line_of(source: str, where: Where, containing: str | None = None) -> int | None:
    """The line (from 1) of an entry, or of the nearest entry around it; none for the whole file."""
    lines = _lines(source)
    while where and where not in lines:
        where = where[:-1]
    line = lines.get(where)
    if containing and (line or not where):
        for number, text in enumerate(source.split("\n"), start=1):
            # Backslashes are doubled inside "..." and single inside '...'.
            if number >= (line or 1) and (containing in text or containing.replace("\\", "\\\\") in text):
                return number
    return line


def _lines(source: str) -> dict[Where, int]:
    """Where each key and table begins; keys of inline tables count as part of their line."""
    found: dict[Where, int] = {}
    arrays: dict[Where, int] = {}
    inside: Where = ()
    for line, tokens in _statements(source):
        if tokens[0] != "[":
            parts = _key("".join(tokens[: tokens.index("=")])) if "=" in tokens else []
            for depth in range(1, len(parts) + 1):
                found.setdefault((*inside, *parts[:depth]), line)
            continue
        array = tokens[1] == "["
        parts = _key("".join(token for token in tokens if token not in "[]"))
        inside = ()
        for depth, part in enumerate(parts, start=1):
            inside = (*inside, part)
            if array and depth == len(parts):
                arrays[inside] = arrays.get(inside, -1) + 1
            found.setdefault(inside, line)
            if inside in arrays:
                inside = (*inside, arrays[inside])
        found.setdefault(inside, line)
    return found


def _statements(source: str) -> Iterable[tuple[int, list[str]]]:
    line = begun = 1
    depth = 0
    tokens: list[str] = []
    for match in _TOKEN_RE.finditer(source + "\n"):
        token = match.group()
        if token == "\n" and depth == 0 and tokens:
            yield begun, tokens
            tokens = []
        elif token[0] not in "\n#":
            begun = begun if tokens else line
            tokens.append(token)
            depth += (token in "[{") - (token in "]}")
        line += token.count("\n")


def _key(written: str) -> list[str]:
    return [next(part for part in parts if part) for parts in _KEY_PART_RE.findall(written)]
