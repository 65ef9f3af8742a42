"""Whether the vector index lacks cases: asked by every search, answered from SQL once a second at most."""

from __future__ import annotations

import time
from collections.abc import Callable

from kb import index_state
from kb.database import Database
from kb.documents import FIELDS
from kb.index import VectorIndex
from models.errors import TriageError

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
            if index_state.stale(session, index().fingerprint):
                index().lacking += 1

    def filling(self) -> Filling | None:
        """How far it is, while cases are lacking."""
        index = self._index()
        noticed = index.lacking
        if not (noticed or index.fresh):
            return None
        if self._seen is None or time.monotonic() - self._looked >= _EVERY_SECONDS:
            with self._database.reading() as session:
                done, total = index_state.progress(session, index.fingerprint)
            if index.fresh:  # not compared with SQL yet, so that SQL does not know what it lacks
                done = min(total, self._held(index))
                index.fresh = done < total
            elif done == total and index.lacking == noticed:  # else more was noticed since SQL was asked
                index.lacking = 0
            self._looked, self._seen = time.monotonic(), (done, total) if done < total else None
        return self._seen

    def _held(self, index: VectorIndex) -> int:
        try:
            return index.store.count(index.name, searching=True) // len(FIELDS)
        except TriageError:
            return 0
