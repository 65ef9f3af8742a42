"""The retrospective: tickets of a period grouped by problem, with what they cost and what became of them.

Groups are found among the tickets of the period and of the year before it, so that a group is the same
from month to month and its past says what was to be expected.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from kb import history, measures, mining, naming, problem_groups, ticket_documents
from kb.database import Database
from kb.history import Past
from kb.mining import Grouping
from kb.problem_groups import Known
from kb.ticket_documents import Documents
from models.encoder import Encoder
from models.errors import InputError
from triage import gaps, movement, rollups, timings
from triage.clocks import Clocks
from triage.findings import Comment, Group, Period, Retrospective
from triage.movement import Flow
from triage.rollups import CauseOf
from triage.series import series

HISTORY = timedelta(days=365)
_CASES_LOOKED_UP = 200
"""Groups, the largest first, for which proven cases are looked up."""
_FEW = 30
"""Fewer tickets than this say little as shares."""

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Found:
    """A case that matches a group: how likely, and whether its solution has worked."""

    case_id: str
    match: float
    proven: bool


FindCases = Callable[[str], Sequence[Found]]
"""A text in, the cases that are likely about its problem out, best first."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What a retrospective is made with."""

    database: Database
    encoder: Encoder
    clocks: Clocks
    zone: ZoneInfo
    find_cases: FindCases
    now: datetime


def retrospect(
    setting: Setting, period: Period, progress: Progress = lambda _what, _done, _all: None
) -> Retrospective:
    """Everything about the tickets received in a period.

    Remembers which ticket is in which group, so that groups keep their identity.

    Raises:
        InputError: the period ends before it begins.
    """
    if period.end <= period.start:
        raise InputError("the period ends before it begins", field="to")
    with setting.database.reading() as session:
        past = history.tickets(session, period.start - HISTORY, period.end)
    ticket_documents.fill(
        setting.database,
        setting.encoder,
        [ticket.pk for ticket in past],
        lambda done, whole: progress("read", done, whole),
    )
    with setting.database.reading() as session:
        documents = ticket_documents.load(session, [ticket.pk for ticket in past], setting.encoder.dimension)
    grouping = mining.group(documents, progress)
    clusters = [grouping.keys[cluster.places].tolist() for cluster in grouping.clusters]
    with setting.database.transaction() as session:
        known = problem_groups.settle(
            session, clusters, grouping.keys.tolist(), setting.now, grouping.nearest
        )
        problem_groups.forget_empty(session)
        uses = history.uses(session, period.start - HISTORY, period.end)
        noted, standing = list(measures.listed(session)), problem_groups.standing(session)
    by_key = {ticket.pk: ticket for ticket in past}
    within = [ticket for ticket in past if period.holds(ticket.received_at)]
    flow = Flow(period, setting.zone, past)
    groups = _groups(setting, known, by_key, documents, grouping, flow, progress)
    cause_of = _causes(setting, groups, within, by_key, uses)
    groups = [_with_cause(group, cause_of) for group in groups]
    grouped = {ticket_id for group in groups for ticket_id in group.ticket_ids}
    causes = rollups.causes(within, cause_of, groups)
    complaints = [ticket for ticket in within if ticket.category == "complaint"]
    steps = timings.steps(within, setting.clocks, setting.zone, setting.now)
    return Retrospective(
        period=period,
        made_at=setting.now,
        timezone=str(setting.zone),
        ticket_ids=tuple(ticket.id for ticket in within),
        groups=tuple(groups),
        outside=tuple(ticket.id for ticket in within if ticket.id not in grouped),
        days=rollups.days(within, setting.zone),
        causes=causes,
        paretos=rollups.paretos(groups, causes, within),
        surges=movement.surges(grouping, by_key, flow, groups),
        measures=movement.checked(noted, flow, groups, known, by_key, cause_of, standing),
        steps=steps,
        complaints_in_time=rollups.share(
            [ticket for ticket in complaints if ticket.hours is not None],
            lambda ticket: (ticket.hours or 0.0) <= 24,
        ),
        satisfied=rollups.satisfied(within),
        reopened=rollups.reopened(within),
        gaps=gaps.gaps(groups, {ticket.id: ticket for ticket in within}, uses),
        too_little=_too_little(within, flow, groups),
        series=series(flow, [past])[0],
    )


def as_json(found: Retrospective) -> dict[str, Any]:
    """The retrospective in the form of the contract: groups with their size, times in ISO 8601."""
    answer: dict[str, Any] = _plain(asdict(found))
    for given, group in zip(answer["groups"], found.groups, strict=True):
        given["size"], given["comment"] = group.size, group.comment
    for given, cause in zip(answer["causes"], found.causes, strict=True):
        given["size"] = cause.size
    return answer


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value.isoformat(timespec="seconds") if isinstance(value, datetime) else value


