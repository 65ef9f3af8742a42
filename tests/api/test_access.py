"""Every route of the application, asked without a session, as every role, with bad tokens and forged forms.

The routes are walked, so that a new one cannot be forgotten.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any

import pytest
from fastapi import APIRouter
from fastapi.testclient import TestClient

from api import access
from api.app import create_app
from api.guard import CSRF_HEADER
from triage import accounts
from triage.permissions import ROLES
from triage.service import TOKEN_HEADER
from triage.wiring import Parts

Problem = Callable[..., dict[str, Any]]
Opener = Callable[..., AbstractContextManager[TestClient]]
OPEN = {
    ("GET", "/healthz"),
    ("GET", "/readyz"),
    ("GET", "/sign-in"),
    ("POST", "/sign-in"),
    ("GET", "/static/{name}"),
}
GOOD = "correct horse battery"


def walked(routes: list[Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Method and path of every route, through all routers."""
    for route in routes:
        inner = getattr(route, "original_router", None)
        if isinstance(inner, APIRouter):
            yield from walked(inner.routes, prefix + route.include_context.prefix)
        else:
            for method in sorted((route.methods or {"GET"}) - {"HEAD"}):
                yield method, prefix + route.path


def some(path: str) -> str:
    """An address that the route answers."""
    return re.sub(r"\{\w+(?::\w+)?\}", "x1", path)


@pytest.fixture
def routes(parts: Parts) -> list[tuple[str, str]]:
    found = list(walked(create_app(parts, work=False).routes))
    assert len(found) > 40
    assert {("POST", "/api/v1/triage"), ("GET", "/"), ("POST", "/internal/index/verify")} <= set(found)
    return found


def test_every_route_has_its_line_in_the_table(routes: list[tuple[str, str]]) -> None:
    assert [route for route in routes if access.needed(route[0], some(route[1])) is None] == []
    opened = {route for route in routes if access.needed(route[0], some(route[1])) == access.OPEN}
    assert opened == OPEN


def test_every_line_of_the_table_is_for_a_route(routes: list[tuple[str, str]]) -> None:
    for rule in access.RULES:
        reached = [
            route
            for route in routes
            if rule.pattern().fullmatch(some(route[1])) and (not rule.methods or route[0] in rule.methods)
        ]
        assert reached, rule


@pytest.mark.parametrize("token", ["", "tri_nobody", "x" * 5000, "中文"])
def test_without_a_session_or_with_a_wrong_token_all_is_refused(
    parts: Parts, open_client: Opener, routes: list[tuple[str, str]], token: str
) -> None:
    headers = {"Authorization": b"Bearer " + token.encode()} if token else {}
    with open_client(parts, role=None) as client:
        for method, path in routes:
            if (method, path) in OPEN:
                continue
            answer = client.request(method, some(path), headers=headers)
            wanted = 403 if path.startswith("/internal/") else 401
            assert (answer.status_code, method, path) == (wanted, method, path)
            assert answer.json()["code"] in ("not_signed_in", "forbidden")


@pytest.mark.parametrize("role", ROLES)
def test_each_role_gets_what_the_table_says_and_no_more(
    parts: Parts, open_client: Opener, routes: list[tuple[str, str]], role: str
) -> None:
    refused = 0
    with open_client(parts, role=role) as client:
        for method, path in routes:
            needs = access.needed(method, some(path))
            if needs in (access.OPEN, access.INTERNAL) or path == "/sign-out":
                continue
            allowed = needs == access.SIGNED_IN or needs in ROLES[role]
            if needs == access.METRICS:
                allowed = "settings" in ROLES[role]
            if not allowed:
                answer = client.request(method, some(path))
                assert (answer.status_code, answer.json()["code"]) == (403, "forbidden"), (method, path)
                refused += 1
            elif method == "GET":
                assert client.get(some(path)).status_code not in (401, 403), path
    assert bool(refused) == (role != "admin")


