"""Signing in and out, and changing one's own password."""

from __future__ import annotations

import math
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from api.console.frame import go, identity_of, language_of, refusal, show
from api.deps import PartsDep
from api.guard import cookie_name, session_secret
from models.errors import InputError, TriageError
from triage import accounts, passwords
from triage.accounts import Attempt
from triage.catalogue import words
from triage.permissions import ROLES
from triage.wiring import Parts

router = APIRouter(include_in_schema=False)


@router.get("/sign-in", response_class=HTMLResponse)
def ask(request: Request, parts: PartsDep, next: str = "/") -> Response:  # noqa: A002  # as in the address
    """Who are you?"""
    return _page(request, parts, next)


@router.post("/sign-in", response_class=HTMLResponse)
def sign_in(
    request: Request,
    parts: PartsDep,
    name: Annotated[str, Form(max_length=200)] = "",
    password: Annotated[str, Form(max_length=1000)] = "",
    next: Annotated[str, Form(max_length=500)] = "/",  # noqa: A002  # as in the form
) -> Response:
    """Begin a session, or say why not; the name typed stays."""
    with parts.database.transaction() as session:
        done = accounts.sign_in(session, name, password, parts.now(), demo=parts.settings.demo)
    if not done.secret:
        return _page(request, parts, next, name=name, said=_refusal(done, language_of(request)))
    answer = RedirectResponse(_own(next), status_code=303)
    answer.set_cookie(
        cookie_name(parts),
        done.secret,
        max_age=int(accounts.LASTS.total_seconds()),
        httponly=True,
        samesite="lax",
        secure=not parts.settings.plain_http,
        path="/",
    )
    return answer


@router.post("/sign-out")
def sign_out(request: Request, parts: PartsDep) -> Response:
    """End the session."""
    who = identity_of(request)
    with parts.database.transaction() as session:
        secret = session_secret(request.headers, parts)
        accounts.sign_out(session, secret, who.name if who else "", parts.now())
    answer = go("/sign-in")
    answer.delete_cookie(cookie_name(parts), path="/", secure=not parts.settings.plain_http, httponly=True)
    return answer


@router.get("/password", response_class=HTMLResponse)
def password(request: Request) -> Response:
    """One's own password."""
    return show(request, "password.html", "password", said="", least=passwords.LEAST)


@router.post("/password", response_class=HTMLResponse)
def change_password(
    request: Request,
    parts: PartsDep,
    old: Annotated[str, Form(max_length=1000)] = "",
    new: Annotated[str, Form(max_length=1000)] = "",
) -> Response:
    """Change it; all other sessions of this user end."""
    who = identity_of(request)
    if who is None or who.via != "session":
        raise InputError("a password is changed in a browser, by the person it belongs to")
    try:
        with parts.database.transaction() as session:
            secret = session_secret(request.headers, parts)
            accounts.change_password(session, who.name, old, new, parts.now(), keep=secret)
    except TriageError as error:
        spoken = words("password", language_of(request))
        said = spoken.get(f"wrong_{error.field}") or refusal(request, error)
        return show(request, "password.html", "password", said=said, least=passwords.LEAST)
    return go("/")


def _page(request: Request, parts: Parts, next_page: str, *, name: str = "", said: str = "") -> Response:
    demo = [(accounts.DEMO + role, role) for role in ROLES] if parts.settings.demo else []
    status = 401 if said else 200
    shown = {"next": _own(next_page), "name": name, "said": said, "demo": demo}
    return show(request, "sign_in.html", "sign_in", status=status, **shown)


def _refusal(done: Attempt, language: str) -> str:
    spoken = words("sign_in", language)
    if done.refused == "blocked":
        return spoken["blocked"].format(seconds=math.ceil(done.wait.total_seconds()))
    return spoken["wrong"]


def _own(address: str) -> str:
    """An address of this service, whatever was asked for."""
    safe = address.startswith("/") and not address.startswith(("//", "/\\")) and address.isprintable()
    return address if safe else "/"
