"""Mappings: which column of a file is which field, chosen by a person or known of another system's export.

The ready ones are data files, read and checked above this package; here is what is done with them.
"""

from __future__ import annotations

import json
import re
from collections import abc
from dataclasses import dataclass, field

from kb.dates import ORDERS
from models import text
from models.errors import InputError

LEFT_OUT = "-"
"""Stands for the field of a column that nobody needs."""

NO_READY = "none"
"""Chosen as the ready mapping by those who want none."""

Names = abc.Mapping[str, abc.Mapping[str, str]]
"""Target (``category priority status tier cause cause_kind team channel``) -> folded name -> code. A target
that is absent is not checked."""


def key(name: str) -> str:
    """A name without what its spellings differ in: case, width, spaces and joints."""
    return re.sub(r"[\W_]+", "", text.fold(name))


@dataclass(frozen=True, slots=True)
class Mapping:
    """Our field -> the file's column, and the columns nothing was found for.

    ``values`` says, by field, what another system's words mean (``*``: all others; empty: nothing);
    ``orders`` how a field's dates such as 03/04/2026 are read; ``ready`` which ready mapping was used.
    """

    fields: dict[str, str]
    unknown: list[str]
    values: abc.Mapping[str, abc.Mapping[str, str]] = field(default_factory=dict)
    orders: abc.Mapping[str, str] = field(default_factory=dict)
    ready: str = ""


@dataclass(frozen=True, slots=True)
class Ready:
    """The mapping for one system's exports; ``header`` are column names that together give it away.

    ``wrong`` is why it cannot be used, where it speaks of codes that the organisation no longer has.
    """

    name: str
    title: str
    header: tuple[str, ...]
    fields: abc.Mapping[str, abc.Mapping[str, str]]
    values: abc.Mapping[str, abc.Mapping[str, str]]
    dates: str = ""
    wrong: str = ""


@dataclass(frozen=True, slots=True)
class Choice:
    """What a person chose for an import; empty where nothing was."""

    columns: abc.Mapping[str, str] = field(default_factory=dict)
    ready: str = ""
    dates: str = ""

    def __bool__(self) -> bool:
        return bool(self.columns or self.ready or self.dates)

    def as_json(self) -> dict[str, object]:
        """As it is stored with the import."""
        return {"columns": dict(self.columns), "ready": self.ready, "dates": self.dates}


def choice(columns: object = None, ready: str = "", dates: str = "") -> Choice:
    """What was chosen, checked as far as it can be without the file.

    Raises:
        InputError: the mapping is no object of texts, or the order of dates is none of ``ORDERS``.
    """
    if columns is None:
        columns = {}
    if not isinstance(columns, dict) or not all(
        isinstance(part, str) for pair in columns.items() for part in pair
    ):
        raise InputError('the mapping is an object of texts, {"column": "field"}', field="mapping")
    if dates and dates not in ORDERS:
        raise InputError(f"the order of dates is {' or '.join(ORDERS)}, not {dates!r}", field="dates")
    return Choice(columns, ready, dates)


def from_json(sent: str) -> dict[str, str]:
    """A mapping as it is sent over the wire.

    Raises:
        InputError: it is no JSON object.
    """
    try:
        found = json.loads(sent) if sent.strip() else {}
    except (ValueError, RecursionError) as error:
        raise InputError(f"the mapping is no valid JSON: {error}", field="mapping") from error
    return dict(choice(found).columns)


def from_words(words: str) -> dict[str, str]:
    """A mapping as it is typed: ``Summary=subject,Details=description``.

    Raises:
        InputError: a part has no ``=``.
    """
    found: dict[str, str] = {}
    for part in filter(None, (part.strip() for part in words.split(","))):
        # The last one: a column may have the sign in its name, a field has not.
        column, sign, name = part.rpartition("=")
        if not sign or not column.strip():
            raise InputError(f"the mapping is written as column=field, not {part!r}", field="mapping")
        found[column.strip()] = name.strip()
    return found


def find_ready(columns: abc.Sequence[str], ready: abc.Sequence[Ready], wanted: str = "") -> Ready | None:
    """The ready mapping that is wanted, or the one that the header gives away; None for neither.

    Raises:
        InputError: there is none of that name, or it cannot be used.
    """
    if wanted == NO_READY:
        return None
    found = _named(ready, wanted) if wanted else _by_header(columns, ready)
    if found is not None and found.wrong:
        message = f"the mapping {found.name} cannot be used: {found.wrong}; correct it, or choose {NO_READY}"
        raise InputError(message, field="system")
    return found


def _named(ready: abc.Sequence[Ready], wanted: str) -> Ready:
    for one in ready:
        if one.name == wanted:
            return one
    listed = ", ".join([one.name for one in ready] + [NO_READY])
    raise InputError(f"there is no ready mapping {wanted!r}; there are {listed}", field="system")


def _by_header(columns: abc.Sequence[str], ready: abc.Sequence[Ready]) -> Ready | None:
    have = {key(column) or column for column in columns}
    fitting = [one for one in ready if all((key(name) or name) in have for name in one.header)]
    return max(fitting, key=lambda one: len(one.header), default=None)
