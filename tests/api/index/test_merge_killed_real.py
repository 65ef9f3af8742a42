"""A service that is killed in the middle of a merge: none of it or all of it, and the index agrees."""

from __future__ import annotations

import signal
import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import closing, suppress
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from kb import cases, ledger
from models.encoder import Encoder
from triage.settings import Settings
from triage.wiring import Parts

pytestmark = pytest.mark.real

At = Callable[..., Any]
Until = Callable[..., Any]
CASES = "/api/v1/cases"
USES = 25
SLOW = """
CREATE TRIGGER slow AFTER {event} BEGIN SELECT count(*) FROM (
    WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 300000000)
    SELECT n FROM numbers
); END
"""
"""Makes one step of the transaction last for minutes, so that it is killed within it for sure."""
STEPS = {
    "uses half moved": f"UPDATE OF case_pk ON case_uses WHEN old.ticket_id = 't{USES // 2}'",
    "the index told": "INSERT ON index_tasks",
    "the last of the history": "INSERT ON case_events WHEN new.kind = 'merge'",
}


def sql(home: Any, statement: str) -> None:
    with closing(sqlite3.connect(home.folder / "triage.db", timeout=30)) as connection:
        connection.execute(statement)
        connection.commit()


def writing(home: Any) -> bool:
    """Whether somebody has been in a transaction that writes for two seconds on end."""
    end = time.monotonic() + 2
    with closing(sqlite3.connect(home.folder / "triage.db", timeout=0, isolation_level=None)) as connection:
        while time.monotonic() < end:
            try:
                connection.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError:
                time.sleep(0.05)
            else:
                connection.execute("ROLLBACK")
                return False
    return True


def everything(home: Any) -> tuple[Any, ...]:
    """All that a merge touches."""
    found: list[Any] = []
    for query in (
        "SELECT group_concat(c.id || u.ticket_id) FROM (SELECT * FROM case_uses ORDER BY pk) u "
        "JOIN cases c ON c.pk = u.case_pk",
        "SELECT group_concat(id || state || replaced_by) FROM (SELECT * FROM cases ORDER BY pk)",
        "SELECT count(*), max(pk) FROM case_events",
        "SELECT documents, words, pairs FROM corpus_size",
        "SELECT count(*) FROM case_documents",
    ):
        found += home.sql(query)
    return tuple(found)


@pytest.fixture
def home(at: At, first: Path, encoder: Encoder, now: datetime) -> Any:
    """Two cases about one problem, the second one with uses."""
    made = at(first)
    parts = Parts(Settings(home=made.folder, encoder="hashing", _env_file=None))
    parts.encoder = encoder
    rows = [{"id": name, "problem": f"量子咖啡机不出水 {name}"} for name in ("kept", "double")]
    with parts.database.transaction() as session:
        cases.write(session, rows, encoder, now)
        for number in range(USES):
            ledger.record(session, "double", worked=True, used_at=now, ticket_id=f"t{number}")
    parts.index().apply(parts.database)
    parts.close()
    return made


@pytest.mark.parametrize("step", STEPS)
def test_killed_within_a_merge_nothing_of_it_is_left(home: Any, until: Until, step: str) -> None:
    before = everything(home)
    serving = home.serve()
    until(serving.whole)
    sql(home, SLOW.format(event=STEPS[step]))

    def merge() -> None:
        with suppress(httpx.HTTPError, AssertionError):
            serving.ask("POST", f"{CASES}/double/merge", {"into": "kept"})

    thread = threading.Thread(target=merge)
    thread.start()
    try:
        until(lambda: writing(home))
        assert serving.end(signal.SIGKILL) == -signal.SIGKILL
    finally:
        thread.join()
    sql(home, "DROP TRIGGER slow")
    assert everything(home) == before

    serving = home.serve()
    until(serving.whole)
    found = {case["case_id"] for case in serving.search("量子咖啡机不出水", 2)["cases"]}
    assert found == {"kept", "double"}
    home.verify()
    assert everything(home) == before
    assert serving.ask("POST", f"{CASES}/double/merge", {"into": "kept"})["moved"] == USES
    until(lambda: home.sql("SELECT count(*) FROM index_tasks")[0] == 0)
    home.verify()


def test_killed_after_a_merge_all_of_it_is_there(home: Any, until: Until) -> None:
    serving = home.serve()
    until(serving.whole)
    before = home.sql("SELECT documents FROM corpus_size")[0]
    assert serving.ask("POST", f"{CASES}/double/merge", {"into": "kept"})["moved"] == USES
    assert serving.end(signal.SIGKILL) == -signal.SIGKILL

    serving = home.serve()
    until(serving.whole)
    until(lambda: home.sql("SELECT count(*) FROM index_tasks")[0] == 0)
    assert serving.ask("GET", f"{CASES}/kept")["proven"]["worked"] == USES
    double = serving.ask("GET", f"{CASES}/double")
    assert (double["state"], double["replaced_by"]) == ("replaced", "kept")
    assert "double" not in {case["case_id"] for case in serving.search("量子咖啡机", 10)["cases"]}
    assert home.sql("SELECT documents FROM corpus_size")[0] == before - 1
    again = serving.ask("POST", f"{CASES}/double/merge", {"into": "kept"})
    assert (again["moved"], again["left"]) == (0, 0)
    home.verify()
