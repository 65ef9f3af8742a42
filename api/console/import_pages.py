"""The pages of imports: choose a file, see what was recognised, mend the mapping, run, get bad rows back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Depends, File, Form, Request, UploadFile
from fastapi.responses import HTMLResponse, Response

from api import uploads
from api.console.frame import go, identity_of, language_of, show
from api.console.names import Clock, names
from api.deps import PartsDep, WorkerDep
from api.uploads import Held
from kb import audit, columns, rowfiles, transfer
from kb import preview as previews
from kb.dates import ORDERS
from kb.mappings import LEFT_OUT, NO_READY, Choice, choice
from kb.preview import Preview
from models.errors import TriageError
from triage import refusals
from triage.catalogue import words
from triage.wiring import Parts

router = APIRouter(prefix="/imports", include_in_schema=False)
_LISTED = 20
_PROBLEMS = 50
_CELL = 80
"""Characters of a cell that are shown."""


async def _sent(request: Request) -> dict[str, str]:
    return {key: value for key, value in (await request.form()).items() if isinstance(value, str)}


SentDep = Annotated[dict[str, str], Depends(_sent)]
"""A form whose fields are as many as the file has columns."""


@router.get("")
def read(request: Request, parts: PartsDep) -> HTMLResponse:
    """Choose a file; the imports before; exports."""
    return _page(request, parts)


@router.post("/file")
def take(
    request: Request,
    parts: PartsDep,
    file: Annotated[UploadFile, File()],
    kind: Annotated[str, Form()] = "tickets",
) -> Response:
    """Keep a file and look at it."""
    try:
        held = uploads.hold(file, kind, parts)
    except TriageError as error:
        return _page(request, parts, said=_refusal(request, error), kind=kind)
    try:
        rowfiles.columns(held.path)
    except TriageError as error:
        uploads.drop(held)
        return _page(request, parts, said=_refusal(request, error, held), kind=kind)
    return go(f"/imports/file/{held.token}")


@router.get("/file/{token}")
def look(request: Request, parts: PartsDep, token: str) -> HTMLResponse:
    """What an import would make of a file; what was chosen stands in the address."""
    held = uploads.held(token, parts)
    return _look(request, parts, held, _chosen(request.query_params, rowfiles.columns(held.path)))


@router.post("/file/{token}")
def start(request: Request, parts: PartsDep, worker: WorkerDep, token: str, sent: SentDep) -> Response:
    """Begin to import a file as it was looked at."""
    held = uploads.held(token, parts)
    chosen = _chosen(sent, rowfiles.columns(held.path))
    who = identity_of(request)
    path = uploads.release(held, parts)
    try:
        import_id = transfer.start(
            parts.database,
            path,
            held.kind,
            parts.now(),
            runner=transfer.SERVICE,
            file_name=held.name,
            choice=chosen,
            ready=parts.rules.mappings,
        )
    except BaseException as error:
        path.replace(held.path)
        if isinstance(error, TriageError):
            return _look(request, parts, held, chosen, said=_refusal(request, error, held))
        raise
    with parts.database.transaction() as session:
        if transfer.get(session, import_id).stored_as != str(path):
            path.unlink(missing_ok=True)  # the same file is being imported already
        audit.note(session, who.name if who else "", "import_started", import_id, now=parts.now())
    uploads.drop(held)
    worker.wake()
    return go(f"/imports/{import_id}")


@router.get("/{import_id}")
def follow(request: Request, parts: PartsDep, import_id: str) -> HTMLResponse:
    """How far an import is, and what came of it."""
    with parts.database.reading() as session:
        row = transfer.get(session, import_id)
        problems = transfer.problems(session, row)[:_PROBLEMS]
    error = uploads.named(row.error, Path(row.stored_as), row.file_name)
    return _shown(request, parts, "import.html", row=row, error=error, problems=problems)


def _look(request: Request, parts: Parts, held: Held, chosen: Choice, *, said: str = "") -> HTMLResponse:
    heads = rowfiles.columns(held.path)
    found: Preview | None = None
    try:
        found = previews.preview(held.path, held.kind, parts.source, chosen)
    except TriageError as error:
        said = said or _refusal(request, error, held)
    fields = {column: field for field, column in found.mapping.fields.items()} if found else {}
    # Where nothing could be made of the file, a column that nobody chose for stays open to be recognised.
    taken = {name: fields.get(name, LEFT_OUT) if found else chosen.columns.get(name, "") for name in heads}
    return _shown(
        request,
        parts,
        "import_file.html",
        held=held,
        found=found,
        ready=found is not None and _can_begin(found),
        taken=taken,
        fields=[*columns.FIELDS[held.kind]],
        left_out=LEFT_OUT,
        chosen=chosen,
        system=(found.mapping.ready if found else chosen.ready) or NO_READY,
        systems=[(one.name, one.title) for one in parts.rules.mappings],
        no_system=NO_READY,
        orders=ORDERS,
        said=said or (_warned(request, found, held) if found and found.error else ""),
        cell=_cells(parts, language_of(request)),
    )


def _cells(parts: Parts, language: str) -> Callable[[str, object], str]:
    """Writes a value as people read it: times in the zone of the settings, codes by their names."""
    known = {"customer_tier": "tier", "cause_code": "cause"}
    kinds = names(parts.rules, language)

    def cell(field: str, value: object) -> str:
        if isinstance(value, datetime):
            return f"{value.astimezone(parts.settings.zone):%Y-%m-%d %H:%M}"
        written = "" if value is None else str(value)
        return kinds.get(known.get(field, field), {}).get(written, written)[:_CELL]

    return cell


def _chosen(sent: Mapping[str, str], heads: list[str]) -> Choice:
    """The mapping from a form, where columns are numbered: their names can be anything."""
    picked = {name: sent[f"column{place}"] for place, name in enumerate(heads) if sent.get(f"column{place}")}
    dates = sent.get("dates", "")
    return choice(picked, sent.get("system", ""), dates if dates in ORDERS else "")


def _can_begin(found: Preview) -> bool:
    """Whether an import would take a row: of half a file it takes what comes before the break."""
    return bool(found.checked or not found.error) and not (found.survey.unclear or found.survey.mixed)


def _refusal(request: Request, error: TriageError, held: Held | None = None) -> str:
    said = _told(request, error.message, held)
    return words("imports", language_of(request))["refused"].format(detail=said)


def _warned(request: Request, found: Preview, held: Held) -> str:
    """What is wrong with a file, said as a refusal only where nothing of it would be taken."""
    if _can_begin(found):
        return _told(request, found.error, held)
    return words("imports", language_of(request))["refused"].format(detail=_told(request, found.error, held))


def _told(request: Request, message: str, held: Held | None) -> str:
    sent_as = uploads.named(message, held.path, held.name) if held else message
    return refusals.told(sent_as, language_of(request))


def _page(request: Request, parts: Parts, *, said: str = "", kind: str = "tickets") -> HTMLResponse:
    with parts.database.reading() as session:
        rows = transfer.latest(session, _LISTED)
    return _shown(
        request,
        parts,
        "imports.html",
        rows=rows,
        said=said,
        kind=kind,
        kinds=transfer.KINDS,
        most=parts.settings.max_upload,
    )


def _shown(request: Request, parts: Parts, template: str, **values: Any) -> HTMLResponse:
    language = language_of(request)
    return show(
        request,
        template,
        "imports",
        clock=Clock(parts.settings.zone, language, parts.now()),
        **values,
    )
