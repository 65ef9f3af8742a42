"""Whether the vector index lacks cases: asked by every search, answered from SQL once a second at most."""

from __future__ import annotations

import time
from collections.abc import Callable

from kb import index_state
from kb.database import Database
from kb.index import VectorIndex

_EVERY_SECONDS = 1.0

Filling = tuple[int, int]
"""How many cases are in the index, of how many."""


class IndexWatch:
    """Knows how far the index is filled. Cases that were only just written do not count as lacking."""

    def __init__(self, database: Database, index: Callable[[], VectorIndex]) -> None:
        self._database, self._index = database, index
        self._looked = 0.0
        self._seen: Filling | None = None
        with database.reading() as session:
            self._doubted = index_state.stale(session, index().fingerprint) > 0

    def doubt(self) -> None:
        """Cases are known to be lacking: look until they are there."""
        self._looked, self._doubted = 0.0, True

    def filling(self) -> Filling | None:
        """How far it is, while cases are lacking."""
        index = self._index()
        if not (self._doubted or index.fresh):
            return None
        if time.monotonic() - self._looked >= _EVERY_SECONDS:
            with self._database.reading() as session:
                done, total = index_state.progress(session, index.fingerprint)
            self._looked = time.monotonic()
            if index.fresh:  # not compared with SQL yet
                self._seen = (0, total) if total else None
            else:
                self._doubted = done < total
                self._seen = (done, total) if self._doubted else None
        return self._seen
