"""Imports: upload a file, see what would become of it, follow how far it is."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, File, Form, UploadFile
from fastapi.responses import StreamingResponse

from api import download, uploads
from api.deps import IdentityDep, PartsDep, WorkerDep
from api.schemas import PROBLEMS, ImportAnswer, ImportProblemAnswer
from api.schemas_imports import PreviewAnswer
from kb import audit, badrows, mappings, transfer
from kb import preview as previews
from triage.preview import as_json
from triage.wiring import Parts

router = APIRouter(prefix="/imports", tags=["imports"], responses=PROBLEMS)


FileForm = Annotated[UploadFile, File(description="csv, xlsx or jsonl, also gzipped")]
KindForm = Annotated[str, Form(description="tickets or cases")]
MappingForm = Annotated[str, Form(description='columns to fields: {"Summary": "subject", "Notes": "-"}')]
SystemForm = Annotated[str, Form(description="a ready mapping by its name, or none; empty: by the header")]
DatesForm = Annotated[str, Form(description="how 03/04/2026 is read: day-first or month-first")]


@router.post("", status_code=202)
def start(
    file: FileForm,
    kind: KindForm,
    parts: PartsDep,
    worker: WorkerDep,
    who: IdentityDep,
    mapping: MappingForm = "",
    system: SystemForm = "",
    dates: DatesForm = "",
) -> ImportAnswer:
    """Begin an import. It goes on in the background, and after a restart from where it was."""
    choice = mappings.choice(mappings.from_json(mapping), system, dates)
    path, name = uploads.store(file, kind, parts)
    try:
        import_id = transfer.start(
            parts.database,
            path,
            kind,
            parts.now(),
            runner=transfer.SERVICE,
            file_name=name,
            choice=choice,
            ready=parts.rules.mappings,
        )
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    with parts.database.transaction() as session:
        stored_as = transfer.get(session, import_id).stored_as
        audit.note(session, who.name, "import_started", import_id, now=parts.now())
    if stored_as != str(path):
        path.unlink(missing_ok=True)
    worker.wake()
    return _answer(parts, import_id)


@router.post("/preview")
def preview(
    file: FileForm,
    kind: KindForm,
    parts: PartsDep,
    mapping: MappingForm = "",
    system: SystemForm = "",
    dates: DatesForm = "",
) -> PreviewAnswer:
    """Say what an import would make of a file; stores nothing."""
    choice = mappings.choice(mappings.from_json(mapping), system, dates)
    path, _ = uploads.store(file, kind, parts)
    try:
        found = previews.preview(path, kind, parts.source, choice)
    finally:
        path.unlink(missing_ok=True)
    return PreviewAnswer.model_validate(as_json(found))


@router.get("/{import_id}/problems.{ending}", response_class=StreamingResponse)
def problems(import_id: str, ending: Literal["csv", "xlsx"], parts: PartsDep) -> StreamingResponse:
    """The rows that could not be taken, with number and reason, to be mended and sent again."""
    with parts.database.reading() as session:
        row = transfer.get(session, import_id)
    return download.answer(
        parts,
        f"{import_id}-problems",
        ending,
        badrows.header(row),
        lambda session: badrows.rows(session, row),
    )


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
