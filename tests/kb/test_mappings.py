"""Mappings: chosen by a person, known of another system, stored with an import; and previews of all that."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from kb import mappings, tickets, transfer
from kb.columns import recognise
from kb.database import Database
from kb.mappings import Choice, Ready, find_ready
from kb.preview import Preview, preview
from kb.tables import Import
from kb.transfer import Source
from models.encoder import Encoder
from models.errors import ConflictError, FileFormatError, InputError

DESK = Ready(
    "desk",
    "Desk",
    ("Ref", "Heading"),
    {"tickets": {"Ref": "id", "Heading": "subject", "Urgency level": "priority", "Resolution": "-"}},
    {"priority": {"p1": "urgent", "p2": "normal", "*": ""}},
)
NAMES = {"priority": {"urgent": "urgent", "normal": "normal"}, "category": {"hardware": "hardware"}}
SOURCE = Source(ZoneInfo("UTC"), NAMES, (DESK,))
Look = Callable[..., Preview]


@pytest.fixture
def look(tmp_path: Path) -> Look:
    def done(content: str, kind: str = "tickets", **chosen: object) -> Preview:
        path = tmp_path / "a.csv"
        path.write_text(content, encoding="utf-8")
        return preview(path, kind, SOURCE, mappings.choice(**chosen))  # type: ignore[arg-type]

    return done


def test_what_a_person_chose_goes_first() -> None:
    chosen = {"Summary": "subject", "details": "description", "Title": "-"}
    found = recognise(["Summary", "Details", "Title", "id"], "tickets", chosen=chosen)
    assert found.fields == {"id": "id", "subject": "Summary", "description": "Details"}
    assert found.unknown == ["Title"]


@pytest.mark.parametrize(
    ("chosen", "words"),
    [
        ({"Nothing": "subject"}, "the column 'Nothing'; the file has Summary, Body"),
        ({"Summary": "headline"}, "unknown field 'headline'; the fields of tickets are id, received_at"),
        ({"Summary": "subject", "Body": "subject"}, "two columns the field 'subject'"),
    ],
)
def test_a_wrong_choice_names_what_there_is(chosen: dict[str, str], words: str) -> None:
    with pytest.raises(InputError) as caught:
        recognise(["Summary", "Body"], "tickets", chosen=chosen)
    assert words in caught.value.message
    assert caught.value.field == "mapping"


def test_a_choice_may_leave_nothing_that_a_row_needs() -> None:
    with pytest.raises(FileFormatError, match="no column for description or subject"):
        recognise(["text"], "tickets", chosen={"text": "remark"})


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("Summary=subject, Details = description", {"Summary": "subject", "Details": "description"}),
        ("a=b=remark", {"a=b": "remark"}),
        ("Notes=-", {"Notes": "-"}),
        ("", {}),
    ],
)
def test_typed_mappings(words: str, expected: dict[str, str]) -> None:
    assert mappings.from_words(words) == expected


@pytest.mark.parametrize("words", ["Summary", "=subject"])
def test_typed_mappings_that_are_none(words: str) -> None:
    with pytest.raises(InputError, match="column=field"):
        mappings.from_words(words)


@pytest.mark.parametrize("sent", ["{", "[]", '{"a": 1}', '"x"', "[" * 100_000])
def test_sent_mappings_that_are_none(sent: str) -> None:
    with pytest.raises(InputError, match="mapping"):
        mappings.from_json(sent)


def test_a_header_gives_its_system_away() -> None:
    assert find_ready(["ref", "heading", "x"], [DESK]) is DESK
    assert find_ready(["ref", "x"], [DESK]) is None
    assert find_ready(["ref", "heading"], [DESK], "none") is None
    assert find_ready(["other"], [DESK], "desk") is DESK
    with pytest.raises(InputError, match="there are desk, none"):
        find_ready(["other"], [DESK], "jira")


def test_a_ready_mapping_gives_columns_and_values(look: Look) -> None:
    found = look("Ref,Heading,Urgency level,Resolution,Kategorie\n1,a,P1,Fixed,x\n2,b,P9,,\n3,c,normal,,\n")
    assert found.mapping.ready == "desk"
    assert found.mapping.fields == {"id": "Ref", "subject": "Heading", "priority": "Urgency level"}
    # What the mapping leaves out is not taken for a solution by its usual name.
    assert found.mapping.unknown == ["Resolution", "Kategorie"]
    assert [row.get("priority") for row in found.rows] == ["urgent", None, "normal"]


def test_a_preview_shows_all_that_was_guessed(look: Look) -> None:
    lines = [
        f"{n};p{n};{'hardware' if n % 50 else 'plumbing'};0{n % 9 + 1}/2{n % 8}/2026" for n in range(1, 1201)
    ]
    found = look("id;problem;category;created\n" + "\n".join(lines) + "\n", "cases")
    assert (found.shape.kind, found.shape.encoding, found.shape.delimiter) == ("csv", "utf-8-sig", ";")
    assert (found.survey.rows, found.checked, len(found.rows)) == (1200, 1000, 20)
    assert found.survey.orders == {"created_at": "month-first"}
    assert len(found.bad) == 20
    assert found.reasons == {"category": 20}
    assert (found.bad[0].row, found.bad[0].field) == (50, "category")
    assert "plumbing" in found.bad[0].message
    assert found.rows[0]["created_at"] == datetime.fromisoformat("2026-02-21T00:00:00+00:00")
    assert found.error == ""


def test_a_preview_says_what_cannot_be_decided(look: Look) -> None:
    content = "id,description,received_at\n1,a,03/04/2026\n2,b,05/06/2026\n"
    found = look(content)
    assert found.survey.unclear == ("received_at",)
    assert "day first or month first" in found.error
    assert "day-first or month-first" in found.error
    decided = look(content, dates="day-first")
    assert decided.error == ""
    assert decided.rows[0]["received_at"] == datetime.fromisoformat("2026-04-03T00:00:00+00:00")


def test_dates_of_one_file_are_read_alike(look: Look) -> None:
    found = look("id,description,received_at,due_at\n1,a,03/04/2026,13/04/2026\n")
    assert found.survey.orders == {"received_at": "day-first", "due_at": "day-first"}
    mixed = look("id,description,received_at\n1,a,13/04/2026\n2,b,04/13/2026\n")
    assert mixed.survey.mixed == ("received_at",)
    assert "some that are only right day first" in mixed.error


def test_a_preview_of_half_a_file_shows_what_is_there(look: Look) -> None:
    found = look('id,description\n1,fine\n2,"never closed\n')
    assert [row["id"] for row in found.rows] == ["1"]
    assert found.survey.rows is None
    assert "never closed" in found.error


def test_an_order_of_dates_that_is_none() -> None:
    with pytest.raises(InputError, match="day-first or month-first"):
        mappings.choice(dates="year-first")


def test_dates_that_nobody_can_read_stop_the_import_before_its_first_row(
    database: Database, encoder: Encoder, now: datetime, tmp_path: Path
) -> None:
    path = tmp_path / "a.csv"
    path.write_text("id,description,received_at\n1,a,03/04/2026\n")
    import_id = transfer.start(database, path, "tickets", now, runner="command")
    row = transfer.run(database, import_id, encoder, SOURCE, lambda: now)
    assert (row.state, row.cursor, row.added) == ("failed", 0, 0)
    assert "'received_at'" in row.error
    choice = mappings.choice(dates="month-first")
    import_id = transfer.start(database, path, "tickets", now, runner="command", choice=choice)
    row = transfer.run(database, import_id, encoder, SOURCE, lambda: now)
    assert (row.state, row.added) == ("done", 1)
    with database.reading() as session:
        assert tickets.get(session, "1").received_at.isoformat() == "2026-03-04T00:00:00+00:00"


class KilledError(Exception):
    """The process ends here."""


def killed(row: Import) -> None:
    raise KilledError


def test_an_import_that_goes_on_keeps_its_mapping(
    database: Database, encoder: Encoder, now: datetime, tmp_path: Path
) -> None:
    path = tmp_path / "a.csv"
    path.write_text("id,description,extra\n" + "".join(f"t{n},text,note {n}\n" for n in range(150)))
    choice = Choice({"extra": "remark", "description": "subject"})
    import_id = transfer.start(database, path, "tickets", now, runner="command", choice=choice)
    with pytest.raises(KilledError):
        transfer.run(database, import_id, encoder, SOURCE, lambda: now, killed)
    assert transfer.start(database, path, "tickets", now, runner="command") == import_id
    row = transfer.run(database, import_id, encoder, SOURCE, lambda: now)
    assert (row.state, row.added, row.total) == ("done", 150, 150)
    with database.reading() as session:
        last = tickets.get(session, "t149")
    assert (last.remark, last.subject) == ("note 149", "text")


def test_another_mapping_begins_again(
    database: Database, encoder: Encoder, now: datetime, tmp_path: Path
) -> None:
    path = tmp_path / "a.csv"
    path.write_text("id,description,extra\n" + "".join(f"t{n},text,note {n}\n" for n in range(150)))
    import_id = transfer.start(database, path, "tickets", now, runner="command")
    with pytest.raises(KilledError):
        transfer.run(database, import_id, encoder, SOURCE, lambda: now, killed)
    transfer.start(database, path, "tickets", now, runner="command", choice=Choice({"extra": "remark"}))
    row = transfer.run(database, import_id, encoder, SOURCE, lambda: now)
    assert (row.added, row.changed) == (50, 100)
    with database.reading() as session:
        assert tickets.get(session, "t0").remark == "note 0"


def test_the_service_is_not_disturbed_with_another_mapping(
    database: Database, now: datetime, tmp_path: Path
) -> None:
    path = tmp_path / "a.csv"
    path.write_text("id,description,extra\n1,a,b\n")
    transfer.start(database, path, "tickets", now, runner="service")
    with pytest.raises(ConflictError, match="another mapping"):
        transfer.start(database, path, "tickets", now, runner="service", choice=Choice({"extra": "remark"}))


def test_a_wrong_choice_begins_nothing(database: Database, now: datetime, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("id,description\n1,a\n")
    with pytest.raises(InputError):
        transfer.start(database, path, "tickets", now, runner="command", choice=Choice({"x": "id"}))
    with database.reading() as session:
        assert transfer.unfinished(session) == []
