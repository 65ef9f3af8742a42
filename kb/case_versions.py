"""What a case said and when: its versions and its history. Both are only ever added to.

The version in force stands in the case itself. A row is written once there is a second one, so that an
archive of cases that nobody ever changed costs nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from kb.case_tables import CaseEvent, CaseVersion
from kb.tables import Case
from models.errors import NotFoundError

FIELDS = (
    "problem",
    "symptoms",
    "product",
    "version",
    "category",
    "cause_code",
    "cause_kind",
    "cause",
    "solution",
    "resources",
    "team",
    "hours",
    "satisfaction",
    "reopened",
    "keywords",
    "closed_on",
    "expires_on",
)
"""The fields of a case that people write, and a version holds."""


@dataclass(frozen=True, slots=True)
class Version:
    """One version: its number, what the case said (dates as ISO texts), since when, by whom and why."""

    number: int
    content: Mapping[str, Any]
    at: datetime
    by: str
    note: str


def content(case: Case) -> dict[str, Any]:
    """What a case says now, as JSON."""
    values = {name: getattr(case, name) for name in FIELDS}
    return {
        name: value.isoformat() if isinstance(value, date) else list(value) if name == "keywords" else value
        for name, value in values.items()
    }


def advance(
    session: Session, case: Case, before: Mapping[str, Any], now: datetime, *, by: str = "", note: str = ""
) -> None:
    """The case has another content than ``before``: it comes to its next version."""
    if not _stored(session, case, case.version_number):
        first = _row(case, before, case.created_at, "", "")
        session.add(first)
    case.version_number += 1
    session.add(_row(case, content(case), now, by, note))
    record(session, [case], "version", now, by=by, note=note)


def versions(session: Session, case: Case) -> list[Version]:
    """All versions, the first one first."""
    rows = session.scalars(
        select(CaseVersion).where(CaseVersion.case_pk == case.pk).order_by(CaseVersion.number)
    ).all()
    return [_version(row) for row in rows] or [_only(case)]


def version(session: Session, case: Case, number: int) -> Version:
    """One version.

    Raises:
        NotFoundError: the case has no such version.
    """
    if row := _stored(session, case, number):
        return _version(row)
    if number != case.version_number:
        raise NotFoundError(
            f"the case {case.id!r} has versions 1 to {case.version_number}, not {number}", field="number"
        )
    return _only(case)


def record(
    session: Session,
    cases: Sequence[Case],
    kind: str,
    now: datetime,
    *,
    before: str = "",
    after: str = "",
    by: str = "",
    note: str = "",
) -> None:
    """Add one event to each case's history; ``kind`` is ``state``, ``version`` or ``merge``."""
    if cases:
        shared = {"kind": kind, "before": before, "after": after, "at": now, "by": by, "note": note}
        rows = [{"case_pk": case.pk, "number": case.version_number} | shared for case in cases]
        session.execute(insert(CaseEvent), rows)


def history(session: Session, case: Case) -> Sequence[CaseEvent]:
    """All that happened to a case, in order."""
    return session.scalars(select(CaseEvent).where(CaseEvent.case_pk == case.pk).order_by(CaseEvent.pk)).all()


def _stored(session: Session, case: Case, number: int) -> CaseVersion | None:
    return session.scalar(
        select(CaseVersion).where(CaseVersion.case_pk == case.pk, CaseVersion.number == number)
    )


def _row(case: Case, said: Mapping[str, Any], at: datetime, by: str, note: str) -> CaseVersion:
    return CaseVersion(
        case_pk=case.pk, number=case.version_number, content=dict(said), at=at, by=by, note=note
    )


def _version(row: CaseVersion) -> Version:
    return Version(row.number, row.content, row.at, row.by, row.note)


def _only(case: Case) -> Version:
    return Version(case.version_number, content(case), case.created_at, "", "")
