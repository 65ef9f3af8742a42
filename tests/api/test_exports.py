"""Exports, previews and the file of bad rows over HTTP."""

from __future__ import annotations

import csv
import io
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from fastapi.testclient import TestClient

from triage.wiring import Parts

Problem = Callable[..., dict[str, Any]]
IMPORTS, EXPORTS = "/api/v1/imports", "/api/v1/exports"
SHEET = "Nr,Text,优先级\n1,打印机坏了,紧急\n2,登录失败,最高\n"


@pytest.fixture
def working(parts: Parts, open_client: Callable[..., Any]) -> Any:
    with open_client(parts, work=True) as client:
        yield client


def send(client: TestClient, url: str, content: str, **fields: str) -> Any:
    return client.post(url, files={"file": ("a.csv", content.encode())}, data={"kind": "tickets"} | fields)


def finished(client: TestClient, answer: Any) -> dict[str, Any]:
    assert answer.status_code == 202, answer.text
    until = time.monotonic() + 60
    while time.monotonic() < until:
        state: dict[str, Any] = client.get(f"{IMPORTS}/{answer.json()['id']}").json()
        if state["state"] != "running":
            return state
        time.sleep(0.05)
    raise AssertionError(f"the import does not end: {state}")


def test_a_preview_shows_and_keeps_nothing(client: TestClient, parts: Parts) -> None:
    answer = send(client, f"{IMPORTS}/preview", SHEET, mapping='{"Nr": "id"}')
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert {"column": "Nr", "field": "id"} in body["columns"]
    assert (body["total"], body["bad"], body["rows"][0]["id"]) == (2, 1, "1")
    assert body["file"]["delimiter"] == ","
    assert list((parts.settings.home / "uploads").iterdir()) == []
    assert client.get(f"{EXPORTS}/tickets.jsonl").content == b""


@pytest.mark.parametrize("url", [IMPORTS, f"{IMPORTS}/preview"])
@pytest.mark.parametrize(
    ("fields", "field", "words"),
    [
        ({"mapping": '{"Nr": "identity"}'}, "mapping", "the fields of tickets are"),
        ({"mapping": "{"}, "mapping", "valid JSON"),
        ({"system": "bugzilla"}, "system", "there are jira"),
        ({"dates": "odd"}, "dates", "day-first"),
        ({"kind": "people"}, "kind", "tickets, cases"),
    ],
)
def test_wrong_choices(
    client: TestClient,
    parts: Parts,
    problem: Problem,
    url: str,
    fields: dict[str, str],
    field: str,
    words: str,
) -> None:
    body = problem(send(client, url, SHEET, **fields), 422, "invalid_input")
    assert body["field"] == field
    assert words in body["detail"]
    uploads = parts.settings.home / "uploads"
    assert not uploads.exists() or list(uploads.iterdir()) == []


def test_a_large_preview_is_under_the_limit_of_uploads(client: TestClient) -> None:
    content = "id,description\n" + "".join(f"{n},{'x' * 100}\n" for n in range(12_000))
    assert len(content) > 1_000_000
    assert send(client, f"{IMPORTS}/preview", content).json()["total"] == 12_000


def test_bad_rows_are_fetched_mended_and_sent_again(working: TestClient) -> None:
    done = finished(working, send(working, IMPORTS, SHEET, mapping='{"Nr": "id"}'))
    assert (done["added"], done["bad"], done["total"]) == (1, 1, 2)
    answer = working.get(f"{IMPORTS}/{done['id']}/problems.csv")
    assert answer.headers["content-type"].startswith("text/csv")
    assert "attachment" in answer.headers["content-disposition"]
    (row,) = csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig")))
    assert (row["Nr"], row["优先级"], next(iter(row.values()))) == ("2", "最高", "2")
    mended = answer.content.decode("utf-8-sig").replace("最高", "紧急")
    again = finished(working, send(working, IMPORTS, mended, mapping='{"Nr": "id"}'))
    assert (again["added"], again["bad"]) == (1, 0)
    book = openpyxl.load_workbook(io.BytesIO(working.get(f"{IMPORTS}/{done['id']}/problems.xlsx").content))
    assert book.worksheets[0].max_row == 2
    book.close()


def test_bad_rows_of_nothing(client: TestClient, problem: Problem) -> None:
    problem(client.get(f"{IMPORTS}/tickets-none/problems.csv"), 404, "not_found")
    problem(client.get(f"{IMPORTS}/tickets-none/problems.doc"), 422, "invalid_input")


@pytest.mark.parametrize("ending", ["csv", "xlsx", "jsonl"])
def test_an_export_is_taken_back(working: TestClient, tmp_path: Path, ending: str) -> None:
    finished(working, send(working, IMPORTS, "id,description,remark\n1,=1+1,x\n2,b,y\n"))
    answer = working.get(f"{EXPORTS}/tickets.{ending}")
    assert answer.status_code == 200
    assert f"tickets.{ending}" in answer.headers["content-disposition"]
    files = {"file": (f"b.{ending}", answer.content)}
    done = finished(working, working.post(IMPORTS, files=files, data={"kind": "tickets"}))
    assert (done["added"], done["bad"], done["cursor"]) == (0, 0, 2)
    assert working.get("/api/v1/tickets/1").json()["ticket"]["description"] == "=1+1"


def test_exports_are_narrowed(working: TestClient) -> None:
    content = "id,description,received_at,priority\n1,a,2026-03-01,urgent\n2,b,2026-03-02,normal\n"
    finished(working, send(working, IMPORTS, content))
    found = working.get(f"{EXPORTS}/tickets.jsonl", params={"since": "2026-03-02"})
    assert [json.loads(line)["id"] for line in found.text.splitlines()] == ["2"]
    sheet = working.get(f"{EXPORTS}/tickets.csv", params={"columns": "sheet", "until": "2026-03-01"})
    (row,) = csv.DictReader(io.StringIO(sheet.content.decode("utf-8-sig")))
    assert (row["序号"], row["优先级"]) == ("1", "紧急")


@pytest.mark.parametrize(
    "path",
    [
        "people.csv",
        "tickets.doc",
        "tickets.csv?since=never",
        "cases.csv?columns=sheet",
        "tickets.csv?columns=odd",
    ],
)
def test_exports_that_cannot_be(client: TestClient, problem: Problem, path: str) -> None:
    problem(client.get(f"{EXPORTS}/{path}"), 422, "invalid_input")


def test_a_text_too_long_for_a_workbook_is_told(client: TestClient, problem: Problem) -> None:
    sent = {"text": "x" * 40_000}
    assert client.post("/api/v1/tickets", json=sent).status_code == 201
    body = problem(client.get(f"{EXPORTS}/tickets.xlsx"), 422, "invalid_input")
    assert "csv or jsonl" in body["detail"]
    assert client.get(f"{EXPORTS}/tickets.csv").status_code == 200
