"""A new collection built beside the one in use, which is searched and written to meanwhile.

Killed at any point, nothing is lost: until the swap, one transaction, the old collection is in use, and
what was being built is removed by ``tidy`` at the next start or rebuild; after it, the old one is.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress

from sqlalchemy import select

from kb import index_state
from kb.database import Database
from kb.index import VectorIndex, parts
from kb.tables import CaseDocument
from models.errors import IndexUnavailableError, TriageError

_one_at_a_time = threading.Lock()


def tidy(index: VectorIndex, database: Database) -> list[str]:
    """Remove the collections that nobody needs any more; answers their names."""
    with database.transaction() as session:
        index_state.use(session, index.fingerprint)
        left = index_state.leftovers(session, index.fingerprint, alone=index.store.alone)
    if index.store.alone:
        with database.reading() as session:
            left += sorted(index.store.names() - index_state.known_names(session) - {*left})
    for name in left:
        index.store.remove(name)
    if left:
        with database.transaction() as session:
            index_state.removed(session, left)
    return left


def rebuild(
    index: VectorIndex, database: Database, progress: Callable[[int, int], None] = lambda _done, _all: None
) -> int:
    """Build a new collection and put it into use; answers how many cases it holds then.

    Raises:
        ConflictError: another process is at it, or took this one for dead.
        IndexUnavailableError: the index refuses; the old collection stays in use.
    """
    with _one_at_a_time:
        tidy(index, database)
        with database.transaction() as session:
            name = index_state.begin(session, index.fingerprint)
        try:
            index.store.create(name)
            number = _fill(index, database, name, progress)
            _take_over(index, database, name)
        except BaseException:
            _give_up(index, database, name)
            raise
        with suppress(IndexUnavailableError):  # it waits for the next time
            tidy(index, database)
        index.apply(database)
        return number


def _fill(index: VectorIndex, database: Database, name: str, progress: Callable[[int, int], None]) -> int:
    with database.reading() as session:
        keys = session.scalars(
            select(CaseDocument.case_pk)
            .where(CaseDocument.fingerprint == index.fingerprint)
            .order_by(CaseDocument.case_pk)
        ).all()
    done = 0
    for part in parts(keys, index.batch):
        with index.writing, database.reading() as session:
            index.write(name, index.vectors(session, part), ())
        with database.transaction() as session:
            index_state.still_building(session, index.fingerprint, name)
        done += len(part)
        progress(done, len(keys))
        index.leave_room()
    return done


def _take_over(index: VectorIndex, database: Database, name: str) -> None:
    """Repeat the writes that came meanwhile, then change places."""
    known: set[int] = set()
    while True:
        with index.writing:
            with database.reading() as session:
                tasks = index_state.noted(session, known)
            for part in parts(sorted({task.case_pk for task in tasks}), index.batch):
                with database.reading() as session:
                    rows = index.vectors(session, part)
                index.write(name, rows, set(part) - rows.keys())
            known |= {task.pk for task in tasks}
            if len(tasks) < index.batch:  # what comes between here and the swap stays outstanding
                with database.transaction() as session:
                    index_state.swap(session, index.fingerprint, name)
                index.name = name
                return


def _give_up(index: VectorIndex, database: Database, name: str) -> None:
    with suppress(TriageError), database.transaction() as session:
        index_state.abandon(session, index.fingerprint, name)
    with suppress(TriageError):
        index.store.remove(name)
