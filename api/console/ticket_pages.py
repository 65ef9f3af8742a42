"""A ticket's page: its text, what is suggested, what was done, what helped, and why it came about."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.orm import Session

from api.console.fishbone import bones
from api.console.frame import go, identity_of, language_of, refusal, show
from api.console.names import Clock, names
from api.deps import PartsDep
from kb import audit, causes, decisions, ledger, masking, tickets
from kb.tables import Ticket, TicketCause
from kb.tickets import NEXT, whole_text
from models.errors import InputError, NotFoundError, TriageError
from triage import actions, drafts
from triage.actions import Verdict
from triage.assessment import Assessment, as_json
from triage.catalogue import words
from triage.pipeline import TicketText
from triage.pointing import pieces
from triage.wiring import Parts

router = APIRouter(prefix="/tickets/{ticket_id}", include_in_schema=False)
WHYS = 5
_CASES = 3
Change = Callable[[Session, Ticket, str], object]
Word = Annotated[str, Form(max_length=200)]
Text = Annotated[str, Form(max_length=20_000)]


@router.get("")
def read(request: Request, ticket_id: str, parts: PartsDep) -> HTMLResponse:
    """The ticket as it stands."""
    return _page(request, ticket_id, parts)


@router.post("/reveal")
def reveal(request: Request, ticket_id: str, parts: PartsDep) -> HTMLResponse:
    """Show the ticket with its personal data; that somebody looked is noted."""
    who = identity_of(request)
    with parts.database.transaction() as session:
        tickets.get(session, ticket_id)
        audit.note(session, who.name if who else "", "text_shown", ticket_id, now=parts.now())
    return _page(request, ticket_id, parts, plain=True)


@router.post("/draft")
def draft(request: Request, ticket_id: str, parts: PartsDep) -> Response:
    """Draft a case from a solved ticket and open its editor."""
    who = identity_of(request)
    try:
        with parts.database.transaction() as session:
            case = drafts.from_ticket(
                session,
                ticket_id,
                parts.rules.taxonomy,
                parts.encoder,
                parts.now(),
                timezone=parts.settings.zone,
                by=who.name if who else "",
            )
            case_id = case.id
    except TriageError as error:
        spoken = words("ticket", language_of(request))
        return _page(request, ticket_id, parts, said=spoken["refused"].format(detail=refusal(request, error)))
    return go(f"/cases/{case_id}/edit")


@router.post("/decide")
def decide(
    request: Request,
    ticket_id: str,
    parts: PartsDep,
    category: Word = "",
    priority: Word = "",
    team: Word = "",
    owner: Word = "",
    reason: Word = "",
) -> HTMLResponse:
    """Accept what was suggested, or correct it."""
    verdict = Verdict(category or None, priority or None, team or None, owner.strip() or None, reason.strip())

    def change(session: Session, ticket: Ticket, by: str) -> None:
        actions.decide(session, ticket, verdict, parts.rules.taxonomy, by=by, now=parts.now())

    return _changed(request, ticket_id, parts, change)


@router.post("/move")
def move(
    request: Request, ticket_id: str, parts: PartsDep, status: Word = "", note: Text = "", solution: Text = ""
) -> HTMLResponse:
    """Bring it to its next status; a solved one needs its solution."""
    if status == "solved" and not solution.strip():
        return _page(request, ticket_id, parts, said=words("ticket", language_of(request))["no_solution"])

    def change(session: Session, ticket: Ticket, by: str) -> None:
        tickets.move(session, ticket, status, by=by, now=parts.now(), note=note.strip())
        if solution.strip():
            ticket.solution = solution.strip()

    return _changed(request, ticket_id, parts, change)


@router.post("/rate")
def rate(
    request: Request, ticket_id: str, parts: PartsDep, satisfaction: Annotated[int, Form(ge=1, le=5)]
) -> HTMLResponse:
    """Note how content the customer is, which closes it or opens it again."""

    def change(session: Session, ticket: Ticket, by: str) -> None:
        actions.rate(session, ticket, satisfaction, parts.rules.taxonomy, by=by, now=parts.now())

    return _changed(request, ticket_id, parts, change)


@router.post("/use")
def record_use(
    request: Request,
    ticket_id: str,
    parts: PartsDep,
    case_id: Word = "",
    worked: Annotated[bool, Form()] = False,
) -> HTMLResponse:
    """Record whether a case's solution worked for this ticket."""
    with parts.database.reading() as session:
        asked = tickets.text_of(session, ticket_id)
    question = parts.question(asked)  # before the transaction: it would keep others from writing

    def change(session: Session, ticket: Ticket, by: str) -> None:
        ledger.record(
            session,
            case_id,
            worked=worked,
            used_at=parts.now(),
            ticket_id=ticket.id,
            version=ticket.version,
            used_by=by,
            question=question,
        )

    return _changed(request, ticket_id, parts, change)


