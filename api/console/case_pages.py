"""Pages of the case archive: search, one case with its life, its editor, what waits for review."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.orm import Session

from api.console.frame import go, identity_of, language_of, refusal, show
from api.console.names import Clock, names
from api.deps import PartsDep, WorkerDep
from kb import case_life, case_versions, cases, ledger, masking
from kb.filters import Filters
from kb.tables import Case
from models.errors import InputError, TooLargeError, TriageError
from models.text import analyse
from triage import duplicates
from triage.assessment import proof_json, search_json
from triage.catalogue import words
from triage.pointing import cut
from triage.wiring import Parts

router = APIRouter(prefix="/cases", include_in_schema=False)
FACETS = ("category", "product", "language", "team")
TEXTS = ("problem", "symptoms", "cause", "solution", "resources")
SHORT = ("product", "version", "team", "category")
MORE = ("version", "closed_from", "closed_to")
"""Filters beside the facets."""
_SHOWN = 10
_LISTED = 50
_FACET_VALUES = 8
Word = Annotated[str, Form(max_length=200)]
Text = Annotated[str, Form(max_length=20_000)]


@router.get("")
def search(request: Request, parts: PartsDep, q: str = "") -> HTMLResponse:
    """Search as one types; without a question the cases stored last, or those in one state."""
    language = language_of(request)
    asked = (*FACETS, *MORE, "proven", "state")
    chosen = {key: request.query_params.get(key, "").strip()[:200] for key in asked}
    shared: dict[str, Any] = {
        "q": q,
        "chosen": chosen,
        "names": names(parts.rules, language),
        "states": case_life.STATES,
    }
    if not q.strip():
        with parts.database.reading() as session:
            state = chosen["state"] if chosen["state"] in case_life.STATES else None
            listed = case_life.page(session, state=state, limit=_LISTED).cases
        clock = Clock(parts.settings.zone, language, parts.now())
        return show(request, "cases.html", "cases", found=None, listed=listed, clock=clock, **shared)
    if len(q) > parts.settings.max_text:
        raise TooLargeError(f"at most {parts.settings.max_text} characters can be searched for", field="q")
    filters = Filters(
        category=chosen["category"] or None,
        product=chosen["product"] or None,
        language=chosen["language"] or None,
        team=chosen["team"] or None,
        version=chosen["version"] or None,
        closed_from=_day(chosen["closed_from"], "closed_from"),
        closed_to=_day(chosen["closed_to"], "closed_to"),
        proven_only=bool(chosen["proven"]),
    )
    analysis = analyse(q)
    hits = parts.find_cases(analysis, parts.encoder.encode([q])[0], _SHOWN, filters=filters, faceted=True)
    found = search_json(hits, analysis)
    for case in found["cases"]:
        case["problem_pieces"] = cut(case["problem"], case["marks"]["problem"])
        case["solution_pieces"] = cut(case["solution"], case["marks"]["solution"])
    kept = {key: value for key, value in chosen.items() if value and key not in ("proven", "state")}
    proven = urlencode({"q": q, **kept, **({} if chosen["proven"] else {"proven": "1"})})
    facets = {kind: _facet(kind, found["facets"].get(kind, {}), q, chosen) for kind in FACETS}
    return show(request, "cases.html", "cases", found=found, facets=facets, proven_link=proven, **shared)


@router.get("/new")
def write_new(request: Request, parts: PartsDep) -> HTMLResponse:
    """An empty editor."""
    return _editor(request, parts, "", {})


@router.post("/preview")
async def preview(request: Request, parts: PartsDep) -> HTMLResponse:
    """What is being typed as it would be stored, and the cases it may repeat."""
    typed = await _typed(request)
    row, found = masking.mask_case(_row(typed))
    content = cases.searched_text(Case(**row)).whole
    own = typed.get("case_id", "")
    near = duplicates.like(parts, content).duplicates if content.strip() else []
    return show(
        request,
        "case_preview.html",
        "case_editor",
        row=row,
        texts=TEXTS,
        hidden=sum(found.values()),
        near=[one for one in near if one.case_id != own],
    )


@router.post("/new")
async def add(request: Request, parts: PartsDep, worker: WorkerDep) -> Response:
    """Store a new case as a draft."""
    typed = await _typed(request)

    def change(session: Session, by: str) -> str:
        written = cases.write(session, [_row(typed)], parts.encoder, parts.now(), state="draft", by=by)
        return written.ids[0]

    return _saved(request, parts, "", typed, change)


@router.get("/{case_id}")
def read(request: Request, case_id: str, parts: PartsDep) -> HTMLResponse:
    """One case: what it says, its proof, its versions, and those like it."""
    return _page(request, case_id, parts)


@router.get("/{case_id}/edit")
def edit(request: Request, case_id: str, parts: PartsDep) -> HTMLResponse:
    """The editor with what the case says now."""
    with parts.database.reading() as session:
        case = cases.get(session, case_id)
    values = {name: str(getattr(case, name) or "") for name in (*TEXTS, *SHORT)}
    values |= {"keywords": ", ".join(case.keywords or ()), "number": str(case.version_number)}
    return _editor(request, parts, case_id, values)


@router.post("/{case_id}/edit")
async def change_case(request: Request, case_id: str, parts: PartsDep, worker: WorkerDep) -> Response:
    """Store what was typed as the case's next version."""
    typed = await _typed(request)
    number = int(typed["number"]) if typed.get("number", "").isdecimal() else 0

    def change(session: Session, by: str) -> str:
        case_life.change(
            session,
            case_id,
            _row(typed),
            number,
            parts.encoder,
            parts.now(),
            by=by,
            note=typed.get("note", ""),
        )
        return case_id

    answer = _saved(request, parts, case_id, typed, change)
    worker.wake()
    return answer


