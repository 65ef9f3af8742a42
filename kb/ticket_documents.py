"""Tickets as grouping sees them: analysed and encoded once, made anew where their text changed."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select
from sqlalchemy.orm import Session

from kb.database import Database, listed
from kb.documents import fingerprint, hashed
from kb.likeness import Texts
from kb.tables import Ticket, TicketDocument
from kb.tickets import whole_text
from models.encoder import Encoder

BATCH = 500

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Documents:
    """Tickets by their keys (n,), in ascending order. ``subjects`` is None where no ticket has one."""

    keys: NDArray[np.int64]
    whole: Texts
    subjects: Texts | None

    def part(self, places: NDArray[np.intp]) -> Documents:
        """Some of them, in that order."""
        subjects = None if self.subjects is None else self.subjects.part(places)
        return Documents(self.keys[places], self.whole.part(places), subjects)


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
            _store(database, encoder, wanted)
            made += len(wanted)
        progress(min(start + BATCH, len(keys)), len(keys))
    return made


def read(contents: Sequence[str], encoder: Encoder) -> Texts:
    """Analyse and encode texts."""
    tokens = [hashed(content) for content in contents]
    vectors = encoder.encode(list(contents))
    return Texts([words for words, _ in tokens], [pairs for _, pairs in tokens], vectors)


def load(session: Session, keys: Sequence[int], dimension: int) -> Documents:
    """The documents of these tickets, of those that have one."""
    found: list[Any] = []
    for start in range(0, len(keys), BATCH):
        found += session.connection().exec_driver_sql(
            "SELECT ticket_pk, words, pairs, vector, subject_words, subject_pairs, subject_vector "
            f"FROM ticket_documents WHERE ticket_pk IN ({listed(keys[start : start + BATCH])})"
        )
    found = sorted((row for row in found if len(row[3]) == 2 * dimension), key=lambda row: int(row[0]))
    whole = _texts([row[1:4] for row in found], dimension)
    subjects = None
    if any(row[6] for row in found):
        subjects = _texts([row[4:7] if row[6] else row[1:4] for row in found], dimension)
    return Documents(np.array([row[0] for row in found], dtype=np.int64), whole, subjects)


def _texts(rows: Sequence[Sequence[bytes]], dimension: int) -> Texts:
    vectors = np.array([np.frombuffer(row[2], np.float16) for row in rows], dtype=np.float32)
    return Texts(
        [np.frombuffer(row[0], np.uint32) for row in rows],
        [np.frombuffer(row[1], np.uint32) for row in rows],
        vectors.reshape(len(rows), dimension),
    )


def _store(database: Database, encoder: Encoder, wanted: Mapping[int, _Wanted]) -> None:
    whole = read([item.content for item in wanted.values()], encoder)
    with_subject = [key for key, item in wanted.items() if item.subject]
    subjects = read([wanted[key].subject for key in with_subject], encoder)
    place_of = {key: place for place, key in enumerate(with_subject)}
    with database.transaction() as session:
        for place, (key, item) in enumerate(wanted.items()):
            own = place_of.get(key)
            session.merge(
                TicketDocument(
                    ticket_pk=key,
                    **dict(zip(("words", "pairs", "vector"), _bytes(whole, place), strict=True)),
                    **dict(
                        zip(
                            ("subject_words", "subject_pairs", "subject_vector"),
                            _bytes(subjects, own) if own is not None else (b"", b"", b""),
                            strict=True,
                        )
                    ),
                    made_with=item.made_with,
                )
            )


def _bytes(texts: Texts, place: int) -> tuple[bytes, bytes, bytes]:
    vector = texts.vectors[place].astype(np.float16)
    return texts.words[place].tobytes(), texts.pairs[place].tobytes(), vector.tobytes()


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A text to be read; ``subject`` is empty where it would be the whole text."""

    content: str
    subject: str
    made_with: str


def _outdated(session: Session, keys: Sequence[int], encoder: Encoder) -> dict[int, _Wanted]:
    """Those whose document does not fit their text."""
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
            subject = (row.subject or "").strip()
            wanted[row.pk] = _Wanted(content, subject if subject != content else "", made_with)
    return wanted
