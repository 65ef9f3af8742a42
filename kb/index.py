"""The vector index in Chroma: nearest cases by meaning. Disposable: everything in it comes from SQL.

Embedded, the index belongs to one process at a time (two writers corrupt it), so that whoever opens it
holds a lock file. With a Chroma server there is no lock. A collection is named after the encoder and the
analyser, so that vectors of different making never meet.
"""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

import numpy as np
from filelock import FileLock, Timeout
from numpy.typing import NDArray
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from kb.database import Database
from kb.documents import FIELDS
from kb.tables import CaseDocument, IndexTask
from models.encoder import Vectors
from models.errors import IndexUnavailableError

BATCH = 500
_SPACE = {"hnsw": {"space": "cosine", "ef_construction": 128, "ef_search": 256, "max_neighbors": 24}}

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
    """An open index. Close it when done; calls from several threads are taken one at a time."""

    def __init__(self, client: Any, fingerprint: str, dimension: int, lock: FileLock | None) -> None:
        self._client = client
        self._lock = lock
        self._turn = threading.RLock()
        self.fingerprint = fingerprint
        self.dimension = dimension
        self._collection = self._open()

    def nearest(self, vector: Vectors, most: int) -> list[int]:
        """Keys of the cases nearest to one vector (dimension,), nearest first, without repetitions."""
        with self._turn, _explained():
            found = self._collection.query(
                query_embeddings=[vector.tolist()], n_results=most * len(FIELDS), include=[]
            )
        return list(dict.fromkeys(_key(name) for name in found["ids"][0]))[:most]

    def put(self, keys: Sequence[int], vectors: Vectors) -> None:
        """Add or replace cases; ``vectors`` is (cases, fields, dimension)."""
        names = [f"{key}:{field}" for key in keys for field in FIELDS]
        with self._turn, _explained():
            self._collection.upsert(ids=names, embeddings=vectors.reshape(-1, self.dimension))

    def drop(self, keys: Sequence[int]) -> None:
        """Remove cases."""
        with self._turn, _explained():
            self._collection.delete(ids=[f"{key}:{field}" for key in keys for field in FIELDS])

    def keys(self) -> set[int]:
        """Keys of the cases of which every field is in the index."""
        with self._turn, _explained():
            names = self._collection.get(include=[])["ids"]
        counts: dict[int, int] = {}
        for name in names:
            counts[_key(name)] = counts.get(_key(name), 0) + 1
        return {key for key, count in counts.items() if count == len(FIELDS)}

    def apply(self, database: Database) -> int:
        """Do the writes that SQL says are outstanding, in their order; answers how many."""
        done = 0
        with self._turn:
            while True:
                with database.reading() as session:
                    tasks = session.execute(
                        select(IndexTask.pk, IndexTask.case_pk).order_by(IndexTask.pk).limit(BATCH)
                    ).all()
                    rows = self._vectors(session, {task.case_pk for task in tasks})
                if not tasks:
                    return done
                gone = sorted({task.case_pk for task in tasks} - rows.keys())
                if rows:
                    self.put(list(rows), np.stack(list(rows.values())).astype(np.float32))
                if gone:
                    self.drop(gone)
                with database.transaction() as session:
                    session.execute(delete(IndexTask).where(IndexTask.pk.in_([task.pk for task in tasks])))
                done += len(tasks)

    def verify(self, database: Database) -> Difference:
        """Compare the index with SQL."""
        with database.reading() as session:
            wanted = set(
                session.scalars(
                    select(CaseDocument.case_pk).where(CaseDocument.fingerprint == self.fingerprint)
                )
            )
        held = self.keys()
        return Difference(tuple(sorted(wanted - held)), tuple(sorted(held - wanted)))

    def rebuild(self, database: Database, progress: Progress = lambda _done, _all: None) -> int:
        """Empty the index and fill it from SQL; answers how many cases it holds then."""
        with self._turn:
            with _explained():
                self._client.delete_collection(self.fingerprint)
            self._collection = self._open()
            with database.reading() as session:
                keys = session.scalars(
                    select(CaseDocument.case_pk)
                    .where(CaseDocument.fingerprint == self.fingerprint)
                    .order_by(CaseDocument.case_pk)
                ).all()
            done = 0
            for part in _parts(keys, BATCH):
                with database.reading() as session:
                    rows = self._vectors(session, part)
                self.put(list(rows), np.stack(list(rows.values())).astype(np.float32))
                done += len(rows)
                progress(done, len(keys))
            self.apply(database)
            return done

    def close(self) -> None:
        """Let go of the index, so that another process may open it."""
        with self._turn:
            with suppress(Exception):  # closing is best effort: what matters is the lock below
                self._client.close()
            if self._lock is not None:
                self._lock.release()

    def _open(self) -> Any:
        with _explained():
            return self._client.get_or_create_collection(
                self.fingerprint, embedding_function=None, configuration=_SPACE
            )

    def _vectors(self, session: Session, keys: Iterable[int]) -> dict[int, NDArray[np.float16]]:
        rows = session.execute(
            select(CaseDocument.case_pk, CaseDocument.vectors)
            .where(CaseDocument.case_pk.in_(list(keys)), CaseDocument.fingerprint == self.fingerprint)
            .order_by(CaseDocument.case_pk)
        )
        shape = (len(FIELDS), self.dimension)
        return {row.case_pk: np.frombuffer(row.vectors, np.float16).reshape(shape) for row in rows}


