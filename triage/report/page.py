"""The report as one HTML file that opens offline: style, charts and script are in it, ticket text is escaped.

Only scripts with the hashes named in the file's own policy run, and nothing is loaded from anywhere.
"""

from __future__ import annotations

import hashlib
import re
from base64 import b64encode
from dataclasses import asdict
from functools import cache
from html import escape
from itertools import groupby
from pathlib import Path
from typing import Any

import markupsafe
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from triage.findings import Group
from triage.report import charts, summary
from triage.report.material import Material, TicketLine
from triage.trend_chart import chart

MOST_GROUPS = 40
"""Groups shown in the table; the smaller ones are in a list that opens."""
MOST_LINES = 300
"""Tickets listed with date and subject in one place; the others by number only."""

_HERE = Path(__file__).parent / "templates"
_INTERVAL = re.compile(r"[\d.,]+–[\d.,]+(?:\u00a0%)?")


def render(material: Material) -> str:
    """The whole file as text."""
    found = material.found
    scripts = [_plotly(), _source("report.js")]
    order = _order(material)
    paretos = [charts.bars(material, pareto) for pareto in found.paretos]
    by_day = charts.days(material)
    anchors = {ticket_id: f"t{n}" for n, ticket_id in enumerate(order, start=1)}
    sections = _sections(material)
    by_date = _by_date(material, order)
    dates_there = {day for day, _ in by_date} if by_day.unit == "day" else set()
    return (
        _templates()
        .get_template("report.html")
        .render(
            ctx={"m": material, "anchors": anchors, "most_lines": MOST_LINES},
            m=material,
            r=found,
            sections=[key for key, there in sections.items() if there],
            missing=[material.words[f"section_{key}"] for key, there in sections.items() if not there],
            words=material.words,
            summary=summary.sentences(material),
            anchors=anchors,
            at_group={group.id: f"g{n}" for n, group in enumerate(found.groups, start=1)},
            at_cause={cause.code: f"c{n}" for n, cause in enumerate(found.causes, start=1)},
            groups=found.groups[:MOST_GROUPS],
            charts=[
                chart(
                    group.series,
                    [surge for surge in found.surges if surge.group_id == group.id],
                    material.zone,
                )
                for group in found.groups[:MOST_GROUPS]
            ],
            smaller=found.groups[MOST_GROUPS:],
            title_of=title_of,
            days=by_day,
            paretos=list(zip(found.paretos, paretos, strict=True)),
            of_choices=list(dict.fromkeys(pareto.of for pareto in paretos)),
            by_choices=list(dict.fromkeys(pareto.by for pareto in paretos)),
            by_date=by_date,
            dates_there=dates_there,
            chart_data=_chart_data(material, by_day, paretos),
            policy=_policy(scripts),
            style=_source("report.css"),
            scripts=scripts,
        )
    )


def title_of(group: Group) -> str:
    """The title of a group, or its number where it has none."""
    return group.title.strip() or group.id


def whole(text: object) -> Markup:
    """Text as HTML in which an interval ("8–17") stays on one line."""
    return Markup(_INTERVAL.sub(r'<span class="whole">\g<0></span>', str(markupsafe.escape(text))))


def _sections(material: Material) -> dict[str, bool]:
    """All sections in the order of the page, and whether there is something to show in them."""
    found = material.found
    shown: dict[str, object] = {
        "summary": True,
        "groups": found.groups,
        "pareto": found.groups or found.causes,
        "days": found.days,
        "surges": found.surges,
        "causes": found.causes,
        "steps": found.steps,
        "measures": found.measures,
        "gaps": found.gaps,
        "outside": found.outside,
        "all": _order(material),
    }
    return {key: bool(part) for key, part in shown.items()}


def _order(material: Material) -> list[str]:
    """All tickets that the report names, those of the period first, by time."""
    found = material.found
    named = dict.fromkeys(found.ticket_ids)
    for part in (found.groups, found.causes, found.surges, found.measures, found.gaps):
        for item in part:
            named.update(dict.fromkeys(item.ticket_ids))
    for step in found.steps:
        named.update(dict.fromkeys((*step.late_ids, *step.in_time.ticket_ids)))
    named.update(dict.fromkeys(found.outside))
    for share in (found.satisfied, found.reopened, found.complaints_in_time):
        named.update(dict.fromkeys(share.ticket_ids))
    known = [material.texts[ticket_id] for ticket_id in named if ticket_id in material.texts]
    known.sort(key=lambda line: (line.received_at, line.id))
    return [*(line.id for line in known), *(item for item in named if item not in material.texts)]


def _by_date(material: Material, order: list[str]) -> list[tuple[str, list[TicketLine]]]:
    lines = [material.texts[ticket_id] for ticket_id in order if ticket_id in material.texts]
    return [(day, list(held)) for day, held in groupby(lines, lambda line: material.day(line.received_at))]


def _chart_data(material: Material, by_day: charts.Days, paretos: list[charts.Bars]) -> dict[str, Any]:
    """What the script draws. Plotly reads tags in labels, so that they are escaped once more for it."""
    words = material.words
    held = asdict(by_day)
    for stack in held["stacks"]:
        stack["label"] = escape(stack["label"])
    drawn = []
    for bars in paretos:
        fields = asdict(bars)
        for key in ("labels", "titles"):
            fields[key] = [escape(text) for text in fields[key]]
        fields["targets"] = _targets(material, bars.of, bars.by)
        drawn.append(fields)
    return {
        "days": held,
        "paretos": drawn,
        "axis_cumulative": words["axis_cumulative"],
        "axis_tickets": words["axis_tickets"],
        "language": material.language,
    }


def _targets(material: Material, of: str, by: str) -> list[str]:
    """Where on the page the tickets of each bar are."""
    found = material.found
    places = {group.id: f"g{n}" for n, group in enumerate(found.groups, start=1)}
    if of == "cause":
        places = {cause.code: f"c{n}" for n, cause in enumerate(found.causes, start=1)}
    pareto = next(item for item in found.paretos if (item.of, item.by) == (of, by))
    return [places.get(bar.key, "") for bar in pareto.bars]


def _policy(scripts: list[str]) -> str:
    hashes = " ".join(
        f"'sha256-{b64encode(hashlib.sha256(script.encode()).digest()).decode()}'" for script in scripts
    )
    # Plotly writes its own style elements.
    return (
        f"default-src 'none'; script-src {hashes}; style-src 'unsafe-inline'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


@cache
def _plotly() -> str:
    from plotly.offline import get_plotlyjs

    script: str = get_plotlyjs()
    # A browser reads every kind of line end as \n, and the hash is that of what it reads.
    return script.replace("\r\n", "\n").replace("\r", "\n").replace("</script", "<\\/script")


@cache
def _source(name: str) -> str:
    return (_HERE / name).read_text(encoding="utf-8")


@cache
def _templates() -> Environment:
    templates = Environment(
        loader=FileSystemLoader(_HERE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.filters["whole"] = whole
    return templates
