"""Imports over HTTP: upload, progress to the end, what was wrong with a file."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from kb import audit
from triage.wiring import Parts

URL = "/api/v1/imports"
CASES = "id,problem,solution,category\n" + "".join(
    f"c-{number},打印机无法启动 {number},更换电源,hardware\n" for number in range(250)
)
Problem = Callable[..., dict[str, Any]]


def upload(client: TestClient, content: str | bytes, name: str = "cases.csv", kind: str = "cases") -> Any:
    """Send a file."""
    data = content.encode() if isinstance(content, str) else content
    return client.post(URL, files={"file": (name, data)}, data={"kind": kind})


def finished(client: TestClient, import_id: str) -> dict[str, Any]:
    """The import when it runs no longer."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        state: dict[str, Any] = client.get(f"{URL}/{import_id}").json()
        if state["state"] != "running":
            return state
        time.sleep(0.05)
    raise AssertionError(f"the import does not end: {state}")


def uploads(parts: Parts) -> list[Path]:
    """Files that were stored and not yet removed."""
    return sorted((parts.settings.home / "uploads").glob("*"))


@pytest.fixture
def working(parts: Parts, open_client: Callable[..., Any]) -> Any:
    """A client whose application has its worker running."""
    with open_client(parts, work=True) as client:
        yield client


def test_upload_goes_on_to_its_end(working: TestClient, parts: Parts) -> None:
    answer = upload(working, CASES)
    assert answer.status_code == 202, answer.text
    done = finished(working, answer.json()["id"])
    assert done["state"] == "done"
    assert (done["added"], done["changed"], done["unchanged"], done["bad"]) == (250, 0, 0, 0)
    assert (done["cursor"], done["batches"], done["error"], done["problems"]) == (250, 3, "", [])
    for _ in range(100):
        if not uploads(parts):
            break
        time.sleep(0.05)
    assert uploads(parts) == []
    assert parts.index().verify(parts.database).none
    assert working.get("/api/v1/cases/c-249").json()["solution"] == "更换电源"
    again = finished(working, upload(working, CASES).json()["id"])
    assert (again["added"], again["unchanged"]) == (0, 250)


def test_bad_rows_are_listed_and_the_rest_is_taken(working: TestClient) -> None:
    content = (
        "id,problem,category\nc-1,works,hardware\nc-2,,hardware\nc-3,also works,plumbing\nc-4,fine,other\n"
    )
    done = finished(working, upload(working, content).json()["id"])
    assert done["state"] == "done"
    assert (done["added"], done["bad"]) == (2, 2)
    assert [item["row"] for item in done["problems"]] == [2, 3]
    assert [item["field"] for item in done["problems"]] == ["problem", "category"]
    assert all(item["message"] for item in done["problems"])


def test_tickets_are_imported_too(working: TestClient) -> None:
    content = '{"id": "t-1", "description": "打印机坏了", "received_at": "2026-03-01 09:00"}\n'
    done = finished(working, upload(working, content, "old.jsonl", "tickets").json()["id"])
    assert (done["state"], done["added"], done["kind"]) == ("done", 1, "tickets")
    received = working.get("/api/v1/tickets/t-1").json()["ticket"]["received_at"]
    assert received.startswith("2026-03-01T01:00:00")


def test_file_that_breaks_off_keeps_what_was_read(working: TestClient) -> None:
    import gzip

    done = finished(
        working, upload(working, gzip.compress(CASES.encode())[:-30], "cases.csv.gz").json()["id"]
    )
    assert done["state"] == "failed"
    assert "half a file" in done["error"]
    assert done["added"] == done["cursor"]


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"\x00\x01\x02\x03", "a.csv"),
        (b"", "a.csv"),
        (b"PK\x03\x04 not really", "a.xlsx"),
        (b"\x1f\x8b broken", "a.csv.gz"),
        (b"colour,size\nred,3\n", "a.csv"),
    ],
    ids=["binary", "empty", "xlsx", "gzip", "columns"],
)
def test_broken_file_is_refused_and_not_kept(
    client: TestClient, parts: Parts, problem: Problem, content: bytes, name: str
) -> None:
    body = problem(upload(client, content, name), 422, "bad_file")
    assert str(parts.settings.home) not in body["detail"]
    assert uploads(parts) == []
    assert client.get("/healthz").status_code == 200


def test_wrong_kind_is_refused(client: TestClient, parts: Parts, problem: Problem) -> None:
    body = problem(upload(client, CASES, kind="recipes"), 422, "invalid_input")
    assert body["field"] == "kind"
    assert uploads(parts) == []


@pytest.mark.parametrize("sent", [{"data": {"kind": "cases"}}, {"files": {"file": ("a.csv", b"id")}}])
def test_missing_part_is_refused(client: TestClient, problem: Problem, sent: dict[str, Any]) -> None:
    problem(client.post(URL, **sent), 422, "invalid_input")


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("../../../etc/cron.d/evil.csv", "evil.csv"),
        ("..\\..\\windows\\evil.csv", "evil.csv"),
        ("/etc/passwd", "passwd"),
        ("a \"quoted\" 'name'; rm -rf.csv", None),
        ("..", None),
        ("案例" * 60 + ".csv", None),
        ("a.b" * 200 + ".csv", None),
        ("x." + "长" * 150, None),
    ],
)
def test_file_names_play_no_tricks(client: TestClient, parts: Parts, name: str, shown: str | None) -> None:
    outside = set(parts.settings.home.parent.rglob("*"))
    answer = upload(client, CASES, name)
    assert answer.status_code == 202, answer.text
    told = answer.json()["file_name"]
    assert "/" not in told
    assert "\\" not in told
    assert len(told) <= 200
    if shown is not None:
        assert told == shown
    stored = uploads(parts)
    assert len(stored) == 1
    assert stored[0].read_text(encoding="utf-8") == CASES
    new = set(parts.settings.home.parent.rglob("*")) - outside
    assert all(path.is_relative_to(parts.settings.home) for path in new)


def test_same_file_twice_is_one_import(client: TestClient, parts: Parts) -> None:
    first, second = upload(client, CASES).json(), upload(client, CASES, "copy.csv").json()
    assert first["id"] == second["id"]
    assert len(uploads(parts)) == 1


def test_who_began_an_import_is_noted(client: TestClient, parts: Parts) -> None:
    import_id = upload(client, CASES).json()["id"]
    with parts.database.reading() as session:
        line = audit.page(session)[0]
    assert (line.who, line.action, line.subject) == ("test-admin", "import_started", import_id)


def test_oversize_is_refused(
    make_parts: Callable[..., Parts], open_client: Callable[..., Any], problem: Problem
) -> None:
    parts = make_parts(max_upload=2000)
    with open_client(parts) as client:
        problem(upload(client, CASES), 413, "too_large")  # over the file's limit, under that of the body
        problem(upload(client, CASES * 20), 413, "too_large")
        assert uploads(parts) == []
        assert upload(client, CASES[:600].rsplit("\n", 1)[0]).status_code == 202


def test_unknown_import_is_not_found(client: TestClient, problem: Problem) -> None:
    problem(client.get(f"{URL}/cases-nothing"), 404, "not_found")
