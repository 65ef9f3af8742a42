"""Files to download: rows streamed as csv or jsonl, or as a workbook that is written first."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence

from fastapi.responses import StreamingResponse
from sqlalchemy.orm import Session

from kb import tablefiles
from kb.tablefiles import Record
from triage.wiring import Parts

Rows = Callable[[Session], Iterable[Record]]
_CHUNK = 1 << 18


def answer(parts: Parts, name: str, kind: str, header: Sequence[str], rows: Rows) -> StreamingResponse:
    """A file of these rows. A workbook is whole before the answer begins, so that what is wrong is told.

    Raises:
        InputError: a text is too long for a workbook.
    """
    pieces = _workbook(parts, header, rows) if kind == "xlsx" else _text(parts, kind, header, rows)
    headers = {"Content-Disposition": f'attachment; filename="{name}.{kind}"'}
    return StreamingResponse(pieces, media_type=tablefiles.MEDIA[kind], headers=headers)


def _text(parts: Parts, kind: str, header: Sequence[str], rows: Rows) -> Iterator[bytes]:
    with parts.database.reading() as session:
        yield from tablefiles.pieces(kind, header, rows(session))


def _workbook(parts: Parts, header: Sequence[str], rows: Rows) -> Iterator[bytes]:
    target = tempfile.TemporaryFile(dir=parts.settings.home)  # noqa: SIM115  # closed where it is sent
    try:
        with parts.database.reading() as session:
            tablefiles.save_workbook(target, header, rows(session))
        target.seek(0)
    except BaseException:
        target.close()
        raise

    def sent() -> Iterator[bytes]:
        with target:
            while chunk := target.read(_CHUNK):
                yield chunk

    return sent()
