"""Which cases are worth an exact score: near in meaning or holding the words, and let through by the filters.

Chroma answers fast without filters and slowly with them, so it is asked for more than is wanted and SQL
says which of them pass. Where a filter lets so few cases through that none of them would be near, all of
those are compared instead, by the vectors that SQL holds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from heapq import nlargest

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from kb import filters as filtering
from kb import lexical_index
from kb.database import listed
from kb.documents import FIELDS
from kb.filters import Filters
from models.encoder import Vectors

NEAREST = 100
EXACT = 2_000
"""Cases of which all are compared, rather than looked for among the nearest of the whole archive."""
NARROW, ONE_IN = 20_000, 10
"""The same, where they are no more than one case in so many: of those the nearest of the archive would give
too few. It takes longer than asking for those, and less time than asking in vain."""
FIRST = 2
"""How many times as many nearest cases as without a filter are looked at first."""
DEEPER = 8
"""How many times as many nearest cases are asked for at most, before all that pass are compared."""
KEPT = 40_000
"""Cases whose vectors stay in memory, 4 KB each for the default encoder. The largest filter that ``DEEPER``
does not answer lets 25,000 of a million through."""
_AT_ONCE = 2_000
_kept: dict[tuple[object, ...], tuple[list[int], NDArray[np.float32]]] = {}
"""Vectors of the last filters of which all that passes was compared, ``KEPT`` cases in all; by the corpus'
stamp, which no two states of any corpus share."""

FindNearest = Callable[[Vectors, int], list[int]]
"""A vector and how many in, case keys out."""


def reach_for(limit: int) -> int:
    """How many of the nearest cases are looked at where so many are wanted."""
    return max(4 * limit, NEAREST)


def near(
    session: Session,
    filters: Filters,
    narrow: NDArray[np.int64] | None,
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
        most = min(NARROW, lexical_index.corpus(session).documents // ONE_IN)
        if most > EXACT:  # up to there they were counted before
            narrow = filtering.first(session, filters, most + 1)
            if len(narrow) <= most:
                return compared(session, narrow, vector, reach, made_with)
        for depth in (FIRST, DEEPER):
            found = nearest(vector, depth * reach)
            if len(kept := filtering.passing(session, filters, found)) >= 4 * limit:
                return kept[:reach]
            if len(found) < depth * reach:  # that was the whole archive, or all that the index answers
                return kept
            # As many among each hundred further down would still be too few: it is not tried.
            if depth == FIRST and len(kept) * DEEPER < 4 * limit * FIRST:
                narrow = filtering.first(session, filters, KEPT + 1)
                if len(narrow) <= KEPT:
                    return compared(session, narrow, vector, reach, made_with)
        narrow = filtering.first(session, filters)
    return compared(session, narrow, vector, reach, made_with)


def compared(
    session: Session, keys: NDArray[np.int64], vector: Vectors, most: int, made_with: str
) -> list[int]:
    """The nearest of these cases, nearest first, by comparing all of them; ``made_with`` as in ``load``."""
    keep = len(keys) <= KEPT
    size = max(len(keys), 1) if keep else _AT_ONCE
    best: list[tuple[float, int]] = []
    for begin in range(0, len(keys), size):
        part = keys[begin : begin + size]
        held, vectors = _kept_vectors(session, part, len(vector), made_with, keep)
        if held:
            # As one flat product: one for each case would take several times as long.
            cosine = (vectors.reshape(-1, len(vector)) @ vector).reshape(len(held), -1).max(axis=1)
            highest = _highest(cosine, held, most)
            best = nlargest(most, [*best, *((float(cosine[place]), held[place]) for place in highest)])
    return [key for _, key in best]


def _highest(cosine: NDArray[np.float32], keys: Sequence[int], most: int) -> list[int]:
    """The places of the highest, highest first; the later key first where two are alike."""
    places = np.arange(len(cosine))
    if most < len(cosine):
        places = np.flatnonzero(cosine >= np.partition(cosine, -most)[-most])
    order: list[int] = places[np.lexsort((np.asarray(keys)[places], cosine[places]))][::-1][:most].tolist()
    return order


def _kept_vectors(
    session: Session, keys: NDArray[np.int64], dimension: int, made_with: str, keep: bool
) -> tuple[list[int], NDArray[np.float32]]:
    """Those of these cases that have vectors of this making, and the vectors (cases, fields, dimension).

    Who filters by a product asks again within it: the last few sets are kept until a case is written.
    """
    if not keep:
        return _vectors(session, keys, dimension, made_with)
    stamp = lexical_index.corpus(session).stamp
    name = (stamp, made_with, dimension, keys.tobytes())
    known = _kept.get(name)
    if known is not None:
        return known
    found = _vectors(session, keys, dimension, made_with)
    for old in list(_kept):
        # Of another state of the corpus they are never asked for again.
        if old[0] != stamp or len(found[0]) + sum(len(held) for held, _ in list(_kept.values())) > KEPT:
            _kept.pop(old, None)
    _kept[name] = found
    return found


def _vectors(
    session: Session, keys: NDArray[np.int64], dimension: int, made_with: str
) -> tuple[list[int], NDArray[np.float32]]:
    size = 2 * len(FIELDS) * dimension
    held: list[int] = []
    vectors = np.empty((len(keys), len(FIELDS), dimension), np.float32)
    for begin in range(0, len(keys), _AT_ONCE):
        rows = [
            (key, stored)
            for key, stored, maker in session.connection().exec_driver_sql(
                "SELECT case_pk, vectors, fingerprint FROM case_documents "
                f"WHERE case_pk IN ({listed(keys[begin : begin + _AT_ONCE].tolist())})"
            )
            if len(stored) == size and made_with in ("", maker)
        ]
        halves = np.frombuffer(b"".join(stored for _, stored in rows), np.float16)
        vectors[len(held) : len(held) + len(rows)] = halves.reshape(len(rows), len(FIELDS), dimension)
        held += [key for key, _ in rows]
    return held, vectors[: len(held)]
