"""Cases over HTTP: add, read, search, and what became of their solutions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient

from triage.wiring import Parts

URL = "/api/v1/cases"
CASE = {
    "id": "c-printer",
    "problem": "打印机无法启动，指示灯不亮",
    "symptoms": "按电源键没有反应",
    "product": "锐印 M428",
    "category": "hardware",
    "solution": "1. 换插座\n2. 更换电源板",
    "keywords": ["电源", "打印机"],
    "hours": 2.5,
    "closed_on": "2026-02-01",
}
Problem = Callable[..., dict[str, Any]]


@pytest.fixture
def case(client: TestClient) -> dict[str, Any]:
    """An added case, as answered."""
    answer = client.post(URL, json=CASE)
    assert answer.status_code == 201, answer.text
    added: dict[str, Any] = answer.json()
    return added


def found(client: TestClient, query: str, **filters: Any) -> list[dict[str, Any]]:
    """What a search answers."""
    answer = client.get(f"{URL}/search", params={"q": query, **filters})
    assert answer.status_code == 200, answer.text
    cases: list[dict[str, Any]] = answer.json()["cases"]
    return cases


def test_added_case_is_read_back(client: TestClient, case: dict[str, Any]) -> None:
    read = client.get(f"{URL}/c-printer").json()
    assert {key: read[key] for key in CASE} == CASE
    assert read["language"] == "zh"
    assert read["proven"] == {
        "used": 0, "worked": 0, "reopened": 0, "last_worked_at": None,
        "last_failed_at": None, "failed_last": False,
    }  # fmt: skip


def test_duplicate_id_is_a_conflict(client: TestClient, case: dict[str, Any], problem: Problem) -> None:
    problem(client.post(URL, json=CASE | {"problem": "another"}), 409, "conflict")
    assert client.get(f"{URL}/c-printer").json()["problem"] == CASE["problem"]


def test_unknown_category_is_refused(client: TestClient, problem: Problem) -> None:
    body = problem(client.post(URL, json=CASE | {"category": "plumbing"}), 422, "invalid_input")
    assert body["field"] == "category"
    assert "hardware" in body["detail"]
    problem(client.get(f"{URL}/c-printer"), 404, "not_found")


@pytest.mark.parametrize(
    "wrong", [{"problem": ""}, {"problem": " "}, {"hours": -1}, {"cause_kind": "bad luck"}, {"colour": "red"}]
)
def test_malformed_case_is_refused(client: TestClient, problem: Problem, wrong: dict[str, Any]) -> None:
    problem(client.post(URL, json=CASE | wrong), 422, "invalid_input")


def test_search_finds_an_added_case(client: TestClient, case: dict[str, Any], parts: Parts) -> None:
    client.post(URL, json={"id": "c-login", "problem": "Login page answers with error 500"})
    assert parts.index().apply(parts.database) == 2
    first = found(client, "打印机指示灯不亮")[0]
    assert first["case_id"] == "c-printer"
    assert first["solution"] == CASE["solution"]
    assert "打印机" in first["shared_terms"]
    assert 0 < first["match"] <= 1
    assert found(client, "login error 500")[0]["case_id"] == "c-login"


def test_search_is_filtered_and_limited(client: TestClient, case: dict[str, Any], parts: Parts) -> None:
    client.post(URL, json={"id": "c-other", "problem": "打印机卡纸", "category": "other"})
    parts.index().apply(parts.database)
    assert len(found(client, "打印机")) == 2
    assert [item["case_id"] for item in found(client, "打印机", category="other")] == ["c-other"]
    assert len(found(client, "打印机", limit=1)) == 1
    assert found(client, "打印机", language="en") == []


def test_search_tells_facets_marks_and_reasons(
    client: TestClient, case: dict[str, Any], parts: Parts
) -> None:
    client.post(URL, json={"id": "c-other", "problem": "打印机卡纸", "category": "other"})
    parts.index().apply(parts.database)
    answer = client.get(f"{URL}/search", params={"q": "打印機電源", "category": "other"}).json()
    assert answer["facets"]["category"] == {"hardware": 1, "other": 1}
    assert answer["facets"]["language"] == {"zh": 1}
    (only,) = answer["cases"]
    assert only["marks"] == {"problem": [[0, 3]], "solution": []}
    assert only["why"]["pairs"] > 0
    first = found(client, "打印機電源", category="hardware")[0]
    assert [first["solution"][begin:end] for begin, end in first["marks"]["solution"]] == ["电源"]


def test_search_is_filtered_by_every_field(client: TestClient, case: dict[str, Any], parts: Parts) -> None:
    parts.index().apply(parts.database)
    right = {"product": CASE["product"], "closed_from": "2026-02-01", "closed_to": "2026-02-01"}
    assert len(found(client, "打印机", **right)) == 1
    for wrong in (
        {"product": "M1"},
        {"version": "2"},
        {"team": "field"},
        {"closed_from": "2026-02-02"},
        {"closed_to": "2026-01-31"},
        {"proven_only": True},
    ):
        assert found(client, "打印机", **wrong) == []
    client.post(f"{URL}/c-printer/uses", json={"worked": True})
    assert len(found(client, "打印机", proven_only=True)) == 1


@pytest.mark.parametrize(
    "query", [{"closed_from": "yesterday"}, {"closed_from": "2026-02-02", "closed_to": "2026-02-01"}]
)
def test_wrong_filters_are_refused(client: TestClient, problem: Problem, query: dict[str, str]) -> None:
    problem(client.get(f"{URL}/search", params={"q": "a"} | query), 422, "invalid_input")


def test_worker_brings_a_case_into_the_index(
    make_parts: Callable[..., Parts], open_client: Callable[..., Any]
) -> None:
    parts = make_parts()
    with open_client(parts, work=True) as client:
        client.post(URL, json=CASE)
        for _ in range(100):
            if parts.index().verify(parts.database).none:
                break
            client.app.state.worker._stop.wait(0.05)
        assert len(parts.index().keys()) == 1
        assert found(client, "打印机")[0]["case_id"] == "c-printer"


@pytest.mark.parametrize(
    "query", [{"q": ""}, {"q": "  "}, {}, {"q": "a", "limit": "0"}, {"q": "a", "limit": "x"}]
)
def test_wrong_search_is_refused(client: TestClient, problem: Problem, query: dict[str, str]) -> None:
    problem(client.get(f"{URL}/search", params=query), 422, "invalid_input")


def test_too_long_search_is_refused(
    make_parts: Callable[..., Parts], open_client: Callable[..., Any], problem: Problem
) -> None:
    with open_client(make_parts(max_text=100)) as client:
        problem(client.get(f"{URL}/search", params={"q": "a" * 101}), 413, "too_large")


def test_uses_are_the_proof(client: TestClient, case: dict[str, Any], parts: Parts) -> None:
    uses = f"{URL}/c-printer/uses"
    assert client.post(uses, json={"worked": True, "ticket_id": "t-1"}).status_code == 201
    client.post(uses, json={"worked": False, "ticket_id": "t-2"})
    proof = client.post(uses, json={"worked": True, "ticket_id": "t-3", "reopened": True}).json()
    assert (proof["used"], proof["worked"], proof["reopened"]) == (3, 2, 1)
    assert proof["last_worked_at"] is not None
    parts.index().apply(parts.database)
    shown = [
        client.get(f"{URL}/c-printer").json()["proven"],
        found(client, "打印机")[0]["proven"],
        client.post("/api/v1/triage", json={"text": "打印机"}).json()["similar_cases"][0]["proven"],
    ]
    assert [(one["used"], one["worked"], one["reopened"]) for one in shown] == [(3, 2, 1)] * 3


@pytest.mark.parametrize("stored", [True, False], ids=["a stored ticket", "a question told"])
def test_a_use_moves_a_solution_up_for_questions_like_its_own_and_not_for_others(
    client: TestClient, parts: Parts, stored: bool
) -> None:
    for number, problem in enumerate(
        ["打印机启动不了，指示灯不亮", "打印机按电源键没有反应", "打印机颜色偏红"]
    ):
        client.post(URL, json={"id": f"c{number}", "problem": problem, "solution": "x"})
    parts.index().apply(parts.database)
    asked, other = "打印机启动不了，灯也不亮", "打印机颜色偏红，喷嘴检查"

    def ranking(question: str) -> list[str]:
        return [case["case_id"] for case in found(client, question)]

    before = {question: ranking(question) for question in (asked, other)}
    assert before[asked][0] == "c0"
    use: dict[str, Any] = {"worked": True, "question": asked}
    if stored:
        ticket = client.post("/api/v1/tickets", json={"text": asked}).json()["ticket"]["id"]
        use = {"worked": True, "ticket_id": ticket}
    for _ in range(40):
        assert client.post(f"{URL}/c1/uses", json=use).status_code == 201

    assert ranking(asked)[0] == "c1"
    assert ranking(other) == before[other]


def test_unknown_case_is_not_found(client: TestClient, problem: Problem) -> None:
    problem(client.get(f"{URL}/nobody"), 404, "not_found")
    problem(client.post(f"{URL}/nobody/uses", json={"worked": True}), 404, "not_found")
