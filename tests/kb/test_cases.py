"""Archived cases and what search needs of them, written as one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime

import pytest
from sqlalchemy import func, select

from kb import cases
from kb.database import Database
from kb.documents import fingerprint
from kb.search import Hit
from kb.tables import CaseDocument, CorpusSize, IndexTask
from models.encoder import Encoder
from models.errors import InputError, NotFoundError

ROW = {
    "id": "c1",
    "problem": "打印机无法开机",
    "solution": "更换电源板",
    "keywords": ["产品故障"],
    "closed_on": date(2026, 3, 1),
    "hours": 2.5,
}


def write(database: Database, encoder: Encoder, now: datetime, *rows: dict[str, object]) -> cases.Written:
    with database.transaction() as session:
        return cases.write(session, rows, encoder, now)


def tasks(database: Database) -> int:
    with database.reading() as session:
        return session.scalar(select(func.count()).select_from(IndexTask)) or 0


def test_a_case_is_stored_with_its_document_and_its_task(
    database: Database, encoder: Encoder, now: datetime
) -> None:
    assert write(database, encoder, now, ROW) == cases.Written(1, 0, 0, ("c1",))
    with database.reading() as session:
        case = cases.get(session, "c1")
        document = session.get_one(CaseDocument, case.pk)
    assert (case.problem, case.language, case.keywords) == ("打印机无法开机", "zh", ["产品故障"])
    assert (case.closed_on, case.hours, case.created_at) == (date(2026, 3, 1), 2.5, now)
    assert (case.cause_code, case.cause_kind) == ("unknown", "accidental")
    assert document.fingerprint == fingerprint(encoder)
    assert tasks(database) == 1


def test_the_same_again_changes_nothing(database: Database, encoder: Encoder, now: datetime) -> None:
    write(database, encoder, now, ROW)
    assert write(database, encoder, now, ROW) == cases.Written(0, 0, 1, ("c1",))
    assert tasks(database) == 1


def test_changed_content_replaces_the_document_and_asks_for_the_index(
    archive: Database, encoder: Encoder, now: datetime, ask: Callable[..., list[Hit]]
) -> None:
    before = tasks(archive)
    with archive.reading() as session:
        documents = session.scalars(select(CorpusSize.documents)).one()
    changed = {
        "id": "vpn",
        "problem": "Monitor flickers",
        "solution": "Swap the cable",
        "category": "hardware",
    }
    assert write(archive, encoder, now, changed) == cases.Written(0, 1, 0, ("vpn",))
    assert tasks(archive) == before + 1
    assert ask("monitor flickers")[0].case_id == "vpn"
    assert ask("monitor flickers")[0].language == "en"
    assert "vpn" not in {hit.case_id for hit in ask("VPN") if hit.shared_terms}
    with archive.reading() as session:
        assert session.scalars(select(CorpusSize.documents)).one() == documents


def test_a_case_without_id_gets_one_from_its_content(
    database: Database, encoder: Encoder, now: datetime
) -> None:
    first = write(database, encoder, now, {"problem": "a b c"})
    second = write(database, encoder, now, {"problem": "a b c"}, {"problem": "d e f"})
    assert (second.added, second.unchanged) == (1, 1)
    assert first.ids[0] == second.ids[0] != second.ids[1]


def test_one_id_twice_in_a_batch_is_one_case(database: Database, encoder: Encoder, now: datetime) -> None:
    assert write(database, encoder, now, ROW, ROW | {"problem": "later"}).ids == ("c1",)
    with database.reading() as session:
        assert cases.get(session, "c1").problem == "later"


@pytest.mark.parametrize("problem", ["", "  \n"])
def test_a_case_needs_a_problem_and_none_of_the_batch_is_written(
    database: Database, encoder: Encoder, now: datetime, problem: str
) -> None:
    with pytest.raises(InputError, match="needs a problem") as caught:
        write(database, encoder, now, ROW, {"id": "c2", "problem": problem})
    assert caught.value.field == "problem"
    with pytest.raises(NotFoundError), database.reading() as session:
        cases.get(session, "c1")


def test_no_rows_are_no_work(database: Database, encoder: Encoder, now: datetime) -> None:
    assert write(database, encoder, now) == cases.Written()


def test_an_unknown_case_is_said(database: Database) -> None:
    with pytest.raises(NotFoundError, match="no case 'c9'"), database.reading() as session:
        cases.get(session, "c9")


def test_another_encoder_makes_new_documents(archive: Database, encoder: Encoder) -> None:
    class Other:
        identity = "other@2"
        dimension = encoder.dimension
        encode = encoder.encode

    def redo(with_encoder: Encoder, most: int) -> int:
        with archive.transaction() as session:
            return cases.reindex(session, with_encoder, most)

    before = tasks(archive)
    assert redo(encoder, 100) == 0
    assert [redo(Other(), 4), redo(Other(), 4), redo(Other(), 4)] == [4, 2, 0]
    assert tasks(archive) == before + 6
    with archive.reading() as session:
        assert set(session.scalars(select(CaseDocument.fingerprint))) == {fingerprint(Other())}
        assert session.scalars(select(CorpusSize.documents)).one() == 6
