"""How many tickets came in each day or week of a period, beside what the past lets expect of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from kb import trend
from kb.history import Past
from kb.trend import Expectation
from triage.findings import Span
from triage.movement import Flow

DAILY = 35
"""Days of the longest period that is shown by the day; a longer one is shown by the week, from Monday."""
_WEEK = 7


@dataclass(frozen=True, slots=True)
class Cut:
    """A period cut into days or weeks, as numbers of local days; the first and last week may be shorter."""

    step: int
    starts: tuple[int, ...]
    ends: tuple[int, ...]


def cut(first: int, end: int) -> Cut:
    """The days or weeks from one local day to before another."""
    if end - first <= DAILY:
        starts = list(range(first, end))
        return Cut(1, tuple(starts), tuple(day + 1 for day in starts))
    # Day 1 of the calendar that numbers days was a Monday.
    starts = [first, *range(first + _WEEK - (first - 1) % _WEEK, end, _WEEK)]
    return Cut(_WEEK, tuple(starts), (*starts[1:], end))


def series(flow: Flow, groups: Sequence[Sequence[Past]]) -> list[tuple[Span, ...]]:
    """For each group, by all its tickets, those of each span of the period, and what was to be expected.

    The expectation of a period is dealt out by the weekdays of each span. How far a span may be from it is
    how far spans of its length were from theirs before the period.
    """
    spans = cut(flow.first_day, flow.end_day)
    expected = flow.expected([[ticket.received_at for ticket in held] for held in groups])
    weights = np.array([flow.weighed(*ends) for ends in zip(spans.starts, spans.ends, strict=True)])
    parts = _parts(flow, groups, spans.step, expected, weights)
    found = []
    for row, held in enumerate(groups):
        ids: list[list[str]] = [[] for _ in spans.starts]
        for ticket in sorted(held, key=lambda ticket: (ticket.received_at, ticket.id)):
            if flow.period.holds(ticket.received_at):
                place = np.searchsorted(spans.starts, flow.day(ticket.received_at), side="right") - 1
                ids[int(place)].append(ticket.id)
        found.append(
            tuple(
                Span(
                    start=date.fromordinal(start).isoformat(),
                    end=date.fromordinal(end - 1).isoformat(),
                    ticket_ids=tuple(ids[place]),
                    **({} if parts is None else _said(*(part[row, place] for part in parts))),
                )
                for place, (start, end) in enumerate(zip(spans.starts, spans.ends, strict=True))
            )
        )
    return found


def _said(mean: float, low: float, high: float) -> dict[str, float]:
    return {"expected": round(float(mean), 2), "low": float(low), "high": float(high)}


def _parts(
    flow: Flow,
    groups: Sequence[Sequence[Past]],
    step: int,
    expected: Sequence[Expectation],
    weights: trend.Floats,
) -> tuple[trend.Floats, trend.Floats, trend.Floats] | None:
    """Mean, low and high (groups, spans); None where the past is too short to expect anything."""
    if not expected:
        return None
    before = trend.stretches(flow.first_day - flow.begin, step)
    counts = flow.counts([[ticket.received_at for ticket in held] for held in groups], before)
    exposures = np.array([flow.weighed(flow.first_day - far, flow.first_day - near) for near, far in before])
    return trend.parts(expected, weights, trend.spread(counts, exposures))
