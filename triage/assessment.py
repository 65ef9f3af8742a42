"""What comes out of an assessment, and its form on the wire."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from kb.ledger import Proof
from kb.marks import spans
from kb.search import Hit, anything_found, telling_words
from models.classifier import Reason
from models.examples import Nearest
from models.text import Analysis
from triage.clocks import Due
from triage.found import Hits
from triage.priority import Signal


@dataclass(frozen=True, slots=True)
class Option:
    """A label that came second, or later."""

    label: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Finding:
    """One target's suggestion with everything a person needs to check it."""

    label: str
    confidence: float
    band: str
    alternatives: tuple[Option, ...]
    reasons: tuple[Reason, ...]
    examples: tuple[Nearest, ...]
    signals: tuple[Signal, ...] = ()
    score: float = 0.0
    """What the reasons add up to; 0 is the mean of all labels."""


@dataclass(frozen=True, slots=True)
class RouteTaken:
    """Who takes the ticket, by which rule, and what is due when."""

    team: str
    role: str
    rule: str
    clocks: tuple[Due, ...]
    helpers: tuple[str, ...] = ()
    notify: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Assessment:
    """What a ticket is, how urgent, who takes it, by when, and which proven cases are like it."""

    language: str
    category: Finding
    priority: Finding
    route: RouteTaken
    similar_cases: tuple[Hit, ...]
    model_version: str
    encoder: str
    elapsed_ms: float
    degraded: tuple[str, ...] = ()
    """What the search for similar cases had to do without."""


def as_json(found: Assessment) -> dict[str, Any]:
    """The assessment in the form of ``POST /api/v1/triage``."""
    signals = [{"code": signal.code, "evidence": signal.evidence} for signal in found.priority.signals]
    return {
        "language": found.language,
        "category": _finding(found.category),
        "priority": {**_finding(found.priority), "signals": signals},
        "route": {
            "team": found.route.team,
            "role": found.route.role,
            "rule": found.route.rule,
            "clocks": [
                {"step": due.step, "due_at": due.due_at.isoformat(timespec="seconds")}
                for due in found.route.clocks
            ],
            "helpers": list(found.route.helpers),
            "notify": list(found.route.notify),
        },
        "similar_cases": [hit_json(hit) for hit in found.similar_cases],
        "similar_found": anything_found(found.similar_cases),
        "degraded": list(found.degraded),
        "model": {"version": found.model_version, "encoder": found.encoder},
        "elapsed_ms": found.elapsed_ms,
    }


def search_json(hits: Sequence[Hit], asked: Analysis | None = None) -> dict[str, Any]:
    """The answer of a search; with what was ``asked``, also where its words stand in each case."""
    telling = set(telling_words(asked).values()) if asked else set[str]()
    return {
        "cases": [hit_json(hit) | _explained(hit, telling) for hit in hits],
        "facets": hits.facets if isinstance(hits, Hits) else {},
        "found": anything_found(hits),
        "degraded": degraded(hits),
    }


def _explained(hit: Hit, telling: set[str]) -> dict[str, Any]:
    why = {name: round(value, 3) for name, value in asdict(hit.why).items()} if hit.why else None
    wanted = [*telling, *hit.shared_terms]  # a misspelt word is marked as the case spells it
    marks = {"problem": spans(wanted, hit.problem), "solution": spans(wanted, hit.solution)}
    return {"marks": marks, "why": why}


def degraded(hits: Sequence[Hit]) -> list[str]:
    """What the search had to do without."""
    return list(hits.degraded) if isinstance(hits, Hits) else []


def hit_json(hit: Hit) -> dict[str, Any]:
    """A found case in the form of the contract."""
    return {
        "case_id": hit.case_id,
        "match": hit.match,
        "problem": hit.problem,
        "solution": hit.solution,
        "language": hit.language,
        "category": hit.category,
        "product": hit.product,
        "shared_terms": list(hit.shared_terms),
        "proven": proof_json(hit.proven),
    }


def proof_json(proof: Proof) -> dict[str, Any]:
    """What is known of a solution, in the form of the contract."""
    return {
        "used": proof.used,
        "worked": proof.worked,
        "reopened": proof.reopened,
        "last_worked_at": _time(proof.last_worked_at),
        "last_failed_at": _time(proof.last_failed_at),
        "failed_last": proof.failed_last,
    }


def _time(value: datetime | None) -> str | None:
    return value.isoformat(timespec="seconds") if value else None


def _finding(found: Finding) -> dict[str, Any]:
    return {
        "label": found.label,
        "confidence": found.confidence,
        "band": found.band,
        "alternatives": [{"label": item.label, "confidence": item.confidence} for item in found.alternatives],
        "reasons": [
            {"term": item.term, "weight": round(item.weight, 4), "kind": item.kind} for item in found.reasons
        ],
        "score": round(found.score, 4),
        "examples": [
            {"ticket_id": item.ticket_id, "label": item.label, "match": item.match} for item in found.examples
        ],
    }
