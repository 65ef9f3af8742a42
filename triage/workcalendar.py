"""Working time: on which days and hours people work, and when so much of it has passed.

China's statutory holidays and make-up working days (调休) come from chinesecalendar for the years it
covers; an organisation's ``data/holidays.toml`` lies on top and wins. Beyond the covered years plain
weekdays are used, and whoever asks is told that the answer is unsure.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from pathlib import Path
from typing import Any

from models.errors import InputError
from triage.datafile import Table, read

FILE = "holidays.toml"
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
CALENDARS = ("china", "none")
LONGEST_PAUSE = 400
"""Days without any working hours after which the files must be wrong."""

_SPAN_RE = re.compile(r"(\d\d?):(\d\d)\s*-\s*(\d\d?):(\d\d)")
_DAY_MINUTES = 24 * 60

Hours = tuple[tuple[int, int], ...]
"""Spans of one day in minutes after midnight, in order."""


@dataclass(frozen=True, slots=True)
class Holidays:
    """Days off and days worked; ``calendar`` is the built-in calendar below them."""

    calendar: str
    off: frozenset[date]
    work: frozenset[date]
    complete_years: frozenset[int]


@dataclass(frozen=True, slots=True)
class WorkCalendar:
    """The hours of each weekday (0 is Monday), of make-up working days, and the holidays."""

    week: tuple[Hours, ...]
    make_up: Hours
    holidays: Holidays


def hours_of(calendar: WorkCalendar, day: date) -> Hours:
    """The working hours of a day, empty on a day off."""
    usual = calendar.week[day.weekday()]
    works = _works(calendar.holidays, day)
    if works is None:
        return usual
    return (usual or calendar.make_up) if works else ()


def is_known(calendar: WorkCalendar, day: date) -> bool:
    """Whether the holidays of that day's year are known, so that its hours are sure."""
    holidays = calendar.holidays
    return (
        holidays.calendar == "none"
        or day.year in holidays.complete_years
        or day in holidays.off
        or day in holidays.work
        or _statutory(day) is not None
    )


def add_working_time(
    calendar: WorkCalendar, start: datetime, length: timedelta, timezone: tzinfo
) -> tuple[datetime, bool]:
    """The moment when so much working time has passed since ``start``.

    Args:
        calendar: the working days and hours.
        start: aware, in any time zone.
        length: working time, above zero.
        timezone: where the working hours are meant.

    Returns:
        The moment in ``timezone``, and whether all days that were looked at are known ones.

    Raises:
        InputError: there are no working hours for more than a year.
    """
    left = length
    known = True
    day = start.astimezone(timezone).date()
    since = start.astimezone(UTC)
    pause = 0
    while pause <= LONGEST_PAUSE:
        spans, sure = _worked(calendar, day, timezone)
        known = known and sure
        pause += 1
        for opens, end in spans:
            begin = max(opens, since)
            if begin >= end:
                continue
            pause = 0
            if left <= end - begin:
                return (begin + left).astimezone(timezone), known
            left -= end - begin
        day += timedelta(days=1)
    raise InputError(f"There are no working hours within {LONGEST_PAUSE} days after {start:%Y-%m-%d}.")


def load_holidays(folder: Path) -> Holidays:
    """Read ``holidays.toml`` of a data folder.

    Raises:
        DataFileError: the file is missing or wrong; the message names the line.
    """
    top = read(folder / FILE)
    top.allow("calendar", "complete_years", "off", "work")
    off, work = _days(top, "off"), _days(top, "work")
    both = sorted(off & work)
    if both:
        raise top.error(f"{both[0]} is both a day off and a working day", "work", str(both[0]))
    years = top.values.get("complete_years", [])
    if not isinstance(years, list) or not all(type(year) is int for year in years):
        raise top.error("'complete_years' must be a list of years", "complete_years")
    return Holidays(top.choice("calendar", CALENDARS, "china"), off, work, frozenset(years))


