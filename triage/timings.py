"""Where time went: each step of the clock by category and team, against its goal."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo

import numpy as np

from kb.history import Past
from triage.clocks import RECEIVED, Clocks, due_times
from triage.findings import StepTime
from triage.rollups import of

ENDED_BY = {
    "dispatch": "assigned",
    "owner_confirm": "confirmed",
    "contact": "in_progress",
    "result_told": "informed",
    "complaint_handled": "solved",
    "satisfaction_call": "closed",
}
"""The status that ends each step. What no status tells (a first answer, a meeting) is not measured."""
_LATER = ("assigned", "confirmed", "in_progress", "solved", "informed", "closed")


@dataclass(frozen=True, slots=True)
class _Run:
    """One step of one ticket. ``hours`` is None while it goes on, ``in_time`` before it is due."""

    ticket_id: str
    hours: float | None
    in_time: bool | None


def steps(tickets: Sequence[Past], clocks: Clocks, timezone: tzinfo, now: datetime) -> tuple[StepTime, ...]:
    """How long each step took for each category and team, in the order of the clocks."""
    runs: dict[tuple[str, str, str], list[_Run]] = defaultdict(list)
    for ticket in tickets:
        for step, run in _runs(ticket, clocks, timezone, now):
            runs[step, ticket.category, ticket.team].append(run)
    places = {step.code: place for place, step in enumerate(clocks.steps)}
    found = []
    for (step, category, team), held in sorted(runs.items(), key=lambda item: (places[item[0][0]], item[0])):
        hours = [run.hours for run in held if run.hours is not None]
        judged = [run for run in held if run.in_time is not None]
        late = tuple(run.ticket_id for run in judged if not run.in_time)
        in_time = tuple(run.ticket_id for run in judged if run.in_time)
        found.append(
            StepTime(
                step=step,
                category=category,
                team=team,
                n=len(held),
                median_hours=_quantile(hours, 0.5),
                p90_hours=_quantile(hours, 0.9),
                in_time=of(len(in_time), len(judged), in_time),
                late_ids=late,
            )
        )
    return tuple(found)


def _runs(ticket: Past, clocks: Clocks, timezone: tzinfo, now: datetime) -> Iterator[tuple[str, _Run]]:
    reached = _reached(ticket)
    if not reached or ticket.priority not in clocks.steps[0].limits:
        return  # an imported ticket without a history says nothing about steps
    begun = {RECEIVED: ticket.received_at, **reached}
    after = {step.code: step.after for step in clocks.steps}
    for due in due_times(
        clocks,
        received_at=ticket.received_at,
        category=ticket.category,
        priority=ticket.priority,
        timezone=timezone,
        events=reached,
    ):
        if due.step not in ENDED_BY:
            continue
        ended = _ended(reached, ENDED_BY[due.step])
        start = begun[after[due.step]]
        hours = None if ended is None else max((ended - start).total_seconds(), 0.0) / 3600
        in_time = ended <= due.due_at if ended is not None else False if now > due.due_at else None
        yield due.step, _Run(ticket.id, hours, in_time)


def _reached(ticket: Past) -> dict[str, datetime]:
    reached = dict(ticket.reached)
    if ticket.finished_at is not None and "solved" not in reached:
        reached["solved"] = ticket.finished_at
    return reached


def _ended(reached: dict[str, datetime], status: str) -> datetime | None:
    """When a status was come to; one that was skipped ended when a later one began."""
    later = [reached[name] for name in _LATER[_LATER.index(status) :] if name in reached]
    return min(later, default=None)


def _quantile(hours: Sequence[float], share: float) -> float | None:
    return round(float(np.quantile(hours, share)), 3) if hours else None
