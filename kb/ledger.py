"""The ledger of proof: each use of a case's solution, and what that says about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

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
    rows = session.connection().execute(
        select(
            CaseUse.case_pk,
            func.count().label("used"),
            func.sum(case((CaseUse.worked, 1), else_=0)).label("worked"),
            func.sum(case((CaseUse.reopened, 1), else_=0)).label("reopened"),
            func.max(case((CaseUse.worked, CaseUse.used_at)), type_=UtcTime).label("last"),
        )
        .where(CaseUse.case_pk.in_(keys))
        .group_by(CaseUse.case_pk)
    )
    return {row.case_pk: Proof(row.used, int(row.worked), int(row.reopened), row.last) for row in rows}
