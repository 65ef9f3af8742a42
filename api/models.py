"""Models over the wire: which there are, which is in use, put one to use, take it back."""

from __future__ import annotations

from fastapi import APIRouter

from api.deps import IdentityDep, PartsDep
from api.schemas import PROBLEMS, Answer
from models.card import Card
from triage import model_desk

router = APIRouter(prefix="/models", tags=["models"], responses=PROBLEMS)


class ModelAnswer(Answer):
    """One version, and whether it is in use; ``labels`` are by target."""

    version: str
    created_at: str
    source: str
    data_hash: str
    encoder: str
    labels: dict[str, list[str]]
    in_use: bool


class InUseAnswer(Answer):
    """The version that is in use now."""

    version: str


@router.get("")
def list_models(parts: PartsDep) -> list[ModelAnswer]:
    """All versions, oldest first."""
    current = parts.store.current()
    return [_answer(card, current) for card in parts.store.versions()]


@router.post("/{version}/promote")
def promote(version: str, parts: PartsDep, who: IdentityDep) -> InUseAnswer:
    """Use a version from now on."""
    with parts.database.transaction() as session:
        model_desk.promote(session, parts, version, by=who.name)
    return InUseAnswer(version=version)


@router.post("/rollback")
def roll_back(parts: PartsDep, who: IdentityDep) -> InUseAnswer:
    """Use the version again that was in use before."""
    with parts.database.transaction() as session:
        return InUseAnswer(version=model_desk.roll_back(session, parts, by=who.name))


def _answer(card: Card, current: str | None) -> ModelAnswer:
    return ModelAnswer(
        version=card.version,
        created_at=card.created_at,
        source=card.source,
        data_hash=card.data_hash,
        encoder=card.encoder,
        labels=card.labels,
        in_use=card.version == current,
    )
