"""What the knowledge base lacks: groups without a proven case, cases that fail, labels that disagree."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence

from kb.history import Past, Used
from triage.findings import Gap, Group

LEAST = 3
"""Tickets that make a group worth a case of its own."""
_LEAST_USES = 2
_LEAST_LABELLED = 4
_AGREED = 0.7
"""Where so many of a group carry one category, the others look wrong."""
_HALVES = 0.25
_LEAST_IN_CLASS = 20
"""A category in which two groups make a quarter each mixes two problems."""


def gaps(groups: Sequence[Group], tickets: Mapping[str, Past], uses: Sequence[Used]) -> tuple[Gap, ...]:
    """All gaps, those that concern most tickets first; ``tickets`` by id."""
    found = [*_unproven(groups), *_failing(uses), *_mixed(groups, tickets), *_conflicts(groups, tickets)]
    return tuple(sorted(found, key=lambda gap: (-gap.count, gap.kind, gap.key)))


def _unproven(groups: Sequence[Group]) -> Iterator[Gap]:
    for group in groups:
        if group.size >= LEAST and group.proven_case is None:
            yield Gap("no_proven_case", group.id, group.title, group.size, group.ticket_ids, group.case_ids)


def _failing(uses: Sequence[Used]) -> Iterator[Gap]:
    by_case: dict[str, list[Used]] = defaultdict(list)
    for use in uses:
        by_case[use.case_id].append(use)
    for case_id, held in by_case.items():
        failed = [use for use in held if not use.worked]
        if len(failed) >= _LEAST_USES and 2 * len(failed) > len(held):
            ids = tuple(dict.fromkeys(use.ticket_id for use in failed if use.ticket_id))
            yield Gap("failing_case", case_id, case_id, len(failed), ids, (case_id,))


def _mixed(groups: Sequence[Group], tickets: Mapping[str, Past]) -> Iterator[Gap]:
    sizes = Counter(ticket.category for ticket in tickets.values() if ticket.category)
    for category, size in sizes.items():
        if size < _LEAST_IN_CLASS:
            continue
        own = [
            (group, tuple(item for item in group.ticket_ids if tickets[item].category == category))
            for group in groups
        ]
        large = [(group, ids) for group, ids in own if len(ids) >= _HALVES * size]
        if len(large) > 1:
            ids = tuple(item for _, held in large for item in held)
            title = " / ".join(group.title for group, _ in large)
            yield Gap("mixed_class", category, title, len(ids), ids)


def _conflicts(groups: Sequence[Group], tickets: Mapping[str, Past]) -> Iterator[Gap]:
    for group in groups:
        labelled = [item for item in group.ticket_ids if tickets[item].category]
        if len(labelled) < _LEAST_LABELLED:
            continue
        (most, agreed), *others = Counter(tickets[item].category for item in labelled).most_common()
        if others and agreed >= _AGREED * len(labelled):
            odd = tuple(item for item in labelled if tickets[item].category != most)
            yield Gap("label_conflict", group.id, group.title, len(odd), odd)
