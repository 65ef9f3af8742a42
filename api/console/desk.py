"""The page at ``/``: paste a ticket, read its assessment. It talks to the API like anybody else."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from api.console import surge_pages
from api.console.frame import embedded, language_of, show
from api.console.names import names
from api.deps import PartsDep
from triage.catalogue import words

router = APIRouter(include_in_schema=False)


@router.get("/")
def desk(request: Request, parts: PartsDep) -> HTMLResponse:
    """The intake desk in one of the two languages."""
    language = language_of(request)
    spoken = names(parts.rules, language)
    data = {
        "words": dict(words("desk", language)),
        "names": spoken,
        "language": language,
    }
    return show(
        request,
        "desk.html",
        "desk",
        choices={kind: list(spoken[kind].items()) for kind in ("category", "priority", "team")},
        tiers=[(term.code, term.names[language]) for term in parts.rules.taxonomy.tiers],
        data=embedded(data),
        surges=surge_pages.lines(parts, language),
    )
