"""Surges that go on, as a line above the pages of those who take tickets in, and the tickets of each."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from api.console.frame import language_of, show
from api.console.names import Clock, names
from api.deps import PartsDep
from kb import masking
from models.errors import NotFoundError
from triage import reporting
from triage.wiring import Parts

router = APIRouter(prefix="/queue/surges", include_in_schema=False)
_MOST = 3
_LISTED = 200


@dataclass(frozen=True, slots=True)
class Line:
    """A surge as the pages tell it; ``first`` is its first ticket, by which it is known."""

    first: str
    title: str
    since: str
    number: int


def lines(parts: Parts, language: str) -> list[Line]:
    """What the watch saw when it last looked, the latest first; nothing is asked of the database."""
    if not parts.watch.found:
        return []
    clock = Clock(parts.settings.zone, language, parts.now())
    latest = sorted(parts.watch.found, key=lambda surge: surge.since, reverse=True)
    return [
        Line(surge.ticket_ids[0], masking.mask(surge.title).text, clock.moment(surge.since), surge.observed)
        for surge in latest[:_MOST]
    ]


@router.get("/{ticket_id}")
def read(request: Request, ticket_id: str, parts: PartsDep) -> HTMLResponse:
    """The tickets of a surge, for all who handle tickets."""
    found = next((surge for surge in parts.watch.found if surge.ticket_ids[0] == ticket_id), None)
    if found is None:
        raise NotFoundError("this surge is over", field="ticket_id")
    ids = found.ticket_ids
    with parts.database.reading() as session:
        texts = reporting.texts(session, ids[:_LISTED])
    language = language_of(request)
    return show(
        request,
        "retrospective_tickets.html",
        "retrospective",
        lines=[(texts[one], masking.mask(texts[one].subject).text) for one in ids if one in texts],
        more="",
        number=len(ids),
        back="/queue",
        group=None,
        said="",
        subtitle=masking.mask(found.title).text,
        names=names(parts.rules, language),
        clock=Clock(parts.settings.zone, language, parts.now()),
    )
