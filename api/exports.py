"""Exports: tickets and cases as a file, streamed."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse

from api import download
from api.deps import PartsDep
from api.schemas import PROBLEMS
from kb import export
from triage.rules import labels

router = APIRouter(prefix="/exports", tags=["exports"], responses=PROBLEMS)


@router.get("/{kind}.{ending}", response_class=StreamingResponse)
def read(
    kind: Literal["tickets", "cases"],
    ending: Literal["csv", "xlsx", "jsonl"],
    parts: PartsDep,
    since: Annotated[str, Query(description="the first day")] = "",
    until: Annotated[str, Query(description="the last day")] = "",
    category: str = "",
    columns: Literal["own", "sheet"] = "own",
) -> StreamingResponse:
    """All of one kind, or those of some days or of one category, as a file that can be imported again."""
    zone = parts.settings.zone
    asked = export.wanted(kind, zone, columns=columns, since=since, until=until, category=category)
    names = labels(parts.rules.taxonomy, "zh")
    return download.answer(
        parts,
        kind,
        ending,
        export.header(asked),
        lambda session: export.rows(session, asked, zone, names),
    )
