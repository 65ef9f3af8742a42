"""What other rules would have done with the tickets of the last months."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from kb.tables import Ticket
from kb.tickets import whole_text
from models import text
from models.encoder import Encoder
from models.store import StoredModel
from triage import clocks, learning, priority, routing
from triage.learning import Progress
from triage.rules import Rules

BACK = timedelta(days=90)
MOST = 2000
"""Newest tickets that are looked at: a few seconds of work."""
KINDS = ("priority", "team", "due")


@dataclass(frozen=True, slots=True)
class Past:
    """A ticket as the rules see it."""

    id: str
    text: str
    category: str
    product: str
    tier: str
    channel: str
    language: str
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Outcome:
    """What rules make of a ticket: its priority, its team, and when its last step is due."""

    priority: str
    team: str
    due: datetime | None


@dataclass(frozen=True, slots=True)
class Changed:
    """A ticket that the other rules treat differently."""

    ticket_id: str
    text: str
    before: Outcome
    after: Outcome


@dataclass(frozen=True, slots=True)
class Replay:
    """``tickets`` looked at; by kind of change (``KINDS``) from what to what and how often, most first.

    For ``due`` what and what are ``earlier`` and ``later``. ``changed`` are all tickets that change.
    """

    tickets: int
    since: datetime
    moved: Mapping[str, tuple[tuple[str, str, int], ...]]
    changed: tuple[Changed, ...]


def past(session: Session, now: datetime) -> list[Past]:
    """The tickets of the last 90 days that have a text, the newest first, at most ``MOST``."""
    rows = session.scalars(
        select(Ticket)
        .where(Ticket.received_at >= now - BACK, Ticket.received_at <= now)
        .order_by(Ticket.received_at.desc(), Ticket.pk.desc())
        .limit(MOST)
    )
    found = []
    for row in rows:
        content = text.clean(whole_text(row.subject, row.description)).strip()
        if content:
            found.append(
                Past(
                    row.id,
                    content,
                    row.category or "",
                    row.product or "",
                    row.customer_tier or "",
                    row.channel or "",
                    row.language or "",
                    row.received_at,
                )
            )
    return found


def replay(
    before: Rules,
    after: Rules,
    tickets: Sequence[Past],
    model: StoredModel,
    encoder: Encoder,
    zone: tzinfo,
    now: datetime,
    progress: Progress = lambda *_: None,
) -> Replay:
    """Both sets of rules over the same tickets, each with its category and what the model says of its
    urgency; what people decided afterwards is left out, as rules had no part in it."""
    prepared = learning.prepare([ticket.text for ticket in tickets], encoder, progress)
    classifier = model.classifiers.get("priority")
    rows = classifier.predict_proba(prepared.texts, prepared.vectors) if classifier and tickets else None
    moved: dict[str, Counter[tuple[str, str]]] = {kind: Counter() for kind in KINDS}
    changed = []
    for place, ticket in enumerate(tickets):
        learned = (
            dict(zip(classifier.labels, rows[place].tolist(), strict=True))
            if classifier is not None and rows is not None
            else {}
        )
        old = _outcome(before, ticket, learned, prepared.languages[place], zone)
        new = _outcome(after, ticket, learned, prepared.languages[place], zone)
        if old == new:
            continue
        changed.append(Changed(ticket.id, ticket.text, old, new))
        if old.priority != new.priority:
            moved["priority"][old.priority, new.priority] += 1
        if old.team != new.team:
            moved["team"][old.team, new.team] += 1
        if old.due != new.due and old.due is not None and new.due is not None:
            moved["due"]["", "earlier" if new.due < old.due else "later"] += 1
        if place % 200 == 0:
            progress("comparing", place, len(tickets))
    return Replay(
        len(tickets),
        now - BACK,
        {kind: tuple((*way, number) for way, number in found.most_common()) for kind, found in moved.items()},
        tuple(changed),
    )


def _outcome(
    rules: Rules, ticket: Past, learned: Mapping[str, float], language: str, zone: tzinfo
) -> Outcome:
    levels = rules.taxonomy.priority_codes()
    known = {level: learned[level] for level in levels if level in learned}
    chances = known if len(known) == len(levels) else {level: 1 / len(levels) for level in levels}
    signals = priority.find_signals(ticket.text, rules.priority, customer_tier=ticket.tier or None)
    level = priority.decide_priority(chances, signals, rules.priority).label
    category = ticket.category if ticket.category in rules.taxonomy.codes() else None
    taken = routing.route(
        rules.routing,
        category=category,
        priority=level,
        product=ticket.product or None,
        customer_tier=ticket.tier or None,
        language=ticket.language or language,
        channel=ticket.channel or None,
    )
    due = clocks.due_times(
        rules.clocks, received_at=ticket.received_at, category=category, priority=level, timezone=zone
    )
    return Outcome(level, taken.team, max((step.due_at for step in due), default=None))
