"""The vector index: nearest cases by meaning. Disposable: everything in it comes from SQL.

A collection holds the vectors of one encoder and analyser, so that vectors of different making never meet.
Which collection is in use stands in SQL (``kb.index_state``); another can be built beside it and take its
place while searches go on (``kb.index_rebuild``).
"""

from __future__ import annotations

import random
import shutil
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select
from sqlalchemy.orm import Session

from kb import index_files, index_state, index_store
from kb.database import Database
from kb.documents import FIELDS
from kb.index_store import CollectionGoneError, Store
from kb.tables import CaseDocument, IndexTask
from models.encoder import Vectors
from models.errors import IndexUnavailableError, TriageError

BATCH = 2_500
"""Cases written at once where nobody is waiting. Chroma takes 5,461 vectors in one call; a case has two. Each
call reads again what was written since Chroma last saved its graph, and saving writes the names of all
vectors: few large calls take less time than many small ones."""
SENT = 500
"""The same for a server, which takes no request of more than 40 MB and has a minute for it."""
GENTLE = 25
"""Cases written at once where searches go on: Chroma lets no other thread work while it writes."""
_PAUSE_SECONDS = 0.005
_SAMPLE = 40
_FAR = 0.02
_MOST_LOST = 0.7
"""A sound graph of the default encoder loses none of them, one of the hashing encoder up to a half."""

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Difference:
    """How the index differs from SQL, by case key."""

    missing: tuple[int, ...]
    surplus: tuple[int, ...]

    @property
    def none(self) -> bool:
        """Whether they agree."""
        return not self.missing and not self.surplus


