"""The life of a case: drafted, reviewed, published, and one day expired, replaced or withdrawn.

Search finds published cases and no others. Whether a case is in the index follows from its state and is
changed in the same transaction; the vector index follows through the writes noted there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import exists, func, select, update
from sqlalchemy.orm import Session, aliased

from kb import cases
from kb.case_versions import record
from kb.cases import PUBLISHED
from kb.tables import Case, CaseUse
from models.encoder import Encoder
from models.errors import ConflictError, InputError

NEXT = {
    "draft": ("review", "replaced", "withdrawn"),
    "review": ("published", "draft", "replaced", "withdrawn"),
    "published": ("review", "expired", "replaced", "withdrawn"),
    "expired": ("review", "replaced", "withdrawn"),
    "replaced": ("review",),
    "withdrawn": ("draft",),
}
"""Which state may follow which."""

STATES = tuple(NEXT)
AT_FIRST = ("draft", "review", "published")
"""The states that a case may begin in; also those in which what it says may be changed."""
WORKER = "triage"


@dataclass(frozen=True, slots=True)
class Page:
    """A part of a list, and where the next part begins (None: this was the last)."""

    cases: Sequence[Case]
    next_cursor: int | None


@dataclass(frozen=True, slots=True)
class Merged:
    """What a merge did: the uses that moved, and those left as the kept case has them already."""

    moved: int
    left: int


def page(
    session: Session,
    *,
    state: str | None = None,
    category: str | None = None,
    before: int | None = None,
    limit: int = 50,
) -> Page:
    """Cases, the last stored first; ``before`` is the cursor of the page before.

    Raises:
        InputError: there is no such state.
    """
    query = select(Case).order_by(Case.pk.desc()).limit(limit + 1)
    if state is not None:
        query = query.where(Case.state == _known(state, "state"))
    if category is not None:
        query = query.where(Case.category == category)
    if before is not None:
        query = query.where(Case.pk < before)
    found = session.scalars(query).all()
    return Page(found[:limit], found[limit - 1].pk if len(found) > limit else None)


def change(
    session: Session,
    case_id: str,
    values: Mapping[str, Any],
    number: int,
    encoder: Encoder,
    now: datetime,
    *,
    by: str = "",
    note: str = "",
) -> Case:
    """Give a case another content as its next version; the same content changes nothing.

    ``number`` is the version that was read before: who has not seen the latest cannot overwrite it.

    Raises:
        NotFoundError: there is no such case.
        ConflictError: the case is at another version, or in a state in which it is not changed.
    """
    case = cases.get(session, case_id, lock=True)
    if case.state not in AT_FIRST:
        raise ConflictError(
            f"a case that is {case.state} is not changed: it can become {' or '.join(NEXT[case.state])} first"
        )
    if case.version_number != number:
        raise ConflictError(
            f"the case is at version {case.version_number}, not {number}: read it again",
            field="version_number",
        )
    cases.write(session, [{**values, "id": case_id}], encoder, now, by=by, note=note, whole=True)
    return case


def move(
    session: Session,
    case_id: str,
    to: str,
    encoder: Encoder,
    now: datetime,
    *,
    today: date,
    by: str = "",
    note: str = "",
    replaced_by: str = "",
) -> Case:
    """Bring a case to its next state.

    Raises:
        NotFoundError: there is no such case.
        InputError: there is no such state; ``replaced_by`` is missing, the case itself, or given
            where it means nothing.
        ConflictError: that state cannot follow the present one, what should replace the case is not
            published, or it would expire at once.
    """
    _known(to, "to")
    if (to == "replaced") != bool(replaced_by):
        raise InputError(
            "replaced_by names the case that takes its place, with the state replaced and with no other",
            field="replaced_by",
        )
    if replaced_by == case_id:
        raise InputError("a case cannot be replaced by itself", field="replaced_by")
    case, *other = _locked(session, case_id, *([replaced_by] if replaced_by else []))
    if to not in NEXT[case.state]:
        raise ConflictError(
            f"a case that is {case.state} can become {', '.join(NEXT[case.state])}, not {to}", field="to"
        )
    if other:
        _must_be_published(other[0], "replaced_by")
    if to == PUBLISHED and case.expires_on is not None and case.expires_on <= today:
        raise ConflictError(f"it expired on {case.expires_on}: give it a later day first", field="expires_on")
    _move(session, [case], to, now, by=by, note=note, replaced_by=replaced_by)
    if to == PUBLISHED:
        cases.enter(session, [case], encoder)
    return case


def merge(
    session: Session, case_id: str, into: str, now: datetime, *, by: str = "", note: str = ""
) -> Merged:
    """Make one case of two about the same problem: what proves one moves to the other, which stays.

    A use of the same ticket at the same time is one use, and counted once. Done already, it does nothing.

    Raises:
        NotFoundError: there is no such case.
        InputError: a case cannot be merged into itself.
        ConflictError: the kept case is not published, or the other one is withdrawn or replaced by a third.
    """
    if case_id == into:
        raise InputError("a case cannot be merged into itself", field="into")
    case, kept = _locked(session, case_id, into)
    if case.state == "replaced" and case.replaced_by == into:
        return Merged(0, 0)
    if "replaced" not in NEXT[case.state]:
        how = f"replaced by {case.replaced_by!r}" if case.replaced_by else case.state
        raise ConflictError(f"a case that is {how} cannot be merged")
    _must_be_published(kept, "into")
    same = aliased(CaseUse)
    both = exists().where(
        same.case_pk == kept.pk, same.ticket_id == CaseUse.ticket_id, same.used_at == CaseUse.used_at
    )
    its = CaseUse.case_pk == case.pk
    left = session.scalar(select(func.count()).select_from(CaseUse).where(its, both)) or 0
    every = session.scalar(select(func.count()).select_from(CaseUse).where(its)) or 0
    moving = update(CaseUse).where(its, ~both).values(case_pk=kept.pk)
    session.execute(moving, execution_options={"synchronize_session": False})
    _move(session, [case], "replaced", now, by=by, note=note, replaced_by=into)
    for one in (case, kept):
        record(session, [one], "merge", now, before=case_id, after=into, by=by, note=note)
    return Merged(every - left, left)


def due(session: Session, today: date) -> bool:
    """Whether a published case is no longer valid."""
    query = select(Case.pk).where(Case.state == PUBLISHED, Case.expires_on <= today).limit(1)
    return session.scalar(query) is not None


def expire(session: Session, today: date, now: datetime, most: int = 200) -> int:
    """Let published cases expire whose day has come; answers how many, at most so many at once."""
    query = select(Case).where(Case.state == PUBLISHED, Case.expires_on <= today)
    over = session.scalars(query.order_by(Case.pk).limit(most).with_for_update()).all()
    _move(session, over, "expired", now, by=WORKER)
    return len(over)


def _move(
    session: Session,
    moved: Sequence[Case],
    to: str,
    now: datetime,
    *,
    by: str,
    note: str = "",
    replaced_by: str = "",
) -> None:
    for case in moved:
        record(session, [case], "state", now, before=case.state, after=to, by=by, note=note)
        case.state, case.replaced_by = to, replaced_by
    if to != PUBLISHED:
        cases.leave(session, moved)
    session.flush()


def _locked(session: Session, *ids: str) -> list[Case]:
    """These cases in the order asked for, locked in one order whoever asks: two merges cannot block
    each other."""
    found = {one: cases.get(session, one, lock=True) for one in sorted(set(ids))}
    return [found[one] for one in ids]


def _must_be_published(case: Case, field: str) -> None:
    if case.state != PUBLISHED:
        raise ConflictError(f"the case {case.id!r} is {case.state}, not published", field=field)


def _known(state: str, field: str) -> str:
    if state not in NEXT:
        raise InputError(f"{field} is one of {', '.join(STATES)}, not {state!r}", field=field)
    return state
