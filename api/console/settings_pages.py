"""The page of rules: data files edited, checked, replayed over the last 90 days, saved, taken back."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse

from api.console.frame import identity_of, language_of, refusal, show
from api.console.names import Clock, names
from api.deps import PartsDep
from kb import audit, masking
from models.errors import ConflictError, DataFileError, NotFoundError, TriageError
from triage import data_edit
from triage import replay as replays
from triage.catalogue import words
from triage.learning import Progress
from triage.replay import Replay
from triage.rules import Rules
from triage.wiring import Parts

router = APIRouter(prefix="/settings", include_in_schema=False)
_SHOWN = 50
_FIRST = data_edit.FILES[0]
Text = Annotated[str, Form()]


@router.get("")
def read(request: Request, parts: PartsDep, file: str = _FIRST, kept: str = "") -> HTMLResponse:
    """One file in its editor, as it is or as it was before."""
    if not kept:
        return _page(request, parts, file)
    text = data_edit.kept(parts.settings, file, kept)
    at = next(one.at for one in data_edit.history(parts.settings, file) if one.name == kept)
    return _page(request, parts, file, text=text, looking_at=at)


@router.get("/replay")
def follow_replay(request: Request, parts: PartsDep) -> HTMLResponse:
    """How far the replay is, and what it found."""
    if parts.jobs.last("replay") is None:
        raise NotFoundError("nothing has been replayed yet")
    return _shown(request, parts, "settings_replay.html", **_replayed(parts))


@router.post("/{file}/check")
def check(
    request: Request, parts: PartsDep, file: str, text: Text = "", began_with: Text = ""
) -> HTMLResponse:
    """Whether a text would load, and what the model makes of it."""
    try:
        found = data_edit.checked(parts.settings.data_folder, file, text)
    except TriageError as error:
        return _page(request, parts, file, text=text, began_with=began_with, error=error)
    return _page(request, parts, file, text=text, began_with=began_with, right=True, found=found)


@router.post("/{file}/replay")
def replay(
    request: Request, parts: PartsDep, file: str, text: Text = "", began_with: Text = ""
) -> HTMLResponse:
    """Begin to compare: the rules in force and this text, over the tickets of the last 90 days."""
    who = identity_of(request)
    try:
        after = data_edit.checked(parts.settings.data_folder, file, text)
        before = parts.rules

        def work(progress: Progress) -> Replay:
            with parts.database.reading() as session:
                tickets = replays.past(session, parts.now())
            return replays.replay(
                before, after, tickets, parts.model, parts.encoder, parts.settings.zone, parts.now(), progress
            )

        job = parts.jobs.begin("replay", work, by=who.name if who else "", subject=file)
        parts.jobs.wait(job, 0.8)
    except TriageError as error:
        return _page(request, parts, file, text=text, began_with=began_with, error=error)
    return _page(request, parts, file, text=text, began_with=began_with, found=after, replayed=True)


@router.post("/{file}")
def save(
    request: Request, parts: PartsDep, file: str, text: Text = "", began_with: Text = ""
) -> HTMLResponse:
    """Save a text that loads, and decide by it from now on."""
    who = identity_of(request)
    try:
        with parts.database.transaction() as session:
            made, found = data_edit.save(parts.settings, file, text, began_with, parts.now())
            audit.note(
                session,
                who.name if who else "",
                "settings_saved",
                file,
                now=parts.now(),
                detail=f"{began_with} – {made.hash}",
            )
    except TriageError as error:
        return _page(request, parts, file, text=text, began_with=began_with, error=error)
    parts.adopt(found)
    return _page(request, parts, file, saved=True, found=found)


def _page(
    request: Request,
    parts: Parts,
    file: str,
    *,
    text: str | None = None,
    began_with: str = "",
    error: TriageError | None = None,
    found: Rules | None = None,
    **values: Any,
) -> HTMLResponse:
    now = data_edit.read(parts.settings.data_folder, file)
    shown = now.text if text is None else text
    line, content = 0, ""
    if isinstance(error, DataFileError) and error.line and error.file == file:
        lines = shown.splitlines()
        line, content = error.line, lines[error.line - 1] if error.line <= len(lines) else ""
    spoken = words("settings", language_of(request))
    # After a conflict the text is compared with what the file says now only once somebody looked at that.
    kept_hash = began_with or now.hash
    return _shown(
        request,
        parts,
        "settings.html",
        file=file,
        stems=[name.removesuffix(".toml") for name in data_edit.FILES],
        text=shown,
        began_with=kept_hash,
        said=spoken["wrong"].format(detail=refusal(request, error)) if error else "",
        conflict=isinstance(error, ConflictError),
        line=line,
        content=content,
        editable=data_edit.editable(parts.settings),
        strange=_strange(parts, found) if found else {},
        history=data_edit.history(parts.settings, file)[:10],
        **{
            "right": False,
            "saved": False,
            "replayed": False,
            "looking_at": None,
            **_replayed(parts),
            **values,
        },
    )


def _strange(parts: Parts, found: Rules) -> dict[str, tuple[list[str], list[str]]]:
    version = parts.store.current()
    return data_edit.unknown_to(parts.store.card(version).labels, found) if version else {}


def _replayed(parts: Parts) -> dict[str, Any]:
    job = parts.jobs.last("replay")
    return {"job": job, "outcome": job.found if job else None, "shown": _SHOWN}


def _shown(request: Request, parts: Parts, template: str, **values: Any) -> HTMLResponse:
    language = language_of(request)
    return show(
        request,
        template,
        "settings",
        names=names(parts.rules, language),
        clock=Clock(parts.settings.zone, language, parts.now()),
        masked=lambda text: masking.mask(text).text,
        **values,
    )
