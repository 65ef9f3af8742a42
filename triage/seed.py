"""The seed tickets and cases that come with the program: enough to be useful on the first day."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from kb import cases
from kb.columns import recognise, to_case
from kb.database import Database
from kb.rowfiles import Row, columns, read_rows
from kb.tickets import whole_text
from models.encoder import Encoder
from models.errors import DataFileError, InputError
from triage.learning import Labelled

LANGUAGES = ("zh", "en")
_BATCH = 50


@dataclass(frozen=True, slots=True)
class SeedTicket:
    """A labelled ticket; ``problem`` names the seed cases that are about the same."""

    id: str
    text: str
    category: str
    priority: str
    trade: str
    problem: str


def tickets(folder: Path) -> list[SeedTicket]:
    """Read the seed tickets of a data folder.

    Raises:
        DataFileError: a line is not as it must be.
    """
    found = []
    for path, number, row in _lines(folder, "tickets"):
        try:
            content = whole_text(row.get("subject", ""), row["description"])
            fields = [row[name] for name in ("id", "category", "priority", "trade")]
        except KeyError as error:
            raise DataFileError(str(path), number, f"the field {error} is missing") from error
        ticket_id, category, priority, trade = fields
        found.append(SeedTicket(ticket_id, content, category, priority, trade, row.get("problem", "")))
    return found


def labelled(folder: Path) -> list[Labelled]:
    """The seed tickets as texts to learn from."""
    return [
        Labelled(item.id, item.text, {"category": item.category, "priority": item.priority}, item.trade)
        for item in tickets(folder)
    ]


def load_cases(
    database: Database, folder: Path, encoder: Encoder, progress: Callable[[int, int], None] = lambda *_: None
) -> int:
    """Put the seed cases into the archive; those already there stay as they are. Answers how many are new."""
    rows: list[dict[str, Any]] = []
    for language in LANGUAGES:
        path = folder / "seed" / f"cases_{language}.jsonl"
        if not path.is_file():
            raise DataFileError(str(path), None, "the file is missing")
        mapping = recognise(columns(path), "cases")
        for row in read_rows(path):
            if not isinstance(row, Row):
                raise DataFileError(str(path), row.number, row.message)
            try:
                rows.append(to_case(row.values, mapping, timezone=UTC, names={}))
            except InputError as error:
                raise DataFileError(str(path), row.number, error.message) from error
    added = 0
    # All or nothing: a part of the archive left by a killed process would be taken for the whole.
    with database.transaction() as session:
        for begin in range(0, len(rows), _BATCH):
            added += cases.write(session, rows[begin : begin + _BATCH], encoder, datetime.now(UTC)).added
            progress(min(begin + _BATCH, len(rows)), len(rows))
    return added


def _lines(folder: Path, kind: str) -> Iterator[tuple[Path, int, dict[str, str]]]:
    for language in LANGUAGES:
        path = folder / "seed" / f"{kind}_{language}.jsonl"
        if not path.is_file():
            raise DataFileError(str(path), None, "the file is missing")
        with path.open("rb") as file:
            for number, line in enumerate(file, 1):
                if not line.strip():
                    continue
                try:
                    row = json.loads(line)
                except ValueError as error:
                    raise DataFileError(str(path), number, f"no valid JSON: {error}") from error
                if not isinstance(row, dict) or not all(isinstance(value, str) for value in row.values()):
                    raise DataFileError(str(path), number, "a line is one JSON object of texts")
                yield path, number, row
