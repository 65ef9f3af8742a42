"""Imports: a file becomes tickets or cases, one transaction a batch, with a cursor to go on from."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from kb import cases, columns, dates, imported_ids, rowfiles, tickets
from kb.database import Database
from kb.mappings import NO_READY, Choice, Mapping, Names, Ready, find_ready
from kb.survey import refuse_unclear, survey
from kb.tables import Case, Import, ImportProblem
from models import text
from models.encoder import Encoder
from models.errors import ConflictError, FileFormatError, InputError, NotFoundError

BATCH = 100
NOTHING = Choice()
KINDS = ("tickets", "cases")
SERVICE, COMMAND = "service", "command"
"""Who carries an import on: the service's own go on when it starts again, a command's when it is repeated."""

AfterBatch = Callable[[Import], None]


@dataclass(frozen=True, slots=True)
class Source:
    """How a file is read: the zone of its naive times, the codes behind its names, and the mappings for
    exports of other systems."""

    timezone: tzinfo
    names: Names
    ready: tuple[Ready, ...] = ()


def start(
    database: Database,
    path: Path,
    kind: str,
    now: datetime,
    *,
    runner: str,
    file_name: str | None = None,
    choice: Choice = NOTHING,
    ready: Sequence[Ready] = (),
) -> str:
    """Note an import, or find the one of the same file that was begun before; answers its id.

    What was chosen is stored with it: one that goes on from its cursor needs no ``choice`` and keeps the
    old one; another choice begins at the first row again.

    Raises:
        InputError: the kind is not one of ``KINDS``, or the choice names what is not there.
        FileFormatError: the file cannot be read at all.
        ConflictError: the service is importing the same file, or with another mapping.
    """
    if kind not in KINDS:
        raise InputError(f"the kind is one of {', '.join(KINDS)}, not {kind!r}", field="kind")
    found = rowfiles.columns(path)
    told = settled(found, kind, choice, ready)
    import_id = f"{kind}-{_file_hash(path)}"
    with database.transaction() as session:
        row = session.scalar(select(Import).where(Import.id == import_id))
        if row is None:
            row = Import(id=import_id, kind=kind, state="running", started_at=now, choice=told, columns=found)
            session.add(row)
        elif row.state != "running":
            # The same file again: every row is looked at once more, and what is there stays as it is.
            _forget(session, row, now, told)
        elif row.runner == SERVICE and runner == COMMAND:
            raise ConflictError(f"the service is importing {row.file_name} already", field="file")
        elif row.runner == runner == SERVICE and Path(row.stored_as).is_file():
            if choice and row.choice != told:
                raise ConflictError("the same file is being imported with another mapping", field="mapping")
            return import_id  # it goes on from the copy that the service has
        elif choice and row.choice != told:
            _forget(session, row, now, told)
        row.runner = runner
        row.file_name = file_name or path.name
        row.stored_as = str(path.resolve())
        row.columns = found
    return import_id


def settled(found: Sequence[str], kind: str, choice: Choice, ready: Sequence[Ready]) -> dict[str, Any]:
    """A choice for a file with these columns, with the ready mapping that its header gave away.

    Raises:
        InputError: it names a column, field or ready mapping that is not there.
        FileFormatError: no column for what a row must have.
    """
    one = find_ready(found, ready, choice.ready)
    columns.recognise(found, kind, chosen=choice.columns, ready=one)
    order = choice.dates or (one.dates if one else "")
    return replace(choice, ready=one.name if one else NO_READY, dates=order).as_json()


def run(
    database: Database,
    import_id: str,
    encoder: Encoder,
    source: Source,
    now: Callable[[], datetime],
    after_batch: AfterBatch = lambda _: None,
) -> Import:
    """Go on with an import from its cursor to its end; ``after_batch`` is told after every commit.

    A file that breaks off half way leaves what was read, and the import in state ``failed``. So does one
    with dates that can be read day first and month first, before any row is taken.
    """
    with database.reading() as session:
        row = get(session, import_id)
    path = Path(row.stored_as)
    try:
        mapping = mapping_of(row, rowfiles.columns(path), source.ready)
        if row.orders is None:
            seen = survey(path, mapping, row.choice.get("dates", ""))
            refuse_unclear(seen, mapping)
            with database.transaction() as session:
                row = get(session, import_id)
                row.orders, row.total = seen.orders, seen.rows
        mapping = replace(mapping, orders=row.orders or {})
        for batch in _batches(rowfiles.read_rows(path, start=row.cursor)):
            with database.transaction() as session:
                row = get(session, import_id)
                _take(session, row, batch, mapping, encoder, source, now())
            after_batch(row)
    except InputError as error:
        return fail(database, import_id, error.message)
    with database.transaction() as session:
        row = get(session, import_id)
        row.state, row.error, row.total = "done", "", row.cursor
        imported_ids.forget(session, row)
    return row


def mapping_of(row: Import, found: Sequence[str], ready: Sequence[Ready]) -> Mapping:
    """The mapping that an import was begun with, for the columns of its file."""
    one = find_ready(found, ready, row.choice.get("ready") or NO_READY)
    return columns.recognise(found, row.kind, chosen=row.choice.get("columns"), ready=one)


def fail(database: Database, import_id: str, reason: str) -> Import:
    """Give an import up for a reason a person can read; what it took stays."""
    with database.transaction() as session:
        row = get(session, import_id)
        row.state, row.error = "failed", reason
        imported_ids.forget(session, row)
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


def latest(session: Session, most: int) -> Sequence[Import]:
    """The imports that were begun last."""
    return session.scalars(
        select(Import).order_by(Import.started_at.desc(), Import.pk.desc()).limit(most)
    ).all()


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
    mapping: Mapping,
    encoder: Encoder,
    source: Source,
    now: datetime,
) -> None:
    good: list[tuple[rowfiles.Row, dict[str, Any]]] = []
    for item in batch:
        try:
            if isinstance(item, rowfiles.BadRow):
                raise InputError(item.message)
            typed = columns.to_ticket if row.kind == "tickets" else columns.to_case
            good.append((item, typed(item.values, mapping, timezone=source.timezone, names=source.names)))
        except InputError as error:
            _note(session, row, item, error, mapping, source.timezone)
    values, again, others = imported_ids.first_of_each(session, row, good)
    for other, reason in others:
        _note(session, row, other, reason, mapping, source.timezone)
    if row.kind == "tickets":
        added, changed, unchanged = tickets.write(session, values, now)
    else:
        written = cases.write(session, values, encoder, now, by="import")
        added, changed, unchanged = written.added, written.changed, written.unchanged
        row.masked += written.masked
        _keep_created(session, values)
    row.added += added
    row.changed += changed
    # Rows without an id that say the same are one, and counted as one above.
    row.unchanged += unchanged + again + len(values) - added - changed - unchanged
    row.cursor = batch[-1].number
    row.batches += 1


def _note(
    session: Session,
    row: Import,
    item: rowfiles.Row | rowfiles.BadRow,
    error: InputError,
    mapping: Mapping,
    timezone: tzinfo,
) -> None:
    row.bad += 1
    kept = {name: text.clean(cell.replace(rowfiles.JOINT, "\n")) for name, cell in item.values.items()}
    for field, order in mapping.orders.items():
        # A few rows on their own may no longer show whether 03/04 is in March or April.
        if dates.orders_of(kept.get(mapping.fields[field], "")):
            with contextlib.suppress(ValueError):
                found = dates.parse(kept[mapping.fields[field]], timezone, order)
                kept[mapping.fields[field]] = found.replace(tzinfo=None).isoformat(" ")
    session.add(
        ImportProblem(
            import_pk=row.pk, row=item.number, field=error.field or "", message=error.message, cells=kept
        )
    )


def _keep_created(session: Session, values: Sequence[dict[str, Any]]) -> None:
    """Give archived cases the day they were first archived on, where the file knows it."""
    known = {str(row["id"]): row["created_at"] for row in values if "id" in row and "created_at" in row}
    for case in session.scalars(select(Case).where(Case.id.in_(list(known)))) if known else ():
        case.created_at = known[case.id]


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


def _forget(session: Session, row: Import, now: datetime, told: dict[str, Any]) -> None:
    row.state, row.error, row.started_at = "running", "", now
    row.cursor = row.batches = row.added = row.changed = row.unchanged = row.bad = row.masked = 0
    row.choice, row.orders, row.total = told, None, None
    imported_ids.forget(session, row)
    session.execute(delete(ImportProblem).where(ImportProblem.import_pk == row.pk))


def _file_hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:24]
