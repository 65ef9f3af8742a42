"""The audit log: who did what, and when. It is only added to."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from kb.account_tables import AuditEntry


def note(
    session: Session, who: str, action: str, subject: str = "", *, now: datetime, detail: str = ""
) -> None:
    """Add a line. ``action`` is a code; neither passwords nor texts of tickets belong in it."""
    session.add(AuditEntry(at=now, who=who[:120], action=action, subject=subject[:200], detail=detail))
    session.flush()


def page(session: Session, *, before: int | None = None, limit: int = 100) -> Sequence[AuditEntry]:
    """Lines, the last first; ``before`` is the key of the last one of the page before."""
    query = select(AuditEntry).order_by(AuditEntry.pk.desc()).limit(limit)
    if before is not None:
        query = query.where(AuditEntry.pk < before)
    return session.scalars(query).all()
