"""Everything the data files say, loaded and checked together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from kb.mappings import Ready
from models import text
from triage.clocks import Clocks, load_clocks
from triage.mappings import load_mappings
from triage.priority import PriorityRules, load_rules
from triage.routing import Routing, load_routing
from triage.taxonomy import Category, Level, Taxonomy, Term, load_taxonomy


@dataclass(frozen=True, slots=True)
class Rules:
    """What the product decides by."""

    taxonomy: Taxonomy
    priority: PriorityRules
    routing: Routing
    clocks: Clocks
    mappings: tuple[Ready, ...] = ()


def load(folder: Path) -> Rules:
    """Read a data folder.

    Raises:
        DataFileError: a file is missing or wrong; the message starts with file and line.
    """
    taxonomy = load_taxonomy(folder)
    return Rules(
        taxonomy,
        load_rules(folder, taxonomy),
        load_routing(folder, taxonomy),
        load_clocks(folder, taxonomy),
        load_mappings(folder, names(taxonomy)),
    )


def names(taxonomy: Taxonomy) -> Mapping[str, Mapping[str, str]]:
    """For imports: by target, the codes and all their folded names, each with its code."""
    found: dict[str, dict[str, str]] = {}
    for target, terms in _by_target(taxonomy).items():
        known = found[target] = {}
        for term in terms:
            for name in (term.code, *term.names.values()):
                known[text.fold(name)] = term.code
    return found


def labels(taxonomy: Taxonomy, language: str) -> Mapping[str, Mapping[str, str]]:
    """For exports that people read: by target, the codes, each with its name in a language."""
    found: dict[str, dict[str, str]] = {}
    for target, terms in _by_target(taxonomy).items():
        found[target] = {term.code: term.names.get(language, term.names["en"]) for term in terms}
    return found


def _by_target(taxonomy: Taxonomy) -> dict[str, tuple[Category | Level | Term, ...]]:
    return {
        "category": taxonomy.categories,
        "priority": taxonomy.priorities,
        "status": taxonomy.statuses,
        "channel": taxonomy.channels,
        "tier": taxonomy.tiers,
        "team": taxonomy.teams,
        "cause": taxonomy.root_causes,
    }
