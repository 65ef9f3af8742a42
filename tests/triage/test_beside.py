"""What an agent should know beside a ticket that comes in."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from kb import ticket_documents, tickets
from models.encoder import Encoder
from models.errors import TooLargeError
from triage import beside
from triage.settings import Settings
from triage.wiring import Parts
from triage.worker import Worker

pytestmark = pytest.mark.real
PRINTER = "打印机无法启动，按电源键没有反应，指示灯不亮"
OTHERS = (
    "VPN 连不上，提示 error 619",
    "发票抬头开错了，需要重开",
    "请问怎么导出报表到 Excel",
    "客服三天没有回电话",
    "包裹没有收到，物流不更新",
    "登录后报表页面报错 500",
    "显示器屏幕有一道裂纹",
    "空调漏水弄湿了地毯",
)


@pytest.fixture
def parts(tmp_path: Path, real_encoder: Encoder) -> Iterator[Parts]:
    made = Parts(Settings(home=tmp_path / "home", max_text=1000, _env_file=None))
    made.encoder = real_encoder
    with made.database.transaction() as session:
        for number, text in enumerate((PRINTER, *OTHERS)):
            values = {"id": f"t{number}", "description": text, "customer": f"c{number % 2}"}
            tickets.add(session, values, made.now() - timedelta(hours=number))
        old = {"id": "old", "description": PRINTER, "customer": "c0"}
        tickets.add(session, old, made.now() - beside.SINCE - timedelta(hours=1))
        closed = {"id": "closed", "description": PRINTER, "status": "closed", "customer": "c0"}
        tickets.add(session, closed, made.now())
        keys = [row.pk for row in tickets.page(session).tickets]
    ticket_documents.fill(made.database, real_encoder, keys)
    yield made
    made.close()


def test_the_same_problem_is_found_among_open_ones_of_late(parts: Parts) -> None:
    found = beside.look(parts, "打印机又无法启动了，电源键没反应，灯不亮", "")
    assert [row.id for row in found.same_problem] == ["t0"]
    assert list(found.of_customer) == []
    assert beside.look(parts, PRINTER, "", but="t0").same_problem == []


def test_it_is_found_in_the_other_language(parts: Parts) -> None:
    text = "The printer does not start, no reaction to the power key, all lights are off"
    assert [row.id for row in beside.look(parts, text, "").same_problem] == ["t0"]


def test_another_problem_is_none_of_them(parts: Parts) -> None:
    for text in ("密码忘记了怎么重置", "请问怎么开发票", "投影仪灯泡不亮，风扇一直响"):
        assert beside.look(parts, text, "").same_problem == []
    assert beside.look(parts, "  ", "").same_problem == []


def test_the_customers_open_tickets(parts: Parts) -> None:
    ids = [row.id for row in beside.look(parts, "", " c0 ").of_customer]
    assert ids == ["t0", "t2", "t4", "t6", "t8"]


def test_too_long_a_text_is_refused(parts: Parts) -> None:
    with pytest.raises(TooLargeError):
        beside.look(parts, "x" * 1001, "")


def test_the_worker_reads_new_tickets(parts: Parts) -> None:
    text = "投影仪灯泡不亮，风扇一直响"
    with parts.database.transaction() as session:
        tickets.add(session, {"id": "new", "description": text}, parts.now())
    assert beside.look(parts, text, "").same_problem == []
    Worker(parts)._read_tickets()
    assert [row.id for row in beside.look(parts, text, "").same_problem] == ["new"]
