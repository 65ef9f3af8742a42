"""The retrospective's page: a period's groups, causes, times and gaps; every figure opens its tickets."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.orm import Session

from api.console.frame import go, identity_of, language_of, show
from api.console.names import Clock, names
from api.deps import PartsDep
from kb import audit, masking, measures, problem_groups
from models.errors import InputError, TriageError
from triage import reporting
from triage.catalogue import words
from triage.cli_retrospect import days
from triage.findings import Period, Retrospective
from triage.retrospect_keeper import Work
from triage.wiring import Parts

router = APIRouter(prefix="/retrospective", include_in_schema=False)
_AT_FIRST = 0.8
"""Seconds a page waits for what is quick, before it shows that it works."""
_LISTED = 200
_SHOWN = 30
"""Groups at first: a quarter of a city's mail has hundreds."""
Word = Annotated[str, Form(max_length=300)]


@router.get("")
def read(request: Request, parts: PartsDep) -> HTMLResponse:
    """A period's retrospective; it is computed beside the requests, and the page looks again."""
    asked = _asked(request)
    if not asked["from"]:
        return _page(request, parts, asked, None)
    try:
        period = days(asked["from"], asked["to"], parts)
    except InputError as error:
        said = words("retrospective", language_of(request))["refused"].format(detail=error.message)
        return _page(request, parts, asked, None, said=said)
    work = parts.retrospects.ask(period, anew=asked["anew"] == "1")
    parts.retrospects.wait(work, _AT_FIRST)
    return _page(request, parts, {**asked, "anew": ""}, work)


@router.get("/tickets")
def list_tickets(request: Request, parts: PartsDep, kind: str = "all", key: str = "") -> HTMLResponse:
    """The tickets behind a figure."""
    asked = _asked(request)
    work = parts.retrospects.ask(_period(asked, parts))
    parts.retrospects.wait(work, 30)
    if work.found is None:
        raise InputError("the retrospective is still being made: open it first", field="from")
    ids = behind(work.found, kind, key)
    with parts.database.reading() as session:
        texts = reporting.texts(session, ids[:_LISTED])
    language = language_of(request)
    lines = [(texts[one], masking.mask(texts[one].subject).text) for one in ids[:_LISTED] if one in texts]
    return show(
        request,
        "retrospective_tickets.html",
        "retrospective",
        lines=lines,
        more=max(len(ids) - _LISTED, 0),
        number=len(ids),
        back=urlencode({"from": asked["from"], "to": asked["to"]}),
        names=names(parts.rules, language),
        clock=Clock(parts.settings.zone, language, parts.now()),
    )


@router.post("/groups/{group_id}")
def describe(
    request: Request, group_id: str, parts: PartsDep, name: Word = "", comment: Word = ""
) -> Response:
    """Name or comment a group, once for all months."""

    def change(session: Session, by: str) -> None:
        problem_groups.describe(session, group_id, name=name, comment=comment)
        audit.note(session, by, "group_described", group_id, now=parts.now())

    return _changed(request, parts, change)


@router.post("/groups/{group_id}/merge")
def merge(request: Request, group_id: str, parts: PartsDep, into: Word = "") -> Response:
    """Make two groups one from now on."""

    def change(session: Session, by: str) -> None:
        problem_groups.merge(session, group_id, into)
        audit.note(session, by, "group_merged", group_id, now=parts.now(), detail=into)

    return _changed(request, parts, change)


@router.post("/measures")
def note_measure(
    request: Request, parts: PartsDep, what: Word = "", target: Word = "", since: Word = ""
) -> Response:
    """Note what was done against a group, so that later retrospectives check whether it worked."""
    kind, _, key = target.partition(":")

    def change(session: Session, by: str) -> None:
        begun = days(since, since, parts).start
        measures.note(session, what=what, who=by, target_kind=kind, target=key, since=begun, now=parts.now())

    return _changed(request, parts, change)


