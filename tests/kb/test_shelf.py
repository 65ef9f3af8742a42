"""Documents as searches get them: kept or read, the same."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import pytest
from sqlalchemy import select

from kb import cases, shelf
from kb.database import Database
from kb.documents import Document, fingerprint
from kb.tables import Case, CaseDocument
from models.encoder import Encoder


@pytest.fixture(autouse=True)
def empty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shelf, "_kept", {})


def same(one: dict[int, Document], other: dict[int, Document]) -> bool:
    return list(one) == list(other) and all(
        np.array_equal(getattr(one[key], name), getattr(other[key], name))
        for key in one
        for name in ("words", "pairs", "vectors")
    )


@pytest.mark.parametrize("most", [0, 2, 100])
def test_what_is_kept_changes_no_answer_and_stays_within_its_bound(
    archive: Database, encoder: Encoder, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    with archive.reading() as session:
        keys = list(session.scalars(select(Case.pk)))
        right = shelf.load(session, keys, encoder.dimension)
        monkeypatch.setattr(shelf, "_kept", {})
        monkeypatch.setattr(shelf, "MOST", most)
        for asked in (keys[:3], keys[2:], keys[::-1], [*keys, 999], [], keys):
            wanted = {key: right[key] for key in sorted(asked) if key in right}
            assert same(shelf.load(session, asked, encoder.dimension), wanted)
            assert sum(len(held) for held in shelf._kept.values()) <= most


def test_a_document_once_kept_is_not_read_again(
    archive: Database, encoder: Encoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    with archive.reading() as session:
        keys = list(session.scalars(select(Case.pk)))
        first = shelf.load(session, keys, encoder.dimension)
    with archive.reading() as session, monkeypatch.context() as patched:
        patched.setattr(shelf, "_read", lambda *_: pytest.fail("read again"))
        assert same(shelf.load(session, keys, encoder.dimension), first)


def test_a_changed_case_is_read_anew(archive: Database, encoder: Encoder, now: datetime) -> None:
    def words() -> list[int]:
        with archive.reading() as session:
            key = session.scalars(select(Case.pk).where(Case.id == "vpn")).one()
            found: list[int] = shelf.load(session, [key], encoder.dimension)[key].words.tolist()
            return found

    before = words()
    with archive.transaction() as session:
        cases.write(session, [{"id": "vpn", "problem": "spare toner"}], encoder, now)
    assert words() != before


def test_vectors_of_other_making_say_nothing(archive: Database, encoder: Encoder) -> None:
    with archive.transaction() as session:
        session.scalars(select(CaseDocument).limit(1)).one().fingerprint = "another"
    with archive.reading() as session:
        keys = list(session.scalars(select(CaseDocument.case_pk).order_by(CaseDocument.case_pk)))
        held = shelf.load(session, keys, encoder.dimension, fingerprint(encoder))
        silent = [key for key in keys if not np.abs(held[key].vectors).sum()]
        assert len(silent) == 1
        assert len(held[silent[0]].words)