def read_working_hours(table: Table, holidays: Holidays) -> WorkCalendar:
    """Read the table of hours by weekday; raises ``DataFileError``."""
    table.allow(*WEEKDAYS, "make_up")
    return WorkCalendar(tuple(_hours(table, name) for name in WEEKDAYS), _hours(table, "make_up"), holidays)


@functools.lru_cache(maxsize=2048)
def _worked(
    calendar: WorkCalendar, day: date, timezone: tzinfo
) -> tuple[tuple[tuple[datetime, datetime], ...], bool]:
    """When people work on a day, and whether that is sure. Each ticket asks for the same few days."""
    # Lengths are measured in UTC: a span over a change of the clocks is longer or shorter.
    spans = tuple(
        (_moment(day, opens, timezone), _moment(day, closes, timezone))
        for opens, closes in hours_of(calendar, day)
    )
    return spans, is_known(calendar, day)


def _works(holidays: Holidays, day: date) -> bool | None:
    """Whether it is a working day; none where the weekday alone decides."""
    if day in holidays.off:
        return False
    if day in holidays.work:
        return True
    if holidays.calendar == "none" or day.year in holidays.complete_years:
        return None
    statutory = _statutory(day)
    # An ordinary weekend is for the week's own hours to say: some teams work on Saturdays.
    ordinary = statutory == (day.weekday() < 5) and not _named(day)
    return None if statutory is None or ordinary else statutory


def _statutory(day: date) -> bool | None:
    import chinese_calendar

    try:
        return bool(chinese_calendar.is_workday(day))
    except NotImplementedError:
        return None


def _named(day: date) -> bool:
    import chinese_calendar

    return day in chinese_calendar.holidays


def _moment(day: date, minutes: int, timezone: tzinfo) -> datetime:
    if minutes == _DAY_MINUTES:
        day, minutes = day + timedelta(days=1), 0
    return datetime.combine(day, time(minutes // 60, minutes % 60), timezone).astimezone(UTC)


def _days(table: Table, key: str) -> frozenset[date]:
    value = table.values.get(key, [])
    if not isinstance(value, list):
        raise table.error(f"{key!r} must be a list of days", key)
    return frozenset(day for entry in value for day in _entry(table, key, entry))


def _entry(table: Table, key: str, entry: Any) -> list[date]:
    if _is_day(entry):
        return [entry]
    if isinstance(entry, Mapping) and set(entry) == {"from", "to"} and all(map(_is_day, entry.values())):
        count = (entry["to"] - entry["from"]).days + 1
        if not 0 < count <= 366:
            raise table.error(f"{entry['from']} to {entry['to']} is no span of days", key, str(entry["from"]))
        return [entry["from"] + timedelta(days=i) for i in range(count)]
    text = entry if isinstance(entry, str) else None
    raise table.error(
        f"{entry!r} is no day; write 2027-01-01 without quotation marks, or {{ from = ..., to = ... }}",
        key,
        text,
    )


def _is_day(value: Any) -> bool:
    return isinstance(value, date) and not isinstance(value, datetime)


def _hours(table: Table, key: str) -> Hours:
    spans: list[tuple[int, int]] = []
    for written in table.texts(key):
        match = _SPAN_RE.fullmatch(written.strip())
        if not match:
            raise table.error(f'{written!r} is no span of hours; write "09:00-18:00"', key, written)
        hours = [int(number) for number in match.groups()]
        opens, closes = hours[0] * 60 + hours[1], hours[2] * 60 + hours[3]
        if max(hours[1], hours[3]) > 59 or closes > _DAY_MINUTES or opens >= closes:
            raise table.error(f"{written!r} must end after it begins, at 24:00 at the latest", key, written)
        if spans and opens < spans[-1][1]:
            raise table.error(f"{written!r} begins before the span in front of it ends", key, written)
        spans.append((opens, closes))
    return tuple(spans)