def open_embedded(folder: Path, fingerprint: str, dimension: int, *, wait: float = 0.0) -> VectorIndex:
    """Open the index in a folder, as its only process.

    Raises:
        IndexUnavailableError: another process has it and did not let go within ``wait`` seconds.
    """
    lock = _own(folder, wait)
    try:
        with _explained():
            import chromadb
            from chromadb.config import Settings

            client = chromadb.PersistentClient(str(folder), settings=Settings(anonymized_telemetry=False))
        return VectorIndex(client, fingerprint, dimension, lock)
    except BaseException:
        lock.release()
        raise


def discard(folder: Path, *, wait: float = 0.0) -> None:
    """Remove an embedded index with all that is in it, also a damaged one that cannot be opened.

    Raises:
        IndexUnavailableError: another process has it.
    """
    lock = _own(folder, wait)
    try:
        shutil.rmtree(folder, ignore_errors=True)
    finally:
        lock.release()


def open_server(url: str, fingerprint: str, dimension: int) -> VectorIndex:
    """Open the index on a Chroma server.

    Raises:
        IndexUnavailableError: the server does not answer.
    """
    import chromadb
    from chromadb.config import Settings

    address = urlparse(url)
    with _explained():
        client = chromadb.HttpClient(
            host=address.hostname or "localhost",
            port=address.port or 8000,
            ssl=address.scheme == "https",
            settings=Settings(anonymized_telemetry=False),
        )
    return VectorIndex(client, fingerprint, dimension, None)


def _own(folder: Path, wait: float) -> FileLock:
    """Take the lock of an index, so that this process is its only one."""
    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder.with_suffix(".lock"), timeout=wait, thread_local=False)
    try:
        lock.acquire()
    except Timeout:
        raise IndexUnavailableError(
            f"the search index in {folder} belongs to another running process"
        ) from None
    return lock


class _explained:  # noqa: N801  # reads as a word in a with statement
    """Turn whatever Chroma raises into this product's own error."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, Exception) and not isinstance(error, IndexUnavailableError):
            raise IndexUnavailableError(f"the search index does not work: {error}") from error


def _key(name: str) -> int:
    return int(name.split(":", 1)[0])


def _parts(items: Sequence[int], size: int) -> Iterable[list[int]]:
    source = iter(items)
    while part := list(islice(source, size)):
        yield part
