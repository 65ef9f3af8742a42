"""What an import would make of a file: nothing is stored."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from kb import columns, masking, rowfiles
from kb.mappings import NO_READY, Choice, Mapping, find_ready
from kb.survey import Survey, refuse_unclear, survey
from kb.transfer import Source, settled
from models.errors import FileFormatError, InputError

SHOWN, CHECKED = 20, 1_000
"""Rows shown as they would be stored, and rows looked at for mistakes."""


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that would not be taken, and why."""

    row: int
    field: str
    message: str


@dataclass(frozen=True, slots=True)
class Preview:
    """What a file is, what its columns are taken for, and its first rows as they would be stored.

    ``bad`` are rows among the first ``checked`` that would not be taken; ``reasons`` counts them by field.
    ``error`` is why the import would not begin, or where the file breaks off.
    """

    kind: str
    shape: rowfiles.Shape
    mapping: Mapping
    survey: Survey
    rows: list[dict[str, object]]
    checked: int
    bad: list[BadRow]
    reasons: dict[str, int]
    error: str = ""


def preview(path: Path, kind: str, source: Source, choice: Choice | None = None) -> Preview:
    """Read a file as an import would.

    Raises:
        InputError: the choice names what is not there.
        FileFormatError: the file cannot be read at all, or lacks what a row must have.
    """
    shape, found = rowfiles.shape(path), rowfiles.columns(path)
    told = settled(found, kind, choice or Choice(), source.ready)
    ready = find_ready(found, source.ready, told["ready"] or NO_READY)
    mapping = columns.recognise(found, kind, chosen=told["columns"], ready=ready)
    seen = survey(path, mapping, told["dates"])
    mapping = replace(mapping, orders=seen.orders)
    typed = columns.to_ticket if kind == "tickets" else columns.to_case
    shown: list[dict[str, object]] = []
    bad: list[BadRow] = []
    checked, error = 0, ""
    try:
        refuse_unclear(seen, mapping)
    except InputError as unclear:
        error = unclear.message
    try:
        for item in islice(rowfiles.read_rows(path), CHECKED):
            checked += 1
            try:
                if isinstance(item, rowfiles.BadRow):
                    raise InputError(item.message)
                row = typed(item.values, mapping, timezone=source.timezone, names=source.names)
            except InputError as wrong:
                bad.append(BadRow(item.number, wrong.field or "", wrong.message))
            else:
                if len(shown) < SHOWN:
                    shown.append(row if kind == "tickets" else masking.mask_case(row)[0])
    except FileFormatError as broken:
        error = broken.message
    reasons = Counter(item.field or "the row itself" for item in bad)
    return Preview(kind, shape, mapping, seen, shown, checked, bad, dict(reasons.most_common()), error)