def test_ended_tokens_and_disabled_users_are_refused(
    parts: Parts, open_client: Opener, token_of: Callable[[Parts, str], str], problem: Problem
) -> None:
    with open_client(parts, role=None) as client:

        def ask(token: str) -> Any:
            return client.get("/api/v1/taxonomy", headers={"Authorization": f"Bearer {token}"})

        with parts.database.transaction() as session:
            token_of_agent = accounts.add_user(session, "anna", "agent", parts.now(), by="x")
            row, revoked = accounts.add_token(session, "anna", "a", parts.now(), by="x")
            old = accounts.add_token(session, "anna", "b", parts.now() - timedelta(days=2), by="x", days=1)[1]
            kept = accounts.add_token(session, "anna", "c", parts.now(), by="x", scope="assess")[1]
        assert token_of_agent[0].name == "anna"
        assert ask(revoked).status_code == 200
        with parts.database.transaction() as session:
            accounts.revoke_token(session, row.id, parts.now(), by="x")
        problem(ask(revoked), 401, "not_signed_in")
        problem(ask(old), 401, "not_signed_in")
        assert ask(kept).status_code == 200
        wide = client.get("/api/v1/tickets", headers={"Authorization": f"Bearer {kept}"})
        assert "read and handle tickets" in problem(wide, 403, "forbidden")["detail"]
        token_of(parts, "admin")
        with parts.database.transaction() as session:
            accounts.disable_user(session, "anna", parts.now(), by="x")
        problem(ask(kept), 401, "not_signed_in")


@pytest.fixture
def signed(parts: Parts, open_client: Opener, quick_passwords: None) -> Iterator[TestClient]:
    """A browser in which an admin has signed in."""
    with parts.database.transaction() as session:
        accounts.add_user(session, "anna", "admin", parts.now(), by="x", password=GOOD)
    with open_client(parts, role=None) as client:
        done = client.post("/sign-in", data={"name": "anna", "password": GOOD})
        assert done.status_code == 303
        yield client


def csrf(client: TestClient) -> str:
    found = re.search(r'name="csrf" content="(\w{64})"', client.get("/").text)
    assert found
    return found[1]


def test_forged_forms_are_refused_everywhere(signed: TestClient, routes: list[tuple[str, str]]) -> None:
    good = csrf(signed)
    forged = [
        {},
        {CSRF_HEADER: "0" * 64},
        {CSRF_HEADER: good, "Origin": "https://evil.example"},
        {CSRF_HEADER: good, "Sec-Fetch-Site": "cross-site"},
        {CSRF_HEADER: good, "Sec-Fetch-Site": "same-site"},
    ]
    for method, path in routes:
        if method == "GET" or path.startswith("/internal/") or path == "/sign-in":
            continue
        for headers in forged:
            answer = signed.request(method, some(path), headers=headers)
            assert (answer.status_code, answer.json()["code"]) == (403, "forbidden"), (method, path, headers)
    own = {CSRF_HEADER: good, "Origin": "https://testserver", "Sec-Fetch-Site": "same-origin"}
    assert signed.post("/api/v1/triage", json={"text": "VPN"}, headers=own).status_code == 200


def test_another_site_cannot_sign_somebody_in(signed: TestClient, problem: Problem) -> None:
    form = {"name": "anna", "password": GOOD}
    for headers in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        problem(signed.post("/sign-in", data=form, headers=headers), 403, "forbidden")


def test_a_stale_session_is_refused(signed: TestClient, parts: Parts, problem: Problem) -> None:
    headers = {CSRF_HEADER: csrf(signed)}
    with parts.database.transaction() as session:
        accounts.add_user(session, "bert", "admin", parts.now(), by="x", password=GOOD)
        accounts.disable_user(session, "anna", parts.now(), by="x")
    problem(signed.post("/api/v1/triage", json={"text": "VPN"}, headers=headers), 401, "not_signed_in")
    page = signed.get("/accounts", headers={"Accept": "text/html"})
    assert (page.status_code, page.headers["location"]) == (303, "/sign-in?next=/accounts")


def test_the_service_token_is_for_commands_beside_it(
    parts: Parts, open_client: Opener, problem: Problem
) -> None:
    from triage.service import Service

    with open_client(parts, service=Service("http://127.0.0.1:1", "own", 1), role=None) as client:
        assert client.get("/api/v1/me", headers={TOKEN_HEADER: "own"}).json()["name"] == "service"
        problem(client.get("/api/v1/me", headers={TOKEN_HEADER: "other"}), 401, "not_signed_in")


def test_metrics_are_open_by_setting(make_parts: Callable[..., Parts], open_client: Opener) -> None:
    with open_client(make_parts(), role=None) as client:
        assert client.get("/metrics").status_code == 401
    with open_client(make_parts(open_metrics=True), role=None) as client:
        assert client.get("/metrics").status_code == 200


def test_nothing_of_a_body_is_read_for_nobody(parts: Parts) -> None:
    sent: list[dict[str, Any]] = []

    async def receive() -> Any:
        raise AssertionError("the body was read")

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/api/v1/imports",
        "headers": [(b"content-length", b"400000000"), (b"host", b"testserver")],
        "query_string": b"",
    }
    asyncio.run(create_app(parts, work=False)(scope, receive, send))
    assert sent[0]["status"] == 401
