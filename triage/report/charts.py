"""What the charts show, as plain numbers: drawn by the page's script and by the pictures of the minutes."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta

from triage.findings import Pareto
from triage.report.material import Material, shortened

COLOURS = ("#3d7fc4", "#d9822b", "#3f9c74", "#b4568f", "#8a78d6", "#a88b2c", "#5aa3b8", "#c45b4d")
"""Told apart with the common colour blindness too, on light and on dark; the last is used for all others."""
AXES = {"count": "axis_tickets", "hours": "axis_hours", "dissatisfied": "axis_dissatisfied"}
TITLE_WIDTH = 34
_MOST_DAYS = 100
_MOST_CATEGORIES = 8


@dataclass(frozen=True, slots=True)
class Stack:
    """One category over the days: ``counts`` has one number for each of the chart's ``dates``."""

    label: str
    colour: str
    counts: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Days:
    """Tickets by local day, or by week from Monday where the period is long (``unit``: ``day``, ``week``)."""

    unit: str
    dates: tuple[str, ...]
    stacks: tuple[Stack, ...]
    alt: str

    @property
    def totals(self) -> tuple[int, ...]:
        """All categories together."""
        return tuple(sum(column) for column in zip(*(stack.counts for stack in self.stacks), strict=True))


@dataclass(frozen=True, slots=True)
class Bars:
    """A Pareto chart: ``cumulative`` in percent of all; the first ``vital`` bars make 80 %."""

    of: str
    by: str
    title: str
    axis: str
    labels: tuple[str, ...]
    titles: tuple[str, ...]
    values: tuple[float, ...]
    cumulative: tuple[float, ...]
    vital: int
    verdict: str
    alt: str


def days(material: Material) -> Days:
    """The days of the whole period, also those without a ticket."""
    held = {date.fromisoformat(day.date): Counter(dict(day.by_category)) for day in material.found.days}
    period = material.found.period
    first = material.local(period.start).date()
    last = material.local(period.end - timedelta(microseconds=1)).date()
    unit, step = "day", 1
    if (last - first).days >= _MOST_DAYS:
        unit, step, first = "week", 7, first - timedelta(days=first.weekday())
    starts = [first + timedelta(days=n) for n in range(0, (last - first).days + 1, step)]
    columns: list[Counter[str]] = [Counter() for _ in starts]
    for day, counts in held.items():
        place = (day - first).days // step
        if 0 <= place < len(columns):
            columns[place].update(counts)
    whole = sum(columns, Counter())
    known = [code for code in material.names.get("category", {}) if code in whole]
    codes = [*known, *(code for code, _ in whole.most_common() if code not in known)]
    stacks = [
        Stack(
            material.name("category", code),
            COLOURS[min(place, _MOST_CATEGORIES - 1)],
            tuple(column[code] for column in columns),
        )
        for place, code in enumerate(codes)
    ]
    dates = tuple(start.isoformat() for start in starts)
    return Days(unit, dates, tuple(stacks), _days_alt(material, unit, dates, columns, whole.total()))


def _days_alt(
    material: Material, unit: str, dates: tuple[str, ...], columns: list[Counter[str]], whole: int
) -> str:
    if not whole:
        return material.words["none_found"]
    most, at = max((column.total(), place) for place, column in enumerate(columns))
    return material.say(
        "days_alt",
        unit=material.words[f"days_unit_{unit}"],
        tickets=material.counted("tickets", whole),
        date=dates[at],
        most=most,
    )


def bars(material: Material, pareto: Pareto) -> Bars:
    """One Pareto chart; labels start with the place of the bar, so that they stay apart when cut."""
    of, by = material.words[f"pareto_{pareto.of}"], material.words[f"pareto_{pareto.by}"]
    titles = tuple(
        material.name("cause", bar.key) if pareto.of == "cause" else material.title(bar.title, 200)
        for bar in pareto.bars
    )
    vital = (
        material.say("pareto_vital", vital=pareto.vital)
        if pareto.vital
        else material.words["pareto_no_vital"]
    )
    told = [f"{title} {material.number(bar.value)}" for title, bar in zip(titles, pareto.bars, strict=True)]
    title = material.say("pareto_title", of=of, by=by)
    empty = material.say("pareto_empty", title=title)
    return Bars(
        of=pareto.of,
        by=pareto.by,
        title=title,
        axis=material.words[AXES[pareto.by]],
        labels=tuple(f"{n}  {shortened(title, TITLE_WIDTH)}" for n, title in enumerate(titles, start=1)),
        titles=titles,
        values=tuple(bar.value for bar in pareto.bars),
        cumulative=tuple(round(100 * bar.cumulative, 1) for bar in pareto.bars),
        vital=pareto.vital,
        verdict=vital if pareto.bars else empty,
        alt=material.say("pareto_alt", list=material.listed(told, 10), vital=vital) if pareto.bars else empty,
    )
