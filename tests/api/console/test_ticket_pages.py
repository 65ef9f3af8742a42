"""A ticket's page: what is shown, and what can be done on it."""

from __future__ import annotations

import re

import pytest
from fastapi.testclient import TestClient

from kb import causes, decisions, ledger, tickets
from kb.tables import Case
from triage.catalogue import words
from triage.wiring import Parts

SAID = words("ticket", "en")
EVIL = "<script>broken=1</script>"
PRINTER = "打印机无法启动，指示灯不亮"


@pytest.fixture
def ticket_id(client: TestClient) -> str:
    made = {"description": PRINTER, "customer": "甲公司", "contact": "13800138000"}
    return str(client.post("/api/v1/tickets", json=made).json()["ticket"]["id"])


def status(parts: Parts, ticket_id: str) -> str:
    with parts.database.reading() as session:
        return tickets.get(session, ticket_id).status


def test_text_reasons_and_clocks_are_shown(client: TestClient, ticket_id: str) -> None:
    page = client.get(f"/tickets/{ticket_id}?lang=en").text
    assert "Hardware fault" in page
    assert '<mark class="term">' in page
    for key in ("suggested", "clocks", "timeline", "solving", "why"):
        assert SAID[key] in page
    assert client.get("/tickets/none").status_code == 404


def test_a_ticket_goes_its_way(client: TestClient, parts: Parts, ticket_id: str) -> None:
    url = f"/tickets/{ticket_id}"
    page = client.post(
        f"{url}/decide", data={"category": "software", "owner": "Anna", "reason": "its driver"}
    ).text
    assert "Anna" in page and "its driver" in page
    with parts.database.reading() as session:
        ticket = tickets.get(session, ticket_id)
        decided = decisions.latest(session, ticket, "category")
        assert decided is not None
        assert (decided.suggested, decided.final, decided.decided_by) == (
            "hardware",
            "software",
            "test-admin",
        )
        assert (ticket.status, ticket.owner) == ("assigned", "Anna")
    for step in ("confirmed", "in_progress"):
        client.post(f"{url}/move", data={"status": step})
        assert status(parts, ticket_id) == step
    refused = client.post(f"{url}/move", data={"status": "solved", "solution": "  "})
    assert SAID["no_solution"] in refused.text
    assert status(parts, ticket_id) == "in_progress"
    client.post(f"{url}/move", data={"status": "solved", "solution": "new power supply"})
    page = client.post(f"{url}/move", data={"status": "informed"}).text
    assert "new power supply" in page
    page = client.post(f"{url}/rate", data={"satisfaction": "2"}).text
    assert "2 / 5" in page
    assert status(parts, ticket_id) == "reopened"
    assert client.post(f"{url}/rate", data={"satisfaction": "9"}).status_code == 422


def test_what_cannot_follow_is_said(client: TestClient, parts: Parts, ticket_id: str) -> None:
    page = client.post(f"/tickets/{ticket_id}/move", data={"status": "closed"}).text
    assert "Not done: a ticket that is triaged can become assigned" in page
    page = client.post(f"/tickets/{ticket_id}/decide", data={"category": "nonsense"}).text
    assert "Not done: category is one of" in page
    assert status(parts, ticket_id) == "triaged"


def test_whether_a_solution_worked_is_recorded(client: TestClient, parts: Parts, ticket_id: str) -> None:
    made = {"id": "c-1", "problem": "打印机无法启动", "solution": "更换电源", "category": "hardware"}
    assert client.post("/api/v1/cases", json=made).status_code == 201
    parts.index().apply(parts.database)
    url = f"/tickets/{ticket_id}"
    assert 'value="c-1"' in client.get(url).text
    page = client.post(f"{url}/use", data={"case_id": "c-1", "worked": "true"}).text
    assert SAID["used"].format(used=1, worked=1) in page
    client.post(f"{url}/use", data={"case_id": "c-1", "worked": "false"})
    with parts.database.reading() as session:
        key = session.query(Case.pk).scalar()
        proof = ledger.proofs(session, [key])[key]
        assert (proof.used, proof.worked, proof.failed_last) == (2, 1, True)
    missing = client.post(f"{url}/use", data={"case_id": "none", "worked": "true"}).text
    assert "Not done: there is no case" in missing


def test_five_whys_become_a_fishbone(client: TestClient, parts: Parts, ticket_id: str) -> None:
    sent = {
        "why1": "the power supply failed",
        "branch1": "machine",
        "why2": "nobody cleaned it",
        "branch2": "method",
        "why3": " ",
        "cause": "no plan",
        "code": "process_gap",
        "kind": "systemic",
    }
    page = client.post(f"/tickets/{ticket_id}/cause", data=sent).text
    assert page.count('class="branch"') == 2
    assert 'value="nobody cleaned it"' in page
    with parts.database.reading() as session:
        stored = causes.of(session, ticket_id)
        assert stored.whys[0]["because"][0]["why"] == "nobody cleaned it"
        assert (stored.code, stored.by) == ("process_gap", "test-admin")
    wrong = client.post(f"/tickets/{ticket_id}/cause", data=sent | {"kind": "odd"}).text
    assert "Not done: kind is one of" in wrong
    long = client.post(f"/tickets/{ticket_id}/cause", data=sent | {"why1": "x" * 2001})
    assert long.status_code == 422


def test_texts_are_shown_as_text(client: TestClient) -> None:
    made = {
        "description": f"VPN {EVIL}", "subject": EVIL, "customer": EVIL, "contact": EVIL,
        "contact_person": EVIL, "product": EVIL, "version": EVIL[:20],
    }  # fmt: skip
    ticket_id = client.post("/api/v1/tickets", json=made).json()["ticket"]["id"]
    url = f"/tickets/{ticket_id}"
    client.post(f"{url}/decide", data={"owner": EVIL, "reason": EVIL})
    client.post(
        f"{url}/cause",
        data={"why1": EVIL, "branch1": "people", "cause": EVIL, "code": "unknown", "kind": "systemic"},
    )
    client.post(f"{url}/move", data={"status": "confirmed", "note": EVIL})
    client.post(f"{url}/move", data={"status": "in_progress"})
    page = client.post(f"{url}/move", data={"status": "solved", "solution": EVIL}).text
    assert "<script>broken" not in page
    assert len(re.findall("&lt;script&gt;", page)) > 8
