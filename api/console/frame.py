"""What all pages share: language, navigation, headers, and the way from a template to an answer."""

from __future__ import annotations

import json
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, HTMLResponse, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from models.errors import NotFoundError, TriageError
from triage import refusals
from triage.catalogue import LANGUAGES, words
from triage.permissions import Identity

_HERE = Path(__file__).parent
_KINDS = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
_POLICY = "; ".join(
    (
        "default-src 'none'",
        *(f"{kind}-src 'self'" for kind in ("script", "style", "img", "connect")),
        "form-action 'self'",
        *(f"{kind} 'none'" for kind in ("base-uri", "frame-ancestors")),
    )
)
_LANGUAGE_COOKIE = "triage_language"
_YEAR = 365 * 24 * 3600
PLACES = (
    ("/", "desk", "assess"),
    ("/queue", "queue", "tickets"),
    ("/cases", "cases", "cases"),
    ("/retrospective", "retrospective", "analyse"),
    ("/imports", "imports", "transfer"),
    ("/models", "models", "learn"),
    ("/settings", "settings", "settings"),
    ("/accounts", "accounts", "accounts"),
)
"""Pages of the navigation: address, key of its word, permission it needs."""

router = APIRouter(include_in_schema=False)


def language_of(request: Request) -> str:
    """The page's language: by link, then by what was chosen before, then by the browser."""
    asked = request.query_params.get("lang") or request.cookies.get(_LANGUAGE_COOKIE)
    return asked if asked in LANGUAGES else _preferred(request.headers.get("accept-language", ""))


def identity_of(request: Request) -> Identity | None:
    """Who is asking; nobody at addresses open to all."""
    found: Identity | None = getattr(request.state, "identity", None)
    return found


def show(request: Request, template: str, table: str, *, status: int = 200, **values: Any) -> HTMLResponse:
    """A page in the asker's language. ``table`` is the one of the catalogue that holds its words."""
    language, who = language_of(request), identity_of(request)
    other = next(code for code in LANGUAGES if code != language)
    query = [(key, value) for key, value in request.query_params.multi_items() if key != "lang"]
    page = (
        templates()
        .get_template(template)
        .render(
            frame=words("frame", language),
            words=words(table, language),
            language=language,
            other=other,
            switch=f"{request.url.path}?{urlencode([*query, ('lang', other)])}",
            here=request.url.path,
            who=who,
            told=lambda message: refusals.told(message, language),
            places=[place for place in PLACES if who is not None and who.may(place[2])],
            **values,
        )
    )
    headers = {
        "Content-Security-Policy": _POLICY,
        "Content-Language": language,
        "Cache-Control": "no-store",
        "Vary": "Accept-Language, Cookie",
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",
    }
    answer = HTMLResponse(page, status_code=status, headers=headers)
    if request.query_params.get("lang") == language:
        answer.set_cookie(
            _LANGUAGE_COOKIE, language, max_age=_YEAR, samesite="lax", secure=request.url.scheme == "https"
        )
    return answer


def refusal(request: Request, error: TriageError) -> str:
    """Why something was not done, in the asker's language."""
    return refusals.told(error.message, language_of(request))


def go(address: str) -> Response:
    """Send the browser to another page, after a form that htmx sent."""
    return Response(status_code=204, headers={"HX-Redirect": address})


@router.get("/static/{name}")
def static(name: str) -> FileResponse:
    """Style sheet, scripts and icon; htmx comes from its installed package."""
    found = _files().get(name)
    if found is None:
        raise NotFoundError(f"there is no file {name!r}")
    headers = {"Cache-Control": "no-cache", "X-Content-Type-Options": "nosniff"}
    return FileResponse(found, media_type=_KINDS[found.suffix], headers=headers)


def embedded(value: dict[str, Any]) -> Markup:
    """JSON that cannot end the script element it stands in."""
    written = json.dumps(value, ensure_ascii=False)
    for character in "<>&\u2028\u2029":
        written = written.replace(character, f"\\u{ord(character):04x}")
    return Markup(written)


@cache
def templates() -> Environment:
    """The pages' templates."""
    return Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@cache
def _files() -> dict[str, Path]:
    found = {path.name: path for path in (_HERE / "static").iterdir() if path.suffix in _KINDS}
    found["htmx.js"] = Path(str(resources.files("js_lib_htmx"))) / "static" / "htmx" / "htmx.min.js"
    return found


def _preferred(header: str) -> str:
    """The first of our languages that a browser asks for; English where it asks for neither."""
    for part in header.lower().split(","):
        code = part.split(";")[0].strip()[:2]
        if code in LANGUAGES:
            return code
    return "en"
