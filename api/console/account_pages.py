"""The page of users, tokens and the audit log."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse
from sqlalchemy.orm import Session

from api.console.frame import identity_of, language_of, refusal, show
from api.deps import PartsDep
from kb import access_tokens, audit, users
from models.errors import TriageError
from triage import accounts
from triage.catalogue import words
from triage.permissions import PERMISSIONS, ROLES
from triage.wiring import Parts

router = APIRouter(prefix="/accounts", include_in_schema=False)
Change = Callable[[Session, str], tuple[str, str] | None]


@router.get("")
def read(request: Request, parts: PartsDep) -> HTMLResponse:
    """Who there is, and what was done."""
    return _page(request, parts)


@router.post("/users")
def add_user(
    request: Request, parts: PartsDep, name: Annotated[str, Form()] = "", role: Annotated[str, Form()] = ""
) -> HTMLResponse:
    """Add a user; the password to be used once is shown this once."""

    def change(session: Session, by: str) -> tuple[str, str]:
        return "made_password", accounts.add_user(session, name, role, parts.now(), by=by)[1]

    return _changed(request, parts, change, name=name)


@router.post("/users/{name}/role")
def change_role(
    request: Request, parts: PartsDep, name: str, role: Annotated[str, Form()] = ""
) -> HTMLResponse:
    """Give a user another role."""

    def change(session: Session, by: str) -> None:
        accounts.change_role(session, name, role, parts.now(), by=by)

    return _changed(request, parts, change)


@router.post("/users/{name}/team")
def change_team(
    request: Request, parts: PartsDep, name: str, team: Annotated[str, Form()] = ""
) -> HTMLResponse:
    """Put a user into a team, or into none."""
    teams = [term.code for term in parts.rules.taxonomy.teams]

    def change(session: Session, by: str) -> None:
        accounts.change_team(session, name, team, parts.now(), by=by, teams=teams)

    return _changed(request, parts, change)


@router.post("/users/{name}/reset")
def reset_password(request: Request, parts: PartsDep, name: str) -> HTMLResponse:
    """Give a user a new password to be used once."""

    def change(session: Session, by: str) -> tuple[str, str]:
        return "made_password", accounts.reset_password(session, name, parts.now(), by=by)

    return _changed(request, parts, change)


@router.post("/users/{name}/disable")
def disable_user(request: Request, parts: PartsDep, name: str) -> HTMLResponse:
    """Let a user no longer in."""

    def change(session: Session, by: str) -> None:
        accounts.disable_user(session, name, parts.now(), by=by)

    return _changed(request, parts, change)


@router.post("/users/{name}/enable")
def enable_user(request: Request, parts: PartsDep, name: str) -> HTMLResponse:
    """Let a user in again."""

    def change(session: Session, by: str) -> None:
        accounts.enable_user(session, name, parts.now(), by=by)

    return _changed(request, parts, change)


@router.post("/tokens")
def add_token(
    request: Request,
    parts: PartsDep,
    token: Annotated[str, Form()] = "",
    user: Annotated[str, Form()] = "",
    scope: Annotated[str, Form()] = "*",
    days: Annotated[int, Form(ge=1, le=3650)] = 365,
) -> HTMLResponse:
    """Make a token; its secret is shown this once."""

    def change(session: Session, by: str) -> tuple[str, str]:
        made = accounts.add_token(session, user, token, parts.now(), by=by, scope=scope, days=days)
        return "made_token", made[1]

    return _changed(request, parts, change, token=token)


@router.post("/tokens/{token_id}/revoke")
def revoke_token(request: Request, parts: PartsDep, token_id: str) -> HTMLResponse:
    """End a token."""

    def change(session: Session, by: str) -> None:
        accounts.revoke_token(session, token_id, parts.now(), by=by)

    return _changed(request, parts, change)


def _changed(request: Request, parts: Parts, change: Change, **typed: str) -> HTMLResponse:
    who, spoken = identity_of(request), words("accounts", language_of(request))
    try:
        with parts.database.transaction() as session:
            made = change(session, who.name if who else "")
    except TriageError as error:
        said = spoken.get(f"wrong_{error.field}") or spoken["refused"].format(detail=refusal(request, error))
        return _page(request, parts, said=said, typed=typed)
    if made is None:
        return _page(request, parts)
    return _page(request, parts, made={"words": spoken[made[0]], "secret": made[1]})


def _page(
    request: Request,
    parts: Parts,
    *,
    said: str = "",
    made: dict[str, str] | None = None,
    typed: dict[str, str] | None = None,
) -> HTMLResponse:
    zone = parts.settings.zone
    with parts.database.reading() as session:
        values: dict[str, Any] = {
            "users": users.listed(session),
            "tokens": access_tokens.listed(session),
            "audit": audit.page(session),
        }
    return show(
        request,
        "accounts.html",
        "accounts",
        **values,
        roles=list(ROLES),
        teams=[(term.code, term.names[language_of(request)]) for term in parts.rules.taxonomy.teams],
        scopes=list(PERMISSIONS),
        said=said,
        made=made,
        typed={"name": "", "token": "", **(typed or {})},
        day=lambda at: f"{at.astimezone(zone):%Y-%m-%d}",
        moment=lambda at: f"{at.astimezone(zone):%Y-%m-%d %H:%M}",
    )
