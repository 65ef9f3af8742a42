"""Cases drafted from tickets over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient

from kb import causes, tickets
from triage.wiring import Parts

Problem = Callable[..., dict[str, Any]]
TICKET = {
    "id": "t-1",
    "subject": "账号登录异常",
    "description": "周一早上起登录后台一直提示密码错误，已经清过缓存",
    "product": "后台系统",
    "version": "3.2",
    "category": "software",
    "team": "engineering",
    "status": "closed",
    "solution": "解锁账号并重置密码",
    "satisfaction": 5,
}
URL = "/api/v1/tickets/{}/case"


@pytest.fixture
def ticket(parts: Parts, now: datetime) -> Callable[..., str]:
    """Stores a ticket."""

    def stored(**values: Any) -> str:
        row = TICKET | {"received_at": now, "finished_at": now + timedelta(hours=16, minutes=30)} | values
        with parts.database.transaction() as session:
            tickets.write(session, [row], now)
        return str(row["id"])

    return stored


def test_a_draft_has_what_the_ticket_knows(
    client: TestClient, ticket: Callable[..., str], parts: Parts, now: datetime
) -> None:
    made = ticket()
    with parts.database.transaction() as session:
        causes.record(
            session,
            made,
            code="process_gap",
            kind="systemic",
            cause="没有人负责",
            whys=[],
            by="li",
            now=now,
        )
    answer = client.post(URL.format(made), json={"by": "li"})
    assert answer.status_code == 201, answer.text
    case = answer.json()
    wanted = {name: TICKET[name] for name in ("product", "version", "category", "team", "solution")}
    wanted |= {"problem": TICKET["subject"], "symptoms": TICKET["description"], "satisfaction": 5}
    wanted |= {"cause_code": "process_gap", "cause_kind": "systemic", "cause": "没有人负责"}
    # Finished at 03:00 on the next day in Shanghai.
    wanted |= {"hours": 16.5, "closed_on": "2026-03-12", "reopened": False}
    wanted |= {"state": "draft", "from_ticket": "t-1", "id": "case-t-1", "language": "zh"}
    assert {name: case[name] for name in wanted} == wanted
    assert case["keywords"][0].startswith("软件问题-")
    assert "登录异常" in "".join(case["keywords"])
    [event] = client.get("/api/v1/cases/case-t-1/history").json()["events"]
    assert (event["after"], event["by"]) == ("draft", "li")


def test_a_draft_is_not_found_until_it_is_published_and_knows_its_duplicates(
    client: TestClient, ticket: Callable[..., str]
) -> None:
    same = {"id": "same", "problem": TICKET["subject"], "symptoms": TICKET["description"]}
    client.post("/api/v1/cases", json=same | {"solution": TICKET["solution"]})
    for number, problem in enumerate(["发票抬头开错了", "打印机卡纸", "包裹没有收到"]):
        client.post("/api/v1/cases", json={"id": f"o{number}", "problem": problem})
    case = client.post(URL.format(ticket()), json={}).json()
    assert [one["case_id"] for one in case["duplicates"]] == ["same"]
    found = client.get("/api/v1/cases/search", params={"q": "账号登录异常"}).json()["cases"]
    assert case["id"] not in {one["case_id"] for one in found}


def test_a_ticket_without_subject_gives_its_first_sentence(
    client: TestClient, ticket: Callable[..., str]
) -> None:
    made = ticket(subject="", description="打印机无法启动。按了电源键没有反应。", finished_at=None)
    case = client.post(URL.format(made), json={"id": "own"}).json()
    assert (case["id"], case["problem"]) == ("own", "打印机无法启动。")
    assert case["symptoms"] == "打印机无法启动。按了电源键没有反应。"
    assert (case["hours"], case["closed_on"]) == (None, None)


def test_english_tickets_get_english_keywords(client: TestClient, ticket: Callable[..., str]) -> None:
    made = ticket(subject="Login fails", description="Login fails after the password change")
    assert client.post(URL.format(made), json={}).json()["keywords"][0].startswith("software problem - ")


@pytest.mark.parametrize("status", ["received", "assigned", "in_progress", "reopened"])
def test_a_ticket_that_is_not_solved_gives_none(
    client: TestClient, ticket: Callable[..., str], problem: Problem, status: str
) -> None:
    body = problem(client.post(URL.format(ticket(status=status)), json={}), 409, "conflict")
    assert body["detail"] == f"a case is drafted from a ticket that is solved, informed, closed, not {status}"


def test_a_ticket_gives_one_case(client: TestClient, ticket: Callable[..., str], problem: Problem) -> None:
    client.post(URL.format(ticket()), json={})
    assert "'case-t-1'" in problem(client.post(URL.format("t-1"), json={}), 409, "conflict")["detail"]
    other = ticket(id="t-2")
    taken = problem(client.post(URL.format(other), json={"id": "case-t-1"}), 409, "conflict")
    assert taken["field"] == "id"
    assert client.post(URL.format(other), json={}).json()["id"] == "case-t-2"
    problem(client.post(URL.format("nobody"), json={}), 404, "not_found")


def test_a_draft_whose_id_is_taken_gets_another(client: TestClient, ticket: Callable[..., str]) -> None:
    client.post("/api/v1/cases", json={"id": "case-t-1", "problem": "x y z"})
    case = client.post(URL.format(ticket()), json={}).json()
    assert case["id"].endswith("-of-ticket")
    assert case["from_ticket"] == "t-1"
