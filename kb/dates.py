"""Dates as people and programs write them; which of day and month comes first is decided elsewhere."""

from __future__ import annotations

import contextlib
import datetime as dt
import re
import unicodedata

DAY_FIRST, MONTH_FIRST = "day-first", "month-first"
ORDERS = (DAY_FIRST, MONTH_FIRST)
"""What 03/04/2026 may mean: 3 April, or 4 March."""

_MONTHS = {
    name: number
    for number, name in enumerate(
        ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), start=1
    )
}
_ISO_RE = re.compile(r"\d{4}-\d\d-\d\d(?:[Tt ]\d\d:\d\d.*)?|\d{8}")
_CLOCK = (
    r"(?:(?:\s*T\s*|\s+|(?<=日)\s*)(上午|下午)?\s*(\d{1,2})[:时点]"
    r"(?:(\d{1,2})(?:[:分](\d{1,2})(?:\.\d+)?秒?|分)?)?\s*(am|pm)?)?"
)
_YEAR_FIRST_RE = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})日?" + _CLOCK, re.IGNORECASE)
_DAY_FIRST_RE = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})" + _CLOCK, re.IGNORECASE)
_SERIAL_RE = re.compile(r"[2-7]\d{4}(?:\.\d+)?")
_SLASHED_RE = re.compile(r"(\d{1,2})[/-](\d{1,2})[/-](\d{4})" + _CLOCK, re.IGNORECASE)
_NAMED_RE = re.compile(r"(\d{1,2})[-/. ]([a-z]{3})[a-z]*[-/., ]+(\d{4}|\d\d)" + _CLOCK, re.IGNORECASE)
_NAME_FIRST_RE = re.compile(r"([a-z]{3})[a-z]*\.? (\d{1,2}),? (\d{4})" + _CLOCK, re.IGNORECASE)


def parse(raw: str, timezone: dt.tzinfo, order: str = "") -> dt.datetime:
    """A written time, in ``timezone`` where it names no zone itself.

    ``order`` is one of ``ORDERS``, for dates such as 03/04/2026; without it they are refused.

    Raises:
        ValueError: it is none, or far from our days; the message's words follow the quoted value.
    """
    try:
        found = _parsed(unicodedata.normalize("NFKC", raw), order)
    except ValueError:
        found = None
    # Outside these years it is a slip of the pen, and the first and last years overflow in other zones.
    if found is None or not 1900 <= found.year <= 2200:
        hint = f" (the column's dates are read {order})" if order and _SLASHED_RE.fullmatch(raw) else ""
        raise ValueError(f"is not a date{hint}")
    return found if found.tzinfo else found.replace(tzinfo=timezone)


def orders_of(raw: str) -> frozenset[str]:
    """The orders a written date can be read in; empty where it leaves nothing to decide."""
    match = _SLASHED_RE.fullmatch(unicodedata.normalize("NFKC", raw))
    if match is None or int(match[1]) == int(match[2]):
        return frozenset()
    found = set()
    if 1 <= int(match[2]) <= 12:
        found.add(DAY_FIRST)
    if 1 <= int(match[1]) <= 12:
        found.add(MONTH_FIRST)
    return frozenset(found)


def _parsed(raw: str, order: str) -> dt.datetime | None:
    iso = re.sub(r"\s*(?:UTC|GMT|Z)$", "+00:00", raw)
    iso = re.sub(r"\s+([+-]\d\d:?\d\d)$", r"\1", iso)
    if _ISO_RE.fullmatch(iso):
        with contextlib.suppress(ValueError):
            return dt.datetime.fromisoformat(iso)
    if _SERIAL_RE.fullmatch(raw):
        # A date that a spreadsheet lost the format of: days since the end of 1899.
        days = dt.timedelta(seconds=round(float(raw) * 86400))
        return dt.datetime(1899, 12, 30) + days  # noqa: DTZ001 - the caller gives it its zone
    if match := _YEAR_FIRST_RE.fullmatch(raw):
        year, month, day = match[1], match[2], match[3]
    elif match := _DAY_FIRST_RE.fullmatch(raw):
        year, month, day = match[3], match[2], match[1]
    elif match := _NAMED_RE.fullmatch(raw):
        year, month, day = match[3] if len(match[3]) == 4 else f"20{match[3]}", _month(match[2]), match[1]
    elif match := _NAME_FIRST_RE.fullmatch(raw):
        year, month, day = match[3], _month(match[1]), match[2]
    elif (match := _SLASHED_RE.fullmatch(raw)) and (order or int(match[1]) == int(match[2])):
        # Without an order 13/04 is refused too: the column as a whole is looked at before its rows.
        first, second = match[1], match[2]
        year, month, day = match[3], *((first, second) if order == MONTH_FIRST else (second, first))
    else:
        return None
    hour = int(match[5] or 0)
    half = (match[4] or match[8] or "").lower()
    if half and not 1 <= hour <= 12:
        # 下午15:20 means what it says; 0 in the morning likewise.
        half = ""
    if half in ("下午", "pm"):
        hour = hour % 12 + 12
    elif half:
        hour %= 12
    clock = dt.time(hour, int(match[6] or 0), int(match[7] or 0))
    return dt.datetime.combine(dt.date(int(year), int(month), int(day)), clock)


def _month(name: str) -> str:
    return str(_MONTHS[name.lower()]) if name.lower() in _MONTHS else "0"
