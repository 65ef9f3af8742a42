"""The ledger of proof: each use of a case's solution, and what that says about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Integer, select, text
from sqlalchemy.orm import Session

from kb.database import listed
from kb.tables import Case, CaseUse, UtcTime
from models.errors import NotFoundError


@dataclass(frozen=True, slots=True)
class Proof:
    """How often a solution was used, worked, and had the ticket come back."""

    used: int
    worked: int
    reopened: int
    last_worked_at: datetime | None


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
) -> Proof:
    """Record one use of a case's solution; answers the case's proof with it.

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
            note=note,
        )
    )
    session.flush()
    return proofs(session, [key])[key]


def proofs(session: Session, keys: Sequence[int]) -> dict[int, Proof]:
    """The proof of each case that was used at all, by case key."""
    if not keys:
        return {}
    rows = session.connection().execute(
        text(
            "SELECT case_pk, count(*) AS used, sum(CASE WHEN worked THEN 1 ELSE 0 END) AS worked, "
            "sum(CASE WHEN reopened THEN 1 ELSE 0 END) AS reopened, "
            "max(CASE WHEN worked THEN used_at END) AS last "
            f"FROM case_uses WHERE case_pk IN ({listed(keys)}) GROUP BY case_pk"
        ).columns(case_pk=Integer, used=Integer, worked=Integer, reopened=Integer, last=UtcTime)
    )
    return {row.case_pk: Proof(row.used, int(row.worked), int(row.reopened), row.last) for row in rows}
