"""What SQL knows of the vector index: the collection in use, the one being built, the writes outstanding.

All of it is read and changed here. A write is given up only by a transaction that also sees that the
collection it went to is still the one in use, so that one that comes while collections change places is
done again and not lost. The helpers change; who calls them commits.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import CursorResult, delete, func, insert, or_, select, update
from sqlalchemy.orm import Session

from kb.tables import CaseDocument, IndexState, IndexTask
from models.errors import ConflictError

_SILENT = timedelta(minutes=2)
"""After so long without a sign of life, whoever was building is taken for dead."""


@dataclass(frozen=True, slots=True)
class Task:
    """One outstanding write: look at this case."""

    pk: int
    case_pk: int


def in_use(session: Session, fingerprint: str) -> str:
    """The name of the collection in use: that of the fingerprint until one was built beside it."""
    name = session.scalar(select(IndexState.collection).where(IndexState.fingerprint == fingerprint))
    return name or fingerprint


def outstanding(session: Session, most: int) -> list[Task]:
    """The oldest writes that the collection in use has not seen."""
    rows = session.execute(
        select(IndexTask.pk, IndexTask.case_pk)
        .where(IndexTask.applied.is_(False))
        .order_by(IndexTask.pk)
        .limit(most)
    )
    return [Task(row.pk, row.case_pk) for row in rows]


def noted(session: Session, known: Collection[int]) -> list[Task]:
    """All writes that are noted, seen by the collection in use or not, but for the ``known``."""
    rows = session.execute(select(IndexTask.pk, IndexTask.case_pk).order_by(IndexTask.pk))
    return [Task(row.pk, row.case_pk) for row in rows if row.pk not in known]


def settle(session: Session, fingerprint: str, name: str, tasks: Sequence[Task]) -> bool:
    """The collection of this name has seen these writes; answers whether that settles them.

    It does not where another one has taken its place, nor where another process did the same writes at
    the same time: which of the two came last in the index is not known, so that they are noted anew.
    """
    state = session.scalar(
        select(IndexState).where(IndexState.fingerprint == fingerprint).with_for_update(read=True)
    )
    if (state.collection if state is not None else fingerprint) != name:
        return False
    mine = IndexTask.pk.in_([task.pk for task in tasks])
    if state is not None and state.building:
        statement: Any = update(IndexTask).where(mine, IndexTask.applied.is_(False)).values(applied=True)
    else:
        statement = delete(IndexTask).where(mine)
    if _changed(session, statement) < len(tasks):
        note(session, {task.case_pk for task in tasks})
        return False
    return True


def note(session: Session, keys: Collection[int]) -> None:
    """Have the index look at these cases."""
    if keys:
        session.execute(insert(IndexTask), [{"case_pk": key, "applied": False} for key in sorted(keys)])


def begin(session: Session, fingerprint: str) -> str:
    """Note that a collection is being built; answers its name.

    Raises:
        ConflictError: another process is building one.
    """
    state = session.get(IndexState, fingerprint, with_for_update=True)
    if state is None:
        state = IndexState(fingerprint=fingerprint, collection=fingerprint)
        session.add(state)
    elif state.building:
        raise ConflictError("the search index is being rebuilt already")
    state.building, state.seen_at = f"{fingerprint}-{secrets.token_hex(4)}", datetime.now(UTC)
    return state.building


def still_building(session: Session, fingerprint: str, name: str) -> None:
    """A sign of life of whoever is building.

    Raises:
        ConflictError: it was taken for dead, and what it built was removed.
    """
    mine = update(IndexState).where(IndexState.fingerprint == fingerprint, IndexState.building == name)
    if not _changed(session, mine.values(seen_at=datetime.now(UTC))):
        raise ConflictError("the rebuild of the search index was given up: begin it again")


def swap(session: Session, fingerprint: str, name: str) -> None:
    """Put the collection that was built into use.

    Writes it may have missed are outstanding again. Done twice they do no harm.
    """
    still_building(session, fingerprint, name)
    state = session.get_one(IndexState, fingerprint, populate_existing=True)
    state.retired, state.collection, state.building = state.collection, name, ""
    _reopen(session)


def abandon(session: Session, fingerprint: str, name: str) -> None:
    """Give up what was being built."""
    mine = update(IndexState).where(IndexState.fingerprint == fingerprint, IndexState.building == name)
    session.execute(mine.values(building=""))
    _reopen(session)


def leftovers(session: Session, fingerprint: str, *, alone: bool) -> list[str]:
    """Collections that nobody needs: replaced, half built by a process that died, of an encoder long gone.

    What is being built is left only to a process that may still live, so never where this one is ``alone``.
    """
    dead = datetime.now(UTC) - _SILENT
    found = []
    for state in session.scalars(select(IndexState)):
        unused = state.fingerprint != fingerprint and not documents(session, state.fingerprint)
        if state.retired:
            found.append(state.retired)
        if state.building and (alone or unused or state.seen_at is None or state.seen_at < dead):
            found.append(state.building)
        if unused:
            found.append(state.collection)
    return found


def removed(session: Session, names: Collection[str]) -> None:
    """These collections are gone."""
    session.execute(delete(IndexState).where(IndexState.collection.in_(names)))
    for column in ("building", "retired"):
        held = getattr(IndexState, column)
        session.execute(update(IndexState).where(held.in_(names)).values({column: ""}))
    if not session.scalar(select(func.count()).select_from(IndexState).where(IndexState.building != "")):
        _reopen(session)


def known_names(session: Session) -> set[str]:
    """The names of all collections that SQL knows of."""
    rows = session.execute(select(IndexState.collection, IndexState.building, IndexState.retired))
    return {name for row in rows for name in row if name}


def use(session: Session, fingerprint: str) -> None:
    """Note that documents of this making are searched for, so that their collection is known later."""
    if session.get(IndexState, fingerprint) is None:
        session.add(IndexState(fingerprint=fingerprint, collection=fingerprint))


def progress(session: Session, fingerprint: str) -> tuple[int, int]:
    """Of all documents, how many are of this making and seen by the index; and how many there are."""
    everything = session.scalar(select(func.count()).select_from(CaseDocument)) or 0
    waiting = select(IndexTask.case_pk).where(IndexTask.applied.is_(False))
    missing = session.scalar(
        select(func.count())
        .select_from(CaseDocument)
        .where(or_(CaseDocument.fingerprint != fingerprint, CaseDocument.case_pk.in_(waiting)))
    )
    return everything - (missing or 0), everything


def documents(session: Session, fingerprint: str) -> int:
    """How many documents of this making there are."""
    query = select(func.count()).select_from(CaseDocument).where(CaseDocument.fingerprint == fingerprint)
    return session.scalar(query) or 0


def stale(session: Session, fingerprint: str) -> int:
    """How many documents were made with another encoder or analyser."""
    query = select(func.count()).select_from(CaseDocument).where(CaseDocument.fingerprint != fingerprint)
    return session.scalar(query) or 0


def _reopen(session: Session) -> None:
    session.execute(update(IndexTask).where(IndexTask.applied).values(applied=False))


def _changed(session: Session, statement: Any) -> int:
    done = session.execute(statement, execution_options={"synchronize_session": False})
    assert isinstance(done, CursorResult)
    return int(done.rowcount)
