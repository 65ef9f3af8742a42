"""Pages of the archive: search, a case and its life, the editor."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest
from fastapi.testclient import TestClient

from kb import case_versions, cases
from triage.catalogue import words
from triage.wiring import Parts

Opener = Callable[..., AbstractContextManager[TestClient]]
FOUND, CASE, EDITOR = words("cases", "en"), words("case", "en"), words("case_editor", "en")
EVIL = "<script>broken=1</script>"


def archive(client: TestClient, parts: Parts, case_id: str, problem: str, **more: Any) -> None:
    sent = {"id": case_id, "problem": problem, "solution": "更换电源", "category": "hardware", **more}
    assert client.post("/api/v1/cases", json=sent).status_code == 201
    parts.index().apply(parts.database)


@pytest.fixture
def filled(client: TestClient, parts: Parts) -> TestClient:
    archive(client, parts, "c-1", "打印机无法启动，指示灯不亮", product="锐印 M428")
    archive(client, parts, "c-2", "The printer does not start", solution="New power supply", product="LP-310")
    archive(client, parts, "c-3", "VPN 断开 error 619", category="software", solution="Renew")
    return client


def listed(page: str) -> list[str]:
    return re.findall(r'class="open" href="/cases/([^"?]+)', page)


def test_without_a_question_the_last_cases_are_listed(filled: TestClient) -> None:
    assert listed(filled.get("/cases").text) == ["c-3", "c-2", "c-1"]
    assert listed(filled.get("/cases?state=review").text) == []
    assert FOUND["nothing_here"] in filled.get("/cases?state=draft").text


def test_search_marks_words_and_says_why(filled: TestClient) -> None:
    page = filled.get("/cases", params={"q": "VPN 619"}).text
    assert listed(page)[0] == "c-3"
    assert "<mark>VPN</mark>" in page
    assert "<mark>619</mark>" in page
    assert FOUND["why_words"] in page


def test_facets_lead_on_and_back(filled: TestClient) -> None:
    page = filled.get("/cases", params={"q": "打印机 VPN"}).text
    link = re.search(r'href="(/cases\?[^"]*category=software[^"]*)"', page)
    assert link
    narrowed = filled.get(link[1].replace("&amp;", "&")).text
    assert listed(narrowed) == ["c-3"]
    assert re.search(r'href="/cases\?q=[^"]*" aria-current="true"', narrowed), "the same link leads back"
    assert listed(filled.get("/cases", params={"q": "打印机", "proven": "1"}).text) == []


def test_a_search_is_narrowed_to_a_version_and_to_days(client: TestClient, parts: Parts) -> None:
    archive(client, parts, "c-1", "打印机无法启动", version="2.1", closed_on="2026-02-01")
    archive(client, parts, "c-2", "打印机无法启动，指示灯不亮", version="3.0", closed_on="2026-03-05")

    def found(**asked: str) -> list[str]:
        return sorted(listed(client.get("/cases", params={"q": "打印机无法启动", **asked}).text))

    assert found() == ["c-1", "c-2"]
    assert found(version="3.0") == ["c-2"]
    assert found(closed_to="2026-02-28") == ["c-1"]
    assert found(closed_from="2026-03-05", closed_to="2026-03-05") == ["c-2"]
    page = client.get("/cases", params={"q": "打印机", "version": "3.0"}).text
    assert 'id="more" open' in page
    assert re.search(r'href="/cases\?[^"]*version=3.0[^"]*proven=1"', page)
    wrong = client.get("/cases", params={"q": "打印机", "closed_to": "March"})
    assert wrong.status_code == 422
    assert "closed_to is a day" in wrong.text


def test_the_editor_shows_what_will_be_stored_and_what_is_there_already(filled: TestClient) -> None:
    page = filled.get("/cases/new?lang=en").text
    assert 'hx-post="/cases/preview"' in page
    typed = {"problem": f"打印机无法启动，指示灯不亮 {EVIL}", "solution": "更换电源，电话 13800138000"}
    shown = filled.post("/cases/preview?lang=en", data=typed).text
    assert "13800138000" not in shown
    assert "1 pieces of personal data are masked." in shown
    assert 'href="/cases/c-1"' in shown
    assert EVIL not in shown
    own = filled.post("/cases/preview?lang=en", data={**typed, "case_id": "c-1"}).text
    assert 'href="/cases/c-1"' not in own
    assert EDITOR["nothing_typed"] in filled.post("/cases/preview?lang=en").text


def test_a_case_helped_and_its_ledger_says_so(filled: TestClient) -> None:
    assert CASE["never_used"] in filled.get("/cases/c-1").text
    page = filled.post("/cases/c-1/use", data={"worked": "true", "q": "打印机坏了", "note": "at once"}).text
    assert CASE["used"].format(used=1, worked=1) in page
    assert "at once" in page and "test-admin" in page
    page = filled.post("/cases/c-1/use", data={"worked": "false"}).text
    assert CASE["failed_last"] in page
    assert filled.get("/cases/none").status_code == 404


def test_a_new_case_is_a_draft_until_it_is_published(filled: TestClient, parts: Parts) -> None:
    form = {
        "problem": "投影仪不亮",
        "solution": "换灯泡，电话 13800138000",
        "keywords": "投影，灯泡, ",
        "category": "hardware",
    }
    done = filled.post("/cases/new", data=form)
    assert done.status_code == 204
    url = done.headers["hx-redirect"]
    page = filled.get(url).text
    assert CASE["state_draft"] in page
    assert "13800138000" not in page
    assert listed(filled.get("/cases?state=draft").text) == [url.removeprefix("/cases/")]
    for state in ("review", "published"):
        filled.post(f"{url}/move", data={"to": state})
    parts.index().apply(parts.database)
    assert listed(filled.get("/cases", params={"q": "投影仪不亮"}).text)[0] == url.removeprefix("/cases/")
    refused = filled.post(f"{url}/move", data={"to": "draft"}).text
    assert "Not done: " in refused


def test_a_change_is_a_version_and_nobody_overwrites_what_he_has_not_seen(
    filled: TestClient, parts: Parts
) -> None:
    editor = filled.get("/cases/c-1/edit").text
    number = re.search(r'name="number" value="(\d+)"', editor)
    assert number and number[1] == "1"
    form = {"problem": "打印机无法启动", "solution": "换保险丝", "number": "1", "note": "shorter"}
    assert filled.post("/cases/c-1/edit", data=form).headers["hx-redirect"] == "/cases/c-1"
    page = filled.get("/cases/c-1").text
    assert CASE["version"].format(number=2) in page and "shorter" in page
    late = filled.post("/cases/c-1/edit", data=form | {"solution": "somebody else's"})
    assert late.status_code == 200
    assert "Not saved" in late.text and "somebody else&#39;s" in late.text
    empty = filled.post("/cases/c-1/edit", data=form | {"problem": " ", "number": "2"}).text
    assert "Not saved" in empty
    with parts.database.reading() as session:
        case = cases.get(session, "c-1")
        assert (case.solution, len(case_versions.versions(session, case))) == ("换保险丝", 2)


def test_a_merged_case_leads_to_the_kept_one(filled: TestClient) -> None:
    filled.post("/cases/c-1/use", data={"worked": "true"})
    page = filled.post("/cases/c-1/merge", data={"into": "c-2"}).text
    assert CASE["state_replaced"] in page and 'href="/cases/c-2"' in page
    assert CASE["used"].format(used=1, worked=1) in filled.get("/cases/c-2").text
    assert "Not done: " in filled.post("/cases/c-2/merge", data={"into": "none"}).text


def test_agents_read_and_report_but_do_not_write(
    filled: TestClient, parts: Parts, open_client: Opener
) -> None:
    with open_client(parts, role="agent") as agent:
        page = agent.get("/cases/c-1").text
        assert CASE["edit"] not in page
        assert agent.post("/cases/c-1/use", data={"worked": "true"}).status_code == 200
        for method, path in (("GET", "/cases/new"), ("GET", "/cases/c-1/edit"), ("POST", "/cases/c-1/edit")):
            assert agent.request(method, path).status_code == 403


def test_texts_are_shown_as_text(client: TestClient, parts: Parts) -> None:
    archive(
        client,
        parts,
        "evil",
        f"打印机 {EVIL}",
        solution=EVIL,
        symptoms=EVIL,
        product=EVIL,
        keywords=[EVIL],
        cause=EVIL,
    )
    client.post("/cases/evil/use", data={"worked": "true", "note": EVIL})
    for path in ("/cases", "/cases?q=打印机 script", "/cases/evil", "/cases/evil/edit"):
        page = client.get(path).text
        assert "<script>broken" not in page, path
        assert "script" in page
    client.post("/cases/evil/edit", data={"problem": EVIL, "note": EVIL, "number": "1"})
    assert "<script>broken" not in client.get("/cases/evil").text


def test_a_solved_ticket_becomes_a_draft(client: TestClient, parts: Parts) -> None:
    made = {"description": "打印机无法启动，指示灯不亮，联系电话 13800138000", "customer": "甲公司"}
    ticket_id = client.post("/api/v1/tickets", json=made).json()["ticket"]["id"]
    url = f"/tickets/{ticket_id}"
    assert "Not done: " in client.post(f"{url}/draft").text
    client.post(f"{url}/decide", data={})
    for status in ("confirmed", "in_progress", "solved"):
        client.post(f"{url}/move", data={"status": status, "solution": "new power supply"})
    done = client.post(f"{url}/draft")
    assert done.status_code == 204
    editor = client.get(done.headers["hx-redirect"]).text
    assert "new power supply" in editor
    assert "13800138000" not in editor


def test_personal_data_of_a_ticket_is_shown_on_demand_and_that_is_noted(
    client: TestClient, parts: Parts
) -> None:
    made = {"description": "VPN 断了，请打 13800138000", "contact": "wang@example.com", "customer": "甲"}
    ticket_id = client.post("/api/v1/tickets", json=made).json()["ticket"]["id"]
    page = client.get(f"/tickets/{ticket_id}").text
    assert "13800138000" not in page and "wang@example.com" not in page
    shown = client.post(f"/tickets/{ticket_id}/reveal").text
    assert "13800138000" in shown and "wang@example.com" in shown
    lines = client.get("/api/v1/audit").json()["lines"]
    assert ("text_shown", ticket_id) in [(line["action"], line["subject"]) for line in lines]
    assert "13800138000" not in client.get("/queue").text
