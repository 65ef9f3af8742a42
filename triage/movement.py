"""How groups move: against what their past lets expect, in surges, and after measures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from kb import effect, surge, trend
from kb.history import Past
from kb.mining import Grouping
from kb.problem_groups import Known
from kb.tables import Measure
from triage.findings import TOO_LITTLE, Group, MeasureCheck, Period, Surge, Trend
from triage.rollups import CauseOf

_LARGEST = 300
"""Pairs within a group of more tickets are not listed one by one: each has its nearest anyway."""
_EPOCH = datetime(2018, 1, 1, tzinfo=UTC)
"""A Monday: hours since then tell the hour of the week."""


@dataclass(frozen=True)
class Flow:
    """The tickets of a period and of its past, by local day."""

    period: Period
    zone: ZoneInfo
    past: Sequence[Past]

    @cached_property
    def begin(self) -> int:
        """The day of the first ticket, or of the period's start."""
        first = min((ticket.received_at for ticket in self.past), default=self.period.start)
        return min(self.day(first), self.first_day)

    @property
    def past_enough(self) -> bool:
        """Whether the past is as long as the period, so that something was to be expected."""
        return self.first_day - self.begin >= self.end_day - self.first_day

    def day(self, at: datetime) -> int:
        """The number of a local day."""
        return at.astimezone(self.zone).date().toordinal()

    def trends(self, groups: Sequence[Sequence[datetime]]) -> list[Trend]:
        """For each group, by the times of its tickets, what was expected of the period and what came."""
        actual = [sum(map(self.period.holds, times)) for times in groups]
        expected = self.expected(groups)
        if not expected:
            return [Trend(count, 0.0, 0.0, 0.0, TOO_LITTLE) for count in actual]
        said = trend.verdicts(expected, actual)
        return [
            Trend(count, round(item.mean, 2), round(item.low, 2), round(item.high, 2), verdict)
            for count, item, verdict in zip(actual, expected, said, strict=True)
        ]

    def expected(self, groups: Sequence[Sequence[datetime]]) -> list[trend.Expectation]:
        """For each group what was to be expected of the period; nothing where the past is too short."""
        if not groups or not self.past_enough:
            return []
        parts = trend.stretches(self.first_day - self.begin, self.end_day - self.first_day)
        exposures = np.array(
            [self.weighed(self.first_day - far, self.first_day - near) for near, far in parts]
        )
        whole = self.weighed(self.first_day, self.end_day)
        return trend.expectations(self.counts(groups, parts), exposures, whole)

    def counts(
        self, groups: Sequence[Sequence[datetime]], parts: Sequence[tuple[int, int]]
    ) -> NDArray[np.float64]:
        """Tickets (groups, stretches) of stretches before the period, given in days back."""
        found = np.zeros((len(groups), len(parts)))
        for row, times in enumerate(groups):
            ages = np.array([self.first_day - 1 - self.day(at) for at in times if at < self.period.start])
            for column, (near, far) in enumerate(parts):
                found[row, column] = ((near <= ages) & (ages < far)).sum()
        return found

    def daily(self, times: Sequence[datetime], start: int, end: int) -> NDArray[np.float64]:
        """Counts of each local day from ``start`` to before ``end``."""
        counts = np.zeros(max(end - start, 0))
        for at in times:
            if start <= self.day(at) < end:
                counts[self.day(at) - start] += 1
        return counts

    @property
    def first_day(self) -> int:
        """The number of the period's first local day."""
        return self.day(self.period.start)

    @property
    def end_day(self) -> int:
        """The number of the day after its last."""
        return self.day(self.period.end - timedelta(microseconds=1)) + 1

    @cached_property
    def _weights(self) -> NDArray[np.float64]:
        counts = np.bincount([self.day(ticket.received_at) % 7 for ticket in self.past], minlength=7)
        return trend.weekday_weights(counts.tolist())

    def weighed(self, start: int, end: int) -> float:
        """The days from one to before another, each counted as much as its weekday brings."""
        return float(sum(self._weights[day % 7] for day in range(start, end)))


