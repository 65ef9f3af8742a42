"""Health, readiness, metrics, internal calls, the taxonomy, and errors nobody foresaw."""

from __future__ import annotations

import logging
import shutil
import time
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from structlog.testing import capture_logs

from models.errors import IndexUnavailableError
from triage.pipeline import Triager
from triage.service import TOKEN_HEADER, Service
from triage.wiring import Parts
from triage.worker import Worker

SECRET = "客户张三的密码是 hunter2"
SERVICE = Service("http://127.0.0.1:1", "the-token", 1)
Problem = Callable[..., dict[str, Any]]
INTERNAL = [
    ("GET", "/internal/ping"),
    ("POST", "/internal/index/apply"),
    ("POST", "/internal/index/verify"),
    ("POST", "/internal/index/rebuild"),
    ("GET", "/internal/index/rebuild"),
]


def test_taxonomy_is_that_of_the_data_files(client: TestClient) -> None:
    told = client.get("/api/v1/taxonomy").json()
    data = tomllib.loads((Path(__file__).parents[2] / "data" / "taxonomy.toml").read_text(encoding="utf-8"))
    assert [item["code"] for item in told["categories"]] == [item["code"] for item in data["category"]]
    assert told["categories"][0]["names"] == data["category"][0]["names"]
    assert [item["code"] for item in told["priorities"]] == [item["code"] for item in data["priority"]]
    assert set(told) == {
        "categories", "priorities", "teams", "channels", "statuses", "tiers", "root_causes",
    }  # fmt: skip
    assert all(told.values())


def test_healthy_and_ready(client: TestClient) -> None:
    assert client.get("/healthz").json() == {"status": "ok"}
    ready = client.get("/readyz")
    assert ready.status_code == 200
    assert ready.json() == {"ready": True, "checks": {"database": "ok", "model": "ok", "index": "ok"}}


def test_not_ready_without_a_model(client: TestClient, home: Path, problem: Problem) -> None:
    shutil.rmtree(home / "models")
    ready = client.get("/readyz")
    assert ready.status_code == 503
    checks = ready.json()["checks"]
    assert (checks["database"], checks["index"]) == ("ok", "ok")
    assert "no model" in checks["model"]
    assert client.get("/healthz").status_code == 200
    problem(client.post("/api/v1/triage", json={"text": "a"}), 503, "model_unusable")


def test_metrics_count_by_route_without_content(client: TestClient) -> None:
    client.post("/api/v1/triage", json={"text": SECRET})
    client.get("/api/v1/tickets/zhangsan-7")
    told = client.get("/metrics")
    assert told.headers["content-type"].startswith("text/plain")
    assert 'triage_requests_total{route="/api/v1/triage",status="200"}' in told.text
    assert 'triage_request_seconds_count{route="/api/v1/triage"}' in told.text
    assert "zhangsan" not in told.text
    assert "hunter2" not in told.text


@pytest.mark.parametrize(("method", "path"), INTERNAL)
def test_internal_calls_need_the_token(
    parts: Parts, open_client: Callable[..., Any], problem: Problem, method: str, path: str
) -> None:
    with open_client(parts, service=SERVICE) as client:
        for headers in ({}, {TOKEN_HEADER: "wrong"}, {TOKEN_HEADER: ""}):
            problem(client.request(method, path, headers=headers), 403, "forbidden")
        assert client.request(method, path, headers={TOKEN_HEADER: "the-token"}).is_success
        assert path not in client.get("/openapi.json").json()["paths"]


@pytest.mark.parametrize(("method", "path"), INTERNAL)
def test_internal_calls_are_shut_without_a_service(
    client: TestClient, problem: Problem, method: str, path: str
) -> None:
    problem(client.request(method, path, headers={TOKEN_HEADER: ""}), 403, "forbidden")


def test_internal_calls_see_and_do_index_work(parts: Parts, open_client: Callable[..., Any]) -> None:
    headers = {TOKEN_HEADER: "the-token"}
    with open_client(parts, service=SERVICE) as client:
        client.post("/api/v1/cases", json={"id": "c-1", "problem": "打印机坏了"})
        verify = "/internal/index/verify"
        assert client.post(verify, headers=headers).json() == {"missing": ["c-1"], "surplus": []}
        assert client.post("/internal/index/apply", headers=headers).json() == {"applied": 1}
        assert client.post(verify, headers=headers).json() == {"missing": [], "surplus": []}


