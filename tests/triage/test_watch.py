"""The watch for surges: raised within hours, told once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from kb import problem_groups, tickets
from kb.database import Database
from models.encoder import Encoder
from triage.retrospective import Setting
from triage.rules import Rules
from triage.watch import Watch, look

NOW = datetime(2026, 3, 11, 15, tzinfo=UTC)
THINGS = ["打印机", "电梯", "空调", "路灯", "水管", "门锁", "投影仪", "洗衣机", "扫描枪", "充电桩"]
FAULTS = ["不亮了", "漏水", "有异响", "打不开", "老是跳闸", "报错", "发热", "卡住", "没反应", "断断续续"]


@pytest.fixture
def make(database: Database, encoder: Encoder, shipped_rules: Rules) -> Callable[..., Setting]:
    rng = np.random.default_rng(0)
    rows: list[dict[str, Any]] = [
        {
            "id": f"t{number}",
            "description": f"{rng.choice(THINGS)}{rng.choice(FAULTS)}，{rng.integers(1, 30)}楼",
            "received_at": NOW - timedelta(days=float(rng.uniform(1, 70))),
        }
        for number in range(200)
    ]

    def made(surge: int, now: datetime = NOW) -> Setting:
        extra = [
            {
                "id": f"s{number}",
                "description": f"支付网关HTTP503，订单全部失败，门店{number}",
                "received_at": NOW - timedelta(minutes=10 * number),
            }
            for number in range(surge)
        ]
        with database.transaction() as session:
            tickets.write(session, [*rows, *extra], NOW)
        zone = ZoneInfo("Asia/Shanghai")
        return Setting(database, encoder, shipped_rules.clocks, zone, lambda _: (), now)

    return made


def test_a_surge_is_found_with_its_tickets(make: Callable[..., Setting]) -> None:
    (found,) = [surge for surge in look(make(10)) if "s0" in surge.ticket_ids]

    assert set(found.ticket_ids) == {f"s{number}" for number in range(10)}
    assert found.observed == 10
    assert found.expected < 1
    assert found.sure > 0.5


def test_a_surge_of_a_named_problem_goes_by_its_name(
    make: Callable[..., Setting], database: Database
) -> None:
    setting = make(10)
    with database.transaction() as session:
        keys = [tickets.get(session, f"s{number}").pk for number in range(10)]
        (known,) = problem_groups.settle(session, [keys], keys, NOW)
        problem_groups.rename(session, known.id, "支付网关")

    (found,) = [surge for surge in look(setting) if "s0" in surge.ticket_ids]

    assert (found.title, found.group_id) == ("支付网关", known.id)


def test_without_one_there_is_none(make: Callable[..., Setting]) -> None:
    assert [surge for surge in look(make(0)) if surge.until > NOW - timedelta(hours=12)] == []


def test_one_that_is_over_is_not_shown(make: Callable[..., Setting]) -> None:
    late = make(10, NOW + timedelta(days=5))

    assert [surge for surge in look(late) if "s0" in surge.ticket_ids] == []


def test_each_is_told_once_and_looked_for_once_an_hour(make: Callable[..., Setting]) -> None:
    watch = Watch()
    first = watch.step(make(10))
    again = watch.step(make(10, NOW + timedelta(minutes=30)))

    assert [surge for surge in first if "s0" in surge.ticket_ids]
    assert again == ()
    assert watch.looked_at == NOW
    assert not watch.due(NOW + timedelta(minutes=59))
    assert watch.due(NOW + timedelta(minutes=60))
    assert watch.step(make(10, NOW + timedelta(hours=2))) == ()


def test_what_was_seen_is_forgotten_and_looked_for_again(make: Callable[..., Setting]) -> None:
    watch = Watch()
    setting = make(10)
    watch.step(setting)
    watch.forget()

    assert watch.found == ()
    assert watch.due(NOW)
    assert watch.step(setting) == ()  # told already
    assert [surge for surge in watch.found if "s0" in surge.ticket_ids]


def test_no_tickets_are_no_problem(database: Database, encoder: Encoder, shipped_rules: Rules) -> None:
    zone = ZoneInfo("Asia/Shanghai")

    assert look(Setting(database, encoder, shipped_rules.clocks, zone, lambda _: (), NOW)) == ()