def surges(
    grouping: Grouping, by_key: Mapping[int, Past], flow: Flow, groups: Sequence[Group]
) -> tuple[Surge, ...]:
    """The surges that were known in the period, in order of time."""
    tickets = [by_key[key] for key in grouping.keys.tolist()]
    if not tickets:
        return ()
    order = np.array(
        sorted(range(len(tickets)), key=lambda place: (tickets[place].received_at, place)), dtype=np.intp
    )
    times = np.array([_hours(tickets[place].received_at, flow.zone) for place in order.tolist()])
    names: dict[tuple[str, str], int] = {}
    same = np.array(
        [
            names.setdefault((tickets[place].customer, tickets[place].description), place)
            for place in order.tolist()
        ]
    )
    stream = surge.stream(times, alike(grouping)[order][:, order].tocsr(), same)
    calibrated = surge.calibrate(stream)
    group_of = {ticket_id: group for group in groups for ticket_id in group.ticket_ids}
    found = []
    for item in surge.surges(stream, calibrated.threshold):
        members = [tickets[place] for place in order[list(item.members)].tolist()]
        known = members[0].received_at + timedelta(hours=item.known - item.since)
        if not flow.period.holds(min(known, members[-1].received_at)):
            continue
        homes = [group_of[ticket.id] for ticket in members if ticket.id in group_of]
        home = max(homes, key=homes.count, default=None)
        found.append(
            Surge(
                group_id=home.id if home else None,
                title=home.title if home else members[0].title,
                since=members[0].received_at,
                until=members[-1].received_at,
                observed=len(members),
                expected=round(item.expected, 2),
                sure=round(calibrated.sure(item.strength), 2),
                ticket_ids=tuple(ticket.id for ticket in members),
            )
        )
    return tuple(found)


def checked(
    noted: Sequence[Measure],
    flow: Flow,
    groups: Sequence[Group],
    known: Sequence[Known],
    by_key: Mapping[int, Past],
    cause_of: Mapping[str, CauseOf],
    standing: Mapping[str, str],
) -> tuple[MeasureCheck, ...]:
    """What became of the tickets that each measure was to prevent, up to the end of the period.

    ``standing`` says which group each group is part of now: a measure against one that was merged since is
    one against the whole.
    """
    members = {item.id: [by_key[key] for key in item.members if key in by_key] for item in known}
    titles = {group.id: group.title for group in groups}
    found = []
    for measure in noted:
        if measure.since >= flow.period.end:
            continue
        against = measure.target
        if measure.target_kind == "group":
            against = standing.get(against, against)
            target = members.get(against, [])
            title = titles.get(against) or (target[0].title if target else against)
        else:
            target = [
                ticket
                for ticket in by_key.values()
                if ticket.cause == measure.target
                or (ticket.id in cause_of and cause_of[ticket.id].code == measure.target)
            ]
            title = measure.target
        times = [ticket.received_at for ticket in target]
        since, end = flow.day(measure.since), flow.day(flow.period.end - timedelta(microseconds=1)) + 1
        checked_ = effect.effect(flow.daily(times, flow.begin, since), flow.daily(times, since, end))
        found.append(
            MeasureCheck(
                id=measure.id,
                what=measure.what,
                who=measure.who,
                since=measure.since,
                target=against,
                target_title=title,
                expected=round(checked_.expected, 2),
                actual=checked_.actual,
                low=round(checked_.low, 2),
                high=round(checked_.high, 2),
                verdict=checked_.verdict,
                ticket_ids=tuple(ticket.id for ticket in target if flow.day(ticket.received_at) >= since),
            )
        )
    return tuple(found)


def _hours(at: datetime, zone: ZoneInfo) -> float:
    local = at.astimezone(zone).replace(tzinfo=UTC)
    return (local - _EPOCH).total_seconds() / 3600


def alike(grouping: Grouping) -> sparse.csr_matrix:
    """Which tickets are alike: promising pairs and those within a group, by their own log odds."""
    lefts, rights = [grouping.pairs[0]], [grouping.pairs[1]]
    for cluster in grouping.clusters:
        if 2 < len(cluster.places) <= _LARGEST:
            one, other = np.triu_indices(len(cluster.places), 1)
            lefts.append(cluster.places[one])
            rights.append(cluster.places[other])
    left, right = np.concatenate(lefts), np.concatenate(rights)
    likely = grouping.space.of_pairs(left, right) > 0
    left, right = left[likely], right[likely]
    both = np.concatenate([left, right]), np.concatenate([right, left])
    found = sparse.csr_matrix((np.ones(len(both[0])), both), shape=(len(grouping.keys),) * 2)
    found.sum_duplicates()
    return found
