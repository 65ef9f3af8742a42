"""A retrospective from the database: groups, causes, gaps, where time went."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from kb import cases, group_comments, ledger, problem_groups, tickets
from kb.database import Database
from kb.tables import TicketCause
from models.encoder import Encoder
from models.errors import InputError
from triage import retrospective
from triage.findings import Gap, Group, Period, Retrospective
from triage.retrospective import Found, Setting
from triage.rules import Rules

ZONE = ZoneInfo("Asia/Shanghai")
MARCH = Period(datetime(2026, 3, 1, tzinfo=ZONE), datetime(2026, 4, 1, tzinfo=ZONE))
APRIL = Period(MARCH.end, datetime(2026, 5, 1, tzinfo=ZONE))
PRINTER = "三楼的HX-300打印机卡纸，进纸轮磨损"
LOGIN = "升级之后客户端登录页面报错0x80070005"
Add = Callable[..., None]


@pytest.fixture
def add(database: Database) -> Add:
    """Store tickets: how many, the text, the day of March they begin on, further fields."""
    made = [0]

    def stored(count: int, text: str, day: int = 5, **values: Any) -> None:
        rows = []
        for number in range(count):
            made[0] += 1
            received = datetime(2026, 3, 1, 2, tzinfo=UTC) + timedelta(days=day, hours=number)
            row = {"id": f"t{made[0]}", "description": f"{text}，第{number}次报修", "received_at": received}
            hours = values.get("hours")
            if hours is not None:
                row["finished_at"] = received + timedelta(hours=hours)
            rows.append(row | {name: value for name, value in values.items() if name != "hours"})
        with database.transaction() as session:
            tickets.write(session, rows, MARCH.start)

    return stored


@pytest.fixture
def found_cases() -> dict[str, Found]:
    """What the archive knows, by a word of the question."""
    return {}


@pytest.fixture
def make(
    database: Database, encoder: Encoder, shipped_rules: Rules, found_cases: dict[str, Found]
) -> Callable[..., Retrospective]:
    def made(period: Period = MARCH) -> Retrospective:
        setting = Setting(
            database=database,
            encoder=encoder,
            clocks=shipped_rules.clocks,
            zone=ZONE,
            find_cases=lambda content: [case for word, case in found_cases.items() if word in content],
            now=datetime(2026, 4, 2, tzinfo=UTC),
        )
        return retrospective.retrospect(setting, period)

    return made


def group_of(found: Retrospective, ticket_id: str) -> Group:
    return next(group for group in found.groups if ticket_id in group.ticket_ids)


def gaps_of(found: Retrospective, kind: str) -> list[Gap]:
    return [gap for gap in found.gaps if gap.kind == kind]


def test_tickets_are_grouped_and_none_is_lost(add: Add, make: Callable[..., Retrospective]) -> None:
    add(5, PRINTER)
    add(4, LOGIN)
    add(1, "Where is the key of the canteen?")

    found = make()

    assert [group.size for group in found.groups] == [5, 4]
    assert found.outside == ("t10",)
    assert set(found.ticket_ids) == {f"t{number}" for number in range(1, 11)}
    assert any("hx-300" in term.casefold() for term in found.groups[0].terms)


def test_a_group_tells_what_it_cost(add: Add, make: Callable[..., Retrospective]) -> None:
    add(2, PRINTER, hours=4, satisfaction=5, priority="urgent", customer="甲公司", team="technical_support")
    add(1, PRINTER, hours=10, satisfaction=1, customer="乙公司", team="technical_support")

    (group,) = make().groups

    assert (group.median_hours, group.urgent, group.customers) == (4, 2, 2)
    assert (group.satisfied.hits, group.satisfied.n) == (2, 3)
    assert group.teams == (("technical_support", 3),)


def test_a_group_is_the_same_next_month(add: Add, make: Callable[..., Retrospective]) -> None:
    add(5, PRINTER, day=5)
    add(4, LOGIN, day=6)
    march = make()
    add(6, PRINTER, day=40)
    april = make(APRIL)

    assert [group.id for group in april.groups] == [group_of(march, "t1").id]
    assert april.groups[0].size == 6
    assert april.groups[0].first_seen < APRIL.start


def test_what_people_said_of_a_group_stays(
    add: Add, make: Callable[..., Retrospective], database: Database
) -> None:
    add(3, PRINTER)
    with database.transaction() as session:
        pass
    group = make().groups[0]
    with database.transaction() as session:
        problem_groups.rename(session, group.id, "进纸轮")
        group_comments.add(session, group.id, "已订货", by="王敏", now=MARCH.end)

    again = make().groups[0]

    assert (again.title, again.named, again.comment) == ("进纸轮", True, "已订货")


def test_a_split_holds_next_month_and_later_tickets_go_to_the_nearer_side(
    add: Add, make: Callable[..., Retrospective], database: Database
) -> None:
    roller, belt = "HX-300打印机卡纸，进纸轮磨损", "HX-300打印机卡纸，定影带断裂有焦味"
    add(6, roller, day=5)
    add(4, belt, day=6)
    (whole,) = make().groups
    with database.transaction() as session:
        made = problem_groups.split(
            session, whole.id, ["t7", "t8", "t9", "t10"], name="定影带", now=MARCH.end
        )
        apart = made.id
    march = make()
    add(3, roller, day=40)
    add(2, belt, day=41)
    april = make(APRIL)

    assert {group.id: group.size for group in march.groups} == {whole.id: 6, apart: 4}
    assert {group.id: set(group.ticket_ids) for group in april.groups} == {
        whole.id: {"t11", "t12", "t13"},
        apart: {"t14", "t15"},
    }
    assert (group_of(april, "t14").title, group_of(april, "t14").split_from) == ("定影带", whole.id)
    with database.transaction() as session:
        problem_groups.rejoin(session, apart)
    (again,) = make(APRIL).groups
    assert (again.id, again.size, again.split_from) == (whole.id, 5, "")


def test_recorded_causes_are_told_from_guesses(
    add: Add, make: Callable[..., Retrospective], database: Database
) -> None:
    add(4, PRINTER)
    with database.transaction() as session:
        session.add(
            TicketCause(ticket_pk=1, code="part_failure", kind="systemic", cause="", whys=[], at=MARCH.start)
        )

    found = make()

    (cause,) = found.causes
    assert (cause.code, cause.size, cause.guessed) == ("part_failure", 4, 3)
    assert (found.groups[0].cause, found.groups[0].cause_guessed) == ("part_failure", False)


def test_the_cause_of_the_likeliest_case_is_a_guess(
    add: Add,
    make: Callable[..., Retrospective],
    database: Database,
    encoder: Encoder,
    found_cases: dict[str, Found],
) -> None:
    with database.transaction() as session:
        rows = [{"id": "roller", "problem": PRINTER, "solution": "换轮", "cause_code": "part_failure"}]
        cases.write(session, rows, encoder, MARCH.start)
    found_cases["HX-300"] = Found("roller", 0.9, proven=True)
    add(3, PRINTER)

    found = make()

    assert (found.groups[0].cause, found.groups[0].cause_guessed) == ("part_failure", True)
    assert found.groups[0].proven_case == "roller"
    assert gaps_of(found, "no_proven_case") == []


def test_many_tickets_without_a_proven_case_are_a_gap(
    add: Add, make: Callable[..., Retrospective], found_cases: dict[str, Found]
) -> None:
    found_cases["HX-300"] = Found("unproven", 0.8, proven=False)
    add(3, PRINTER)

    (gap,) = gaps_of(make(), "no_proven_case")

    assert (gap.count, gap.case_ids) == (3, ("unproven",))


def test_a_case_that_fails_is_a_gap(
    add: Add, make: Callable[..., Retrospective], database: Database, encoder: Encoder
) -> None:
    with database.transaction() as session:
        cases.write(session, [{"id": "bad", "problem": PRINTER, "solution": "重启"}], encoder, MARCH.start)
        for number, worked in enumerate((False, False, True)):
            at = MARCH.start + timedelta(days=number)
            ledger.record(session, "bad", worked=worked, used_at=at, ticket_id=f"t{number + 1}")
    add(3, PRINTER)

    (gap,) = gaps_of(make(), "failing_case")

    assert (gap.key, gap.count, gap.ticket_ids) == ("bad", 2, ("t1", "t2"))


def test_labels_that_disagree_within_a_group_are_shown(add: Add, make: Callable[..., Retrospective]) -> None:
    add(4, PRINTER, category="hardware")
    add(1, PRINTER, category="other")

    (gap,) = gaps_of(make(), "label_conflict")

    assert gap.ticket_ids == ("t5",)


def test_a_category_of_two_large_problems_is_shown(add: Add, make: Callable[..., Retrospective]) -> None:
    add(12, PRINTER, category="hardware")
    add(10, LOGIN, category="hardware")

    (gap,) = gaps_of(make(), "mixed_class")

    assert (gap.key, gap.count) == ("hardware", 22)


def test_late_steps_name_their_tickets(
    add: Add, make: Callable[..., Retrospective], database: Database
) -> None:
    add(2, PRINTER, category="hardware", priority="urgent", team="technical_support", status="triaged")
    with database.transaction() as session:
        first, second = tickets.get(session, "t1"), tickets.get(session, "t2")
        tickets.move(session, first, "assigned", by="a", now=first.received_at + timedelta(minutes=20))
        tickets.move(session, second, "assigned", by="a", now=second.received_at + timedelta(hours=9))

    dispatch = next(step for step in make().steps if step.step == "dispatch")

    assert (dispatch.n, dispatch.late_ids, dispatch.in_time.hits) == (2, ("t2",), 1)
    assert dispatch.p90_hours is not None
    assert dispatch.p90_hours > (dispatch.median_hours or 0)


def test_complaints_are_held_to_a_day(add: Add, make: Callable[..., Retrospective]) -> None:
    add(2, "客服没有人回电话", category="complaint", hours=5)
    add(1, "承诺的上门没有来", category="complaint", hours=50)

    found = make().complaints_in_time

    assert (found.hits, found.n) == (2, 3)


def test_an_empty_period_says_so(make: Callable[..., Retrospective]) -> None:
    found = make()

    assert found.groups == found.outside == found.ticket_ids == ()
    assert found.too_little == ("no_tickets",)


def test_few_tickets_say_so(add: Add, make: Callable[..., Retrospective]) -> None:
    add(3, PRINTER)

    assert {"few_tickets", "no_satisfaction", "no_finish_times"} <= set(make().too_little)


def test_a_period_that_ends_before_it_begins_is_refused(make: Callable[..., Retrospective]) -> None:
    with pytest.raises(InputError, match="ends before"):
        make(Period(MARCH.end, MARCH.start))


def test_the_answer_in_json_has_sizes_and_times(add: Add, make: Callable[..., Retrospective]) -> None:
    add(3, PRINTER)

    answer = retrospective.as_json(make())

    assert answer["period"] == {"start": "2026-03-01T00:00:00+08:00", "end": "2026-04-01T00:00:00+08:00"}
    assert {"id", "title", "terms", "size", "ticket_ids"} <= answer["groups"][0].keys()
    assert answer["groups"][0]["size"] == 3
    assert answer["outside"] == []