def test_a_rebuild_is_asked_for_and_watched(parts: Parts, open_client: Callable[..., Any]) -> None:
    headers, path = {TOKEN_HEADER: "the-token"}, "/internal/index/rebuild"
    with open_client(parts, service=SERVICE, work=True) as client:
        client.post("/api/v1/cases", json={"id": "c-1", "problem": "打印机坏了"})
        assert client.get(path, headers=headers).json()["state"] == "none"
        old = parts.index().name
        told = client.post(path, headers=headers)
        assert told.status_code == 202
        end = time.monotonic() + 30
        while told.json()["state"] in ("waiting", "running"):
            assert time.monotonic() < end, told.text
            found = client.get("/api/v1/cases/search", params={"q": "打印机坏了"}).json()
            assert [case["case_id"] for case in found["cases"]] == ["c-1"]
            told = client.get(path, headers=headers)
        assert told.json() == {"state": "done", "done": 1, "total": 1, "error": ""}
        assert parts.index().name != old


def test_without_the_index_answers_go_on_and_say_so(
    parts: Parts, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: Any, **__: Any) -> None:
        raise IndexUnavailableError("the server does not answer")

    client.post("/api/v1/cases", json={"id": "c-1", "problem": "打印机坏了"})
    parts.index().apply(parts.database)
    assert client.get("/api/v1/cases/search", params={"q": "打印机坏了"}).json()["degraded"] == []
    for name in ("query", "put", "count"):
        monkeypatch.setattr(parts.index().store, name, away)
    found = client.get("/api/v1/cases/search", params={"q": "打印机坏了"}).json()
    assert ([case["case_id"] for case in found["cases"]], found["degraded"]) == (["c-1"], ["meaning"])
    told = client.post("/api/v1/triage", json={"text": "打印机坏了"}).json()
    assert (told["degraded"], told["similar_cases"][0]["case_id"]) == (["meaning"], "c-1")
    ready = client.get("/readyz")
    assert ready.status_code == 200
    assert ready.json()["checks"]["index"] == "the server does not answer"
    assert client.post("/api/v1/cases", json={"id": "c-2", "problem": "屏幕坏了"}).status_code == 201


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/api/v1/nothing", 404, "not_found"),
        ("GET", "/../etc/passwd", 404, "not_found"),
        ("DELETE", "/api/v1/tickets", 405, "method_not_allowed"),
        ("GET", "/api/v1/triage", 405, "method_not_allowed"),
        ("PUT", "/healthz", 405, "method_not_allowed"),
    ],
)
def test_wrong_address_or_method(
    client: TestClient, problem: Problem, method: str, path: str, status: int, code: str
) -> None:
    problem(client.request(method, path), status, code)


def test_unexpected_error_tells_nothing(
    client: TestClient, problem: Problem, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise RuntimeError(f"while reading {SECRET}")

    with monkeypatch.context() as patch, capture_logs() as logs, caplog.at_level(logging.DEBUG):
        patch.setattr(Triager, "assess", fail)
        # The client raises what leaves the application, as a server would log it with its text.
        answer = client.post("/api/v1/triage", json={"text": SECRET})
    body = problem(answer, 500, "internal")
    assert "hunter2" not in answer.text
    assert "RuntimeError" not in str(body)
    assert [entry["kind"] for entry in logs] == ["RuntimeError"]
    assert "test_system.py" in logs[0]["place"]
    assert "hunter2" not in str(logs)
    assert "hunter2" not in caplog.text
    assert 'route="/api/v1/triage",status="500"' in client.get("/metrics").text
    assert client.post("/api/v1/triage", json={"text": SECRET}).status_code == 200


def test_worker_survives_an_unexpected_error(parts: Parts, monkeypatch: pytest.MonkeyPatch) -> None:
    import threading

    rounds = threading.Semaphore(0)

    def fail(*_: Any, **__: Any) -> None:
        rounds.release()
        raise RuntimeError(SECRET)

    monkeypatch.setattr(parts.index(), "apply", fail)
    worker = Worker(parts)
    with capture_logs() as logs:
        worker.start()
        assert rounds.acquire(timeout=10)
        worker.wake()
        assert rounds.acquire(timeout=10)
        worker.stop()
    assert {entry["kind"] for entry in logs} == {"RuntimeError"}
    assert "hunter2" not in str(logs)
