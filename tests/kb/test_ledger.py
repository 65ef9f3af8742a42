"""The ledger of proof."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from kb import cases, ledger
from kb.database import Database
from models.errors import NotFoundError


def test_uses_add_up(archive: Database, now: datetime) -> None:
    later = now + timedelta(days=3)
    with archive.transaction() as session:
        first = ledger.record(session, "vpn", worked=True, used_at=now, ticket_id="t1", used_by="li")
        ledger.record(session, "vpn", worked=True, used_at=later, ticket_id="t2", reopened=True)
        last = ledger.record(session, "vpn", worked=False, used_at=later + timedelta(days=1), ticket_id="t3")
    assert first == ledger.Proof(1, 1, 0, now)
    assert last == ledger.Proof(3, 2, 1, now, later + timedelta(days=1))
    assert last.failed_last
    assert not first.failed_last


def test_a_solution_that_never_worked_has_no_time(archive: Database, now: datetime) -> None:
    with archive.transaction() as session:
        assert ledger.record(session, "vpn", worked=False, used_at=now) == ledger.Proof(1, 0, 0, None, now)


def test_proofs_are_kept_apart_and_unused_cases_have_none(archive: Database, now: datetime) -> None:
    with archive.transaction() as session:
        ledger.record(session, "vpn", worked=True, used_at=now)
        ledger.record(session, "jam", worked=False, used_at=now)
        keys = {name: cases.get(session, name).pk for name in ("vpn", "jam", "app")}
        found = ledger.proofs(session, list(keys.values()))
    assert found == {
        keys["vpn"]: ledger.Proof(1, 1, 0, now),
        keys["jam"]: ledger.Proof(1, 0, 0, None, now),
    }


def test_nothing_asked_nothing_told(archive: Database) -> None:
    with archive.reading() as session:
        assert ledger.proofs(session, []) == {}


def test_an_unknown_case_is_said(archive: Database, now: datetime) -> None:
    with pytest.raises(NotFoundError, match="no case 'c9'"), archive.transaction() as session:
        ledger.record(session, "c9", worked=True, used_at=now)
