"""Uses of solutions: they count for questions like the one they were for, and fade."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import numpy as np
import pytest

from kb import cases, evidence, ledger
from kb.database import Database
from models.encoder import Vectors

MADE = "tests"
HERE = np.eye(8, dtype=np.float32)[0]
ELSEWHERE = np.eye(8, dtype=np.float32)[1]
Use = Callable[..., None]


def near(cosine: float) -> Vectors:
    """A unit vector at this cosine to ``HERE``."""
    return np.asarray(cosine * HERE + (1 - cosine**2) ** 0.5 * ELSEWHERE, dtype=np.float32)


@pytest.fixture
def use(archive: Database, now: datetime) -> Use:
    """Record uses of the case ``vpn``."""

    def record(
        worked: bool, times: int = 1, days: float = 0, vector: Vectors = HERE, made: str = MADE
    ) -> None:
        with archive.transaction() as session:
            for number in range(times):
                at = now - timedelta(days=days, seconds=number)
                question = ledger.Question(vector, made)
                ledger.record(session, "vpn", worked=worked, used_at=at, question=question)

    return record


@pytest.fixture
def moved(archive: Database, now: datetime) -> Callable[..., float]:
    """By how much the case ``vpn`` moves for a question."""

    def ask(vector: Vectors = HERE, made: str = MADE) -> float:
        with archive.reading() as session:
            keys = [cases.get(session, name).pk for name in ("jam", "vpn")]
            other, own = evidence.shifts(ledger.used(session, keys), keys, vector, made, now)
        assert other == 0
        return float(own)

    return ask


def test_a_success_counts_for_its_question_and_not_for_others(use: Use, moved: Callable[..., float]) -> None:
    assert moved() == 0
    use(True)
    assert moved() == pytest.approx(evidence.STRENGTH * np.log(2), abs=0.01)
    assert 0 < moved(near(0.65)) < moved()
    assert moved(near(0.45)) == 0
    assert moved(ELSEWHERE) == 0


def test_a_failure_moves_down_and_so_does_a_ticket_that_came_back(
    use: Use, moved: Callable[..., float], archive: Database, now: datetime
) -> None:
    use(False)
    once = moved()
    assert once < 0
    with archive.transaction() as session:
        question = ledger.Question(HERE, MADE)
        ledger.record(
            session, "vpn", worked=True, reopened=True, used_at=now, ticket_id="t", question=question
        )
    assert moved() < once


def test_one_of_one_is_worth_less_than_eighteen_of_twenty(use: Use, moved: Callable[..., float]) -> None:
    use(True)
    once = moved()
    use(True, times=17, days=1)
    use(False, times=2, days=2)
    assert moved() > once


def test_old_uses_fade(use: Use, moved: Callable[..., float]) -> None:
    use(True, days=10 * evidence.HALF_LIFE)
    assert 0 < moved() < 0.01
    use(True, days=evidence.HALF_LIFE)
    assert moved() == pytest.approx(evidence.STRENGTH * np.log(1.5), abs=0.01)


def test_vectors_of_other_making_say_nothing(use: Use, moved: Callable[..., float]) -> None:
    use(True, made="another encoder")
    assert moved() == 0


def test_uses_without_a_question_say_nothing(
    archive: Database, now: datetime, moved: Callable[..., float]
) -> None:
    with archive.transaction() as session:
        ledger.record(session, "vpn", worked=True, used_at=now)
    assert moved() == 0


def test_no_candidates(archive: Database, now: datetime) -> None:
    with archive.reading() as session:
        assert evidence.shifts(ledger.used(session, []), [], HERE, MADE, now).shape == (0,)
