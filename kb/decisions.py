"""What was suggested and what people decided. Rows are only ever added; the last one of a target counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from kb.tables import Decision, Ticket
from kb.tickets import whole_text

TARGETS = ("category", "priority")


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What the product suggested for one target of a ticket."""

    target: str
    label: str
    confidence: float
    band: str
    model_version: str


@dataclass(frozen=True, slots=True)
class Example:
    """A text with the label that a person confirmed."""

    ticket_id: str
    text: str
    label: str


def suggest(
    session: Session, ticket: Ticket, suggestions: Sequence[Suggestion], *, shown: bool, now: datetime
) -> None:
    """Record what was suggested, and whether a person saw it."""
    for item in suggestions:
        session.add(
            Decision(
                ticket_pk=ticket.pk,
                target=item.target,
                suggested=item.label,
                confidence=item.confidence,
                band=item.band,
                shown=shown,
                model_version=item.model_version,
                at=now,
            )
        )
    session.flush()


def decide(
    session: Session, ticket: Ticket, target: str, final: str, *, by: str, now: datetime, reason: str = ""
) -> Decision:
    """Record what a person decided, beside what had been suggested."""
    last = latest(session, ticket, target)
    made = Decision(
        ticket_pk=ticket.pk,
        target=target,
        suggested=last.suggested if last else "",
        confidence=last.confidence if last else 0.0,
        band=last.band if last else "ask",
        shown=last.shown if last else False,
        model_version=last.model_version if last else "",
        final=final,
        decided_by=by,
        reason=reason,
        at=now,
    )
    session.add(made)
    session.flush()
    return made


def latest(session: Session, ticket: Ticket, target: str) -> Decision | None:
    """The last row of a ticket and target."""
    return session.scalar(
        select(Decision)
        .where(Decision.ticket_pk == ticket.pk, Decision.target == target)
        .order_by(Decision.pk.desc())
        .limit(1)
    )


def history(session: Session, ticket: Ticket) -> Sequence[Decision]:
    """All rows of a ticket, in order."""
    return session.scalars(
        select(Decision).where(Decision.ticket_pk == ticket.pk).order_by(Decision.pk)
    ).all()


def kept_again(session: Session, target: str, reason: str) -> set[str]:
    """Ids of the tickets whose last decision on a target was made for this reason."""
    last = (
        select(func.max(Decision.pk))
        .where(Decision.target == target, Decision.final.is_not(None))
        .group_by(Decision.ticket_pk)
    )
    query = select(Ticket.id).join(Decision, Decision.ticket_pk == Ticket.pk)
    return set(session.scalars(query.where(Decision.pk.in_(last), Decision.reason == reason)))


def decided_at(session: Session, target: str) -> dict[str, datetime]:
    """When a person last decided on a target, by the ticket's id."""
    rows = session.execute(
        select(Ticket.id, func.max(Decision.at))
        .join(Decision, Decision.ticket_pk == Ticket.pk)
        .where(Decision.target == target, Decision.final.is_not(None))
        .group_by(Ticket.id)
    )
    return {row[0]: row[1] for row in rows}


def known_labels(session: Session, target: str, keys: Sequence[int]) -> dict[int, str]:
    """Labels by a ticket's key that are no mere suggestion: decided by a person, or come with an import."""
    last = (
        select(func.max(Decision.pk))
        .where(Decision.target == target, Decision.final.is_not(None), Decision.ticket_pk.in_(keys))
        .group_by(Decision.ticket_pk)
    )
    label = Ticket.category if target == "category" else Ticket.priority
    touched = select(Decision.pk).where(Decision.ticket_pk == Ticket.pk, Decision.target == target)
    given = select(Ticket.pk, label).where(Ticket.pk.in_(keys), label != "", ~touched.exists())
    decided = select(Decision.ticket_pk, Decision.final).where(Decision.pk.in_(last))
    return {row[0]: str(row[1]) for query in (given, decided) for row in session.execute(query)}


def imported_examples(session: Session, target: str, most: int) -> list[Example]:
    """Texts whose label came with them, the newest ones: nobody here decided and nothing was suggested."""
    label = Ticket.category if target == "category" else Ticket.priority
    touched = select(Decision.pk).where(Decision.ticket_pk == Ticket.pk, Decision.target == target)
    rows = session.execute(
        select(Ticket.id, Ticket.subject, Ticket.description, label.label("given"))
        .where(label.is_not(None), label != "", ~touched.exists())
        .order_by(Ticket.received_at.desc(), Ticket.pk.desc())
        .limit(most)
    )
    return [Example(row.id, whole_text(row.subject, row.description), str(row.given)) for row in rows]


def labelled_examples(session: Session, target: str, newest: int | None = None) -> list[Example]:
    """Texts with the labels that people confirmed, and no others: suggestions never teach themselves.

    All of them in the order of their tickets; with ``newest`` only those decided last, as many at most.
    """
    last = (
        select(func.max(Decision.pk))
        .where(Decision.target == target, Decision.final.is_not(None))
        .group_by(Decision.ticket_pk)
    )
    if newest is not None:
        last = last.order_by(func.max(Decision.pk).desc()).limit(newest)
    rows = session.execute(
        select(Ticket.id, Ticket.subject, Ticket.description, Decision.final)
        .join(Decision, Decision.ticket_pk == Ticket.pk)
        .where(Decision.pk.in_(last))
        .order_by(Ticket.pk)
    )
    return [Example(row.id, whole_text(row.subject, row.description), str(row.final)) for row in rows]
