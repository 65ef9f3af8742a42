"""Labels that people gave and that look wrong: to be looked at again before a model learns from them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from kb import decisions, tickets
from models import text
from models.errors import InputError
from models.held_out import HeldOut
from triage.taxonomy import Taxonomy

SURE = 0.8
"""From this probability on, an answer against a label is worth a person's look."""
LOOKED_AT = 5_000
"""Labels decided last: what was given long ago and never doubted is left in peace."""
KEPT = "label looked at again"
CHANGED = "label changed after another look"


@dataclass(frozen=True, slots=True)
class Conflict:
    """A ticket whose label is doubted. ``kind`` is ``same_text`` (another ticket of the same words has the
    other label; ``twin`` is its id) or ``unlike_others`` (the model, which had not learned from it, was
    ``sure`` of the other)."""

    kind: str
    ticket_id: str
    text: str
    target: str
    label: str
    other: str
    sure: float
    twin: str = ""


def conflicts(
    session: Session, held_out: Mapping[str, HeldOut], made_at: datetime, taxonomy: Taxonomy
) -> list[Conflict]:
    """What to settle, the surest first. Labels decided after ``made_at``, when the model was trained, have
    been settled already, as far as the model's doubts go."""
    found = []
    for target in decisions.TARGETS:
        examples = decisions.labelled_examples(session, target, LOOKED_AT)
        by_id = {example.ticket_id: example for example in examples}
        found += _twins(target, examples, decisions.kept_again(session, target, KEPT))
        held = held_out.get(target)
        if held is None:
            continue
        since = decisions.decided_at(session, target)
        codes = set(taxonomy.codes() if target == "category" else taxonomy.priority_codes())
        for place, ticket_id in enumerate(held.ids):
            own, sure = by_id.get(ticket_id), float(held.confidences[place])
            label, other = held.labels[held.truth[place]], held.predicted[place]
            if own is None or own.label != label or label == other or other not in codes or sure < SURE:
                continue
            if since[ticket_id] < made_at:
                found.append(
                    Conflict("unlike_others", ticket_id, own.text, target, label, other, round(sure, 3))
                )
    return sorted(found, key=lambda one: (-one.sure, one.ticket_id, one.target))


def settle(
    session: Session, ticket_id: str, target: str, label: str, taxonomy: Taxonomy, *, by: str, now: datetime
) -> None:
    """Record which label a ticket has, after another look.

    Raises:
        NotFoundError: there is no such ticket.
        InputError: the target or the label does not exist.
    """
    known = {"category": taxonomy.codes(), "priority": taxonomy.priority_codes()}
    if label not in known.get(target, ()):
        raise InputError(f"{label!r} is no {target}", field="label")
    ticket = tickets.get(session, ticket_id)
    last = decisions.latest(session, ticket, target)
    same = last is not None and last.final == label
    decisions.decide(session, ticket, target, label, by=by, now=now, reason=KEPT if same else CHANGED)
    setattr(ticket, target, label)
    session.flush()


def _twins(target: str, examples: list[decisions.Example], settled: set[str]) -> list[Conflict]:
    """Tickets of the same words but other labels; the smaller side is doubted, on a tie the newer ticket."""
    alike: dict[str, list[decisions.Example]] = defaultdict(list)
    for example in examples:
        alike[" ".join(text.clean(example.text).casefold().split())].append(example)
    found = []
    for words, held in alike.items():
        labels = [example.label for example in held]
        usual = max(labels, key=labels.count)
        twin = next(example.ticket_id for example in held if example.label == usual)
        if words:
            found += [
                Conflict("same_text", one.ticket_id, one.text, target, one.label, usual, 1.0, twin)
                for one in held
                if one.label != usual and one.ticket_id not in settled
            ]
    return found
