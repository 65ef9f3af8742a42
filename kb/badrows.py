"""The rows an import could not take, as a file to mend and send again: the source's columns and two more."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from kb import tablefiles
from kb.tables import Import, ImportProblem

NUMBER, REASON = "source row (原文件行号)", "why not taken (未导入原因)"
"""The columns put before those of the source; an import finds no field for them."""

_PAGE = 200


def header(row: Import) -> list[str]:
    """The columns of the file: number and reason, then the source's own."""
    return [NUMBER, REASON, *(name for name in row.columns if name not in (NUMBER, REASON))]


def rows(session: Session, row: Import) -> Iterator[Sequence[object]]:
    """The bad rows in the order of their numbers. One that could not be read has no cells, only a reason."""
    names = header(row)[2:]
    last = 0
    query = select(ImportProblem).where(ImportProblem.import_pk == row.pk).order_by(ImportProblem.row)
    while page := session.scalars(query.where(ImportProblem.row > last).limit(_PAGE)).all():
        for item in page:
            cells = item.cells or {}
            yield [item.row, item.message, *(cells.get(name, "") for name in names)]
        last = page[-1].row
        session.expunge_all()


def save(session: Session, row: Import, path: Path) -> int:
    """Write the file; its ending says its kind, else it is xlsx or csv as the source was.

    Raises:
        InputError: no such kind of file can be written.
    """
    default = "xlsx" if row.file_name.lower().endswith(".xlsx") else "csv"
    return tablefiles.save(path, header(row), rows(session, row), default)
