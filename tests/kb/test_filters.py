"""Filters of a search: the same as searching all and leaving out, however many they let through."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from sqlalchemy import select
from sqlalchemy.orm import Session

from kb import candidates, cases, filters, ledger, lexical_index, search, shelf
from kb.database import Database
from kb.documents import hashed
from kb.filters import NO_FILTERS, Filters
from kb.match import MatchCurve
from kb.tables import Case
from models.encoder import Encoder, Vectors
from models.errors import InputError
from models.text import analyse

PARTS = (
    "printer",
    "打印机",
    "VPN",
    "连不上",
    "error 0x80070005",
    "invoice",
    "发票",
    "闪退",
    "HX-300",
    "router",
)
QUESTIONS = ("打印机 printer 闪退", "VPN 连不上 0x80070005", "invoice router HX-300")
FILTERS = st.builds(
    Filters,
    category=st.sampled_from([None, "hardware", "software", "unheard"]),
    product=st.sampled_from([None, "P0", "P1"]),
    version=st.sampled_from([None, "1.0"]),
    team=st.sampled_from([None, "network", "field"]),
    closed_from=st.sampled_from([None, date(2026, 1, 10)]),
    closed_to=st.sampled_from([None, date(2026, 1, 10), date(2026, 1, 25)]),
    language=st.sampled_from([None, "zh", "en"]),
    proven_only=st.booleans(),
)


@pytest.fixture(scope="module")
def many(encoder: Encoder) -> Iterator[Database]:
    """Forty cases, in which every filter lets some through."""
    draw, now = np.random.default_rng(3), datetime.fromisoformat("2026-03-01T09:00:00+00:00")
    rows: list[dict[str, Any]] = [
        {
            "id": f"c{number}",
            "problem": " ".join(draw.choice(PARTS, size=3, replace=False)) + f" {number}",
            "category": ("hardware", "software", "other")[number % 3],
            "product": f"P{number % 4}",
            "version": f"{number % 2}.0",
            "team": ("network", "field")[number % 5 // 3],
            "closed_on": date(2026, 1, 1) + timedelta(days=number) if number % 7 else None,
        }
        for number in range(40)
    ]
    database = Database("sqlite://")
    database.upgrade()
    with database.transaction() as session:
        cases.write(session, rows, encoder, now)
        for number in range(0, 40, 3):
            ledger.record(
                session, f"c{number}", worked=number % 2 == 0, reopened=number % 4 == 0, used_at=now
            )
    yield database
    database.close()


def passes(case: Case, wanted: Filters, proven: set[int]) -> bool:
    """What the filters mean, said again without SQL."""
    equal = ("category", "product", "version", "team", "language")
    day = case.closed_on
    return (
        all(getattr(wanted, name) in (None, getattr(case, name)) for name in equal)
        and (wanted.closed_from is None or (day is not None and day >= wanted.closed_from))
        and (wanted.closed_to is None or (day is not None and day <= wanted.closed_to))
        and (not wanted.proven_only or case.pk in proven)
    )


def all_keys(session: Session) -> NDArray[np.int64]:
    return np.array(session.scalars(select(Case.pk).order_by(Case.pk)).all())


def by_meaning(session: Session, encoder: Encoder) -> candidates.FindNearest:
    def nearest(vector: Vectors, most: int) -> list[int]:
        return candidates.compared(session, all_keys(session), vector, most, "")

    return nearest


def found(session: Session, encoder: Encoder, question: str, wanted: Filters, limit: int) -> list[str]:
    vector = encoder.encode([question])[0]
    request = search.Request(analyse(question), vector, limit, wanted)
    ranked = search.rank(session, request, by_meaning(session, encoder), MatchCurve())
    ids = {row.pk: row.id for row in session.execute(select(Case.pk, Case.id))}
    return [ids[ranked.keys[place]] for place in np.argsort(-ranked.odds, kind="stable")[:limit]]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(wanted=FILTERS, question=st.sampled_from(QUESTIONS), exact=st.sampled_from([0, 5, 2_000]))
def test_a_filtered_search_is_the_whole_ranking_less_what_does_not_pass(
    many: Database, encoder: Encoder, wanted: Filters, question: str, exact: int
) -> None:
    with many.reading() as session, pytest.MonkeyPatch.context() as patched:
        everything = found(session, encoder, question, NO_FILTERS, 40)
        assert len(everything) == 40
        patched.setattr(candidates, "EXACT", exact)
        proven = {key for key, proof in ledger.proofs(session, range(1, 41)).items() if proof.worked}
        proven = {key for key in proven if ledger.proofs(session, [key])[key].last_worked_at is not None}
        right = {case.id for case in session.scalars(select(Case)) if passes(case, wanted, proven)}
        expected = [case_id for case_id in everything if case_id in right][:5]
        assert found(session, encoder, question, wanted, 5) == expected


@pytest.mark.parametrize(("exact", "one_in"), [(0, 10), (0, 2), (2_000, 10)])
def test_the_nearest_that_pass_are_found_however_few_are_looked_at(
    many: Database, encoder: Encoder, exact: int, one_in: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(candidates, "ONE_IN", one_in)
    monkeypatch.setattr(candidates, "NEAREST", 4)
    monkeypatch.setattr(candidates, "EXACT", exact)
    wanted, vector = Filters(product="P1", version="1.0"), encoder.encode([QUESTIONS[0]])[0]
    with many.reading() as session:
        nearest = by_meaning(session, encoder)
        expected = filters.passing(session, wanted, nearest(vector, len(all_keys(session))))
        few = filters.first(session, wanted) if exact else None
        near = candidates.near(session, wanted, few, vector, 1, nearest, "")
        assert len(expected) > 4
        assert near == expected[: len(near)]
        assert len(near) >= 4


def test_words_are_looked_for_among_those_that_pass_alone(many: Database) -> None:
    wanted = Filters(category="hardware", team="network")
    with many.reading() as session:
        allowed = filters.first(session, wanted)
        words, pairs = lexical_index.prepare(session, *hashed("printer router invoice"))
        everything = lexical_index.candidates(session, words, pairs, 40)
        expected = [key for key in everything if key in allowed]
        assert expected
        assert len(expected) < len(everything)
        assert sorted(lexical_index.candidates(session, words, pairs, 40, wanted)) == sorted(expected)
        assert sorted(lexical_index.candidates(session, words, pairs, 40, wanted, allowed)) == sorted(
            expected
        )
        assert lexical_index.candidates(session, words, pairs, 40, wanted, allowed[:0]) == []


def test_passing_keeps_the_order_and_first_the_number(many: Database) -> None:
    with many.reading() as session:
        wanted = Filters(product="P1")
        assert filters.passing(session, wanted, [10, 6, 5, 2, 999]) == [10, 6, 2]
        assert filters.passing(session, NO_FILTERS, [5, 2]) == [5, 2]
        assert filters.passing(session, wanted, []) == []
        assert len(filters.first(session, wanted, 3)) == 3
        assert filters.first(session, wanted).tolist() == filters.passing(session, wanted, range(1, 41))


def test_a_span_that_ends_before_it_begins_is_refused() -> None:
    with pytest.raises(InputError, match="closed_to 2026-01-01 is before"):
        Filters(closed_from=date(2026, 1, 2), closed_to=date(2026, 1, 1))


def test_kept_vectors_are_forgotten_when_a_case_is_written(
    archive: Database, encoder: Encoder, now: datetime
) -> None:
    vector = encoder.encode(["spare toner"])[0]
    for problem in ("paper jam", "spare toner"):
        with archive.transaction() as session:
            cases.write(session, [{"id": "vpn", "problem": problem}], encoder, now)
        with archive.reading() as session:
            nearest = candidates.compared(session, all_keys(session), vector, 1, "")
            vpn = session.scalar(select(Case.pk).where(Case.id == "vpn"))
            assert (nearest == [vpn]) is (problem == "spare toner")


@pytest.mark.parametrize("kept", [0, 5, 25, 100])
def test_what_is_kept_changes_no_answer_and_stays_within_its_bound(
    many: Database, encoder: Encoder, kept: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(candidates, "KEPT", kept)
    monkeypatch.setattr(candidates, "_AT_ONCE", 7)
    monkeypatch.setattr(candidates, "_kept", {})
    vectors = encoder.encode(QUESTIONS)
    with many.reading() as session:
        everything = all_keys(session)
        documents = shelf.load(session, everything.tolist(), encoder.dimension)
        for vector in (*vectors, *vectors):
            for keys in (everything, everything[:20], everything[20:], everything[:5], everything[:0]):
                cosine = {
                    key: (documents[key].vectors.astype(np.float32) @ vector).max() for key in keys.tolist()
                }
                expected = sorted(keys.tolist(), key=lambda key: (cosine[key], key), reverse=True)[:10]
                assert candidates.compared(session, keys, vector, 10, "") == expected
                assert sum(len(held) for held, _ in candidates._kept.values()) <= kept


def test_one_filter_can_be_taken_away() -> None:
    wanted = Filters(category="hardware", team="field", proven_only=True)
    assert wanted.without("category") == Filters(team="field", proven_only=True)
    assert wanted.without("proven_only") == Filters(category="hardware", team="field")
    for field in fields(Filters):
        assert Filters().without(field.name).none
    with pytest.raises(KeyError):
        wanted.without("unheard")