class VectorIndex:
    """An open index. Close it when done; it may be used from several threads.

    ``in_use`` asks SQL which collection is searched. ``damage`` says what was found wrong when it was
    opened, where something was: then it is empty now.
    """

    def __init__(
        self, store: Store, fingerprint: str, dimension: int, in_use: Callable[[], str] | None = None
    ) -> None:
        self.store = store
        self.fingerprint = fingerprint
        self.dimension = dimension
        self.damage = ""
        self.gentle = False
        """Whether searches go on beside writes, which then are small and leave them room."""
        self.fresh = False
        """Whether it was begun anew and has not been compared with SQL since."""
        self.lacking = 0
        """How often it was found to lack cases since somebody saw that it has them all."""
        self.trouble = ""
        """Why the last search failed; empty once one succeeds."""
        self.writing = threading.RLock()
        self._in_use = in_use or (lambda: fingerprint)
        self.name = self._in_use()

    def nearest(self, vector: Vectors, most: int) -> list[int]:
        """Keys of the cases nearest to one vector (dimension,), nearest first, without repetitions."""
        found = self._query(vector, most * len(FIELDS))
        return list(dict.fromkeys(_key(name) for name, _ in found))[:most]

    def put(self, keys: Sequence[int], vectors: Vectors) -> None:
        """Add or replace cases; ``vectors`` is (cases, fields, dimension)."""
        self.put_into(self.name, keys, vectors)

    def put_into(self, name: str, keys: Sequence[int], vectors: Vectors) -> None:
        """The same in another collection."""
        self.store.put(name, _names(keys), vectors.reshape(-1, self.dimension))

    def drop(self, keys: Sequence[int]) -> None:
        """Remove cases."""
        self.store.drop(self.name, _names(keys))

    def keys(self) -> set[int]:
        """Keys of the cases of which every field is in the index."""
        counts: dict[int, set[str]] = {}
        for name in self.store.ids(self.name):
            counts.setdefault(_key(name), set()).add(name)
        return {key for key, names in counts.items() if len(names) == len(FIELDS)}

    def ensure(self) -> bool:
        """Make the collection in use where there is none; answers whether there was none.

        Raises:
            IndexUnavailableError: it cannot be made.
        """
        self.name = self._in_use()
        made = self.store.create(self.name)
        self.fresh = self.fresh or made
        return made

    def apply(self, database: Database) -> int:
        """Do the writes that SQL says are outstanding, in their order; answers how many.

        An index that was begun anew gets all that SQL has.
        """
        done = 0
        while True:
            if self.fresh:
                self.heal(database)
            with self.writing:
                with database.reading() as session:
                    self.name = index_state.in_use(session, self.fingerprint)
                    tasks = index_state.outstanding(session, self.batch)
                    rows = self.vectors(session, {task.case_pk for task in tasks})
                if not tasks:
                    return done
                self.write(self.name, rows, {task.case_pk for task in tasks} - rows.keys())
                with database.transaction() as session:
                    settled = index_state.settle(session, self.fingerprint, self.name, tasks)
            done += len(tasks)
            if not settled:
                time.sleep(random.uniform(0, 0.05))
            self.leave_room()

    @property
    def batch(self) -> int:
        """How many cases are written at once."""
        return GENTLE if self.gentle else BATCH if self.store.alone else SENT

    def leave_room(self) -> None:
        """Let searches that wait have their turn."""
        if self.gentle:
            time.sleep(_PAUSE_SECONDS)

    def write(self, name: str, rows: dict[int, NDArray[np.float16]], gone: Iterable[int]) -> None:
        """Bring cases of a collection in step with SQL, which holds these vectors, and lost those."""
        try:
            if rows:
                self.put_into(name, list(rows), np.stack(list(rows.values())).astype(np.float32))
            if away := sorted(gone):
                self.store.drop(name, _names(away))
        except CollectionGoneError:
            if name != self._in_use() or not self.ensure():
                raise
            self.write(name, rows, gone)

    def verify(self, database: Database) -> Difference:
        """Compare the index with SQL."""
        with self.writing:
            with database.reading() as session:
                self.name = index_state.in_use(session, self.fingerprint)
                query = select(CaseDocument.case_pk).where(CaseDocument.fingerprint == self.fingerprint)
                wanted = set(session.scalars(query))
            try:
                held = self.keys()
            except CollectionGoneError:
                held = set()
        return Difference(tuple(sorted(wanted - held)), tuple(sorted(held - wanted)))

    def heal(self, database: Database) -> int:
        """Note every difference from SQL as an outstanding write; answers how many cases differ."""
        self.ensure()
        with self.writing:
            found = self.verify(database)
            with database.reading() as session:
                waiting = set(session.scalars(select(IndexTask.case_pk).where(IndexTask.applied.is_(False))))
            keys = [key for key in (*found.missing, *found.surplus) if key not in waiting]
            for part in parts(keys, BATCH):
                with database.transaction() as session:
                    index_state.note(session, part)
            differing = len(found.missing) + len(found.surplus)
            self.fresh = False
            self.lacking += differing > 0
        return differing

    def probe(self, database: Database) -> bool:
        """Whether cases are found by their own vectors, in a sample; a damaged graph loses some silently.

        Raises:
            IndexUnavailableError: it does not answer at all.
        """
        with database.reading() as session:
            waiting = select(IndexTask.case_pk)
            keys = session.scalars(
                select(CaseDocument.case_pk)
                .where(CaseDocument.fingerprint == self.fingerprint, CaseDocument.case_pk.not_in(waiting))
                .order_by(CaseDocument.case_pk)
            ).all()
            step = max(1, len(keys) // _SAMPLE)
            rows = self.vectors(session, keys[::step])
        asked = [row[0].astype(np.float32) for row in rows.values() if np.abs(row[0]).sum() > _FAR]
        found = [self._query(vector, 1) for vector in asked]
        lost = sum(not hits or hits[0][1] > _FAR for hits in found)
        return lost <= _MOST_LOST * len(asked)

    def rebuild(self, database: Database, progress: Progress = lambda _done, _all: None) -> int:
        """Fill a new collection from SQL and put it into use; answers how many cases it holds then.

        Raises:
            ConflictError: another process is at it.
        """
        from kb.index_rebuild import rebuild

        try:
            return rebuild(self, database, progress)
        except IndexUnavailableError:
            if self.store.folder is None or index_files.no_room(self.store.folder):
                raise
            self.store.reset()  # not even a new collection could be made in the old files
            self.ensure()
            return rebuild(self, database, progress)

    def vectors(self, session: Session, keys: Iterable[int]) -> dict[int, NDArray[np.float16]]:
        """The vectors (fields, dimension) of those of these cases that SQL has, by key."""
        rows = session.execute(
            select(CaseDocument.case_pk, CaseDocument.vectors)
            .where(CaseDocument.case_pk.in_(list(keys)), CaseDocument.fingerprint == self.fingerprint)
            .order_by(CaseDocument.case_pk)
        )
        shape = (len(FIELDS), self.dimension)
        return {row.case_pk: np.frombuffer(row.vectors, np.float16).reshape(shape) for row in rows}

    def close(self) -> None:
        """Let go of the index, so that another process may open it."""
        self.store.close()

    def check(self) -> str:
        """Why it cannot be searched; empty where it can."""
        try:
            self.store.count(self.name, searching=True)
        except TriageError as error:
            return error.message
        return self.trouble

    def _query(self, vector: Vectors, most: int) -> list[tuple[str, float]]:
        try:
            try:
                found = self.store.query(self.name, vector, most)
            except CollectionGoneError:
                self.name = self._in_use()  # another one may have taken its place meanwhile
                found = self.store.query(self.name, vector, most)
        except TriageError as error:
            self.trouble = error.message
            raise
        self.trouble = ""
        return found


def open_embedded(
    folder: Path,
    fingerprint: str,
    dimension: int,
    *,
    wait: float = 0.0,
    in_use: Callable[[], str] | None = None,
) -> VectorIndex:
    """Open the index in a folder, as its only process. A damaged one is thrown away, and ``damage`` says so.

    Raises:
        IndexUnavailableError: another process has it and did not let go within ``wait`` seconds.
        StorageError: the disk is full.
    """
    lock = index_store.own(folder, wait)
    try:
        damage = index_files.damage(folder)
        index = VectorIndex(index_store.embedded(folder, lock), fingerprint, dimension, in_use)
        if damage:
            index.store.reset()
        else:
            index_files.sweep(folder)
        try:
            index.ensure()
        except IndexUnavailableError as error:
            if damage or index_files.no_room(folder):
                raise
            damage = error.message
            index.store.reset()
            index.ensure()
        index.damage = damage
        return index
    except BaseException:
        lock.release()
        raise


def open_server(
    url: str, fingerprint: str, dimension: int, *, in_use: Callable[[], str] | None = None
) -> VectorIndex:
    """Open the index on a Chroma server, which need not answer yet."""
    return VectorIndex(index_store.server(url), fingerprint, dimension, in_use)


def discard(folder: Path, *, wait: float = 0.0) -> None:
    """Remove an embedded index with all that is in it, also a damaged one that cannot be opened.

    Raises:
        IndexUnavailableError: another process has it.
    """
    lock = index_store.own(folder, wait)
    try:
        shutil.rmtree(folder, ignore_errors=True)
    finally:
        lock.release()


def parts(items: Sequence[int], size: int) -> Iterator[list[int]]:
    """The items, so many at a time."""
    source = iter(items)
    while part := list(islice(source, size)):
        yield part


def _names(keys: Sequence[int]) -> list[str]:
    return [f"{key}:{field}" for key in keys for field in FIELDS]


def _key(name: str) -> int:
    return int(name.split(":", 1)[0])
