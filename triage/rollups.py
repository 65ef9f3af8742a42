"""Sums over tickets for the retrospective: shares, counts, Pareto charts, causes."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import median
from zoneinfo import ZoneInfo

from kb.history import Past
from triage.findings import Bar, Cause, Counts, Day, Group, Pareto, Share

UNKNOWN = "unknown"
_Z = 1.96
_VITAL = 0.8
_MOST_BARS = 20
_SATISFIED = 4
_DISSATISFIED = 2


@dataclass(frozen=True, slots=True)
class CauseOf:
    """The root cause of a ticket; ``guessed`` from similar tickets or cases."""

    code: str
    systemic: bool
    guessed: bool


def share(tickets: Iterable[Past], hit: Callable[[Past], bool]) -> Share:
    """How many of these tickets are so, with Wilson's interval (1927)."""
    held = list(tickets)
    hits = [ticket.id for ticket in held if hit(ticket)]
    return of(len(hits), len(held), tuple(hits))


def of(hits: int, n: int, ticket_ids: tuple[str, ...] = ()) -> Share:
    """So many of so many, with Wilson's interval; of nothing everything is possible."""
    if not n:
        return Share(0, 0, 0.0, 1.0)
    rate = hits / n
    middle = rate + _Z**2 / (2 * n)
    spread = _Z * sqrt(rate * (1 - rate) / n + _Z**2 / (4 * n * n))
    scale = 1 + _Z**2 / n
    low, high = (middle - spread) / scale, (middle + spread) / scale
    return Share(hits, n, max(low, 0.0), min(high, 1.0), ticket_ids)


def satisfied(tickets: Iterable[Past]) -> Share:
    """The share of 4 and 5 among those that were asked."""
    return share(
        (ticket for ticket in tickets if ticket.satisfaction is not None),
        lambda ticket: (ticket.satisfaction or 0) >= _SATISFIED,
    )


def reopened(tickets: Iterable[Past]) -> Share:
    """The share that was opened again among those once finished."""
    return share(
        (ticket for ticket in tickets if ticket.finished_at is not None or ticket.reopened),
        lambda ticket: ticket.reopened,
    )


def is_dissatisfied(ticket: Past) -> bool:
    """Whether the customer said 1 or 2."""
    return ticket.satisfaction is not None and ticket.satisfaction <= _DISSATISFIED


def counts(values: Iterable[str]) -> Counts:
    """Values and how often each, the most frequent first; empty ones are left out."""
    return tuple(
        sorted(Counter(value for value in values if value).items(), key=lambda item: (-item[1], item[0]))
    )


def median_hours(tickets: Iterable[Past]) -> float | None:
    """The median time to solve, of those that are solved."""
    hours = [ticket.hours for ticket in tickets if ticket.hours is not None]
    return median(hours) if hours else None


def days(tickets: Iterable[Past], zone: ZoneInfo) -> tuple[Day, ...]:
    """Tickets of each local day that had any, by category."""
    by_day: dict[str, list[str]] = defaultdict(list)
    for ticket in tickets:
        by_day[ticket.received_at.astimezone(zone).date().isoformat()].append(ticket.category or UNKNOWN)
    return tuple(Day(date, counts(by_day[date])) for date in sorted(by_day))


def causes(
    tickets: Sequence[Past], cause_of: Mapping[str, CauseOf], groups: Sequence[Group]
) -> tuple[Cause, ...]:
    """Root causes by how many tickets have them; ``cause_of`` goes by ticket id."""
    group_of = {ticket_id: group.id for group in groups for ticket_id in group.ticket_ids}
    by_code: dict[str, list[Past]] = defaultdict(list)
    for ticket in tickets:
        if ticket.id in cause_of:
            by_code[cause_of[ticket.id].code].append(ticket)
    found = [
        Cause(
            code=code,
            systemic=sum(cause_of[ticket.id].systemic for ticket in held),
            guessed=sum(cause_of[ticket.id].guessed for ticket in held),
            hours=round(sum(ticket.hours or 0.0 for ticket in held), 2),
            dissatisfied=sum(map(is_dissatisfied, held)),
            group_ids=tuple(dict.fromkeys(group_of[item.id] for item in held if item.id in group_of)),
            ticket_ids=tuple(ticket.id for ticket in held),
        )
        for code, held in by_code.items()
    ]
    return tuple(sorted(found, key=lambda cause: (-cause.size, cause.code)))


def paretos(groups: Sequence[Group], found: Sequence[Cause], tickets: Sequence[Past]) -> tuple[Pareto, ...]:
    """Pareto charts of groups and causes, each by count, hours and dissatisfied customers.

    The whole is all tickets of the period, so that those outside any group are not forgotten.
    """
    by_id = {ticket.id: ticket for ticket in tickets}
    measures: dict[str, Callable[[Past], float]] = {
        "count": lambda ticket: 1.0,
        "hours": lambda ticket: ticket.hours or 0.0,
        "dissatisfied": lambda ticket: float(is_dissatisfied(ticket)),
    }
    sides: dict[str, list[tuple[str, str, tuple[str, ...]]]] = {
        "group": [(group.id, group.title, group.ticket_ids) for group in groups],
        "cause": [(cause.code, cause.code, cause.ticket_ids) for cause in found],
    }
    return tuple(
        # mypy gives lambdas with defaults no type.
        _pareto(side, by, entries, lambda ticket_id, value=value: value(by_id[ticket_id]), by_id)  # type: ignore[misc]
        for side, entries in sides.items()
        for by, value in measures.items()
    )


def _pareto(
    side: str,
    by: str,
    entries: Sequence[tuple[str, str, tuple[str, ...]]],
    value: Callable[[str], float],
    tickets: Mapping[str, Past],
) -> Pareto:
    whole = sum(value(ticket_id) for ticket_id in tickets)
    valued = [(sum(map(value, ids)), key, title, ids) for key, title, ids in entries]
    valued = sorted((item for item in valued if item[0] > 0), key=lambda item: (-item[0], item[1]))
    bars: list[Bar] = []
    summed, vital = 0.0, 0
    for amount, key, title, ids in valued:
        if summed < _VITAL * whole:
            vital += 1
        summed += amount
        if len(bars) < _MOST_BARS:
            bars.append(Bar(key, title, round(amount, 2), round(summed / whole, 4), ids))
    return Pareto(side, by, tuple(bars), vital if summed >= _VITAL * whole else 0)
