"""What a retrospective found, as plain data: made by ``triage.retrospective``, shown by page and report.

Every figure carries the ids of the tickets behind it. Where there was too little data the figure is None
or the verdict says so. Times are aware; shares are 0..1.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

Counts = tuple[tuple[str, int], ...]
"""Names and how often each, most first."""

TOO_LITTLE = "too_little"


@dataclass(frozen=True, slots=True)
class Period:
    """From ``start`` to before ``end``."""

    start: datetime
    end: datetime

    def holds(self, at: datetime) -> bool:
        """Whether a time is in the period."""
        return self.start <= at < self.end


@dataclass(frozen=True, slots=True)
class Share:
    """So many of so many, with a 95 % interval (Wilson 1927) and the tickets counted in ``hits``."""

    hits: int
    n: int
    low: float
    high: float
    ticket_ids: tuple[str, ...] = ()

    @property
    def share(self) -> float | None:
        """The share itself; None of nothing."""
        return self.hits / self.n if self.n else None


@dataclass(frozen=True, slots=True)
class Trend:
    """What was expected of the period by what came before, and what came.

    ``verdict`` is ``rose``, ``fell``, ``steady`` or ``too_little``.
    """

    actual: int
    expected: float
    low: float
    high: float
    verdict: str


@dataclass(frozen=True, slots=True)
class Span:
    """A day or week of the period (ISO dates, both included), with what was to be expected and its 95 %
    interval; None where the past is too short to expect anything."""

    start: str
    end: str
    ticket_ids: tuple[str, ...]
    expected: float | None = None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Comment:
    """What somebody said of a group."""

    number: int
    text: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Group:
    """Tickets about one problem, in any language. ``id`` stays the same from month to month.

    ``title`` is the name people gave it (``named``) or what its most central ticket says; ``terms`` set it
    apart from the others. ``cause_guessed`` says that the cause is that of similar cases, not recorded.
    ``split_from`` is the id of the group that people took it out of.
    """

    id: str
    title: str
    named: bool
    terms: tuple[str, ...]
    central: str
    ticket_ids: tuple[str, ...]
    case_ids: tuple[str, ...]
    languages: Counts
    categories: Counts
    teams: Counts
    products: Counts
    versions: Counts
    customers: int
    urgent: int
    median_hours: float | None
    satisfied: Share
    reopened: Share
    first_seen: datetime
    last_seen: datetime
    trend: Trend
    cause: str
    cause_guessed: bool
    proven_case: str | None
    comments: tuple[Comment, ...] = ()
    series: tuple[Span, ...] = ()
    split_from: str = ""

    @property
    def comment(self) -> str:
        """What was said last."""
        return self.comments[-1].text if self.comments else ""

    @property
    def size(self) -> int:
        """How many tickets it has in the period."""
        return len(self.ticket_ids)


@dataclass(frozen=True, slots=True)
class Cause:
    """A root cause over the period. ``guessed`` of its tickets have it by similar cases only."""

    code: str
    systemic: int
    guessed: int
    hours: float
    dissatisfied: int
    group_ids: tuple[str, ...]
    ticket_ids: tuple[str, ...]

    @property
    def size(self) -> int:
        """How many tickets."""
        return len(self.ticket_ids)


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of a Pareto chart: a group or cause, its value, and the share of all up to it."""

    key: str
    title: str
    value: float
    cumulative: float
    ticket_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Pareto:
    """Bars in falling order. ``of`` is ``group`` or ``cause``; ``by`` is ``count``, ``hours`` or
    ``dissatisfied``; the first ``vital`` bars make 80 % of the whole."""

    of: str
    by: str
    bars: tuple[Bar, ...]
    vital: int


@dataclass(frozen=True, slots=True)
class Surge:
    """Many more alike tickets in a short time than the past explains. ``sure`` is 0..1."""

    group_id: str | None
    title: str
    since: datetime
    until: datetime
    observed: int
    expected: float
    sure: float
    ticket_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MeasureCheck:
    """Whether a measure worked: ``worked``, ``did_not_work``, ``too_early``."""

    id: str
    what: str
    who: str
    since: datetime
    target: str
    target_title: str
    expected: float
    actual: int
    low: float
    high: float
    verdict: str
    ticket_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StepTime:
    """How long one step of the clock took for one category and team, in hours, against its goal.

    ``late_ids`` are the tickets that broke it.
    """

    step: str
    category: str
    team: str
    n: int
    median_hours: float | None
    p90_hours: float | None
    in_time: Share
    late_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Gap:
    """Something the knowledge base lacks. ``kind`` is ``no_proven_case`` (a group), ``failing_case`` (a
    case), ``mixed_class`` (a category that mixes two problems) or ``label_conflict`` (same problem, other
    category)."""

    kind: str
    key: str
    title: str
    count: int
    ticket_ids: tuple[str, ...]
    case_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Day:
    """Tickets received on one local day (ISO date), by category."""

    date: str
    by_category: Counts


@dataclass(frozen=True, slots=True)
class Retrospective:
    """Everything one meeting looks at. ``outside`` are tickets in no group.

    ``too_little`` names, by the code of a sentence in the catalogue, what there was too little data to say.
    """

    period: Period
    made_at: datetime
    timezone: str
    ticket_ids: tuple[str, ...]
    groups: tuple[Group, ...]
    outside: tuple[str, ...]
    days: tuple[Day, ...]
    causes: tuple[Cause, ...]
    paretos: tuple[Pareto, ...]
    surges: tuple[Surge, ...]
    measures: tuple[MeasureCheck, ...]
    steps: tuple[StepTime, ...]
    complaints_in_time: Share
    satisfied: Share
    reopened: Share
    gaps: tuple[Gap, ...]
    too_little: tuple[str, ...]
    series: tuple[Span, ...] = ()
