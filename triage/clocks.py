"""Clocks: by when each step of a ticket is due, by priority, round the clock or in working hours.

A step is due only once the event that starts its clock has happened: "2 h after it is solved" has no due
time while the ticket is open.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path

from models.errors import InputError
from triage.datafile import Table, read, unique_codes
from triage.taxonomy import Names, Taxonomy
from triage.workcalendar import WorkCalendar, add_working_time, load_holidays, read_working_hours

FILE = "clocks.toml"
RECEIVED = "received"
MORE_EVENTS = ("diagnosed", "planned")
"""Events that start a clock and are no status of a ticket."""
RUNS = ("always", "working")
REST = "other"
"""Stands in the file for all priorities that are not named."""

_LENGTH_RE = re.compile(r"(\d+(?:\.\d+)?)\s*(min|h|d)")
_MINUTES = {"min": 1, "h": 60, "d": 24 * 60}


@dataclass(frozen=True, slots=True)
class Step:
    """One step with its limits by priority. ``categories`` is empty where all have the step."""

    code: str
    names: Names
    after: str
    limits: Mapping[str, timedelta]
    latest: Mapping[str, timedelta]
    runs: Mapping[str, str]
    categories: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Clocks:
    """All steps, the working hours, and how long ahead a delay is told to the customer."""

    steps: tuple[Step, ...]
    calendar: WorkCalendar
    delay_told_ahead: timedelta

    def step_name(self, step: str, language: str) -> str:
        """The name to show for a step; an unknown code is given back as it is."""
        for one in self.steps:
            if one.code == step:
                return one.names.get(language, one.names["en"])
        return step


@dataclass(frozen=True, slots=True)
class Due:
    """When a step is due. ``latest_at`` is the last moment where ``due_at`` is only the goal.

    ``sure`` is false where the time runs through a year whose holidays are not known yet.
    """

    step: str
    due_at: datetime
    latest_at: datetime | None
    sure: bool


def due_times(
    clocks: Clocks,
    *,
    received_at: datetime,
    category: str | None,
    priority: str,
    timezone: tzinfo,
    events: Mapping[str, datetime] | None = None,
) -> tuple[Due, ...]:
    """When each step is due that has something to be counted from, in the order of the file.

    Args:
        clocks: from ``load_clocks``.
        received_at: when the ticket came in; aware.
        category: decides which steps there are; None has those that every category has.
        priority: decides the limits.
        timezone: where the working hours are meant; the answers are in it.
        events: when later events happened, by code (``solved``, ``diagnosed``, ...); aware.

    Raises:
        InputError: a time without time zone, or an unknown priority.
    """
    begun = {**(events or {}), RECEIVED: received_at}
    for event, moment in begun.items():
        if moment.utcoffset() is None:
            raise InputError(f"The time of {event!r} needs a time zone.", field="received_at")
    if any(priority not in step.limits for step in clocks.steps):
        raise InputError(f"There is no priority {priority!r}.", field="priority")
    return tuple(
        _due(clocks.calendar, step, begun[step.after], priority, timezone)
        for step in clocks.steps
        if step.after in begun and (not step.categories or category in step.categories)
    )


def load_clocks(folder: Path, taxonomy: Taxonomy) -> Clocks:
    """Read ``clocks.toml`` and ``holidays.toml`` of a data folder.

    Raises:
        DataFileError: a file is wrong, or names what the taxonomy lacks.
    """
    top = read(folder / FILE)
    top.allow("working_hours", "delay", "step")
    calendar = read_working_hours(top.table("working_hours"), load_holidays(folder))
    delay = top.table("delay", required=False)
    delay.allow("told_ahead")
    tables = top.tables("step", least=1)
    unique_codes(tables)
    steps = tuple(_step(table, taxonomy) for table in tables)
    if not any(calendar.week):
        for step, table in zip(steps, tables, strict=True):
            if "working" in step.runs.values():
                raise table.error("the step runs in working hours, but [working_hours] has none", "runs")
    return Clocks(steps, calendar, _length(delay, "told_ahead", delay.text("told_ahead", "24 h")))


def _due(calendar: WorkCalendar, step: Step, start: datetime, priority: str, timezone: tzinfo) -> Due:
    due_at, sure = _after(calendar, step, start, step.limits[priority], priority, timezone)
    if priority not in step.latest:
        return Due(step.code, due_at, None, sure)
    latest_at, latest_sure = _after(calendar, step, start, step.latest[priority], priority, timezone)
    return Due(step.code, due_at, latest_at, sure and latest_sure)


def _after(
    calendar: WorkCalendar, step: Step, start: datetime, limit: timedelta, priority: str, timezone: tzinfo
) -> tuple[datetime, bool]:
    if step.runs[priority] == "working":
        return add_working_time(calendar, start, limit, timezone)
    # Added in UTC: 24 hours are 24 hours, also over a change of the clocks.
    return (start.astimezone(UTC) + limit).astimezone(timezone), True


def _step(table: Table, taxonomy: Taxonomy) -> Step:
    table.allow("code", "names", "after", "limit", "latest", "runs", "categories")
    events = (RECEIVED, *(status.code for status in taxonomy.statuses), *MORE_EVENTS)
    levels = taxonomy.priority_codes()
    runs = _by_priority(table, "runs", levels)
    for holder, key, value in runs.values():
        holder.known(key, [value], RUNS)
    limits = {level: _length(*entry) for level, entry in _by_priority(table, "limit", levels).items()}
    latest = {}
    if "latest" in table.values:
        latest = {level: _length(*entry) for level, entry in _by_priority(table, "latest", levels).items()}
    if any(latest[level] < limits[level] for level in latest):
        raise table.error("'latest' is before 'limit'", "latest")
    return Step(
        code=table.code(),
        names=table.bilingual("names"),
        after=table.choice("after", events, RECEIVED),
        limits=limits,
        latest=latest,
        runs={level: value for level, (_, _, value) in runs.items()},
        categories=table.choices("categories", taxonomy.codes()),
    )


def _by_priority(table: Table, key: str, levels: tuple[str, ...]) -> dict[str, tuple[Table, str, str]]:
    """What is written for each priority, with the table and key where it stands."""
    if not isinstance(table.values.get(key), dict):
        return dict.fromkeys(levels, (table, key, table.text(key)))
    inner = table.table(key)
    inner.allow(*levels, REST)
    found = {}
    for level in levels:
        at = level if level in inner.values else REST
        if at not in inner.values:
            raise table.error(f"{key!r} says nothing about the priority {level!r}; add it, or {REST!r}", key)
        found[level] = (inner, at, inner.text(at))
    return found


def _length(table: Table, key: str, written: str) -> timedelta:
    match = _LENGTH_RE.fullmatch(written.strip())
    length = timedelta(minutes=float(match[1]) * _MINUTES[match[2]]) if match else timedelta()
    if length <= timedelta():
        raise table.error(f"{written!r} is no length of time; write '5 min', '2 h' or '3 d'", key, written)
    return length
