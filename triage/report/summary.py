"""The few sentences a meeting reads first, made from the findings: what is large, what rose, what failed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from triage.findings import Group, MeasureCheck
from triage.report.material import Material

MOST = 7


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence and the section of the report (by its key) that shows what it rests on."""

    text: str
    section: str


def sentences(material: Material) -> tuple[Sentence, ...]:
    """At most seven, the most pressing first; what there was too little data to say is never left out."""
    told = [*_told(material)]
    too_little = material.too_little()
    if too_little:
        rest = Sentence(material.say("sum_too_little", list=" ".join(too_little)), "summary")
        return (*told[: MOST - 1], rest)
    return tuple(told[:MOST])


def _told(material: Material) -> Iterator[Sentence]:
    yield _largest(material)
    yield from _changed(material, "rose")
    yield from _surges(material)
    yield from _measures(material)
    yield from _late(material)
    yield from _unproven(material)
    yield from _causes(material)
    yield from _changed(material, "fell")


def _largest(material: Material) -> Sentence:
    found = material.found
    if not found.ticket_ids:
        return Sentence(material.words["sum_none"], "summary")
    tickets = material.counted("tickets", len(found.ticket_ids))
    if not found.groups:
        return Sentence(material.say("sum_ungrouped", tickets=tickets), "outside")
    largest = sorted(found.groups, key=lambda group: -group.size)[:3]
    items = [
        material.say("item_count", title=_title(material, group.title), n=group.size) for group in largest
    ]
    text = material.say(
        "sum_largest",
        tickets=tickets,
        outside=len(found.outside),
        groups=material.counted("groups", len(found.groups)),
        list=material.listed(items),
    )
    return Sentence(text, "groups")


def _changed(material: Material, verdict: str) -> Iterator[Sentence]:
    def surprise(group: Group) -> float:
        return -abs(group.trend.actual - group.trend.expected)

    changed = sorted(
        (group for group in material.found.groups if group.trend.verdict == verdict), key=surprise
    )
    items = [
        material.say("item_trend", title=_title(material, group.title), trend=material.trend(group.trend))
        for group in changed
    ]
    if items:
        yield Sentence(material.say(f"sum_{verdict}", list=material.listed(items)), "groups")


def _surges(material: Material) -> Iterator[Sentence]:
    items = [
        material.say(
            "item_surge",
            title=_title(material, surge.title),
            since=material.moment(surge.since),
            until=material.moment(surge.until),
            observed=surge.observed,
            expected=material.number(surge.expected),
        )
        for surge in sorted(material.found.surges, key=lambda surge: (-surge.sure, -surge.observed))
    ]
    if items:
        yield Sentence(material.say("sum_surges", list=material.listed(items, 2)), "surges")


def _measures(material: Material) -> Iterator[Sentence]:
    by_verdict: dict[str, list[MeasureCheck]] = {"did_not_work": [], "worked": [], "too_early": []}
    for measure in material.found.measures:
        by_verdict.setdefault(measure.verdict, []).append(measure)
    parts = []
    for verdict, key in (("did_not_work", "sum_failed"), ("worked", "sum_worked")):
        items = [
            material.say(
                "item_measure",
                title=_title(material, measure.what),
                trend=material.expectation(measure.expected, measure.low, measure.high, measure.actual),
            )
            for measure in by_verdict[verdict]
        ]
        if items:
            parts.append(material.say(key, list=material.listed(items)))
    if by_verdict["too_early"]:
        parts.append(material.say("sum_early", n=len(by_verdict["too_early"])))
    if parts:
        yield Sentence(_joined(material, parts), "measures")


def _late(material: Material) -> Iterator[Sentence]:
    late: Counter[str] = Counter()
    judged: Counter[str] = Counter()
    for step in material.found.steps:
        late[step.step] += len(step.late_ids)
        judged[step.step] += step.in_time.n
    items = [
        material.say("item_step", title=material.name("step", code), late=n, n=judged[code])
        for code, n in late.most_common()
        if n
    ]
    parts = [material.say("sum_late", late=late.total(), list=material.listed(items))] if items else []
    complaints = material.found.complaints_in_time
    if complaints.n:
        parts.append(material.say("sum_complaints", share=material.share(complaints)))
    if parts:
        yield Sentence(_joined(material, parts), "steps")


def _unproven(material: Material) -> Iterator[Sentence]:
    items = [
        material.say("item_count", title=_title(material, gap.title), n=gap.count)
        for gap in material.found.gaps
        if gap.kind == "no_proven_case"
    ]
    if items:
        yield Sentence(material.say("sum_unproven", list=material.listed(items)), "gaps")


def _causes(material: Material) -> Iterator[Sentence]:
    items = [
        material.say(
            "item_cause", title=material.name("cause", cause.code), n=cause.size, guessed=cause.guessed
        )
        for cause in material.found.causes
    ]
    if items:
        yield Sentence(material.say("sum_causes", list=material.listed(items)), "causes")


def _title(material: Material, title: str) -> str:
    return material.say("quoted", text=material.title(title))


def _joined(material: Material, parts: list[str]) -> str:
    return ("" if material.language == "zh" else " ").join(parts)
