"""``GET /taxonomy``: the codes in force and their names."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from api.deps import PartsDep
from triage.taxonomy import Category, Level

router = APIRouter(tags=["taxonomy"])


@router.get("/taxonomy")
def taxonomy(parts: PartsDep) -> dict[str, list[dict[str, Any]]]:
    """Categories, priorities (most urgent first), teams, channels, statuses, tiers and root causes."""
    known = parts.rules.taxonomy
    described: dict[str, tuple[Category | Level, ...]] = {
        "categories": known.categories,
        "priorities": known.priorities,
    }
    plain = {
        "teams": known.teams,
        "channels": known.channels,
        "statuses": known.statuses,
        "tiers": known.tiers,
        "root_causes": known.root_causes,
    }
    found: dict[str, list[dict[str, Any]]] = {
        kind: [
            {"code": term.code, "names": dict(term.names), "description": dict(term.description)}
            for term in terms
        ]
        for kind, terms in described.items()
    }
    for kind, terms in plain.items():
        found[kind] = [{"code": term.code, "names": dict(term.names)} for term in terms]
    return found
