"""The ledger of proof: each use of a case's solution, and what that says about it."""

from __future__ import annotations

import functools
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

import numpy as np
from sqlalchemy import Dialect, select
from sqlalchemy.orm import Session

from kb import masking
from kb.database import listed
from kb.tables import Case, CaseUse, UtcTime
from models.encoder import Vectors
from models.errors import NotFoundError


@dataclass(frozen=True, slots=True)
class Proof:
    """How often a solution was used, worked, and had the ticket come back."""

    used: int
    worked: int
    reopened: int
    last_worked_at: datetime | None
    last_failed_at: datetime | None = None

    @property
    def failed_last(self) -> bool:
        """Whether it did not hold when it was used last: a warning."""
        if self.last_failed_at is None:
            return False
        return self.last_worked_at is None or self.last_failed_at > self.last_worked_at


@dataclass(frozen=True, slots=True)
class Question:
    """What a solution was used for: the vector (dimension,) of the ticket's text, and what made it."""

    vector: Vectors
    fingerprint: str


NO_PROOF = Proof(0, 0, 0, None)


def record(
    session: Session,
    case_id: str,
    *,
    worked: bool,
    used_at: datetime,
    ticket_id: str = "",
    reopened: bool = False,
    version: str = "",
    used_by: str = "",
    note: str = "",
    question: Question | None = None,
) -> Proof:
    """Record one use of a case's solution; answers the case's proof with it.

    With a ``question`` the use counts in later searches for questions like it.

    Raises:
        NotFoundError: there is no such case.
    """
    key = session.scalar(select(Case.pk).where(Case.id == case_id))
    if key is None:
        raise NotFoundError(f"there is no case {case_id!r}", field="case_id")
    session.add(
        CaseUse(
            case_pk=key,
            ticket_id=ticket_id,
            worked=worked,
            reopened=reopened,
            version=version,
            used_by=used_by,
            used_at=used_at,
            note=masking.mask(note).text,
            question=question.vector.astype(np.float16).tobytes() if question else None,
            fingerprint=question.fingerprint if question else "",
        )
    )
    session.flush()
    return proofs(session, [key])[key]


def uses(session: Session, case_pk: int, most: int = 50) -> Sequence[CaseUse]:
    """The uses of a case's solution, the last first."""
    return session.scalars(
        select(CaseUse).where(CaseUse.case_pk == case_pk).order_by(CaseUse.used_at.desc()).limit(most)
    ).all()


class Use(NamedTuple):
    """What the ledger says of one use, as SQL has it; ``question`` is in half precision."""

    case_pk: int
    worked: bool
    reopened: bool
    used_at: datetime
    question: bytes | None
    fingerprint: str


def used(session: Session, keys: Sequence[int]) -> list[Use]:
    """All uses of these cases, in no order."""
    if not keys:
        return []
    rows = session.connection().exec_driver_sql(
        "SELECT case_pk, worked, reopened, used_at, question, fingerprint FROM case_uses "
        f"WHERE case_pk IN ({listed(keys)})"
    )
    time = _time(session.get_bind().dialect)
    return [Use(row[0], bool(row[1]), bool(row[2]), time(row[3]), row[4], row[5]) for row in rows]


def proofs(session: Session, keys: Sequence[int]) -> dict[int, Proof]:
    """The proof of each case that was used at all, by case key."""
    return proven(used(session, keys))


def proven(uses: Sequence[Use]) -> dict[int, Proof]:
    """The same of uses that were looked up already."""
    found: dict[int, list[Use]] = defaultdict(list)
    for use in uses:
        found[use.case_pk].append(use)
    return {key: _proof(own) for key, own in found.items()}


def _proof(uses: Sequence[Use]) -> Proof:
    held = [use.used_at for use in uses if use.worked and not use.reopened]
    failed = [use.used_at for use in uses if not use.worked or use.reopened]
    return Proof(
        len(uses),
        sum(use.worked for use in uses),
        sum(use.reopened for use in uses),
        max(held, default=None),
        max(failed, default=None),
    )


@functools.cache
def _time(dialect: Dialect) -> Callable[[Any], Any]:
    """How a stored time becomes one of ours."""
    return UtcTime().dialect_impl(dialect).result_processor(dialect, None) or (lambda stored: stored)
