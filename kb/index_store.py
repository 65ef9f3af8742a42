"""Chroma as the vector index uses it: collections by name, ids and vectors in, ids out.

Embedded, the files belong to one process at a time (two writers corrupt them), so that whoever opens them
holds a lock file, and calls are taken one at a time. A Chroma server is reached when it is needed; while it
does not answer, calls are refused at once for a few seconds each, so that no search waits for it.
"""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

from filelock import FileLock, Timeout

from kb import index_files
from models.encoder import Vectors
from models.errors import IndexUnavailableError, StorageError

_SPACE = {"hnsw": {"space": "cosine", "ef_construction": 128, "ef_search": 256, "max_neighbors": 24}}
_PAGE = 10_000
_AWAY_SECONDS = 5.0
_CONNECT_SECONDS, _READ_SECONDS, _WRITE_SECONDS = 2.0, 5.0, 60.0

Client = Any
Connect = Callable[[], tuple[Client, Client]]
"""Makes one client for searches and one for the rest, which may be the same."""


class CollectionGoneError(IndexUnavailableError):
    """The collection is not there: another process put a new one in its place, or the index was lost."""


class Store:
    """A place of collections. Close it when done."""

    def __init__(self, connect: Connect, folder: Path | None = None, lock: FileLock | None = None) -> None:
        self._connect, self.folder, self._lock = connect, folder, lock
        self._clients: tuple[Client, Client] | None = None
        self._held: dict[tuple[bool, str], Any] = {}
        self._turn = threading.RLock()
        self._away: tuple[float, str] | None = None

    @property
    def alone(self) -> bool:
        """Whether no other process can have it open."""
        return self._lock is not None

    def query(self, name: str, vector: Vectors, most: int) -> list[tuple[str, float]]:
        """The ids nearest to one vector (dimension,), nearest first, with their cosine distances."""
        with self._calling(searching=True):
            found = self._on(
                name,
                lambda collection: collection.query(
                    query_embeddings=[vector.tolist()], n_results=most, include=["distances"]
                ),
                searching=True,
            )
        return list(zip(found["ids"][0], found["distances"][0], strict=True))

    def put(self, name: str, ids: Sequence[str], vectors: Vectors) -> None:
        """Add or replace; ``vectors`` is (ids, dimension)."""
        with self._calling():
            self._on(name, lambda collection: collection.upsert(ids=list(ids), embeddings=vectors))

    def drop(self, name: str, ids: Sequence[str]) -> None:
        """Remove what is there of these."""
        with self._calling():
            self._on(name, lambda collection: collection.delete(ids=list(ids)))

    def ids(self, name: str) -> Iterator[str]:
        """All ids, read page by page so that searches go on between."""
        for begin in range(0, self.count(name), _PAGE):
            with self._calling():
                found = self._on(name, partial(_page, begin=begin))
            yield from found

    def count(self, name: str, *, searching: bool = False) -> int:
        """How many ids a collection holds; ``searching`` asks with a search's patience."""
        with self._calling(searching=searching):
            return int(self._on(name, lambda collection: collection.count()))

    def names(self) -> set[str]:
        """The names of all collections."""
        with self._calling():
            return {str(collection.name) for collection in self._client().list_collections()}

    def create(self, name: str) -> bool:
        """Make a collection where there is none; answers whether there was none."""
        with self._calling():
            try:
                self._on(name, lambda collection: collection.count())
                return False
            except CollectionGoneError:
                self._client().get_or_create_collection(name, embedding_function=None, configuration=_SPACE)
                return True

    def remove(self, name: str) -> None:
        """Remove a collection, if it is there."""
        from chromadb.errors import NotFoundError

        with self._calling(), suppress(NotFoundError):
            self._forget(name)
            self._client().delete_collection(name)

    def reset(self) -> None:
        """Throw an embedded index away, with all collections, and begin with an empty one."""
        with self._turn:
            self._disconnect()
            if self.folder is not None:
                shutil.rmtree(self.folder, ignore_errors=True)

    def close(self) -> None:
        """Let go of it, so that another process may open it."""
        with self._turn:
            self._disconnect()
            if self._lock is not None:
                self._lock.release()

    def _client(self, *, searching: bool = False) -> Client:
        if self._clients is None:
            with self._turn:
                if self._clients is None:
                    self._clients = self._connect()
        return self._clients[0 if searching else 1]

    def _on(self, name: str, call: Callable[[Any], Any], *, searching: bool = False) -> Any:
        """Do something with a collection. One that was made anew under its name is found again."""
        from chromadb.errors import NotFoundError

        key = (searching, name)
        known = self._held.get(key)
        if known is not None:
            with suppress(NotFoundError):
                return call(known)
            self._forget(name)
        try:
            found = self._client(searching=searching).get_collection(name, embedding_function=None)
            answer = call(found)
        except NotFoundError as error:
            raise CollectionGoneError(f"the search index has no collection {name}") from error
        self._held[key] = found
        return answer

    def _forget(self, name: str) -> None:
        for searching in (False, True):
            self._held.pop((searching, name), None)

    def _disconnect(self) -> None:
        for client in self._clients or ():
            with suppress(Exception):  # closing is best effort: what matters is the lock
                client.close()
        self._clients = None
        self._held.clear()

    @contextmanager
    def _calling(self, *, searching: bool = False) -> Iterator[None]:
        """Wait for one's turn where there are turns; what Chroma raises becomes this product's own error."""
        if searching and self._away is not None and time.monotonic() < self._away[0]:
            raise IndexUnavailableError(self._away[1])
        if self.alone:
            self._turn.acquire()
        try:
            yield
            self._away = None
        except (IndexUnavailableError, StorageError):
            raise
        except BaseException as error:
            # What panics inside Chroma arrives as an exception that is no ``Exception``.
            if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
                raise
            said = f"the search index does not work: {' '.join(str(error).split())[:300]}"
            if not self.alone:
                self._away = (time.monotonic() + _AWAY_SECONDS, said)
            if self._full(said):
                raise StorageError(f"the disk of the search index is full: {said}") from error
            raise IndexUnavailableError(said) from error
        finally:
            if self.alone:
                self._turn.release()

    def _full(self, said: str) -> bool:
        """Whether a full disk is behind an error; not every one of them says so."""
        told = "disk is full" in said or "No space left" in said
        return told or (self.folder is not None and index_files.no_room(self.folder))


