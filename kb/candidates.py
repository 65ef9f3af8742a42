"""Which cases are worth an exact score: near in meaning or holding the words, and let through by the filters.

Chroma answers fast without filters and slowly with them, so it is asked for more than is wanted and SQL
says which of them pass. Where a filter lets so few cases through that none of them would be near, all of
those are compared instead, by the vectors that SQL holds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from heapq import nlargest

import numpy as np
from sqlalchemy.orm import Session

from kb import filters as filtering
from kb.database import listed
from kb.documents import FIELDS
from kb.filters import Filters
from models.encoder import Vectors

NEAREST = 100
EXACT = 2_000
"""Cases of which all are compared, rather than looked for among the nearest of the whole archive."""
DEEPER = 8
"""How many times as many nearest cases are asked for at most, before all that pass are compared."""
_AT_ONCE = 1_000
"""Vectors in memory at a time, 2 MB of them for the default encoder."""

FindNearest = Callable[[Vectors, int], list[int]]
"""A vector and how many in, case keys out."""


def reach_for(limit: int) -> int:
    """How many of the nearest cases are looked at where so many are wanted."""
    return max(4 * limit, NEAREST)


def near(
    session: Session,
    filters: Filters,
    narrow: Sequence[int] | None,
    vector: Vectors,
    limit: int,
    nearest: FindNearest,
    made_with: str,
) -> list[int]:
    """The nearest cases that pass the filters, nearest first; ``narrow`` are all of those where they are few.

    At least four times as many as wanted, where there are so many, and ``nearest`` finds any at all.
    """
    reach = reach_for(limit)
    if narrow is None:
        for depth in (2, DEEPER):
            found = nearest(vector, depth * reach)
            if len(kept := filtering.passing(session, filters, found)) >= 4 * limit:
                return kept[:reach]
            if len(found) < depth * reach:  # that was the whole archive, or all that the index answers
                return kept
        narrow = filtering.first(session, filters)
    return compared(session, narrow, vector, reach, made_with)


def compared(session: Session, keys: Sequence[int], vector: Vectors, most: int, made_with: str) -> list[int]:
    """The nearest of these cases, nearest first, by comparing all of them; ``made_with`` as in ``load``."""
    size = 2 * len(FIELDS) * len(vector)
    best: list[tuple[float, int]] = []
    for begin in range(0, len(keys), _AT_ONCE):
        rows = [
            (key, stored)
            for key, stored, maker in session.connection().exec_driver_sql(
                "SELECT case_pk, vectors, fingerprint FROM case_documents "
                f"WHERE case_pk IN ({listed(keys[begin : begin + _AT_ONCE])})"
            )
            if len(stored) == size and made_with in ("", maker)
        ]
        if rows:
            held = np.frombuffer(b"".join(stored for _, stored in rows), np.float16)
            cosine = (held.astype(np.float32).reshape(-1, len(vector)) @ vector).reshape(len(rows), -1)
            pairs = zip(cosine.max(axis=1).tolist(), (key for key, _ in rows), strict=True)
            best = nlargest(most, [*best, *pairs])
    return [key for _, key in best]
