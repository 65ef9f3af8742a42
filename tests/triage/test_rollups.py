"""Shares, Pareto charts and causes of a retrospective."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from kb.history import Past
from triage import rollups
from triage.findings import Cause
from triage.rollups import CauseOf

START = datetime(2026, 3, 2, 1, tzinfo=UTC)
Make = Callable[..., Past]


@pytest.fixture
def make() -> Make:
    def made(number: int, **values: Any) -> Past:
        hours = values.pop("hours", None)
        finished = START + timedelta(hours=hours) if hours is not None else None
        plain = {
            "pk": number,
            "id": f"t{number}",
            "received_at": START,
            "subject": "",
            "description": "x",
            "language": "zh",
            "category": "software",
            "priority": "important",
            "team": "engineering",
            "product": "",
            "version": "",
            "customer": "",
            "status": "closed",
            "finished_at": finished,
            "satisfaction": None,
        }
        return Past(**{**plain, **values})

    return made


def test_a_share_of_nothing_is_unknown() -> None:
    found = rollups.of(0, 0)

    assert (found.share, found.low, found.high) == (None, 0.0, 1.0)


def test_an_interval_holds_its_share_and_narrows_with_more() -> None:
    few, many = rollups.of(3, 4), rollups.of(300, 400)

    assert few.low < 0.75 < few.high
    assert many.high - many.low < few.high - few.low
    assert rollups.of(4, 4).high == 1.0
    assert rollups.of(4, 4).low == pytest.approx(0.51, abs=0.01)


def test_satisfaction_counts_those_asked(make: Make) -> None:
    tickets = [make(1, satisfaction=5), make(2, satisfaction=3), make(3), make(4, satisfaction=4)]

    found = rollups.satisfied(tickets)

    assert (found.hits, found.n, found.ticket_ids) == (2, 3, ("t1", "t4"))


def test_reopened_counts_those_once_finished(make: Make) -> None:
    tickets = [
        make(1, hours=2),
        make(2),
        make(3, hours=2, reached={"reopened": START}),
    ]

    assert (rollups.reopened(tickets).hits, rollups.reopened(tickets).n) == (1, 2)


def test_time_to_solve_leaves_out_what_makes_no_sense(make: Make) -> None:
    tickets = [make(1, hours=2), make(2, hours=8), make(3, hours=-5), make(4)]

    assert rollups.median_hours(tickets) == 5
    assert rollups.median_hours([make(4)]) is None


def test_days_are_local(make: Make) -> None:
    late = make(1, received_at=datetime(2026, 3, 1, 17, tzinfo=UTC))

    (day,) = rollups.days([late], ZoneInfo("Asia/Shanghai"))

    assert (day.date, day.by_category) == ("2026-03-02", (("software", 1),))


def test_causes_tell_recorded_from_guessed(make: Make) -> None:
    tickets = [make(1, hours=1), make(2, hours=2, satisfaction=1), make(3)]
    cause_of = {
        "t1": CauseOf("software_bug", True, False),
        "t2": CauseOf("software_bug", False, True),
    }

    (cause,) = rollups.causes(tickets, cause_of, [])

    assert (cause.size, cause.guessed, cause.systemic) == (2, 1, 1)
    assert (cause.hours, cause.dissatisfied) == (3.0, 1)


def cause(code: str, ids: str) -> Cause:
    return Cause(code, 0, 0, 0.0, 0, (), tuple(ids.split()))


def test_the_vital_few_make_four_fifths(make: Make) -> None:
    tickets = [make(number) for number in range(1, 11)]
    causes = [cause("a", "t1 t2 t3 t4 t5"), cause("b", "t6 t7 t8"), cause("c", "t9"), cause("d", "t10")]

    chart = next(
        item for item in rollups.paretos([], causes, tickets) if (item.of, item.by) == ("cause", "count")
    )

    assert [bar.key for bar in chart.bars] == ["a", "b", "c", "d"]
    assert [bar.cumulative for bar in chart.bars] == [0.5, 0.8, 0.9, 1.0]
    assert chart.vital == 2


def test_tickets_without_a_cause_are_part_of_the_whole(make: Make) -> None:
    tickets = [make(number) for number in range(1, 11)]

    charts = rollups.paretos([], [cause("a", "t1 t2")], tickets)

    chart = next(item for item in charts if (item.of, item.by) == ("cause", "count"))
    assert chart.bars[0].cumulative == 0.2
    assert chart.vital == 0  # four fifths are not reached


def test_a_chart_by_hours_orders_by_hours(make: Make) -> None:
    tickets = [make(1, hours=1), make(2, hours=1), make(3, hours=30)]

    charts = rollups.paretos([], [cause("many", "t1 t2"), cause("long", "t3")], tickets)

    chart = next(item for item in charts if (item.of, item.by) == ("cause", "hours"))
    assert [bar.key for bar in chart.bars] == ["long", "many"]
