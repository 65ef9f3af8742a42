"""A look over a whole file before its rows are taken: how many there are, and how its dates are written."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from kb import dates, rowfiles
from kb.mappings import Mapping
from models.errors import FileFormatError, InputError


@dataclass(frozen=True, slots=True)
class Survey:
    """``rows`` in the file (None: it breaks off), and by field in which order its dates are read.

    ``unclear`` are fields whose dates can be read either way, ``mixed`` those that need both ways.
    """

    rows: int | None
    orders: dict[str, str] = field(default_factory=dict)
    unclear: tuple[str, ...] = ()
    mixed: tuple[str, ...] = ()


def survey(path: Path, mapping: Mapping, chosen: str = "") -> Survey:
    """Look over a file. An order that was ``chosen`` goes for all its dates.

    A column is decided by its own dates; one that they leave open goes with the decided ones beside it, for
    one program wrote them all.
    """
    columns = {name: column for name, column in mapping.fields.items() if _is_date(name)}
    if_day_first = dict.fromkeys(columns, 0)
    only: dict[str, set[str]] = {name: set() for name in columns}
    count: int | None = 0
    number = 0
    try:
        for row in rowfiles.read_rows(path):
            number = row.number
            if isinstance(row, rowfiles.BadRow) or chosen:
                continue
            for name, column in columns.items():
                orders = dates.orders_of(row.values.get(column, ""))
                if_day_first[name] += bool(orders)
                if len(orders) == 1:
                    only[name] |= orders
        count = number
    except FileFormatError:
        # What comes before the break is taken all the same, and the reader of the rows tells of it.
        count = None
    if chosen:
        return Survey(count, dict.fromkeys(columns, chosen))
    mixed = tuple(name for name in columns if len(only[name]) == 2)
    orders_found = {name: next(iter(found)) for name, found in only.items() if len(found) == 1}
    open_ones = [name for name in columns if if_day_first[name] and not only[name]]
    agreed = set(orders_found.values())
    if len(agreed) == 1 and not mixed:
        orders_found |= dict.fromkeys(open_ones, agreed.pop())
        open_ones = []
    return Survey(count, orders_found, tuple(open_ones), mixed)


def refuse_unclear(found: Survey, mapping: Mapping) -> None:
    """Refuse dates that nobody can read for sure: a guess would be wrong for half of them, unseen.

    Raises:
        InputError: a column can be read day first and month first, or needs both.
    """
    for names, what in (
        (found.unclear, "can be read day first or month first, and no date in it says which"),
        (found.mixed, "have some that are only right day first and some only month first"),
    ):
        if names:
            column = mapping.fields[names[0]]
            raise InputError(
                f"the dates of the column {column!r} {what}: choose {dates.DAY_FIRST} or {dates.MONTH_FIRST}",
                field="dates",
            )


def _is_date(name: str) -> bool:
    return name.endswith("_at") or name in ("closed_on", "expires_on")
