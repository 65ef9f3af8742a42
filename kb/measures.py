"""Measures taken against a problem group or a root cause, noted so that they can be checked."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from kb import problem_groups
from kb.tables import Measure
from models.errors import InputError, NotFoundError

TARGETS = ("group", "cause")


def note(
    session: Session, *, what: str, who: str, target_kind: str, target: str, since: datetime, now: datetime
) -> Measure:
    """Note what was done, by whom, against what and since when.

    Raises:
        InputError: it does not say what was done, or the kind of target is unknown.
        NotFoundError: the group does not exist.
    """
    if not what.strip():
        raise InputError("say what was done", field="what")
    if target_kind not in TARGETS:
        raise InputError(
            f"target_kind is one of {', '.join(TARGETS)}, not {target_kind!r}", field="target_kind"
        )
    if target_kind == "group":
        problem_groups.get(session, target)
    row = Measure(
        id=f"m{now:%Y%m%d}-{secrets.token_hex(3)}",
        what=what.strip(),
        who=who.strip(),
        target_kind=target_kind,
        target=target,
        since=since,
        created_at=now,
    )
    session.add(row)
    session.flush()
    return row


def listed(session: Session) -> Sequence[Measure]:
    """All measures, in the order they were noted."""
    return session.scalars(select(Measure).order_by(Measure.pk)).all()


def remove(session: Session, measure_id: str) -> None:
    """Forget a measure that was noted by mistake.

    Raises:
        NotFoundError: there is none of that id.
    """
    row = session.scalar(select(Measure).where(Measure.id == measure_id))
    if row is None:
        raise NotFoundError(f"there is no measure {measure_id!r}", field="measure_id")
    session.delete(row)
    session.flush()
