"""The one check of who may do what, before anything of a request's body is read."""

from __future__ import annotations

import secrets
from http.cookies import CookieError, SimpleCookie
from urllib.parse import quote, urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from api import access, errors
from api.console.failed import answered
from models.errors import TriageError
from triage import accounts
from triage.permissions import PERMISSIONS, Identity
from triage.service import TOKEN_HEADER, Service
from triage.wiring import Parts

CSRF_HEADER = "X-CSRF-Token"
_SAFE = ("GET", "HEAD")
_BEARER = "bearer "


def cookie_name(parts: Parts) -> str:
    """The session cookie's name; with ``__Host-`` browsers keep it to this host, secure."""
    return "triage_session" if parts.settings.plain_http else "__Host-triage_session"


def session_secret(headers: Headers, parts: Parts) -> str:
    """The secret of the session that a browser sends; empty without one."""
    jar = SimpleCookie()
    try:
        jar.load(headers.get("cookie", ""))
    except CookieError:
        return ""
    found = jar.get(cookie_name(parts))
    return found.value if found else ""


class Guard:
    """Lets a request in if the table of ``api.access`` says that who is asking may do it.

    ``scope["state"]["identity"]`` then says who that is (None at addresses open to anybody).
    """

    def __init__(self, app: ASGIApp, parts: Parts, service: Service | None) -> None:
        self.app, self.parts, self.service = app, parts, service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers, method, path = Headers(scope=scope), scope["method"], scope["path"]
        needs = access.needed(method, path)
        if needs == access.METRICS:
            needs = access.OPEN if self.parts.settings.open_metrics else "settings"
        state = scope.setdefault("state", {})
        state["identity"] = None
        if needs == access.INTERNAL:
            await self.app(scope, receive, send)
            return
        try:
            who = await run_in_threadpool(self.identify, headers)
        except TriageError as error:
            await errors.problem(error.code, error.message)(scope, receive, send)
            return
        state["identity"] = who
        refusal = self.refusal(who, needs, method, path, headers)
        if isinstance(refusal, JSONResponse):
            refusal = answered(Request(scope), refusal)
        await (refusal or self.app)(scope, receive, send)

    def identify(self, headers: Headers) -> Identity | None:
        """Who is asking: by the service's own token, a bearer token, or a session."""
        own = headers.get(TOKEN_HEADER, "")
        if own and self.service and secrets.compare_digest(own.encode(), self.service.token.encode()):
            return Identity("service", "admin", frozenset(PERMISSIONS), "service")
        bearer = headers.get("authorization", "")
        given = bearer[len(_BEARER) :].strip() if bearer.lower().startswith(_BEARER) else ""
        secret = "" if bearer else session_secret(headers, self.parts)
        if not given and not secret:
            return None
        demo = self.parts.settings.demo
        with self.parts.database.reading() as session:
            if given:
                return accounts.by_token(session, given, self.parts.now(), demo=demo)
            return accounts.by_session(session, secret, self.parts.now(), demo=demo)

    def refusal(
        self, who: Identity | None, needs: str | None, method: str, path: str, headers: Headers
    ) -> Response | None:
        """Why the request is refused, as an answer; None where it is not."""
        page = not path.startswith("/api/")
        if needs == access.OPEN:
            if method not in _SAFE and not same_site(headers):
                return errors.problem("forbidden", "this form was sent from another site")
            return None
        if who is None:
            if page and method in _SAFE and "text/html" in headers.get("accept", ""):
                return RedirectResponse(f"/sign-in?next={quote(path)}", status_code=303)
            return errors.problem("not_signed_in", "sign in, or send a valid token: Authorization: Bearer")
        if who.via == "session" and method not in _SAFE:
            sent = headers.get(CSRF_HEADER, "")
            if not secrets.compare_digest(sent.encode(), who.csrf.encode()) or not same_site(headers):
                return errors.problem(
                    "forbidden", f"the header {CSRF_HEADER} is missing or wrong: reload the page"
                )
        if who.must_change and path not in ("/password", "/sign-out"):
            if page and method in _SAFE:
                return RedirectResponse("/password", status_code=303)
            return errors.problem("password_change_needed", "change the one-time password first")
        if needs == access.SIGNED_IN or (needs is not None and who.may(needs)):
            return None
        if needs is None and access.other_method(path):
            return errors.problem("method_not_allowed", f"{method} {path}: not in this way")
        if needs is None:
            return errors.problem("not_found", f"{method} {path}: there is no such address")
        detail = f"{who.name!r} ({who.role}) may not: {PERMISSIONS[needs]}"
        return errors.problem("forbidden", detail)


def same_site(headers: Headers) -> bool:
    """Whether a browser says that a page of this service sent this; programs that say nothing pass."""
    if headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        return False
    origin = headers.get("origin")
    return origin is None or urlsplit(origin).netloc == headers.get("host")