def behind(found: Retrospective, kind: str, key: str) -> list[str]:
    """The tickets of a figure: of a group, a cause, a surge, a step, a gap, or a share.

    Raises:
        InputError: there is no such figure.
    """
    if kind == "all":
        return list(found.ticket_ids)
    if kind == "outside":
        return list(found.outside)
    if kind in ("satisfied", "reopened", "complaints_in_time"):
        return list(getattr(found, kind).ticket_ids)
    held: dict[str, dict[str, tuple[str, ...]]] = {
        "group": {group.id: group.ticket_ids for group in found.groups},
        "cause": {cause.code: cause.ticket_ids for cause in found.causes},
        "surge": {surge.ticket_ids[0]: surge.ticket_ids for surge in found.surges},
        "step": {f"{row.step}/{row.category}/{row.team}": row.late_ids for row in found.steps},
        "gap": {f"{gap.kind}/{gap.key}": gap.ticket_ids for gap in found.gaps},
        "measure": {check.id: check.ticket_ids for check in found.measures},
    }
    try:
        return list(held[kind][key])
    except KeyError:
        raise InputError(f"there is no {kind} {key!r} in this period", field="key") from None


def presets(today: date) -> list[tuple[str, str, str]]:
    """Periods to pick: key of its word, first day, last day."""
    this_month = today.replace(day=1)
    last_month = (this_month - timedelta(days=1)).replace(day=1)
    quarter = date(today.year, 3 * ((today.month - 1) // 3) + 1, 1)
    last_quarter = (quarter - timedelta(days=1)).replace(day=1)
    last_quarter = date(last_quarter.year, 3 * ((last_quarter.month - 1) // 3) + 1, 1)
    return [
        ("this_month", str(this_month), str(today)),
        ("last_month", str(last_month), str(this_month - timedelta(days=1))),
        ("last_quarter", str(last_quarter), str(quarter - timedelta(days=1))),
        ("this_year", str(date(today.year, 1, 1)), str(today)),
    ]


def _asked(request: Request) -> dict[str, str]:
    asked = {key: request.query_params.get(key, "").strip()[:20] for key in ("from", "to", "anew")}
    asked["to"] = asked["to"] or asked["from"]
    return asked


def _period(asked: dict[str, str], parts: Parts) -> Period:
    return days(asked["from"], asked["to"], parts)


def _changed(request: Request, parts: Parts, change: Callable[[Session, str], None]) -> Response:
    who, asked = identity_of(request), _asked(request)
    try:
        with parts.database.transaction() as session:
            change(session, who.name if who else "")
    except TriageError as error:
        said = words("retrospective", language_of(request))["refused"].format(detail=error.message)
        work = parts.retrospects.ask(_period(asked, parts)) if asked["from"] else None
        return _page(request, parts, asked, work, said=said)
    parts.retrospects.forget()
    return go("/retrospective?" + urlencode({"from": asked["from"], "to": asked["to"]}))


def _page(
    request: Request, parts: Parts, asked: dict[str, str], work: Work | None, *, said: str = ""
) -> HTMLResponse:
    language = language_of(request)
    today = parts.now().astimezone(parts.settings.zone).date()
    found = work.found if work else None
    values: dict[str, Any] = {
        "largest": max((group.size for group in found.groups), default=1) if found else 1,
        "pareto": next((one for one in found.paretos if one.of == "cause" and one.by == "count"), None)
        if found
        else None,
        "late": sorted((row for row in found.steps if row.late_ids), key=lambda row: -len(row.late_ids))
        if found
        else [],
    }
    return show(
        request,
        "retrospective.html",
        "retrospective",
        asked=asked,
        query=urlencode({"from": asked["from"], "to": asked["to"]}),
        presets=presets(today),
        work=work,
        found=found,
        said=said,
        today=str(today),
        shown=len(found.groups) if found and request.query_params.get("all") else _SHOWN,
        report=words("report", language),
        names=names(parts.rules, language),
        clock=Clock(parts.settings.zone, language, parts.now()),
        masked=lambda text: masking.mask(text).text,
        **values,
    )
