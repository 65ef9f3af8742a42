"""Tickets over HTTP: open, list, read, decide, move on."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from fastapi.testclient import TestClient

URL = "/api/v1/tickets"
PRINTER = "打印机无法启动，指示灯不亮"
Problem = Callable[..., dict[str, Any]]


@pytest.fixture
def ticket(client: TestClient) -> dict[str, Any]:
    """An opened ticket, as answered."""
    answer = client.post(URL, json={"id": "t-1", "text": PRINTER, "customer": "某公司", "channel": "phone"})
    assert answer.status_code == 201, answer.text
    opened: dict[str, Any] = answer.json()
    return opened


def test_opened_ticket_carries_the_suggestion(ticket: dict[str, Any]) -> None:
    stored, found = ticket["ticket"], ticket["assessment"]
    assert stored["id"] == "t-1"
    assert stored["description"] == PRINTER
    assert stored["status"] == "triaged"
    assert stored["category"] == found["category"]["label"] == "hardware"
    assert stored["team"] == found["route"]["team"]
    assert stored["due_at"] is not None


def test_an_id_is_made(client: TestClient) -> None:
    made = client.post(URL, json={"text": PRINTER}).json()["ticket"]["id"]
    assert client.get(f"{URL}/{made}").json()["ticket"]["id"] == made


def test_duplicate_id_is_a_conflict(client: TestClient, ticket: dict[str, Any], problem: Problem) -> None:
    body = problem(client.post(URL, json={"id": "t-1", "text": "another"}), 409, "conflict")
    assert body["field"] == "id"
    assert client.get(f"{URL}/t-1").json()["ticket"]["description"] == PRINTER


def test_unknown_channel_is_refused(client: TestClient, problem: Problem) -> None:
    body = problem(client.post(URL, json={"text": "a", "channel": "pigeon"}), 422, "invalid_input")
    assert body["field"] == "channel"


def test_time_without_zone_is_refused(client: TestClient, problem: Problem) -> None:
    sent = {"text": "a", "received_at": "2026-03-01T09:00:00"}
    problem(client.post(URL, json=sent), 422, "invalid_input")


def test_pages_cover_every_ticket_once(client: TestClient) -> None:
    names = [f"t-{number}" for number in range(7)]
    for name in names:
        client.post(URL, json={"id": name, "text": f"{PRINTER} {name}"})
    seen: list[str] = []
    cursor: str | None = None
    pages = 0
    while True:
        query = {"limit": "3"} | ({"cursor": cursor} if cursor else {})
        page = client.get(URL, params=query).json()
        seen += [item["id"] for item in page["tickets"]]
        pages += 1
        cursor = page["next_cursor"]
        if cursor is None:
            break
        client.post(URL, json={"id": f"late-{pages}", "text": "a ticket that comes in between"})
    assert pages == 3
    assert seen == names[::-1]


def test_list_is_filtered(client: TestClient, ticket: dict[str, Any]) -> None:
    assert len(client.get(URL, params={"category": "hardware"}).json()["tickets"]) == 1
    assert client.get(URL, params={"category": "consult"}).json() == {"tickets": [], "next_cursor": None}


@pytest.mark.parametrize("cursor", ["x", "-1", "²", "9" * 40, ""])
def test_wrong_cursor_is_refused(client: TestClient, problem: Problem, cursor: str) -> None:
    assert problem(client.get(URL, params={"cursor": cursor}), 422, "invalid_input")["field"] == "cursor"


def test_read_shows_what_was_suggested(client: TestClient, ticket: dict[str, Any]) -> None:
    read = client.get(f"{URL}/t-1").json()
    assert {key: value for key, value in read["ticket"].items() if key != "due_at"} == {
        key: value for key, value in ticket["ticket"].items() if key != "due_at"
    }
    due = [datetime.fromisoformat(one["ticket"]["due_at"]) for one in (read, ticket)]
    assert due[0] == due[1]
    assert {row["target"] for row in read["decisions"]} == {"category", "priority"}
    assert [row["final"] for row in read["decisions"]] == [None, None]
    assert [row["after"] for row in read["transitions"]] == ["triaged"]


def test_accepting_confirms_the_suggestion(client: TestClient, ticket: dict[str, Any]) -> None:
    answer = client.post(f"{URL}/t-1/decision", json={"by": "anna"})
    assert answer.status_code == 200, answer.text
    read = answer.json()
    final = {row["target"]: (row["suggested"], row["final"], row["decided_by"]) for row in read["decisions"]}
    assert final["category"] == ("hardware", "hardware", "anna")
    assert read["ticket"]["status"] == "assigned"


def test_correcting_replaces_the_suggestion(client: TestClient, ticket: dict[str, Any]) -> None:
    sent = {"category": "consult", "priority": "normal", "owner": "王工", "by": "li", "reason": "只是咨询"}
    read = client.post(f"{URL}/t-1/decision", json=sent).json()
    assert (read["ticket"]["category"], read["ticket"]["priority"]) == ("consult", "normal")
    assert read["ticket"]["owner"] == "王工"
    final = {row["target"]: (row["suggested"], row["final"]) for row in read["decisions"]}
    assert final["category"] == ("hardware", "consult")
    assert client.get(f"{URL}/t-1").json() == read


@pytest.mark.parametrize("wrong", [{"category": "plumbing"}, {"category": "consult", "priority": "p9"}])
def test_unknown_label_changes_nothing(
    client: TestClient, ticket: dict[str, Any], problem: Problem, wrong: dict[str, str]
) -> None:
    before = client.get(f"{URL}/t-1").json()
    body = problem(client.post(f"{URL}/t-1/decision", json=wrong), 422, "invalid_input")
    assert body["field"] == list(wrong)[-1]
    assert client.get(f"{URL}/t-1").json() == before


def test_characters_no_database_takes_are_removed(client: TestClient, ticket: dict[str, Any]) -> None:
    sent = b'{"by": "anna\\u0000", "reason": "seen\\u0007"}'
    headers = {"content-type": "application/json"}
    answer = client.post(f"{URL}/t-1/decision", content=sent, headers=headers)
    assert answer.status_code == 200, answer.text
    assert "\x00" not in answer.json()["decisions"][-1]["decided_by"]


def test_allowed_steps_are_taken(client: TestClient, ticket: dict[str, Any]) -> None:
    for status in ("assigned", "confirmed", "in_progress"):
        assert client.post(f"{URL}/t-1/transition", json={"status": status}).status_code == 200
    sent = {"status": "solved", "by": "bo", "note": "换了电源", "solution": "更换电源", "satisfaction": 5}
    read = client.post(f"{URL}/t-1/transition", json=sent).json()
    assert read["ticket"]["status"] == "solved"
    assert read["ticket"]["finished_at"] is not None
    assert (read["ticket"]["solution"], read["ticket"]["satisfaction"]) == ("更换电源", 5)
    assert read["transitions"][-1]["by"] == "bo"


def test_refused_step_is_a_conflict(client: TestClient, ticket: dict[str, Any], problem: Problem) -> None:
    body = problem(client.post(f"{URL}/t-1/transition", json={"status": "closed"}), 409, "conflict")
    assert "assigned" in body["detail"]
    assert client.get(f"{URL}/t-1").json()["ticket"]["status"] == "triaged"


@pytest.mark.parametrize(
    ("method", "path", "sent"),
    [
        ("GET", "/nobody", None),
        ("POST", "/nobody/decision", {}),
        ("POST", "/nobody/transition", {"status": "assigned"}),
    ],
)
def test_unknown_ticket_is_not_found(
    client: TestClient, problem: Problem, method: str, path: str, sent: dict[str, str] | None
) -> None:
    assert problem(client.request(method, URL + path, json=sent), 404, "not_found")["field"] == "ticket_id"
