"""A customer's data taken out of everything that is stored."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from sqlalchemy import JSON, String, select

from kb import (
    cases,
    causes,
    decisions,
    erasing,
    export,
    group_comments,
    ledger,
    measures,
    tickets,
)
from kb.database import Database
from kb.documents import documents, fingerprint
from kb.erasing import PLACES, Erased
from kb.ledger import Question
from kb.search import Hit
from kb.tables import (
    Base,
    Case,
    CaseDocument,
    CaseUse,
    Import,
    ImportProblem,
    IndexTask,
    ProblemGroup,
    Ticket,
    TicketDocument,
)
from kb.ticket_documents import fill
from models.encoder import Encoder
from models.errors import InputError

NAME, PERSON, PHONE, MAIL = "星河精密机械有限公司", "李雷霆", "139 1234 5678", "lei@xinghe.example"
WIDE = "ａｃｍｅ ｔｏｏｌｓ"
SECRETS = (NAME, PERSON, "13912345678", PHONE, MAIL, "13655556666")
KEPT = {
    "codes and numbers": """category priority team status channel customer_tier language version target
        suggested band final model_version before after cause_code cause_kind code kind target_kind
        fingerprint made_with collection building retired state runner field id ticket_id content_hash
        replaced_by from_ticket""",
    "people of the organisation itself": "owner by decided_by used_by who",
    "accounts and what they did, of the organisation itself": """name role password secret_hash scope action
        subject detail""",
    "names of a file's columns": "choice columns orders",
}
"""The texts that are not looked through, and why."""


def whose(database: Database) -> dict[str, Any]:
    """The texts of all places, for comparing."""
    with database.reading() as session:
        return {
            f"{place.table.__tablename__}.{name}": list(session.scalars(select(getattr(place.table, name))))
            for place in PLACES
            for name in place.columns
        }


@pytest.fixture
def question(encoder: Encoder) -> Callable[[str], Question]:
    return lambda content: Question(encoder.encode([content])[0], fingerprint(encoder))


@pytest.fixture
def full(
    database: Database, encoder: Encoder, now: datetime, question: Callable[[str], Question]
) -> Database:
    """A customer's data wherever they can be, beside another customer's."""
    own = {
        "id": "t1",
        "subject": f"{NAME}的打印机坏了",
        "description": f"{PERSON}说 HX-300 开不了机，另有号码13655556666",
        "customer": NAME,
        "contact_person": PERSON,
        "contact": f"{PHONE}; {MAIL}",
        "solution": f"已电话13912345678告知{PERSON}",
        "remark": "VIP",
    }
    other = own | {
        "id": "t2",
        "subject": "登录失败",
        "description": f"与{NAME}同样的问题，联系人王芳13700001111",
        "customer": "北辰贸易",
        "contact_person": "前台",
        "contact": "13700001111",
        "solution": "重启",
    }
    with database.transaction() as session:
        tickets.write(session, [own, other], now)
        ticket = tickets.get(session, "t1")
        tickets.move(session, ticket, "triaged", by="a", now=now, note=f"{PERSON}催办")
        decisions.decide(session, ticket, "category", "hardware", by="a", now=now, reason=f"{NAME}要求")
        causes.record(
            session,
            "t1",
            code="unknown",
            kind="accidental",
            cause=f"{NAME}机房潮湿",
            whys=[{"why": f"{PERSON}没有关窗", "because": [{"why": MAIL, "because": []}]}],
            by="a",
            now=now,
        )
        rows = [
            {
                "id": "c1",
                "problem": f"{NAME}的打印机HX-300无法开机",
                "solution": "更换电源板",
                "keywords": [NAME, "打印机"],
            },
            {"id": "c2", "problem": "登录报错 0x80070005", "solution": f"像{PERSON}那样以管理员运行"},
            {"id": "c3", "problem": "显示器花屏", "solution": "换线"},
        ]
        cases.write(session, rows, encoder, now)
        ledger.record(
            session,
            "c1",
            worked=True,
            used_at=now,
            ticket_id="t1",
            note=f"{NAME}确认",
            question=question(f"{NAME}{PERSON}"),
        )
        row = Import(
            id="tickets-1",
            kind="tickets",
            file_name=f"{NAME}.csv",
            stored_as=f"/tmp/{NAME}.csv",
            state="done",
            runner="command",
            started_at=now,
            columns=["客户名称"],
        )
        session.add(row)
        session.flush()
        session.add(
            ImportProblem(import_pk=row.pk, row=1, message="bad", cells={"客户": NAME, "电话": "13800001111"})
        )
        session.add(
            ImportProblem(
                import_pk=row.pk, row=2, message=f"no such tier {NAME!r}", cells={"备注": f"见{NAME}"}
            )
        )
        session.add(ProblemGroup(id="g1", name=f"{NAME}打印机", created_at=now))
        session.flush()
        group_comments.add(session, "g1", PERSON, by="a", now=now)
        measures.note(
            session,
            what=f"为{NAME}换电源",
            who="a",
            target_kind="cause",
            target="unknown",
            since=now,
            now=now,
        )
        keys = list(session.scalars(select(Ticket.pk)))
    fill(database, encoder, keys)
    return database


def erase(database: Database, encoder: Encoder, question: Any, name: str = NAME, **options: Any) -> Erased:
    with database.transaction() as session:
        return erasing.erase(session, name, encoder, question, **options)


def test_every_text_of_every_table_is_looked_through_or_left_for_a_reason() -> None:
    looked = {(place.table.__tablename__, name) for place in PLACES for name in place.columns}
    left = {name for names in KEPT.values() for name in names.split()}
    for table in Base.metadata.sorted_tables:
        for column in table.columns:
            if isinstance(column.type, String | JSON) and (table.name, column.name) not in looked:
                assert column.name in left, f"{table.name}.{column.name} is in no place of kb.erasing"


def test_nothing_of_the_customer_is_left_in_any_table(
    full: Database, encoder: Encoder, question: Callable[[str], Question]
) -> None:
    before = repr(whose(full))
    done = erase(full, encoder, question)

    assert [secret for secret in SECRETS if secret not in before] == []
    assert [secret for secret in SECRETS if secret in repr(whose(full))] == []
    assert done.tickets == 1
    assert done.rows == {
        "tickets": 2,
        "transitions": 1,
        "decisions": 1,
        "ticket_causes": 1,
        "cases": 2,
        "case_uses": 1,
        "imports": 1,
        "import_problems": 2,
        "problem_groups": 1,
        "group_comments": 1,
        "measures": 1,
    }
    with full.reading() as session:
        own, other = tickets.get(session, "t1"), tickets.get(session, "t2")
        assert (own.customer, own.contact_person, own.contact) == ("", "", "")
        assert own.subject == "[客户]的打印机坏了"
        assert own.description == "[姓名]说 HX-300 开不了机，另有号码[手机号]"
        assert (other.customer, other.contact, other.contact_person) == ("北辰贸易", "13700001111", "前台")
        assert other.description == "与[客户]同样的问题，联系人王芳13700001111"
        assert cases.get(session, "c1").keywords == ["[客户]", "打印机"]
        assert session.scalars(select(ImportProblem.cells).order_by(ImportProblem.row)).all() == [
            {},
            {"备注": "见[客户]"},
        ]


def test_a_namesake_of_another_customer_stays_in_their_contact(
    full: Database, encoder: Encoder, question: Callable[[str], Question], now: datetime
) -> None:
    other = {
        "id": "t3",
        "description": "x",
        "customer": "北辰贸易",
        "contact_person": PERSON,
        "contact": PHONE,
    }
    with full.transaction() as session:
        tickets.write(session, [other], now)
    erase(full, encoder, question)
    with full.reading() as session:
        kept = tickets.get(session, "t3")

    # The telephone is the customer's own, a name can be anybody's.
    assert (kept.customer, kept.contact_person, kept.contact) == ("北辰贸易", PERSON, "[contact]")


def test_search_goes_on_with_the_text_that_is_left(
    full: Database, encoder: Encoder, question: Callable[[str], Question], now: datetime
) -> None:
    with full.transaction() as session:
        session.query(IndexTask).delete()
    erase(full, encoder, question)
    with full.reading() as session:
        for case_id in ("c1", "c2", "c3"):
            case = cases.get(session, case_id)
            stored = session.get_one(CaseDocument, case.pk)
            (made,) = documents([cases.searched_text(case)], encoder)
            assert stored.words == made.words.tobytes()
            assert stored.vectors == made.vectors.tobytes()
        outstanding = set(session.scalars(select(IndexTask.case_pk)))
        touched = session.scalars(select(Case.pk).where(Case.id.in_(["c1", "c2"])))
        assert outstanding == set(touched)
        use = session.scalars(select(CaseUse)).one()
        assert use.question is not None
        again = question(tickets.text_of(session, "t1")).vector.astype(np.float16)
        assert np.array_equal(np.frombuffer(use.question, np.float16), again)
        with_document = set(session.scalars(select(TicketDocument.ticket_pk)))
        assert not with_document & set(session.scalars(select(Ticket.pk)))


def test_repeated_it_finds_nothing_and_changes_nothing(
    full: Database, encoder: Encoder, question: Callable[[str], Question]
) -> None:
    erase(full, encoder, question)
    after = whose(full)
    again = erase(full, encoder, question)

    assert not again.anything
    assert whose(full) == after


def test_a_preview_counts_the_same_and_changes_nothing(
    full: Database, encoder: Encoder, question: Callable[[str], Question]
) -> None:
    before = whose(full)
    told = erase(full, encoder, question, preview=True)

    assert whose(full) == before
    assert told == erase(full, encoder, question)


def test_the_same_file_imported_again_does_not_bring_it_back(
    full: Database, encoder: Encoder, question: Callable[[str], Question], now: datetime
) -> None:
    row = {"id": "c9", "problem": f"{NAME}的扫描仪卡纸"}
    for expected in ((1, 0), (0, 1)):
        with full.transaction() as session:
            written = cases.write(session, [row], encoder, now)
        assert (written.added, written.unchanged) == expected
        erase(full, encoder, question)
    with full.reading() as session:
        assert cases.get(session, "c9").problem == "[客户]的扫描仪卡纸"


def test_names_are_found_however_they_are_spelled(
    database: Database, encoder: Encoder, question: Callable[[str], Question], now: datetime
) -> None:
    row = {
        "id": "t1",
        "description": f"ACME  Tools called; Acmes stays. {WIDE}. Acme T. asked",
        "customer": "acme tools",
    }
    with database.transaction() as session:
        tickets.write(session, [row], now)
    assert erase(database, encoder, question, "Acme Tools", also=["Acme T."]).tickets == 1
    with database.reading() as session:
        assert tickets.get(session, "t1").description == (
            "[customer] called; Acmes stays. [customer]. [customer] asked"
        )


@pytest.mark.parametrize("name", ["", " ", "李"])
def test_a_name_that_says_nothing_is_refused(
    database: Database, encoder: Encoder, question: Callable[[str], Question], name: str
) -> None:
    with pytest.raises(InputError, match="at least two") as caught:
        erase(database, encoder, question, name)
    assert caught.value.field == "customer"


def test_a_running_import_is_told_and_keeps_its_file(
    full: Database, encoder: Encoder, question: Callable[[str], Question]
) -> None:
    with full.transaction() as session:
        session.scalars(select(Import)).one().state = "running"
    done = erase(full, encoder, question)

    assert done.imports_running == ("tickets-1",)
    assert whose(full)["imports.stored_as"] == [f"/tmp/{NAME}.csv"]


def raw(database: Database) -> bytes:
    """All bytes that SQLite keeps on the disk."""
    path = Path(database.url.removeprefix("sqlite:///"))
    return b"".join(
        Path(f"{path}{tail}").read_bytes() for tail in ("", "-wal") if Path(f"{path}{tail}").exists()
    )


def test_neither_the_raw_file_nor_an_export_holds_it(
    full: Database, encoder: Encoder, question: Callable[[str], Question]
) -> None:
    assert [secret for secret in SECRETS if secret.encode() not in raw(full)] == []
    erase(full, encoder, question)
    assert full.compact()

    content = raw(full)
    assert [secret for secret in SECRETS if secret.encode() in content] == []
    zone = ZoneInfo("Asia/Shanghai")
    with full.reading() as session:
        told = repr(
            [list(export.rows(session, export.wanted(kind, zone), zone, {})) for kind in ("tickets", "cases")]
        )
    assert "HX-300" in told
    assert [secret for secret in SECRETS if secret in told] == []


def test_a_database_that_others_read_says_that_it_could_not_forget(full: Database) -> None:
    path = full.url.removeprefix("sqlite:///")
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN")
        other.execute("SELECT * FROM tickets").fetchone()
        with full.transaction() as session:
            session.scalars(select(Ticket)).first().remark = "x"  # type: ignore[union-attr]
        with full.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA busy_timeout=50")
        assert not full.compact()
        other.execute("COMMIT")
    assert full.compact()


def test_the_archive_is_found_by_what_is_left(
    archive: Database, encoder: Encoder, question: Callable[[str], Question], ask: Callable[..., list[Hit]]
) -> None:
    assert "jam" in {hit.case_id for hit in ask("HX-300") if hit.shared_terms}
    erase(archive, encoder, question, "HX-300")

    assert ask("paper jams in the printer")[0].case_id == "jam"
    assert "jam" not in {hit.case_id for hit in ask("HX-300") if hit.shared_terms}
