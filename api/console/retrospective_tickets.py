"""The tickets behind a figure of the retrospective; a group's with trend and comments, to be split."""

from __future__ import annotations

from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from api.console.frame import language_of, show
from api.console.names import Clock, names
from api.console.retrospective_pages import asked_of, period_of
from api.deps import PartsDep
from kb import group_comments, masking
from models.errors import InputError
from triage import reporting
from triage.findings import Retrospective
from triage.trend_chart import chart

router = APIRouter(prefix="/retrospective/tickets", include_in_schema=False)
_LISTED = 200
_PATIENCE = 30
"""Seconds that a link into a retrospective waits for it."""


@router.get("")
def read(request: Request, parts: PartsDep, kind: str = "all", key: str = "", after: int = 0) -> HTMLResponse:
    """The tickets behind a figure, from the one numbered ``after``."""
    asked = asked_of(request)
    work = parts.retrospects.ask(period_of(asked, parts))
    parts.retrospects.wait(work, _PATIENCE)
    if work.found is None:
        raise InputError("the retrospective is still being made: open it first", field="from")
    ids = behind(work.found, kind, key)
    start = min(max(after, 0), len(ids))
    part = ids[start : start + _LISTED]
    group = next((one for one in work.found.groups if kind == "group" and one.id == key), None)
    with parts.database.reading() as session:
        texts = reporting.texts(session, part)
        comments = group_comments.listed(session, group.id) if group else ()
    language = language_of(request)
    period = {"from": asked["from"], "to": asked["to"]}
    more = {**period, "kind": kind, "key": key, "after": start + _LISTED}
    return show(
        request,
        "retrospective_tickets.html",
        "retrospective",
        lines=[(texts[one], masking.mask(texts[one].subject).text) for one in part if one in texts],
        more="/retrospective/tickets?" + urlencode(more) if len(ids) > start + _LISTED else "",
        number=len(ids),
        back="/retrospective?" + urlencode(period),
        query=urlencode(period),
        group=group,
        subtitle=masking.mask(group.title).text if group else key[:10] if kind == "span" else "",
        comments=comments,
        drawn=chart(
            group.series,
            [surge for surge in work.found.surges if surge.group_id == group.id],
            parts.settings.zone,
        )
        if group
        else None,
        said="",
        names=names(parts.rules, language),
        clock=Clock(parts.settings.zone, language, parts.now()),
    )


def behind(found: Retrospective, kind: str, key: str) -> list[str]:
    """The tickets of a figure: of a group, a cause, a day or week, a surge, a step, a gap, or a share.

    Raises:
        InputError: there is no such figure.
    """
    if kind == "all":
        return list(found.ticket_ids)
    if kind == "outside":
        return list(found.outside)
    if kind in ("satisfied", "reopened", "complaints_in_time"):
        return list(getattr(found, kind).ticket_ids)
    spans = {span.start: span.ticket_ids for span in found.series}
    spans |= {f"{span.start}/{group.id}": span.ticket_ids for group in found.groups for span in group.series}
    held: dict[str, dict[str, tuple[str, ...]]] = {
        "group": {group.id: group.ticket_ids for group in found.groups},
        "cause": {cause.code: cause.ticket_ids for cause in found.causes},
        "span": spans,
        "surge": {surge.ticket_ids[0]: surge.ticket_ids for surge in found.surges},
        "step": {f"{row.step}/{row.category}/{row.team}": row.late_ids for row in found.steps},
        "gap": {f"{gap.kind}/{gap.key}": gap.ticket_ids for gap in found.gaps},
        "measure": {check.id: check.ticket_ids for check in found.measures},
    }
    try:
        return list(held[kind][key])
    except KeyError:
        raise InputError(f"there is no {kind} {key!r} in this period", field="key") from None
