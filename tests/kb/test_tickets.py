"""Tickets: opened, moved along, listed."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from kb import tickets
from kb.database import Database
from models.errors import ConflictError, InputError, NotFoundError


def test_a_ticket_is_added_with_what_was_said(database: Database, now: datetime) -> None:
    values = {
        "id": "t1",
        "subject": "打印机",
        "description": "无法开机",
        "customer": "甲公司",
        "channel": "phone",
    }
    with database.transaction() as session:
        tickets.add(session, values, now)
    with database.reading() as session:
        ticket = tickets.get(session, "t1")
    assert (ticket.subject, ticket.description, ticket.customer, ticket.channel) == (
        "打印机",
        "无法开机",
        "甲公司",
        "phone",
    )
    assert (ticket.language, ticket.status, ticket.received_at) == ("zh", "received", now)
    assert (ticket.customer_tier, ticket.category, ticket.finished_at) == ("ordinary", "", None)


def test_a_ticket_without_id_gets_one_of_its_own(database: Database, now: datetime) -> None:
    with database.transaction() as session:
        ids = {tickets.add(session, {"description": "x"}, now).id for _ in range(5)}
    assert len(ids) == 5


def test_an_id_is_given_once(database: Database, now: datetime) -> None:
    with database.transaction() as session:
        tickets.add(session, {"id": "t1", "description": "x"}, now)
    with pytest.raises(ConflictError, match="'t1' exists") as caught, database.transaction() as session:
        tickets.add(session, {"id": "t1", "description": "y"}, now)
    assert caught.value.field == "id"


@pytest.mark.parametrize("values", [{}, {"description": ""}, {"subject": " ", "description": "\n"}])
def test_a_ticket_must_say_something(database: Database, now: datetime, values: dict[str, str]) -> None:
    with pytest.raises(InputError, match="needs a description"), database.transaction() as session:
        tickets.add(session, values, now)


def test_subject_and_description_are_one_text() -> None:
    assert tickets.whole_text(" a ", "b\n") == "a\nb"
    assert tickets.whole_text("", "b") == "b"


def test_an_unknown_ticket_is_said(database: Database) -> None:
    with pytest.raises(NotFoundError, match="no ticket 't9'"), database.reading() as session:
        tickets.get(session, "t9")


def test_a_life_from_beginning_to_end(database: Database, now: datetime) -> None:
    way = ["triaged", "assigned", "confirmed", "in_progress", "solved", "informed", "reopened"]
    way += ["in_progress", "solved", "informed", "closed"]
    with database.transaction() as session:
        ticket = tickets.add(session, {"id": "t1", "description": "x"}, now)
        for hours, status in enumerate(way):
            tickets.move(session, ticket, status, by="li", now=now + timedelta(hours=hours), note=status[:1])
    with database.reading() as session:
        ticket = tickets.get(session, "t1")
        steps = tickets.transitions(session, ticket)
    assert (ticket.status, ticket.finished_at) == ("closed", now + timedelta(hours=8))
    assert [step.after for step in steps] == way
    assert [step.before for step in steps] == ["received", *way[:-1]]
    assert {(step.by, step.note) for step in steps[:1]} == {("li", "t")}


@pytest.mark.parametrize("status", ["solved", "closed", "received", "nonsense", ""])
def test_a_step_that_cannot_follow_is_refused(database: Database, now: datetime, status: str) -> None:
    with database.transaction() as session:
        ticket = tickets.add(session, {"id": "t1", "description": "x"}, now)
        with pytest.raises(ConflictError, match="received can become triaged") as caught:
            tickets.move(session, ticket, status, by="li", now=now)
        assert caught.value.field == "status"
        assert ticket.status == "received"
        assert tickets.transitions(session, ticket) == []


def test_every_status_can_be_left_and_reached() -> None:
    reached = {after for following in tickets.NEXT.values() for after in following}
    assert reached == set(tickets.NEXT) - {"received"}


def test_paging_covers_all_once_even_while_new_ones_arrive(database: Database, now: datetime) -> None:
    with database.transaction() as session:
        for number in range(25):
            tickets.add(session, {"id": f"t{number}", "description": "x"}, now)
    seen: list[str] = []
    cursor, sizes = None, []
    while True:
        with database.transaction() as session:
            page = tickets.page(session, before=cursor, limit=10)
            tickets.add(session, {"description": "new"}, now)
        seen += [ticket.id for ticket in page.tickets]
        sizes.append(len(page.tickets))
        cursor = page.next_cursor
        if cursor is None:
            break
    assert seen == [f"t{number}" for number in reversed(range(25))]
    assert sizes == [10, 10, 5]


def test_a_full_last_page_has_no_next(database: Database, now: datetime) -> None:
    with database.transaction() as session:
        for number in range(4):
            tickets.add(session, {"id": f"t{number}", "description": "x"}, now)
        page = tickets.page(session, limit=2)
        assert tickets.page(session, limit=2, before=page.next_cursor).next_cursor is None
        assert tickets.page(session, limit=4).next_cursor is None


def test_lists_can_be_narrowed(database: Database, now: datetime) -> None:
    with database.transaction() as session:
        for number, category in enumerate(["hardware", "software", "hardware"]):
            values = {"id": f"t{number}", "description": "x", "category": category, "priority": "normal"}
            tickets.add(session, values | {"team": "first_line" if number else "product"}, now)
        ids = [ticket.id for ticket in tickets.page(session, category="hardware").tickets]
        assert ids == ["t2", "t0"]
        assert [t.id for t in tickets.page(session, category="hardware", team="product").tickets] == ["t0"]
        assert tickets.page(session, status="closed").tickets == []
        assert len(tickets.page(session, priority="normal", status="received").tickets) == 3


def test_writing_adds_changes_and_leaves(database: Database, now: datetime) -> None:
    rows = [{"id": "t1", "description": "打印机"}, {"id": "t2", "subject": "only a subject"}]
    with database.transaction() as session:
        assert tickets.write(session, rows, now) == (2, 0, 0)
    changed = [rows[0] | {"description": "printer", "status": "closed"}, rows[1]]
    with database.transaction() as session:
        assert tickets.write(session, changed, now) == (0, 1, 1)
        assert tickets.get(session, "t1").language == "en"
        assert tickets.get(session, "t1").status == "closed"
        assert tickets.get(session, "t2").status == "received"
