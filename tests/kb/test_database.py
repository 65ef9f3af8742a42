"""The database: transactions, migrations, and refusals put in plain words."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import inspect, text
from sqlalchemy.exc import StatementError

from kb import account_tables, case_tables, case_versions, cases, group_comments, tickets
from kb.database import Database, alembic_config
from kb.tables import Base, ProblemGroup
from models.encoder import Encoder
from models.errors import InputError, StorageError


def add(database: Database, ticket_id: str, now: datetime) -> None:
    with database.transaction() as session:
        tickets.add(session, {"id": ticket_id, "description": "打印机坏了"}, now)


def stored(database: Database) -> list[str]:
    with database.reading() as session:
        return [ticket.id for ticket in tickets.page(session).tickets]


def test_a_transaction_is_committed(database: Database, now: datetime) -> None:
    add(database, "t1", now)
    assert stored(database) == ["t1"]


def test_any_error_undoes_all_of_it(database: Database, now: datetime) -> None:
    with pytest.raises(InputError), database.transaction() as session:
        tickets.add(session, {"id": "t1", "description": "x"}, now)
        tickets.add(session, {"id": "t2", "description": ""}, now)
    assert stored(database) == []


def test_reading_writes_nothing(database: Database, now: datetime) -> None:
    with database.reading() as session:
        tickets.add(session, {"id": "t1", "description": "x"}, now)
    assert stored(database) == []


def test_a_reader_sees_one_state_throughout(database: Database, now: datetime) -> None:
    with database.reading() as session:
        assert tickets.page(session).tickets == []
        add(database, "t1", now)
        assert tickets.page(session).tickets == []
    assert stored(database) == ["t1"]


def test_what_was_read_can_be_used_afterwards(database: Database, now: datetime) -> None:
    with database.transaction() as session:
        ticket = tickets.add(session, {"id": "t1", "description": "x"}, now)
    assert (ticket.id, ticket.received_at) == ("t1", now)


def test_times_come_back_in_utc_and_need_a_zone(database: Database) -> None:
    beijing = datetime(2026, 3, 11, 10, 30, tzinfo=timezone(timedelta(hours=8)))
    add(database, "t1", beijing)
    with database.reading() as session:
        received = tickets.get(session, "t1").received_at
    assert (received, received.utcoffset()) == (beijing, timedelta(0))
    with pytest.raises(StatementError, match="without a zone"):
        add(database, "t2", beijing.replace(tzinfo=None))


def test_two_writers_wait_for_each_other(database: Database, now: datetime) -> None:
    failures: list[BaseException] = []
    inside = threading.Event()

    def second() -> None:
        inside.wait()
        try:
            add(database, "second", now)
        except BaseException as error:
            failures.append(error)

    writer = threading.Thread(target=second)
    writer.start()
    with database.transaction() as session:
        # Reads first: a transaction that began as a reader would fail to write once the other had.
        tickets.page(session)
        inside.set()
        writer.join(timeout=0.3)
        assert writer.is_alive()
        tickets.add(session, {"id": "first", "description": "x"}, now)
    writer.join()
    assert failures == []
    assert stored(database) == ["second", "first"]


def test_upgrade_makes_a_new_file_current_and_can_be_repeated(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'new' / 'triage.db'}")
    assert not database.is_current()
    database.upgrade()
    database.upgrade()
    assert database.is_current()
    database.ping()
    database.close()


def test_tables_equal_the_migrated_ones(database: Database) -> None:
    assert account_tables and case_tables  # their tables are part of the metadata

    def ours(name: str | None, kind: str, _parents: Any) -> bool:
        return not (kind == "table" and str(name).startswith(("case_terms", "case_vocabulary")))

    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"include_name": ours, "compare_type": True})
        assert compare_metadata(context, Base.metadata) == []


def test_down_and_up_again(database: Database, now: datetime) -> None:
    add(database, "t1", now)
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parents[2] / "kb" / "migrations"))
    with database.engine.connect() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "base")
    assert inspect(database.engine).get_table_names() == ["alembic_version"]
    assert not database.is_current()
    database.upgrade()
    assert database.is_current()
    assert stored(database) == []


def test_cases_archived_before_cases_had_a_life_are_published(
    database: Database, encoder: Encoder, now: datetime
) -> None:
    config = alembic_config()

    def to(revision: str) -> None:
        with database.engine.connect() as connection:
            config.attributes["connection"] = connection
            step = command.upgrade if revision == "head" else command.downgrade
            step(config, revision)

    with database.transaction() as session:
        cases.write(session, [{"id": "old", "problem": "打印机坏了"}], encoder, now)
    to("0009")
    to("head")
    with database.reading() as session:
        case = cases.get(session, "old")
        assert (case.state, case.version_number, case.replaced_by) == ("published", 1, "")
        [event] = case_versions.history(session, case)
        assert (event.kind, event.after, event.at, event.number) == ("state", "published", now, 1)


def test_a_comment_of_old_is_the_first_of_a_groups_comments(database: Database, now: datetime) -> None:
    config = alembic_config()

    def to(revision: str) -> None:
        with database.engine.connect() as connection:
            config.attributes["connection"] = connection
            step = command.upgrade if revision == "head" else command.downgrade
            step(config, revision)

    with database.transaction() as session:
        session.add_all([ProblemGroup(id=group_id, created_at=now) for group_id in ("g-1", "g-2")])
    to("0012")
    with database.transaction() as session:
        session.execute(text("UPDATE problem_groups SET comment = '已订货' WHERE id = 'g-1'"))
    to("head")
    with database.transaction() as session:
        [row] = group_comments.listed(session, "g-1")
        assert (row.text, row.by, row.at) == ("已订货", "", now)
        assert group_comments.listed(session, "g-2") == []
        group_comments.add(session, "g-1", "到货了", by="李工", now=now)
    to("0012")
    with database.reading() as session:
        assert session.execute(text("SELECT comment FROM problem_groups ORDER BY id")).all() == [
            ("到货了",),
            ("",),
        ]
    to("head")


def test_a_refusal_is_one_line(database: Database) -> None:
    with pytest.raises(StorageError) as caught, database.reading() as session:
        session.execute(text("SELECT * FROM nowhere"))
    assert caught.value.message == "the database refused: no such table: nowhere"


def test_a_broken_rule_of_the_tables_is_a_refusal(database: Database, now: datetime) -> None:
    with pytest.raises(StorageError, match="FOREIGN KEY"), database.transaction() as session:
        session.execute(
            text("INSERT INTO import_problems (import_pk, row, field, message) VALUES (9, 1, '', '')")
        )


def test_a_read_only_file_can_be_read_and_says_so_when_written(
    database: Database, tmp_path: Path, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    add(database, "t1", now)
    only = Database(f"sqlite:///file:{tmp_path / 'triage.db'}?mode=ro&uri=true")
    assert stored(only) == ["t1"]
    with pytest.raises(StorageError, match="readonly database"):
        add(only, "t2", now)
    only.close()
    assert stored(database) == ["t1"]
    assert not (tmp_path / "file:").exists()


@pytest.mark.parametrize("use", ["upgrade", "is_current", "ping"])
def test_a_file_that_is_no_database_is_explained(tmp_path: Path, use: str) -> None:
    path = tmp_path / "triage.db"
    path.write_text("not a database at all, but long enough to be taken for one" * 100)
    database = Database(f"sqlite:///{path}")
    with pytest.raises(StorageError, match="not a database"):
        getattr(database, use)()
    database.close()
