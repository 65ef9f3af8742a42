"""The ledger of proof: each use of a case's solution, and what that says about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from sqlalchemy import Integer, select, text
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


def proofs(session: Session, keys: Sequence[int]) -> dict[int, Proof]:
    """The proof of each case that was used at all, by case key."""
    if not keys:
        return {}
    rows = session.connection().execute(
        text(
            "SELECT case_pk, count(*) AS used, sum(CASE WHEN worked THEN 1 ELSE 0 END) AS worked, "
            "sum(CASE WHEN reopened THEN 1 ELSE 0 END) AS reopened, "
            "max(CASE WHEN worked AND NOT reopened THEN used_at END) AS last, "
            "max(CASE WHEN NOT worked OR reopened THEN used_at END) AS failed "
            f"FROM case_uses WHERE case_pk IN ({listed(keys)}) GROUP BY case_pk"
        ).columns(
            case_pk=Integer, used=Integer, worked=Integer, reopened=Integer, last=UtcTime, failed=UtcTime
        )
    )
    return {
        row.case_pk: Proof(row.used, int(row.worked), int(row.reopened), row.last, row.failed) for row in rows
    }
