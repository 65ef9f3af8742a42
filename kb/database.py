"""The database: engine, transactions, migrations. ``transaction()`` is the only place that commits."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DatabaseError, DBAPIError, OperationalError
from sqlalchemy.orm import Session

from models.errors import StorageError

_WAIT_SECONDS = 30
_PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=FULL",
    "foreign_keys=ON",
    # The word index of ten thousand cases is larger than the 2 MB a connection keeps by default.
    "cache_size=-65536",
    "mmap_size=1073741824",
)


def listed(keys: Iterable[int]) -> str:
    """Our own integers for the brackets of an SQL ``IN``: written out, hundreds of them cost no binding."""
    return ",".join(str(int(key)) for key in keys)


class Database:
    """One database, by its SQLAlchemy address."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.engine = _engine(url)
        self._beginning = {
            begin: self.engine.execution_options(triage_begin=begin) for begin in ("BEGIN", "BEGIN IMMEDIATE")
        }

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """A session that may write: committed at the end, rolled back on any error.

        Raises:
            StorageError: the database refused (full disk, locked for too long, damaged).
        """
        with self._session("BEGIN IMMEDIATE") as session:
            yield session
            session.commit()

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session that only reads; it sees one state of the database throughout."""
        with self._session("BEGIN") as session:
            yield session

    @contextmanager
    def _session(self, begin: str) -> Iterator[Session]:
        try:
            with Session(self._beginning[begin], expire_on_commit=False) as session:
                yield session
        except (OperationalError, DatabaseError) as error:
            raise StorageError(f"the database refused: {_reason(error)}") from error

    def upgrade(self) -> None:
        """Bring the tables to this version's shape; nothing happens where they have it."""
        from alembic import command

        config = alembic_config()
        try:
            with self.engine.connect() as connection:
                config.attributes["connection"] = connection
                command.upgrade(config, "head")
        except (OperationalError, DatabaseError) as error:
            raise StorageError(f"the database cannot be brought up to date: {_reason(error)}") from error

    def is_current(self) -> bool:
        """Whether the tables have this version's shape."""
        from alembic.migration import MigrationContext
        from alembic.script import ScriptDirectory

        try:
            with self.engine.connect() as connection:
                current = MigrationContext.configure(connection).get_current_revision()
        except (OperationalError, DatabaseError) as error:
            raise StorageError(f"the database refused: {_reason(error)}") from error
        return current == ScriptDirectory.from_config(alembic_config()).get_current_head()

    def ping(self) -> None:
        """Ask the database for a sign of life.

        Raises:
            StorageError: it gave none.
        """
        with self.reading() as session:
            session.execute(text("SELECT 1"))

    def compact(self) -> bool:
        """Have the database's files forget what was deleted; answers whether they have.

        They have not where others keep the database busy, or the disk has no room for a second copy of it.
        """
        try:
            if self.engine.dialect.name != "sqlite":
                with self.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                    connection.exec_driver_sql("VACUUM FULL")
                return True
            raw = self.engine.raw_connection()
            try:
                cursor = raw.cursor()
                cursor.execute("VACUUM")
                (busy, *_) = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
                cursor.close()
            finally:
                raw.close()
        except (DatabaseError, sqlite3.Error):
            return False
        return not busy

    def close(self) -> None:
        """Give all connections back."""
        self.engine.dispose()


def _engine(url: str) -> Engine:
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        return create_engine(url, pool_pre_ping=True)
    if parsed.database and not parsed.database.startswith((":memory:", "file:")):
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(url, connect_args={"timeout": _WAIT_SECONDS, "check_same_thread": False})

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: Any) -> None:
        # The driver's own idea of when a transaction begins is switched off: it would leave DDL outside.
        connection.isolation_level = None
        for pragma in _PRAGMAS:
            connection.execute(f"PRAGMA {pragma}").close()

    @event.listens_for(engine, "begin")
    def begin(connection: Any) -> None:
        # A writer that begins as a reader can find its snapshot stale and fail; one that waits cannot.
        connection.exec_driver_sql(connection.get_execution_options().get("triage_begin", "BEGIN"))

    return engine


def alembic_config() -> Any:
    """Where Alembic finds the migrations."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config


def _reason(error: DBAPIError | DatabaseError) -> str:
    return str(error.orig or error).strip().splitlines()[0]
