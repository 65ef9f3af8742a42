"""The life of a case over HTTP: states, versions, history, duplicates, merges."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient

from models.errors import IndexUnavailableError
from triage.wiring import Parts

URL = "/api/v1/cases"
CASE = {"id": "c1", "problem": "打印机无法启动，指示灯不亮", "solution": "换电源板", "category": "hardware"}
SAME = {"id": "c2", "problem": "打印机无法启动，指示灯全部不亮", "solution": "换保险管"}
Problem = Callable[..., dict[str, Any]]


@pytest.fixture
def added(client: TestClient, parts: Parts) -> None:
    """A case, and others about something else."""
    for number, problem in enumerate(
        ["发票抬头开错了", "登录后报表页面报错 500", "包裹没有收到", "VPN 连不上"]
    ):
        client.post(URL, json={"id": f"o{number}", "problem": problem})
    assert client.post(URL, json=CASE).status_code == 201
    parts.index().apply(parts.database)


def move(client: TestClient, case_id: str, to: str, **more: Any) -> Any:
    return client.post(f"{URL}/{case_id}/transition", json={"to": to, **more})


def found(client: TestClient, query: str) -> list[str]:
    answer = client.get(f"{URL}/search", params={"q": query, "limit": 50})
    return [case["case_id"] for case in answer.json()["cases"]]


def test_a_case_is_published_at_once_unless_it_is_said_otherwise(client: TestClient, added: None) -> None:
    read = client.get(f"{URL}/c1").json()
    assert (read["state"], read["version_number"], read["expires_on"]) == ("published", 1, None)
    assert (read["replaced_by"], read["from_ticket"]) == ("", "")
    draft = client.post(URL, json=SAME | {"state": "draft", "expires_on": "2031-01-01"}).json()
    assert (draft["state"], draft["expires_on"]) == ("draft", "2031-01-01")
    assert found(client, CASE["problem"])[0] == "c1"
    assert "c2" not in found(client, CASE["problem"])


def test_from_draft_to_published_and_back(client: TestClient, added: None, problem: Problem) -> None:
    client.post(URL, json=SAME | {"state": "draft", "by": "li"})
    said = problem(move(client, "c2", "published"), 409, "conflict")["detail"]
    assert said == "a case that is draft can become review, replaced, withdrawn, not published"
    assert move(client, "c2", "review").json()["state"] == "review"
    listed = client.get(URL, params={"state": "review"}).json()
    assert [case["id"] for case in listed["cases"]] == ["c2"]
    assert move(client, "c2", "published", by="wang", note="tested").json()["state"] == "published"
    assert "c2" in found(client, CASE["problem"])
    assert move(client, "c2", "withdrawn").status_code == 200
    assert "c2" not in found(client, CASE["problem"])
    events = client.get(f"{URL}/c2/history").json()["events"]
    assert [event["after"] for event in events] == ["draft", "review", "published", "withdrawn"]
    assert (events[0]["by"], events[2]["by"], events[2]["note"]) == ("li", "wang", "tested")


@pytest.mark.parametrize(
    "body", [{}, {"to": "lost"}, {"to": "replaced"}, {"to": "expired", "replaced_by": "o1"}]
)
def test_a_wrong_transition_is_refused(
    client: TestClient, added: None, problem: Problem, body: dict[str, str]
) -> None:
    problem(client.post(f"{URL}/c1/transition", json=body), 422, "invalid_input")
    assert client.get(f"{URL}/c1").json()["state"] == "published"


def test_a_changed_case_is_a_new_version(client: TestClient, added: None, problem: Problem) -> None:
    body = {"problem": CASE["problem"], "solution": "先换保险管", "by": "li", "note": "cheaper"}
    changed = client.put(f"{URL}/c1", json=body | {"version_number": 1})
    assert changed.status_code == 200, changed.text
    assert (changed.json()["version_number"], changed.json()["category"]) == (2, "")
    assert problem(client.put(f"{URL}/c1", json=body | {"version_number": 1}), 409, "conflict")["field"] == (
        "version_number"
    )
    same = client.put(f"{URL}/c1", json=body | {"version_number": 2}).json()
    assert same["version_number"] == 2
    first, second = client.get(f"{URL}/c1/versions").json()["versions"]
    assert (first["content"]["solution"], second["content"]["solution"]) == ("换电源板", "先换保险管")
    assert (second["number"], second["by"], second["note"]) == (2, "li", "cheaper")
    assert client.get(f"{URL}/c1/versions/1").json() == first
    problem(client.get(f"{URL}/c1/versions/3"), 404, "not_found")
    events = client.get(f"{URL}/c1/history").json()["events"]
    assert [(event["kind"], event["number"]) for event in events] == [("state", 1), ("version", 2)]


@pytest.mark.parametrize(
    "wrong",
    [
        {"problem": " "},
        {"version_number": 0},
        {"version_number": None},
        {"category": "plumbing"},
        {"id": "c9"},
    ],
)
def test_a_wrong_change_is_refused(
    client: TestClient, added: None, problem: Problem, wrong: dict[str, Any]
) -> None:
    body = {"problem": "x", "version_number": 1} | wrong
    problem(client.put(f"{URL}/c1", json=body), 422, "invalid_input")
    assert client.get(f"{URL}/c1").json()["problem"] == CASE["problem"]


def test_duplicates_are_told_and_the_case_itself_is_none(
    client: TestClient, added: None, parts: Parts
) -> None:
    answer = client.post(URL, json=SAME).json()
    assert [one["case_id"] for one in answer["duplicates"]] == ["c1"]
    assert answer["duplicates"][0]["match"] >= 0.5
    parts.index().apply(parts.database)
    assert client.get(f"{URL}/c2/duplicates").json()["duplicates"] == answer["duplicates"]
    assert [one["case_id"] for one in client.get(f"{URL}/c1/duplicates").json()["duplicates"]] == ["c2"]
    assert client.get(f"{URL}/o0/duplicates").json()["duplicates"] == []
    move(client, "c1", "withdrawn")
    assert client.get(f"{URL}/c2/duplicates").json()["duplicates"] == []
    told = client.get(f"{URL}/c1/duplicates").json()["duplicates"]
    assert [one["case_id"] for one in told] == ["c2"], "also asked for what is not published"


def test_a_draft_is_told_what_is_published_already(client: TestClient, added: None) -> None:
    draft = client.post(URL, json=SAME | {"state": "draft"}).json()
    assert [one["case_id"] for one in draft["duplicates"]] == ["c1"]


def test_without_the_index_duplicates_are_looked_for_by_words(
    client: TestClient, added: None, parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: Any) -> list[int]:
        raise IndexUnavailableError("away")

    client.post(URL, json=SAME)
    monkeypatch.setattr(parts.index(), "nearest", away)
    answer = client.get(f"{URL}/c2/duplicates").json()
    assert answer["degraded"][-1] == "meaning"
    assert [one["case_id"] for one in answer["duplicates"]] == ["c1"]


def test_a_merge_moves_the_proof(client: TestClient, added: None, problem: Problem) -> None:
    client.post(URL, json=SAME)
    for number in range(3):
        client.post(f"{URL}/c2/uses", json={"worked": True, "ticket_id": f"t{number}"})
    merged = client.post(f"{URL}/c2/merge", json={"into": "c1", "by": "li"}).json()
    assert (merged["case"]["id"], merged["moved"], merged["left"]) == ("c1", 3, 0)
    assert client.get(f"{URL}/c1").json()["proven"]["worked"] == 3
    read = client.get(f"{URL}/c2").json()
    assert (read["state"], read["replaced_by"], read["proven"]["used"]) == ("replaced", "c1", 0)
    assert "c2" not in found(client, CASE["problem"])
    again = client.post(f"{URL}/c2/merge", json={"into": "c1", "by": "li"}).json()
    assert (again["moved"], again["left"]) == (0, 0)
    assert [event["kind"] for event in client.get(f"{URL}/c1/history").json()["events"]] == ["state", "merge"]
    problem(client.post(f"{URL}/c2/merge", json={"into": "o1"}), 409, "conflict")
    problem(client.post(f"{URL}/c1/merge", json={"into": "c1"}), 422, "invalid_input")
    problem(client.post(f"{URL}/c1/merge", json={"into": "nobody"}), 404, "not_found")


@pytest.mark.parametrize("path", ["versions", "versions/1", "history", "duplicates"])
def test_an_unknown_case_has_no_life(client: TestClient, problem: Problem, path: str) -> None:
    problem(client.get(f"{URL}/nobody/{path}"), 404, "not_found")


def test_cases_are_listed_a_page_at_a_time(client: TestClient, added: None, problem: Problem) -> None:
    first = client.get(URL, params={"limit": 3}).json()
    rest = client.get(URL, params={"limit": 3, "cursor": first["next_cursor"]}).json()
    assert [case["id"] for case in first["cases"] + rest["cases"]] == ["c1", "o3", "o2", "o1", "o0"]
    assert rest["next_cursor"] is None
    problem(client.get(URL, params={"state": "lost"}), 422, "invalid_input")
    problem(client.get(URL, params={"cursor": "x"}), 422, "invalid_input")
