"""Users, tokens and the audit log over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastapi.testclient import TestClient

Problem = Callable[..., dict[str, Any]]


def test_who_am_i(client: TestClient) -> None:
    told = client.get("/api/v1/me").json()
    assert (told["name"], told["role"]) == ("test-admin", "admin")
    assert {"assess", "accounts"} <= set(told["permissions"])


def test_users_are_added_and_changed(client: TestClient, problem: Problem) -> None:
    made = client.post("/api/v1/users", json={"name": "Wang", "role": "agent"})
    assert made.status_code == 201
    assert (made.json()["name"], made.json()["must_change"]) == ("wang", True)
    assert len(made.json()["one_time_password"]) == 19
    problem(client.post("/api/v1/users", json={"name": "wang", "role": "agent"}), 409, "conflict")
    wrong = problem(client.post("/api/v1/users", json={"name": "li", "role": "x"}), 422, "invalid_input")
    assert wrong["field"] == "role"
    changed = client.patch("/api/v1/users/wang", json={"role": "engineer", "disabled": True}).json()
    assert (changed["role"], changed["disabled_at"] is None) == ("engineer", False)
    assert client.patch("/api/v1/users/wang", json={"disabled": False}).json()["disabled_at"] is None
    assert [row["name"] for row in client.get("/api/v1/users").json()] == ["test-admin", "wang"]
    problem(client.patch("/api/v1/users/none", json={"role": "agent"}), 404, "not_found")
    problem(client.patch("/api/v1/users/test-admin", json={"role": "agent"}), 409, "conflict")


def test_tokens_are_made_listed_and_revoked(client: TestClient, problem: Problem) -> None:
    sent = {"name": "helpdesk", "user": "test-admin", "scope": "assess", "days": 30}
    made = client.post("/api/v1/tokens", json=sent).json()
    bearer = {"Authorization": f"Bearer {made['secret']}"}
    assert client.get("/api/v1/me", headers=bearer).json()["permissions"] == ["assess"]
    listed = client.get("/api/v1/tokens").json()
    assert listed[0]["id"] == made["id"] and "secret" not in listed[0]
    assert client.delete(f"/api/v1/tokens/{made['id']}").status_code == 204
    problem(client.get("/api/v1/me", headers=bearer), 401, "not_signed_in")
    problem(client.delete("/api/v1/tokens/none"), 404, "not_found")
    problem(client.post("/api/v1/tokens", json=sent | {"scope": "x"}), 422, "invalid_input")
    problem(client.post("/api/v1/tokens", json=sent | {"user": "none"}), 404, "not_found")


def test_the_audit_log_is_read_page_by_page(client: TestClient) -> None:
    for number in range(5):
        client.post("/api/v1/users", json={"name": f"user{number}", "role": "agent"})
    seen, cursor = [], ""
    while True:
        page = client.get(f"/api/v1/audit?limit=2{cursor}").json()
        seen += [line["subject"] for line in page["lines"] if line["action"] == "user_added"]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert seen == [f"user{number}" for number in (4, 3, 2, 1, 0)]
