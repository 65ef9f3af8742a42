"""Reading seed tickets and cases from a small folder: content, repetition, broken lines, the match curve."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import func, select

from kb.database import Database
from kb.tables import Case
from models.encoder import Encoder
from models.errors import DataFileError
from triage import seed


def _append(folder: Path, name: str, line: bytes) -> int:
    path = folder / "seed" / name
    path.write_bytes(path.read_bytes() + line + b"\n")
    return len(path.read_bytes().splitlines())


def test_tickets_of_both_languages_are_read(data_folder: Path) -> None:
    line = '{"id": "x", "subject": "标题", "description": "内容", "category": "other", '
    line += '"priority": "normal", "trade": "t"}'
    _append(data_folder, "tickets_zh.jsonl", line.encode())

    found = {item.id: item for item in seed.tickets(data_folder)}

    assert len(found) == 19
    assert found["x"] == seed.SeedTicket("x", "标题\n内容", "other", "normal", "t", "")
    assert found["en-login-loop-0"].problem == "login-loop"


def test_labelled_texts_carry_both_labels_and_their_trade(data_folder: Path) -> None:
    row = next(row for row in seed.labelled(data_folder) if row.id == "zh-printer-dead-0")

    assert row.labels == {"category": "hardware", "priority": "important"}
    assert row.group == "printer-dead-desk"
    assert row.text == "打印机按电源键没有反应 1"


def test_cases_are_loaded_once(data_folder: Path, database: Database, encoder: Encoder) -> None:
    told: list[tuple[int, int]] = []

    assert seed.load_cases(database, data_folder, encoder, lambda *step: told.append(step)) == 6
    assert seed.load_cases(database, data_folder, encoder) == 0

    assert told[-1] == (6, 6)
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Case)) == 6
        case = session.scalars(select(Case).where(Case.id == "case-login-loop-en")).one()
    assert (case.language, case.category) == ("en", "software")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (b'{"id": "x"', "no valid JSON"),
        (b'{"id": "\xff\xfe"}', "no valid JSON"),
        (b'["x"]', "one JSON object"),
        (b'{"id": "x", "description": 5}', "one JSON object"),
        (b'{"id": "x", "description": "y"}', "category"),
    ],
)
def test_a_broken_line_of_tickets_is_named(data_folder: Path, line: bytes, message: str) -> None:
    number = _append(data_folder, "tickets_en.jsonl", line)

    with pytest.raises(DataFileError, match=message) as raised:
        seed.tickets(data_folder)

    assert raised.value.line == number
    assert f"tickets_en.jsonl:{number}:" in raised.value.message


@pytest.mark.parametrize(
    "line", [b'{"id": "x"', b'{"id": "x", "problem": "p", "hours": "soon"}', b'{"id": 1}']
)
def test_a_broken_line_of_cases_is_named_and_nothing_loaded(
    data_folder: Path, database: Database, encoder: Encoder, line: bytes
) -> None:
    number = _append(data_folder, "cases_en.jsonl", line)

    with pytest.raises(DataFileError, match=rf"cases_en.jsonl:{number}"):
        seed.load_cases(database, data_folder, encoder)

    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Case)) == 0
