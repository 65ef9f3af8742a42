"""Tickets as grouping sees them are made once, and anew where their text changed."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import pytest

from kb import ticket_documents, tickets
from kb.database import Database
from models.encoder import Encoder, load_encoder

ROWS = [
    {"id": "a", "subject": "打印机", "description": "开不了机"},
    {"id": "b", "description": "VPN drops"},
    {"id": "c", "description": "发票错了"},
]


@pytest.fixture
def stored(database: Database, now: datetime) -> Database:
    with database.transaction() as session:
        tickets.write(session, [row | {"received_at": now} for row in ROWS], now)
    return database


def test_documents_are_made_once(stored: Database, encoder: Encoder) -> None:
    assert ticket_documents.fill(stored, encoder, [1, 2, 3]) == 3
    assert ticket_documents.fill(stored, encoder, [1, 2, 3]) == 0


def test_they_hold_what_the_ticket_says(stored: Database, encoder: Encoder) -> None:
    ticket_documents.fill(stored, encoder, [1, 2, 3])
    with stored.reading() as session:
        found = ticket_documents.load(session, [3, 1], encoder.dimension)

    assert found.keys.tolist() == [1, 3]
    expected = encoder.encode(["打印机\n开不了机", "发票错了"])
    assert np.abs(found.whole.vectors - expected).max() < 1e-3
    assert [len(pairs) > 0 for pairs in found.whole.pairs] == [True, True]
    assert found.subjects is not None
    expected = encoder.encode(["打印机", "发票错了"])  # without a subject the whole text stands for it
    assert np.abs(found.subjects.vectors - expected).max() < 1e-3


def test_a_changed_text_is_made_anew(stored: Database, encoder: Encoder, now: datetime) -> None:
    ticket_documents.fill(stored, encoder, [1, 2, 3])
    with stored.transaction() as session:
        tickets.write(session, [{"id": "b", "description": "VPN is back", "received_at": now}], now)

    assert ticket_documents.fill(stored, encoder, [1, 2, 3]) == 1


def test_another_encoder_makes_all_anew(
    stored: Database, encoder: Encoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticket_documents.fill(stored, encoder, [1, 2, 3])
    other = load_encoder("hashing")
    monkeypatch.setattr(type(other), "identity", "another/1", raising=False)

    assert ticket_documents.fill(stored, other, [1, 2, 3]) == 3


def test_progress_is_told(stored: Database, encoder: Encoder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ticket_documents, "BATCH", 2)
    told: list[tuple[int, int]] = []

    ticket_documents.fill(stored, encoder, [1, 2, 3], lambda done, whole: told.append((done, whole)))

    assert told == [(2, 3), (3, 3)]


def test_tickets_without_documents_are_left_out(stored: Database, encoder: Encoder) -> None:
    with stored.reading() as session:
        found = ticket_documents.load(session, [1, 2], encoder.dimension)

    assert found.whole.vectors.shape == (0, encoder.dimension)
