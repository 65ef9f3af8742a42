"""What goes over the wire about a file that is to be imported."""

from __future__ import annotations

from typing import Any

from api.schemas import Answer, ImportProblemAnswer


class FileAnswer(Answer):
    """What the file is: ``kind`` csv, jsonl or xlsx, the encoding and delimiter that were guessed."""

    kind: str
    encoding: str
    delimiter: str
    packed: bool


class ColumnAnswer(Answer):
    column: str
    field: str


class DatesAnswer(Answer):
    """How a column's dates such as 03/04/2026 are read; ``ambiguous``: nothing in it says which way."""

    field: str
    column: str
    order: str
    ambiguous: bool
    mixed: bool


class PreviewAnswer(Answer):
    """What an import would make of a file. ``error`` says why it would not begin."""

    kind: str
    file: FileAnswer
    ready: str
    columns: list[ColumnAnswer]
    unknown: list[str]
    dates: list[DatesAnswer]
    total: int | None
    rows: list[dict[str, Any]]
    checked: int
    bad: int
    reasons: dict[str, int]
    problems: list[ImportProblemAnswer]
    error: str