def _page(collection: Any, begin: int) -> list[str]:
    return list(collection.get(limit=_PAGE, offset=begin, include=[])["ids"])


def own(folder: Path, wait: float) -> FileLock:
    """Take the lock of an embedded index, so that this process is its only one.

    Raises:
        IndexUnavailableError: another process has it and did not let go within ``wait`` seconds.
    """
    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder.with_suffix(".lock"), timeout=wait, thread_local=False)
    try:
        lock.acquire()
    except Timeout:
        raise IndexUnavailableError(
            f"the search index in {folder} belongs to another running process"
        ) from None
    return lock


def embedded(folder: Path, lock: FileLock) -> Store:
    """The collections in a folder that this process owns."""

    def connect() -> tuple[Client, Client]:
        import chromadb
        from chromadb.config import Settings

        folder.mkdir(parents=True, exist_ok=True)
        client = chromadb.PersistentClient(str(folder), settings=Settings(anonymized_telemetry=False))
        return client, client

    return Store(connect, folder, lock)


def server(url: str) -> Store:
    """The collections on a Chroma server, which need not answer yet."""
    address = urlparse(url)

    def client(seconds: float) -> Client:
        import chromadb
        import httpx
        from chromadb.config import Settings

        # By itself the client waits for ever for a server that hangs.
        patience = httpx.Timeout(seconds, connect=_CONNECT_SECONDS)
        httpx.get(f"{url.rstrip('/')}/api/v2/heartbeat", timeout=patience, trust_env=False)
        made: Any = chromadb.HttpClient(
            host=address.hostname or "localhost",
            port=address.port or 8000,
            ssl=address.scheme == "https",
            settings=Settings(anonymized_telemetry=False),
        )
        made._server._session.timeout = patience
        return made

    return Store(lambda: (client(_READ_SECONDS), client(_WRITE_SECONDS)))
