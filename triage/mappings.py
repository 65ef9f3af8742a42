"""The ready mappings for exports of other systems: ``data/mappings/*.toml``, checked when they are read."""

from __future__ import annotations

from pathlib import Path

from kb.cells import CODES, TARGETS
from kb.columns import FIELDS
from kb.dates import ORDERS
from kb.mappings import LEFT_OUT, Names, Ready
from models import text
from models.errors import DataFileError
from triage.datafile import Table, read

FOLDER = "mappings"
REST = "*"
"""In a table of values: all words that are not listed."""

_OTHER_VALUES = ("satisfaction",)
_REPLACED = ("category", "priority")
"""An organisation replaces these codes as a whole; that must not stop a service that imports no such file."""


class _ReplacedCodeError(Exception):
    """A mapping speaks of a category or priority that is not there."""


def load_mappings(folder: Path, names: Names) -> tuple[Ready, ...]:
    """Read the mappings of a data folder; ``names`` are the codes they may speak of. There may be none.

    Raises:
        DataFileError: a file is wrong; the message names the line.
    """
    return tuple(_ready(path, names) for path in sorted((folder / FOLDER).glob("*.toml")))


def _ready(path: Path, names: Names) -> Ready:
    top = read(path)
    top.allow("title", "recognised_by", "dates", "values", *FIELDS)
    header = top.texts("recognised_by")
    if not header:
        raise top.error("'recognised_by' lists column names that together give this system's exports away")
    values = top.table("values", required=False)
    values.allow(*CODES, *_OTHER_VALUES)
    meant: dict[str, dict[str, str]] = {}
    wrong = ""
    for field in values.values:
        try:
            meant[field] = _values(values.table(field), field, names)
        except _ReplacedCodeError as error:
            wrong = wrong or error.args[0]
    return Ready(
        name=path.stem,
        title=top.text("title"),
        header=header,
        fields={kind: _fields(top.table(kind), kind) for kind in FIELDS if kind in top.values},
        values=meant,
        dates=top.choice("dates", ORDERS) if "dates" in top.values else "",
        wrong=wrong,
    )


def _fields(table: Table, kind: str) -> dict[str, str]:
    return {column: table.choice(column, (*FIELDS[kind], LEFT_OUT)) for column in table.values}


def _values(table: Table, field: str, names: Names) -> dict[str, str]:
    known = names.get(TARGETS.get(field, field))
    codes = sorted(set(known.values())) if known is not None else None
    found = {}
    for word, code in table.values.items():
        if not isinstance(code, str):
            raise table.error(f"{word!r} must be a text: a code, or empty for none", word)
        if code and codes is not None:
            try:
                table.known(word, [code], codes)
            except DataFileError as error:
                if field in _REPLACED:
                    raise _ReplacedCodeError(error.message) from error
                raise
        found[word if word == REST else text.fold(word).strip()] = code
    return found
