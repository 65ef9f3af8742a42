"""The page at ``/``: paste a ticket, read its assessment. It talks to the API like anybody else."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query
from fastapi.responses import FileResponse, HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from api.deps import PartsDep
from models.errors import NotFoundError
from triage.catalogue import LANGUAGES, words
from triage.rules import Rules
from triage.taxonomy import Category, Level, Term

_HERE = Path(__file__).parent
_STATIC = {"desk.css": "text/css", "desk.js": "text/javascript", "icon.svg": "image/svg+xml"}
_POLICY = "; ".join(
    (
        "default-src 'none'",
        *(f"{kind}-src 'self'" for kind in ("script", "style", "img", "connect")),
        *(f"{kind} 'none'" for kind in ("form-action", "base-uri", "frame-ancestors")),
    )
)

router = APIRouter(include_in_schema=False)


@router.get("/")
def desk(
    parts: PartsDep,
    lang: Annotated[str | None, Query()] = None,
    accept_language: Annotated[str, Header()] = "",
) -> HTMLResponse:
    """The intake desk in one of the two languages."""
    language = lang if lang in LANGUAGES else _preferred(accept_language)
    spoken = catalogue(language)
    page = (
        _templates()
        .get_template("desk.html")
        .render(
            words=spoken,
            language=language,
            other=next(code for code in LANGUAGES if code != language),
            tiers=[(term.code, term.names[language]) for term in parts.rules.taxonomy.tiers],
            data=_embedded({"words": spoken, "names": names(parts.rules, language), "language": language}),
        )
    )
    headers = {
        "Content-Security-Policy": _POLICY,
        "Content-Language": language,
        "Vary": "Accept-Language",
        "X-Content-Type-Options": "nosniff",
    }
    return HTMLResponse(page, headers=headers)


@router.get("/static/{name}")
def static(name: str) -> FileResponse:
    """Style sheet, script and icon."""
    if name not in _STATIC:
        raise NotFoundError(f"there is no file {name!r}")
    headers = {"Cache-Control": "no-cache", "X-Content-Type-Options": "nosniff"}
    return FileResponse(_HERE / "static" / name, media_type=_STATIC[name], headers=headers)


def catalogue(language: str) -> dict[str, str]:
    """All words of the page in one language."""
    return dict(words("desk", language))


def names(rules: Rules, language: str) -> dict[str, dict[str, str]]:
    """What people call the codes in an assessment."""
    kinds: dict[str, tuple[Category | Level | Term, ...]] = {
        "category": rules.taxonomy.categories,
        "priority": rules.taxonomy.priorities,
        "team": rules.taxonomy.teams,
    }
    found = {kind: {term.code: term.names[language] for term in terms} for kind, terms in kinds.items()}
    found["step"] = {step.code: rules.clocks.step_name(step.code, language) for step in rules.clocks.steps}
    found["role"] = {role: rules.routing.role_name(role, language) for role in rules.routing.roles}
    found["signal"] = {rule.code: rule.names[language] for rule in rules.priority.signals}
    return found


def _embedded(value: dict[str, Any]) -> Markup:
    """JSON that cannot end the script element it stands in."""
    written = json.dumps(value, ensure_ascii=False)
    for character in "<>&\u2028\u2029":
        written = written.replace(character, f"\\u{ord(character):04x}")
    return Markup(written)


def _preferred(header: str) -> str:
    """The first of our languages that a browser asks for; English where it asks for neither."""
    for part in header.lower().split(","):
        code = part.split(";")[0].strip()[:2]
        if code in LANGUAGES:
            return code
    return "en"


@cache
def _templates() -> Environment:
    return Environment(
        loader=FileSystemLoader(_HERE / "templates"), autoescape=True, undefined=StrictUndefined
    )
