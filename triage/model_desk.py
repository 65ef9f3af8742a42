"""What is done with models in the service: learned, put to use, taken back, given other thresholds.

Each is noted in the audit log. Nothing is promoted unasked.
"""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from datetime import datetime

from sqlalchemy.orm import Session

from kb import audit
from models.card import Card
from models.errors import InputError, ModelError
from models.learning_curve import Forecast, Gain, LearningCurve, Point
from models.store import ModelStore
from triage import curves, learning, setup
from triage.learning import Progress
from triage.wiring import Parts

_CURVE = "learning-curve.json"
SEED_SOURCE = "seed tickets and confirmed decisions"
ALL_SOURCE = "seed tickets, confirmed decisions and imported labels"
SOURCES = {setup.SHIPPED_SOURCE: "seed", SEED_SOURCE: "confirmed", ALL_SOURCE: "imported"}
"""What a card says of where its texts came from -> a code for it."""
PROMISES = (0.4, 0.995)
"""The least and the greatest share right that a band may promise."""


def train(parts: Parts, name: str, by: str, progress: Progress, *, imported: bool = False) -> Card:
    """Learn a new version from the seed, from what people confirmed and, if asked, from imported labels.

    Raises:
        InputError: the name cannot be used, or there is too little to learn from.
    """
    rows = setup.own_examples(parts, imported=imported)
    model = learning.train(
        rows,
        setup.learnable(rows),
        parts.encoder,
        parts.store,
        lexicon=parts.lexicon,
        name=name,
        source=ALL_SOURCE if imported else SEED_SOURCE,
        now=parts.now(),
        progress=progress,
    )
    with parts.database.transaction() as session:
        audit.note(session, by, "model_trained", model.card.version, now=parts.now())
    return model.card


def promote(session: Session, parts: Parts, version: str, *, by: str) -> None:
    """Use a version from now on.

    Raises:
        NotFoundError: there is no such version.
        ModelError: it was made with another encoder, analyser or form.
    """
    if not parts.fits(version):
        raise ModelError(f"the model {version} was made with another encoder or program: train it again")
    audit.note(session, by, "model_promoted", version, now=parts.now(), detail=parts.store.current() or "")
    parts.store.promote(version)


def roll_back(session: Session, parts: Parts, *, by: str) -> str:
    """Use the version that was in use before; answers which.

    Raises:
        ConflictError: there was none.
    """
    left = parts.store.current() or ""
    version = parts.store.rollback()
    audit.note(session, by, "model_rolled_back", version, now=parts.now(), detail=left)
    return version


def promise(
    session: Session, parts: Parts, version: str, target: str, suggest: float, auto: float, *, by: str
) -> Card:
    """A new version with the thresholds that keep other promises; what it learned stays as it is.

    Raises:
        NotFoundError: there is no such version.
        InputError: the target has no held-out answers, or a promise is not possible.
    """
    low, high = PROMISES
    if not low <= suggest <= auto <= high:
        raise InputError(f"promises lie between {low} and {high}, suggest not above auto", field="auto")
    held = parts.store.held_out(version).get(target)
    if held is None:
        raise InputError(f"the model {version} keeps no held-out answers for {target!r}", field="target")
    old = parts.store.card(version)
    card = replace(
        old,
        version=parts.store.next_version(old.version.rpartition("-")[0]),
        created_at=parts.now().isoformat(timespec="seconds"),
        source=f"{old.version} with other thresholds for {target}",
        promises={**old.promises, target: [suggest, auto]},
    )
    made = parts.store.rebanded(version, card, {target: held.bands(suggest, auto)})
    detail = f"{version}, {target}: {suggest:g} / {auto:g}"
    audit.note(session, by, "model_thresholds", made.version, now=parts.now(), detail=detail)
    return made


def made_at(card: Card) -> datetime:
    """When a model was trained."""
    return datetime.fromisoformat(card.created_at)


def draw(parts: Parts, progress: Progress) -> LearningCurve:
    """The learning curve of the categories, kept beside the models."""
    found = curves.curve(parts.encoder, setup.own_examples(parts), None, "category", progress, parts.lexicon)
    keep(parts.store, found, parts.now())
    return found


def keep(store: ModelStore, curve: LearningCurve, now: datetime) -> None:
    """Keep a curve beside the models, in place of the one before."""
    path = store.folder / _CURVE
    draft = path.with_suffix(".draft")
    draft.write_text(json.dumps({"at": now.isoformat(), **asdict(curve)}), encoding="utf-8")
    draft.replace(path)


def drawn(store: ModelStore) -> tuple[datetime, LearningCurve] | None:
    """The curve that was drawn last, and when; None where none was, or its file is damaged."""
    try:
        held = json.loads((store.folder / _CURVE).read_text(encoding="utf-8"))
        forecast = held["forecast"]
        return datetime.fromisoformat(held["at"]), LearningCurve(
            tuple(Point(**point) for point in held["points"]),
            Forecast(forecast["texts"], forecast["accuracy"], tuple(forecast["interval"])),
            tuple(Gain(**gain) for gain in held["gains"]),
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None
