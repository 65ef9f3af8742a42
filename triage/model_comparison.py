"""What another model would do differently with the newest tickets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from kb import decisions
from kb.tables import Ticket
from kb.tickets import whole_text
from models import text
from models.encoder import Encoder
from models.store import StoredModel
from triage import learning, priority
from triage.learning import Prepared, Progress
from triage.rules import Rules

MOST = 1000
"""Newest tickets looked at: a few seconds of work."""
TARGETS = ("category", "priority")


@dataclass(frozen=True, slots=True)
class Said:
    """What a model says of one ticket for one target."""

    label: str
    confidence: float
    band: str


@dataclass(frozen=True, slots=True)
class Changed:
    """A ticket that both models read differently; ``text`` is as the customer wrote it.

    ``decided`` is what a person or an import says of it, where it says anything.
    """

    ticket_id: str
    text: str
    target: str
    before: Said
    after: Said
    decided: str


@dataclass(frozen=True, slots=True)
class Moved:
    """So many tickets would go from one label to another."""

    target: str
    before: str
    after: str
    number: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two versions over the same tickets: what changes, and how many each shows in each band (by target)."""

    before: str
    after: str
    tickets: int
    changed: tuple[Changed, ...]
    moved: tuple[Moved, ...]
    bands: Mapping[str, tuple[Mapping[str, int], Mapping[str, int]]]
    agreed: Mapping[str, tuple[int, int, int]]
    """Target -> tickets whose label is known, how many of them the one gets right, how many the other."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One ticket to compare on."""

    id: str
    text: str
    tier: str
    labels: Mapping[str, str]


def newest(session: Session, most: int = MOST) -> list[Asked]:
    """The newest tickets that have a text, with the labels that people or imports gave them."""
    rows = session.execute(
        select(Ticket.pk, Ticket.id, Ticket.subject, Ticket.description, Ticket.customer_tier)
        .order_by(Ticket.received_at.desc(), Ticket.pk.desc())
        .limit(most)
    ).all()
    keys = [row.pk for row in rows]
    known = {target: decisions.known_labels(session, target, keys) for target in TARGETS}
    found = []
    for row in rows:
        content = text.clean(whole_text(row.subject, row.description)).strip()
        if content:
            labels = {target: known[target].get(row.pk, "") for target in TARGETS}
            found.append(Asked(row.id, content, row.customer_tier or "", labels))
    return found


def compare(
    before: StoredModel,
    after: StoredModel,
    asked: Sequence[Asked],
    encoder: Encoder,
    rules: Rules,
    progress: Progress = lambda *_: None,
) -> Comparison:
    """Both models' answers to the same tickets; priorities are decided with signals and costs, as in use."""
    prepared = learning.prepare([ticket.text for ticket in asked], encoder, progress)
    changed: list[Changed] = []
    bands, agreed = {}, {}
    for target in TARGETS:
        if target not in before.classifiers or target not in after.classifiers:
            continue
        old, new = (_said(model, target, asked, prepared, rules) for model in (before, after))
        for ticket, one, other in zip(asked, old, new, strict=True):
            if one.label != other.label:
                changed.append(Changed(ticket.id, ticket.text, target, one, other, ticket.labels[target]))
        bands[target] = (Counter(one.band for one in old), Counter(one.band for one in new))
        known = [place for place, ticket in enumerate(asked) if ticket.labels[target]]
        agreed[target] = (
            len(known),
            sum(old[place].label == asked[place].labels[target] for place in known),
            sum(new[place].label == asked[place].labels[target] for place in known),
        )
    moved = Counter((one.target, one.before.label, one.after.label) for one in changed)
    return Comparison(
        before.card.version,
        after.card.version,
        len(asked),
        tuple(sorted(changed, key=lambda one: -one.after.confidence)),
        tuple(Moved(*way, number) for way, number in moved.most_common()),
        bands,
        agreed,
    )


def _said(
    model: StoredModel, target: str, asked: Sequence[Asked], prepared: Prepared, rules: Rules
) -> list[Said]:
    if not asked:
        return []
    classifier = model.classifiers[target]
    found = []
    rows = classifier.predict_proba(prepared.texts, prepared.vectors)
    for place, (ticket, own) in enumerate(zip(asked, rows, strict=True)):
        chances: Mapping[str, float] = dict(zip(classifier.labels, own.tolist(), strict=True))
        label = max(chances, key=chances.__getitem__)
        if target == "priority":
            signals = priority.find_signals(ticket.text, rules.priority, customer_tier=ticket.tier or None)
            decided = priority.decide_priority(chances, signals, rules.priority)
            label, chances = decided.label, decided.probabilities
        band = classifier.band(prepared.texts[place], chances[label], prepared.languages[place], label)
        found.append(Said(label, chances[label], band))
    return found
