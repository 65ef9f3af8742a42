"""The queue: what needs somebody, the first due first."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.orm import Session

from api.console import surge_pages
from api.console.frame import go, identity_of, language_of, show
from api.console.names import Clock, names
from api.deps import PartsDep
from kb import queue
from kb.queue import Place, View
from kb.tables import Ticket
from models.errors import InputError
from triage import actions
from triage.actions import Verdict
from triage.permissions import Identity
from triage.titles import title
from triage.wiring import Parts

router = APIRouter(prefix="/queue", include_in_schema=False)
SCOPES = ("own", "team", "all")
_PAGE = 50
_AT_ONCE = 200
_FILTERS = ("scope", "team", "status", "category", "priority", "customer", "due")


@router.get("")
def read(
    request: Request,
    parts: PartsDep,
    after: Annotated[str, Query(max_length=60)] = "",
) -> HTMLResponse:
    """A page of the queue; its filters stand in the address, so that a view can be sent as a link."""
    who, chosen = identity_of(request), _chosen(request)
    view = _view(chosen, who, parts)
    language = language_of(request)
    with parts.database.reading() as session:
        rows = queue.page(session, view, after=_place(after), limit=_PAGE + 1)
        known = queue.bands(session, [row.pk for row in rows])
        counts = _counts(session, chosen, who, parts)
        sure = queue.count_undecided_auto(session, view, _AT_ONCE)
    more = _cursor(rows[_PAGE - 1]) if len(rows) > _PAGE else ""
    return show(
        request,
        "queue.html",
        "queue",
        tickets=rows[:_PAGE],
        titles={row.pk: title(row) for row in rows},
        bands={key: _band(targets) for key, targets in known.items()},
        counts=counts,
        sure=sure,
        chosen=chosen,
        here_query=urlencode({key: value for key, value in chosen.items() if value}),
        more=urlencode({**{key: value for key, value in chosen.items() if value}, "after": more})
        if more
        else "",
        names=names(parts.rules, language),
        clock=Clock(parts.settings.zone, language, parts.now()),
        scopes=SCOPES,
        surges=surge_pages.lines(parts, language),
    )


@router.post("/accept")
def accept(request: Request, parts: PartsDep) -> Response:
    """Accept what was suggested for the tickets of this view whose suggestions are all sure."""
    who, chosen = identity_of(request), _chosen(request)
    by = who.name if who else ""
    with parts.database.transaction() as session:
        for ticket in queue.undecided_auto(session, _view(chosen, who, parts), _AT_ONCE):
            actions.decide(session, ticket, Verdict(), parts.rules.taxonomy, by=by, now=parts.now())
    return go("/queue?" + urlencode({key: value for key, value in chosen.items() if value}))


def _chosen(request: Request) -> dict[str, str]:
    asked = request.query_params
    chosen = {key: asked.get(key, "").strip()[:200] for key in _FILTERS}
    if chosen["scope"] not in SCOPES:
        chosen["scope"] = "all"
    return chosen


def _view(chosen: dict[str, str], who: Identity | None, parts: Parts) -> View:
    own = who.name if who and chosen["scope"] == "own" else ""
    team = who.team if who and chosen["scope"] == "team" and who.team else chosen["team"]
    due = {"late": parts.now(), "today": _tonight(parts)}.get(chosen["due"])
    return View(
        owner=own,
        team=team,
        status=chosen["status"],
        category=chosen["category"],
        priority=chosen["priority"],
        customer=chosen["customer"],
        due_before=due,
    )


def _tonight(parts: Parts) -> datetime:
    local = parts.now().astimezone(parts.settings.zone)
    return (local + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)


def _counts(session: Session, chosen: dict[str, str], who: Identity | None, parts: Parts) -> dict[str, int]:
    """How many each of the views that can be switched to holds, with the other filters as they are."""
    found = {
        scope: queue.count(session, _view({**chosen, "scope": scope, "due": ""}, who, parts))
        for scope in SCOPES
    }
    for due in ("late", "today"):
        found[due] = queue.count(session, _view({**chosen, "due": due}, who, parts))
    return found


def _band(targets: dict[str, Any]) -> str:
    """How sure the suggestion of a ticket is as a whole; ``decided`` once a person has spoken."""
    if any(row.final is not None for row in targets.values()):
        return "decided"
    held = [row.band for row in targets.values()]
    return next((band for band in ("ask", "suggest", "auto") if band in held), "")


def _cursor(ticket: Ticket) -> str:
    return f"{ticket.due_at.isoformat() if ticket.due_at else ''}~{ticket.pk}"


def _place(cursor: str) -> Place | None:
    if not cursor:
        return None
    at, _, key = cursor.rpartition("~")
    try:
        return Place(datetime.fromisoformat(at) if at else None, int(key))
    except ValueError as error:
        raise InputError("after is where an earlier page ended", field="after") from error
