"""The audit log is only added to, and the database sees to it."""

from __future__ import annotations

from datetime import datetime

import pytest
from sqlalchemy import text

from kb import audit
from kb.database import Database
from models.errors import StorageError


@pytest.mark.parametrize("change", ["UPDATE audit SET who = 'nobody'", "DELETE FROM audit"])
def test_nobody_edits_it(database: Database, now: datetime, change: str) -> None:
    with database.transaction() as session:
        audit.note(session, "anna", "signed_in", now=now)
    with pytest.raises(StorageError, match="only added to"), database.transaction() as session:
        session.execute(text(change))
    with database.reading() as session:
        assert [line.who for line in audit.page(session)] == ["anna"]


def test_pages_go_back_in_time(database: Database, now: datetime) -> None:
    with database.transaction() as session:
        for number in range(7):
            audit.note(session, "anna", "signed_in", str(number), now=now)
    with database.reading() as session:
        first = audit.page(session, limit=4)
        rest = audit.page(session, limit=4, before=first[-1].pk)
    assert [line.subject for line in (*first, *rest)] == ["6", "5", "4", "3", "2", "1", "0"]