def _groups(
    setting: Setting,
    known: Sequence[Known],
    by_key: Mapping[int, Past],
    documents: Documents,
    grouping: Grouping,
    flow: Flow,
    progress: Progress,
) -> list[Group]:
    """The groups that have a ticket in the period, the largest first."""
    places = {key: place for place, key in enumerate(documents.keys.tolist())}
    held = naming.frequencies(documents.whole.words)
    present = []
    for item in known:
        members = [by_key[key] for key in item.members if key in by_key]
        now = [ticket for ticket in members if flow.period.holds(ticket.received_at)]
        if now and (len(members) > 1 or item.name or item.split_from):
            present.append((item, members, now))
    present.sort(key=lambda entry: (-len(entry[2]), -len(entry[1]), entry[0].pk))
    trends = flow.trends([[ticket.received_at for ticket in members] for _, members, _ in present])
    drawn = series(flow, [members for _, members, _ in present])
    groups = []
    for number, ((item, members, now), trend, spans) in enumerate(zip(present, trends, drawn, strict=True)):
        central = now[0]
        cases = setting.find_cases(_whole(central)) if number < _CASES_LOOKED_UP else ()
        groups.append(
            Group(
                id=item.id,
                title=item.name or members[0].title,
                named=bool(item.name),
                terms=naming.terms(
                    [_whole(ticket) for ticket in members],
                    [documents.whole.words[places[ticket.pk]] for ticket in members],
                    held,
                    len(documents.keys),
                ),
                central=central.id,
                ticket_ids=tuple(ticket.id for ticket in now),
                case_ids=tuple(case.case_id for case in cases),
                languages=rollups.counts(ticket.language for ticket in now),
                categories=rollups.counts(ticket.category for ticket in now),
                teams=rollups.counts(ticket.team for ticket in now),
                products=rollups.counts(ticket.product for ticket in now),
                versions=rollups.counts(ticket.version for ticket in now),
                customers=len({ticket.customer for ticket in now if ticket.customer}),
                urgent=sum(ticket.priority == "urgent" for ticket in now),
                median_hours=rollups.median_hours(now),
                satisfied=rollups.satisfied(now),
                reopened=rollups.reopened(now),
                first_seen=min(ticket.received_at for ticket in members),
                last_seen=max(ticket.received_at for ticket in now),
                trend=trend,
                cause="",
                cause_guessed=False,
                proven_case=next((case.case_id for case in cases if case.proven), None),
                comments=tuple(Comment(row.pk, row.text, row.by, row.at) for row in item.comments),
                series=spans,
                split_from=item.split_from,
            )
        )
        progress("describe", number + 1, len(present))
    return groups


def _causes(
    setting: Setting,
    groups: Sequence[Group],
    within: Sequence[Past],
    by_key: Mapping[int, Past],
    uses: Sequence[history.Used],
) -> dict[str, CauseOf]:
    """The root cause of each ticket that has one: recorded, that of the case which solved it, or a guess.

    A guess is what most tickets of the same group have, else the cause of the group's likeliest case.
    """
    solved_by = {use.ticket_id: use.case_id for use in uses if use.worked and use.ticket_id}
    wanted = {*solved_by.values(), *(case_id for group in groups for case_id in group.case_ids[:1])}
    with setting.database.reading() as session:
        of_cases = history.causes_of_cases(session, sorted(wanted))
    found: dict[str, CauseOf] = {}
    for ticket in by_key.values():
        if ticket.cause and ticket.cause != rollups.UNKNOWN:
            found[ticket.id] = CauseOf(ticket.cause, ticket.systemic, guessed=False)
        elif (case_id := solved_by.get(ticket.id)) in of_cases:
            found[ticket.id] = CauseOf(*of_cases[case_id], guessed=False)
    for group in groups:
        recorded = [found[item] for item in group.ticket_ids if item in found]
        guess: CauseOf | None = None
        if recorded:
            code = Counter(item.code for item in recorded).most_common(1)[0][0]
            guess = CauseOf(code, any(item.systemic for item in recorded if item.code == code), guessed=True)
        elif group.case_ids and group.case_ids[0] in of_cases:
            guess = CauseOf(*of_cases[group.case_ids[0]], guessed=True)
        if guess is not None:
            for item in group.ticket_ids:
                found.setdefault(item, guess)
    own = {ticket.id for ticket in within}
    return {ticket_id: cause for ticket_id, cause in found.items() if ticket_id in own}


def _with_cause(group: Group, cause_of: Mapping[str, CauseOf]) -> Group:
    from dataclasses import replace

    causes = [cause_of[item] for item in group.ticket_ids if item in cause_of]
    if not causes:
        return group
    recorded = [cause for cause in causes if not cause.guessed]
    code = Counter(cause.code for cause in recorded or causes).most_common(1)[0][0]
    return replace(group, cause=code, cause_guessed=not recorded)


def _whole(ticket: Past) -> str:
    return "\n".join(part for part in (ticket.subject, ticket.description) if part.strip())


def _too_little(within: Sequence[Past], flow: Flow, groups: Sequence[Group]) -> tuple[str, ...]:
    """What there was too little data to say, by the codes of the catalogue's sentences."""
    said = []
    if not within:
        said.append("no_tickets")
    elif len(within) < _FEW:
        said.append("few_tickets")
    if within and not any(ticket.satisfaction is not None for ticket in within):
        said.append("no_satisfaction")
    if within and not any(ticket.finished_at is not None for ticket in within):
        said.append("no_finish_times")
    if within and not flow.past_enough:
        said.append("short_history")
    if groups and not any(group.cause for group in groups):
        said.append("no_causes")
    return tuple(said)
