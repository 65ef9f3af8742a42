"""The retrospective's page: a period's groups, causes, times and gaps; every figure opens its tickets."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.orm import Session

from api.console import surge_pages
from api.console.frame import go, identity_of, language_of, refusal, show
from api.console.names import Clock, names
from api.deps import PartsDep
from kb import audit, group_comments, masking, measures, problem_groups
from kb.tables import GroupComment
from models.errors import InputError, TriageError
from triage.catalogue import words
from triage.cli_retrospect import days
from triage.findings import Period
from triage.retrospect_keeper import Work
from triage.trend_chart import chart
from triage.wiring import Parts

router = APIRouter(prefix="/retrospective", include_in_schema=False)
_AT_FIRST = 0.8
"""Seconds a page waits for what is quick, before it shows that it works."""
_SHOWN = 30
"""Groups at first: a quarter of a city's mail has hundreds."""
Word = Annotated[str, Form(max_length=300)]
Ticked = Annotated[list[str] | None, Form()]


@router.get("")
def read(request: Request, parts: PartsDep) -> HTMLResponse:
    """A period's retrospective; it is computed beside the requests, and the page looks again."""
    asked = asked_of(request)
    if not asked["from"]:
        return _page(request, parts, asked, None)
    try:
        period = days(asked["from"], asked["to"], parts)
    except InputError as error:
        said = words("retrospective", language_of(request))["refused"].format(detail=refusal(request, error))
        return _page(request, parts, asked, None, said=said)
    work = parts.retrospects.ask(period, anew=asked["anew"] == "1")
    parts.retrospects.wait(work, _AT_FIRST)
    return _page(request, parts, {**asked, "anew": ""}, work)


@router.post("/groups/{group_id}")
def describe(
    request: Request, group_id: str, parts: PartsDep, name: Word = "", comment: Word = ""
) -> Response:
    """Name a group, once for all months, and comment it."""

    def change(session: Session, by: str) -> None:
        if name.strip() != problem_groups.get(session, group_id).name:
            problem_groups.rename(session, group_id, name)
            audit.note(session, by, "group_described", group_id, now=parts.now())
        if comment.strip():
            group_comments.add(session, group_id, comment, by=by, now=parts.now())

    return _changed(request, parts, change)


@router.post("/groups/{group_id}/comments")
def add_comment(request: Request, group_id: str, parts: PartsDep, comment: Word = "") -> Response:
    """Comment a group."""

    def change(session: Session, by: str) -> None:
        group_comments.add(session, group_id, comment, by=by, now=parts.now())

    return _changed(request, parts, change, group_id, anew=False)


@router.post("/groups/{group_id}/comments/{number}/remove")
def remove_comment(request: Request, group_id: str, number: int, parts: PartsDep) -> Response:
    """Take back a comment that was written by mistake."""

    def change(session: Session, by: str) -> None:
        group_comments.remove(session, group_id, number)
        audit.note(session, by, "group_comment_removed", group_id, now=parts.now())

    return _changed(request, parts, change, group_id, anew=False)


@router.post("/groups/{group_id}/split")
def split(
    request: Request, group_id: str, parts: PartsDep, ticket: Ticked = None, name: Word = ""
) -> Response:
    """Make the ticked tickets of a group a group of their own from now on."""

    def change(session: Session, by: str) -> None:
        made = problem_groups.split(session, group_id, ticket or [], name=name, now=parts.now())
        audit.note(session, by, "group_split", group_id, now=parts.now(), detail=made.id)

    return _changed(request, parts, change)


@router.post("/groups/{group_id}/rejoin")
def rejoin(request: Request, group_id: str, parts: PartsDep) -> Response:
    """Put what was split off back together."""

    def change(session: Session, by: str) -> None:
        whole = problem_groups.rejoin(session, group_id)
        audit.note(session, by, "group_rejoined", group_id, now=parts.now(), detail=whole.id)

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


def asked_of(request: Request) -> dict[str, str]:
    """The period as the address has it; where the last day is not named it is the first."""
    asked = {key: request.query_params.get(key, "").strip()[:20] for key in ("from", "to", "anew")}
    asked["to"] = asked["to"] or asked["from"]
    return asked


def period_of(asked: dict[str, str], parts: Parts) -> Period:
    """The period that was asked for.

    Raises:
        InputError: it is none.
    """
    return days(asked["from"], asked["to"], parts)


def _changed(
    request: Request,
    parts: Parts,
    change: Callable[[Session, str], None],
    group_id: str = "",
    *,
    anew: bool = True,
) -> Response:
    """Make a change, and go to the retrospective, or to a group's page; ``anew`` where figures differ now."""
    who, asked = identity_of(request), asked_of(request)
    try:
        with parts.database.transaction() as session:
            change(session, who.name if who else "")
    except TriageError as error:
        said = words("retrospective", language_of(request))["refused"].format(detail=refusal(request, error))
        work = parts.retrospects.ask(period_of(asked, parts)) if asked["from"] else None
        return _page(request, parts, asked, work, said=said)
    if anew:
        parts.retrospects.forget()
    period = {"from": asked["from"], "to": asked["to"]}
    if group_id:
        return go("/retrospective/tickets?" + urlencode({**period, "kind": "group", "key": group_id}))
    return go("/retrospective?" + urlencode(period))


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
        "drawn": chart(found.series, found.surges, parts.settings.zone)
        if found and found.ticket_ids
        else None,
        "comments": _comments(parts) if found else {},
        "surges": surge_pages.lines(parts, language),
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


def _comments(parts: Parts) -> dict[str, list[GroupComment]]:
    """What was said of each group by now, also since the retrospective was made."""
    with parts.database.reading() as session:
        return group_comments.by_group(session)