@router.post("/cause")
async def record_cause(request: Request, ticket_id: str, parts: PartsDep) -> HTMLResponse:
    """Record why it came about: the root cause and the chain of whys that led to it."""
    sent = {key: value for key, value in (await request.form()).items() if isinstance(value, str)}
    if any(len(value) > 2000 for value in sent.values()):
        raise InputError("an entry has at most 2000 characters", field="cause")

    def change(session: Session, ticket: Ticket, by: str) -> None:
        causes.record(
            session,
            ticket.id,
            code=sent.get("code", ""),
            kind=sent.get("kind", ""),
            cause=sent.get("cause", ""),
            whys=_chain(sent),
            by=by,
            now=parts.now(),
        )

    return _changed(request, ticket_id, parts, change)


def _chain(sent: dict[str, str]) -> list[dict[str, Any]]:
    """The whys of the form, each below the one before."""
    chain: list[dict[str, Any]] = []
    for number in range(WHYS, 0, -1):
        why = sent.get(f"why{number}", "").strip()
        if why:
            chain = [{"why": why, "branch": sent.get(f"branch{number}", ""), "because": chain}]
    return chain


def _changed(request: Request, ticket_id: str, parts: Parts, change: Change) -> HTMLResponse:
    who = identity_of(request)
    try:
        with parts.database.transaction() as session:
            change(session, tickets.get(session, ticket_id), who.name if who else "")
    except TriageError as error:
        spoken = words("ticket", language_of(request))
        return _page(request, ticket_id, parts, said=spoken["refused"].format(detail=refusal(request, error)))
    return _page(request, ticket_id, parts)


def _page(
    request: Request, ticket_id: str, parts: Parts, *, said: str = "", plain: bool = False
) -> HTMLResponse:
    language = language_of(request)
    with parts.database.reading() as session:
        ticket = tickets.get(session, ticket_id)
        steps = _timeline(session, ticket)
        decided = {target: decisions.latest(session, ticket, target) for target in decisions.TARGETS}
        cause = _cause(session, ticket_id)
    content = whole_text(ticket.subject, ticket.description)
    shown = content if plain else masking.mask(content).text
    found = _assess(parts, ticket)
    return show(
        request,
        "ticket.html",
        "ticket",
        ticket=ticket,
        title=shown.splitlines()[0][:120],
        content=pieces(shown, found),
        plain=plain,
        hidden=not plain and (shown != content or bool(ticket.contact or ticket.contact_person)),
        solved=ticket.status in ("solved", "informed", "closed"),
        found=as_json(found),
        decided=decided,
        waits=ticket.status in ("received", "triaged", "reopened"),
        next_statuses=[
            status for status in NEXT.get(ticket.status, ()) if status not in ("reopened", "closed")
        ],
        rating="closed" in NEXT.get(ticket.status, ()),
        steps=steps,
        cause=cause,
        bones=bones(cause.whys) if cause else [],
        whys=_lines(cause),
        kinds=causes.KINDS,
        branches=causes.BRANCHES,
        names=names(parts.rules, language),
        clock=Clock(parts.settings.zone, language, parts.now()),
        moment=datetime.fromisoformat,
        said=said,
    )


def _assess(parts: Parts, ticket: Ticket) -> Assessment:
    asked = TicketText(
        subject=ticket.subject,
        description=ticket.description,
        product=ticket.product or None,
        customer_tier=ticket.customer_tier or None,
        channel=ticket.channel or None,
        received_at=ticket.received_at,
    )
    return parts.triager.assess(asked, now=parts.now(), top_k=_CASES)


def _cause(session: Session, ticket_id: str) -> TicketCause | None:
    try:
        return causes.of(session, ticket_id)
    except NotFoundError:
        return None


def _lines(cause: TicketCause | None) -> list[tuple[str, str]]:
    """The first chain of whys as lines of the form: why, branch."""
    lines: list[tuple[str, str]] = []
    below = cause.whys if cause else []
    while below and len(lines) < WHYS:
        lines.append((below[0]["why"], below[0]["branch"]))
        below = below[0]["because"]
    return lines + [("", "")] * (WHYS - len(lines))


def _timeline(session: Session, ticket: Ticket) -> list[dict[str, Any]]:
    """What happened to it, in order: changes of status, and what people decided."""
    steps: list[dict[str, Any]] = [
        {"at": step.at, "by": step.by, "kind": "status", "code": step.after, "before": "", "note": step.note}
        for step in tickets.transitions(session, ticket)
    ]
    steps += [
        {
            "at": row.at,
            "by": row.decided_by,
            "kind": row.target,
            "code": row.final,
            "before": row.suggested if row.suggested != row.final else "",
            "note": row.reason,
        }
        for row in decisions.history(session, ticket)
        if row.final is not None
    ]
    return sorted(steps, key=lambda step: step["at"])
