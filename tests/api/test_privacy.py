"""Personal data over HTTP: masked on the way into the archive, erased on demand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from fastapi.testclient import TestClient

from triage.wiring import Parts

URL = "/api/v1/customers/erase"
NAME, PHONE = "星河精密机械有限公司", "13912345678"
Problem = Callable[..., dict[str, Any]]


def filled(client: TestClient) -> str:
    """A ticket and a case of the customer; answers the ticket's id."""
    ticket = {
        "subject": f"{NAME}打印机坏了",
        "description": f"请回电{PHONE}",
        "customer": NAME,
        "contact": PHONE,
    }
    opened = client.post("/api/v1/tickets", json=ticket)
    assert opened.status_code == 201, opened.text
    case = {"id": "c1", "problem": f"{NAME}的打印机无法开机", "solution": f"更换电源板，回电{PHONE}"}
    added = client.post("/api/v1/cases", json=case)
    assert added.status_code == 201, added.text
    assert added.json()["solution"] == "更换电源板，回电[手机号]"
    return str(opened.json()["ticket"]["id"])


def test_a_ticket_keeps_what_agents_need_and_the_archive_does_not(client: TestClient) -> None:
    ticket_id = filled(client)

    assert PHONE in client.get(f"/api/v1/tickets/{ticket_id}").json()["ticket"]["description"]
    assert PHONE not in client.get("/api/v1/cases/c1").text


def test_a_use_keeps_no_personal_data(client: TestClient, parts: Parts) -> None:
    filled(client)
    use = {"worked": True, "question": f"打印机坏了 {PHONE}", "note": f"王女士确认，{PHONE}"}
    assert client.post("/api/v1/cases/c1/uses", json=use).status_code == 201
    export = client.get("/api/v1/exports/cases.jsonl").text

    assert PHONE not in export
    with parts.database.reading() as session:
        (note,) = session.connection().exec_driver_sql("SELECT note FROM case_uses").scalars()
    assert note == "[姓名]女士确认，[手机号]"


def test_a_customer_is_erased(client: TestClient, parts: Parts) -> None:
    ticket_id = filled(client)
    told = client.post(URL, json={"customer": NAME, "preview": True}).json()
    assert (told["tickets"], told["preview"], told["compacted"]) == (1, True, False)
    assert NAME in client.get(f"/api/v1/tickets/{ticket_id}").text

    answer = client.post(URL, json={"customer": NAME})

    assert answer.status_code == 200, answer.text
    done = answer.json()
    assert {key: done[key] for key in ("tickets", "rows", "texts", "preview", "compacted", "files")} == {
        "tickets": 1,
        "rows": {"tickets": 1, "cases": 1},
        "texts": told["texts"],
        "preview": False,
        "compacted": True,
        "files": [],
    }
    assert "backups" in done["remarks"][0]
    assert NAME not in answer.text
    for path in (f"/api/v1/tickets/{ticket_id}", "/api/v1/cases/c1", "/api/v1/exports/tickets.csv"):
        assert NAME not in client.get(path).text
        assert PHONE not in client.get(path).text
    home = parts.settings.home
    held = [path for path in Path(home).rglob("*") if path.is_file() and NAME.encode() in path.read_bytes()]
    assert held == []


def test_files_that_hold_it_still_are_named(client: TestClient, parts: Parts) -> None:
    folder = parts.settings.home / "uploads"
    folder.mkdir()
    (folder / "a.csv").write_text(NAME, encoding="utf-8")
    done = client.post(URL, json={"customer": NAME}).json()

    assert done["files"] == ["uploads/a.csv"]
    assert any("still hold it" in remark for remark in done["remarks"])
    assert (done["tickets"], done["rows"]) == (0, {})


def test_what_cannot_be_looked_for_is_refused(client: TestClient, problem: Problem) -> None:
    for name in ("", "李", "  "):
        told = problem(client.post(URL, json={"customer": name}), 422, "invalid_input")
        assert told["field"] == "customer"
