"""Tickets as grouping sees them: analysed and encoded once, made anew where their text changed."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select
from sqlalchemy.orm import Session

from kb.database import Database, listed
from kb.documents import Hashes, fingerprint, hashed
from kb.tables import Ticket, TicketDocument
from kb.tickets import whole_text
from models.encoder import Encoder, Vectors

BATCH = 500

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Documents:
    """Tickets by their keys (n,), in ascending order, with words, pairs and vectors (n, dimension)."""

    keys: NDArray[np.int64]
    words: Sequence[Hashes]
    pairs: Sequence[Hashes]
    vectors: Vectors


def fill(
    database: Database,
    encoder: Encoder,
    keys: Sequence[int],
    progress: Progress = lambda _done, _all: None,
) -> int:
    """Make the documents that are missing or outdated; answers how many. One transaction a batch, so that
    what was made before an interruption stays."""
    made = 0
    for start in range(0, len(keys), BATCH):
        part = keys[start : start + BATCH]
        with database.reading() as session:
            wanted = _outdated(session, part, encoder)
        if wanted:
            vectors = encoder.encode([content for content, _ in wanted.values()]).astype(np.float16)
            with database.transaction() as session:
                for (key, (content, made_with)), vector in zip(wanted.items(), vectors, strict=True):
                    words, pairs = hashed(content)
                    session.merge(
                        TicketDocument(
                            ticket_pk=key,
                            words=words.tobytes(),
                            pairs=pairs.tobytes(),
                            vector=vector.tobytes(),
                            made_with=made_with,
                        )
                    )
            made += len(wanted)
        progress(min(start + BATCH, len(keys)), len(keys))
    return made


def load(session: Session, keys: Sequence[int], dimension: int) -> Documents:
    """The documents of these tickets, of those that have one."""
    found: list[tuple[int, Hashes, Hashes, NDArray[np.float16]]] = []
    for start in range(0, len(keys), BATCH):
        rows = session.connection().exec_driver_sql(
            "SELECT ticket_pk, words, pairs, vector FROM ticket_documents "
            f"WHERE ticket_pk IN ({listed(keys[start : start + BATCH])})"
        )
        found += [
            (
                row[0],
                np.frombuffer(row[1], np.uint32),
                np.frombuffer(row[2], np.uint32),
                np.frombuffer(row[3], np.float16),
            )
            for row in rows
            if len(row[3]) == 2 * dimension
        ]
    found.sort(key=lambda item: item[0])
    return Documents(
        np.array([item[0] for item in found], dtype=np.int64),
        [item[1] for item in found],
        [item[2] for item in found],
        np.array([item[3] for item in found], dtype=np.float32).reshape(len(found), dimension),
    )


def _outdated(session: Session, keys: Sequence[int], encoder: Encoder) -> dict[int, tuple[str, str]]:
    """Those whose document does not fit their text: the text, and what the document will be made with."""
    rows = session.execute(
        select(Ticket.pk, Ticket.subject, Ticket.description, TicketDocument.made_with)
        .outerjoin(TicketDocument, TicketDocument.ticket_pk == Ticket.pk)
        .where(Ticket.pk.in_(keys))
        .order_by(Ticket.pk)
    )
    made_by = fingerprint(encoder)
    wanted = {}
    for row in rows:
        content = whole_text(row.subject or "", row.description or "")
        made_with = f"{made_by}/{hashlib.sha256(content.encode()).hexdigest()[:16]}"
        if row.made_with != made_with:
            wanted[row.pk] = (content, made_with)
    return wanted
