"""The documents that searches score, as SQL has them; those of the last searches stay in memory.

To read and to convert a hundred documents takes longer than to score them, and searches of one day meet the
same cases.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from sqlalchemy.orm import Session

from kb import lexical_index
from kb.database import listed
from kb.documents import FIELDS, Document

MOST = 10_000
"""Documents kept, 5 KB each for the default encoder."""
_kept: dict[tuple[int, str, int], dict[int, Document]] = {}
"""By the state of the corpus, which no two states of any corpus share, and what made the vectors."""


def load(session: Session, keys: Sequence[int], dimension: int, made_with: str = "") -> dict[int, Document]:
    """The stored documents of these cases, those that exist, in ascending order of their keys.

    Vectors that another encoder made mean nothing here: such a case is found by its words alone until it is
    encoded anew. An empty ``made_with`` takes all of the right length.
    """
    if not keys:
        return {}
    state = (lexical_index.corpus(session).stamp, made_with, dimension)
    held = _kept.get(state, {})
    found = {key: document for key in keys if (document := held.get(key)) is not None}
    if lacking := [key for key in keys if key not in found]:
        read = _read(session, lacking, dimension, made_with)
        _keep(state, read)
        found |= read
    return dict(sorted(found.items()))


def _read(session: Session, keys: Sequence[int], dimension: int, made_with: str) -> dict[int, Document]:
    rows = (
        session.connection()
        .exec_driver_sql(
            "SELECT case_pk, words, pairs, vectors, fingerprint FROM case_documents "
            f"WHERE case_pk IN ({listed(keys)})"
        )
        .all()
    )
    shape = (len(FIELDS), dimension)
    size = 2 * len(FIELDS) * dimension
    unknown = np.zeros(shape, np.float32)
    return {
        row[0]: Document(
            np.frombuffer(row[1], np.uint32),
            np.frombuffer(row[2], np.uint32),
            np.frombuffer(row[3], np.float16).reshape(shape).astype(np.float32)
            if len(row[3]) == size and made_with in ("", row[4])
            else unknown,
        )
        for row in rows
    }


def _keep(state: tuple[int, str, int], read: dict[int, Document]) -> None:
    """Keep what was read; of another state of a corpus documents are never asked for again."""
    for old in list(_kept):
        if old[0] != state[0]:
            _kept.pop(old, None)
    held = _kept.setdefault(state, {})
    held.update(list(read.items())[:MOST])
    for key in list(held)[: len(held) - MOST] if len(held) > MOST else ():
        held.pop(key, None)
