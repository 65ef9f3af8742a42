"""Imports: upload a file, follow how far it is."""

from __future__ import annotations

import re
import secrets
import shutil
from pathlib import PurePosixPath
from typing import Annotated

from fastapi import APIRouter, File, Form, UploadFile

from api.deps import PartsDep, WorkerDep
from api.schemas import PROBLEMS, ImportAnswer, ImportProblemAnswer
from kb import transfer
from models.errors import InputError, TooLargeError
from models.text import clean
from triage.wiring import Parts

router = APIRouter(prefix="/imports", tags=["imports"], responses=PROBLEMS)


@router.post("", status_code=202)
def start(
    file: Annotated[UploadFile, File(description="csv, xlsx or jsonl, also gzipped")],
    kind: Annotated[str, Form(description="tickets or cases")],
    parts: PartsDep,
    worker: WorkerDep,
) -> ImportAnswer:
    """Begin an import. It goes on in the background, and after a restart from where it was."""
    if kind not in transfer.KINDS:
        raise InputError(f"kind is one of {', '.join(transfer.KINDS)}, not {kind!r}", field="kind")
    name = PurePosixPath(clean(file.filename or "upload").replace("\\", "/")).name[-200:] or "upload"
    folder = parts.settings.home.resolve() / "uploads"
    folder.mkdir(parents=True, exist_ok=True)
    # The reader needs the ending; the rest of a name can be too long for the disk, or worse.
    path = folder / (
        secrets.token_hex(8) + re.sub(r"[^A-Za-z0-9.]", "", "".join(PurePosixPath(name).suffixes[-2:]))[-20:]
    )
    if file.size is not None and file.size > parts.settings.max_upload:
        raise TooLargeError(f"at most {parts.settings.max_upload} bytes are taken", field="file")
    try:
        with path.open("wb") as target:
            shutil.copyfileobj(file.file, target)
        import_id = transfer.start(
            parts.database, path, kind, parts.now(), runner=transfer.SERVICE, file_name=name
        )
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    with parts.database.reading() as session:
        stored_as = transfer.get(session, import_id).stored_as
    if stored_as != str(path):
        path.unlink(missing_ok=True)
    worker.wake()
    return _answer(parts, import_id)


@router.get("/{import_id}")
def read(import_id: str, parts: PartsDep) -> ImportAnswer:
    """How far an import is, and the rows that could not be taken."""
    return _answer(parts, import_id)


def _answer(parts: Parts, import_id: str) -> ImportAnswer:
    with parts.database.reading() as session:
        row = transfer.get(session, import_id)
        answer = ImportAnswer.model_validate(
            {key: getattr(row, key) for key in ImportAnswer.model_fields if key != "problems"}
        )
        answer.problems = [
            ImportProblemAnswer.model_validate(item) for item in transfer.problems(session, row)
        ]
    return answer