@router.post("/{case_id}/move")
def move(
    request: Request, case_id: str, parts: PartsDep, worker: WorkerDep, to: Word = "", replaced_by: Word = ""
) -> HTMLResponse:
    """Bring a case to its next state."""
    now = parts.now()
    today = now.astimezone(parts.settings.zone).date()

    def change(session: Session, by: str) -> None:
        case_life.move(
            session, case_id, to, parts.encoder, now, today=today, by=by, replaced_by=replaced_by.strip()
        )

    answer = _changed(request, case_id, parts, change)
    worker.wake()
    return answer


@router.post("/{case_id}/merge")
def merge(
    request: Request, case_id: str, parts: PartsDep, worker: WorkerDep, into: Word = ""
) -> HTMLResponse:
    """Merge a case into another about the same problem, which gets its proof."""

    def change(session: Session, by: str) -> None:
        case_life.merge(session, case_id, into, parts.now(), by=by)

    answer = _changed(request, case_id, parts, change)
    worker.wake()
    return answer


@router.post("/{case_id}/use")
def record_use(
    request: Request,
    case_id: str,
    parts: PartsDep,
    worked: Annotated[bool, Form()] = False,
    q: Text = "",
    note: Word = "",
) -> HTMLResponse:
    """Say whether the solution helped; the question it was found by is what it helped with."""
    question = parts.question(q) if q.strip() else None

    def change(session: Session, by: str) -> None:
        ledger.record(
            session, case_id, worked=worked, used_at=parts.now(), used_by=by, note=note, question=question
        )

    return _changed(request, case_id, parts, change)


def _page(request: Request, case_id: str, parts: Parts, *, said: str = "") -> HTMLResponse:
    language = language_of(request)
    with parts.database.reading() as session:
        case = cases.get(session, case_id)
        proof = ledger.proofs(session, [case.pk]).get(case.pk, ledger.NO_PROOF)
        uses = ledger.uses(session, case.pk)
        versions = case_versions.versions(session, case)
        history = case_versions.history(session, case)
    return show(
        request,
        "case.html",
        "case",
        case=case,
        proof=proof_json(proof),
        uses=uses,
        versions=list(reversed(versions)),
        history=history,
        related=duplicates.of(parts, case_id).duplicates if case.state == cases.PUBLISHED else [],
        next_states=[state for state in case_life.NEXT.get(case.state, ()) if state != "replaced"],
        texts=TEXTS,
        q=request.query_params.get("q", "")[:1000],
        names=names(parts.rules, language),
        clock=Clock(parts.settings.zone, language, parts.now()),
        said=said,
    )


def _changed(
    request: Request, case_id: str, parts: Parts, change: Callable[[Session, str], None]
) -> HTMLResponse:
    who = identity_of(request)
    try:
        with parts.database.transaction() as session:
            change(session, who.name if who else "")
    except TriageError as error:
        spoken = words("case", language_of(request))
        return _page(request, case_id, parts, said=spoken["refused"].format(detail=refusal(request, error)))
    return _page(request, case_id, parts)


def _saved(
    request: Request, parts: Parts, case_id: str, typed: dict[str, str], change: Callable[[Session, str], str]
) -> Response:
    who = identity_of(request)
    try:
        with parts.database.transaction() as session:
            stored = change(session, who.name if who else "")
    except TriageError as error:
        said = words("case_editor", language_of(request))["refused"].format(detail=refusal(request, error))
        return _editor(request, parts, case_id, typed, said=said)
    return go(f"/cases/{stored}")


def _editor(
    request: Request, parts: Parts, case_id: str, values: dict[str, str], *, said: str = ""
) -> HTMLResponse:
    return show(
        request,
        "case_editor.html",
        "case_editor",
        case_id=case_id,
        values={name: values.get(name, "") for name in (*TEXTS, *SHORT, "keywords", "number", "note")},
        texts=TEXTS,
        names=names(parts.rules, language_of(request)),
        said=said,
    )


def _day(written: str, field: str) -> date | None:
    try:
        return date.fromisoformat(written) if written else None
    except ValueError as error:
        raise InputError(f"{field} is a day such as 2026-03-31, not {written!r}", field=field) from error


async def _typed(request: Request) -> dict[str, str]:
    return {key: value.strip() for key, value in (await request.form()).items() if isinstance(value, str)}


def _row(typed: dict[str, str]) -> dict[str, Any]:
    """The form as a row of the archive."""
    keywords = [part.strip() for part in typed.get("keywords", "").replace("，", ",").split(",")]
    return {name: typed.get(name, "") for name in (*TEXTS, *SHORT)} | {
        "keywords": [word for word in keywords if word]
    }


def _facet(kind: str, counts: dict[str, int], q: str, chosen: dict[str, str]) -> list[tuple[str, int, str]]:
    """Values of a facet, the most frequent first: value, number, and where a click leads."""
    rows = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:_FACET_VALUES]
    kept = {key: value for key, value in chosen.items() if value and key not in (kind, "state")}
    return [
        (value, number, urlencode({"q": q, **kept, **({} if chosen[kind] == value else {kind: value})}))
        for value, number in rows
        if value
    ]
