"""How groups move: against what their past lets expect, in surges, and after measures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from zoneinfo import ZoneInfo

from kb.history import Past
from kb.mining import Grouping
from kb.problem_groups import Known
from kb.tables import Measure
from triage.findings import TOO_LITTLE, Group, MeasureCheck, Period, Surge, Trend
from triage.rollups import CauseOf


@dataclass(frozen=True)
class Flow:
    """The tickets of a period and of its past, by local day."""

    period: Period
    zone: ZoneInfo
    past: Sequence[Past]

    @cached_property
    def past_enough(self) -> bool:
        """Whether the past is long enough to say what was to be expected."""
        first = min((ticket.received_at for ticket in self.past), default=self.period.end)
        return (self.period.start - first) >= (self.period.end - self.period.start)

    def trends(self, groups: Sequence[Sequence[datetime]]) -> list[Trend]:
        """For each group, by the times of its tickets, what was expected of the period and what came."""
        return [Trend(sum(map(self.period.holds, times)), 0.0, 0.0, 0.0, TOO_LITTLE) for times in groups]


def surges(
    grouping: Grouping, by_key: Mapping[int, Past], flow: Flow, groups: Sequence[Group]
) -> tuple[Surge, ...]:
    """The surges that began in the period."""
    return ()


def checked(
    noted: Sequence[Measure],
    flow: Flow,
    groups: Sequence[Group],
    known: Sequence[Known],
    by_key: Mapping[int, Past],
    cause_of: Mapping[str, CauseOf],
) -> tuple[MeasureCheck, ...]:
    """What became of the tickets that each measure was to prevent."""
    return ()
