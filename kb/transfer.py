"""Imports: a file becomes tickets or cases, one transaction a batch, with a cursor to go on from."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from kb import cases, columns, rowfiles, tickets
from kb.database import Database
from kb.tables import Import, ImportProblem
from models.encoder import Encoder
from models.errors import ConflictError, FileFormatError, InputError, NotFoundError

BATCH = 100
KINDS = ("tickets", "cases")
SERVICE, COMMAND = "service", "command"
"""Who carries an import on: the service's own go on when it starts again, a command's when it is repeated."""

Names = Mapping[str, Mapping[str, str]]
AfterBatch = Callable[[Import], None]


@dataclass(frozen=True, slots=True)
class Source:
    """How a file is read: the zone of its naive times and the codes behind its names."""

    timezone: tzinfo
    names: Names


def start(
    database: Database, path: Path, kind: str, now: datetime, *, runner: str, file_name: str | None = None
) -> str:
    """Note an import, or find the one of the same file that was begun before; answers its id.

    Raises:
        InputError: the kind is not one of ``KINDS``.
        FileFormatError: the file cannot be read at all.
        ConflictError: the service is importing the same file.
    """
    if kind not in KINDS:
        raise InputError(f"the kind is one of {', '.join(KINDS)}, not {kind!r}", field="kind")
    columns.recognise(rowfiles.columns(path), kind)
    import_id = f"{kind}-{_file_hash(path)}"
    with database.transaction() as session:
        row = session.scalar(select(Import).where(Import.id == import_id))
        if row is None:
            row = Import(id=import_id, kind=kind, state="running", started_at=now)
            session.add(row)
        elif row.state != "running":
            # The same file again: every row is looked at once more, and what is there stays as it is.
            _forget(session, row, now)
        elif row.runner == SERVICE and runner == COMMAND:
            raise ConflictError(f"the service is importing {row.file_name} already", field="file")
        elif row.runner == runner == SERVICE and Path(row.stored_as).is_file():
            return import_id  # it goes on from the copy that the service has
        row.runner = runner
        row.file_name = file_name or path.name
        row.stored_as = str(path.resolve())
    return import_id


def run(
    database: Database,
    import_id: str,
    encoder: Encoder,
    source: Source,
    now: Callable[[], datetime],
    after_batch: AfterBatch = lambda _: None,
) -> Import:
    """Go on with an import from its cursor to its end; ``after_batch`` is told after every commit.

    A file that breaks off half way leaves what was read, and the import in state ``failed``.
    """
    with database.reading() as session:
        row = get(session, import_id)
    path = Path(row.stored_as)
    try:
        mapping = columns.recognise(rowfiles.columns(path), row.kind)
        for batch in _batches(rowfiles.read_rows(path, start=row.cursor)):
            with database.transaction() as session:
                row = get(session, import_id)
                _take(session, row, batch, mapping, encoder, source, now())
            after_batch(row)
    except FileFormatError as error:
        return fail(database, import_id, error.message)
    with database.transaction() as session:
        row = get(session, import_id)
        row.state, row.error = "done", ""
    return row


def fail(database: Database, import_id: str, reason: str) -> Import:
    """Give an import up for a reason a person can read; what it took stays."""
    with database.transaction() as session:
        row = get(session, import_id)
        row.state, row.error = "failed", reason
    return row


def get(session: Session, import_id: str) -> Import:
    """One import.

    Raises:
        NotFoundError: there is no such import.
    """
    row = session.scalar(select(Import).where(Import.id == import_id))
    if row is None:
        raise NotFoundError(f"there is no import {import_id!r}", field="import_id")
    return row


def unfinished(session: Session) -> Sequence[str]:
    """Ids of imports that the service still has to carry on, the oldest first."""
    waiting = select(Import.id).where(Import.state == "running", Import.runner == SERVICE)
    return session.scalars(waiting.order_by(Import.pk)).all()


def problems(session: Session, row: Import) -> Sequence[ImportProblem]:
    """The rows of an import that could not be taken, in their order."""
    return session.scalars(
        select(ImportProblem).where(ImportProblem.import_pk == row.pk).order_by(ImportProblem.row)
    ).all()


def _take(
    session: Session,
    row: Import,
    batch: Sequence[rowfiles.Row | rowfiles.BadRow],
    mapping: columns.Mapping,
    encoder: Encoder,
    source: Source,
    now: datetime,
) -> None:
    good: list[dict[str, Any]] = []
    for item in batch:
        try:
            if isinstance(item, rowfiles.BadRow):
                raise InputError(item.message)
            typed = columns.to_ticket if row.kind == "tickets" else columns.to_case
            good.append(typed(item.values, mapping, timezone=source.timezone, names=source.names))
        except InputError as error:
            row.bad += 1
            session.add(
                ImportProblem(
                    import_pk=row.pk, row=item.number, field=error.field or "", message=error.message
                )
            )
    if row.kind == "tickets":
        added, changed, unchanged = tickets.write(session, good, now)
    else:
        written = cases.write(session, good, encoder, now)
        added, changed, unchanged = written.added, written.changed, written.unchanged
    row.added += added
    row.changed += changed
    row.unchanged += unchanged
    row.cursor = batch[-1].number
    row.batches += 1


def _batches(
    rows: Iterator[rowfiles.Row | rowfiles.BadRow],
) -> Iterator[list[rowfiles.Row | rowfiles.BadRow]]:
    """Batches of rows; what was read before a file breaks off still comes as a batch."""
    batch: list[rowfiles.Row | rowfiles.BadRow] = []
    broken: FileFormatError | None = None
    while broken is None:
        try:
            item = next(rows, None)
        except FileFormatError as error:
            broken = error
            break
        if item is None:
            break
        batch.append(item)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch
    if broken is not None:
        raise broken


def _forget(session: Session, row: Import, now: datetime) -> None:
    row.state, row.error, row.started_at = "running", "", now
    row.cursor = row.batches = row.added = row.changed = row.unchanged = row.bad = 0
    for problem in problems(session, row):
        session.delete(problem)


def _file_hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:24]
