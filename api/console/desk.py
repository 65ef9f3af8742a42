"""The page at ``/``: paste a ticket, read its assessment. It talks to the API like anybody else."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from api.console.frame import embedded, language_of, show
from api.deps import PartsDep
from triage.catalogue import words
from triage.rules import Rules
from triage.taxonomy import Category, Level, Term

router = APIRouter(include_in_schema=False)


@router.get("/")
def desk(request: Request, parts: PartsDep) -> HTMLResponse:
    """The intake desk in one of the two languages."""
    language = language_of(request)
    data = {
        "words": dict(words("desk", language)),
        "names": names(parts.rules, language),
        "language": language,
    }
    return show(
        request,
        "desk.html",
        "desk",
        tiers=[(term.code, term.names[language]) for term in parts.rules.taxonomy.tiers],
        data=embedded(data),
    )


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
