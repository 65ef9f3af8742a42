"""The page of the queue."""

from __future__ import annotations

import re
from typing import Any

import pytest
from fastapi.testclient import TestClient

from triage.catalogue import words
from triage.wiring import Parts

SAID = words("queue", "en")
EVIL = "<script>broken=1</script>"


def opened(client: TestClient, text: str, **more: Any) -> str:
    answer = client.post("/api/v1/tickets", json={"description": text, **more})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["ticket"]["id"])


def listed(page: str) -> list[str]:
    return re.findall(r'class="open" href="/tickets/([^"]+)"', page)


def test_an_empty_queue_says_what_to_do(client: TestClient) -> None:
    page = client.get("/queue")
    assert page.status_code == 200
    assert SAID["nothing"] in page.text


def test_filters_stand_in_the_address(client: TestClient) -> None:
    printer = opened(client, "打印机无法启动，指示灯不亮", customer="甲公司")
    app = opened(client, "The app crashes after the update", customer="Acme")
    assert set(listed(client.get("/queue").text)) == {printer, app}
    assert listed(client.get("/queue?category=hardware").text) == [printer]
    assert listed(client.get("/queue?customer=Acme").text) == [app]
    assert listed(client.get("/queue?scope=own").text) == []
    assert listed(client.get("/queue?due=late").text) == []
    assert set(listed(client.get("/queue?scope=nonsense").text)) == {printer, app}
    page = client.get("/queue?category=hardware").text
    assert 'hx-get="/queue?scope=all&amp;category=hardware"' in page


def test_pages_follow_each_other(client: TestClient, parts: Parts) -> None:
    from kb import tickets

    with parts.database.transaction() as session:
        for number in range(60):
            values = {"id": f"n{number}", "description": "x", "status": "triaged"}
            tickets.add(session, values, parts.now())
    first = client.get("/queue").text
    more = re.search(r'<a href="(/queue\?[^"]*after=[^"]*)"', first)
    assert more
    second = client.get(more[1].replace("&amp;", "&")).text
    assert len(listed(first)) == 50
    assert len(set(listed(first)) | set(listed(second))) == 60
    assert client.get("/queue?after=nonsense").status_code == 422


def test_what_is_sure_is_accepted_at_once(
    client: TestClient, parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    from kb import decisions, tickets
    from kb.decisions import Suggestion

    with parts.database.transaction() as session:
        for ticket_id, band in (("sure", "auto"), ("unsure", "ask")):
            ticket = tickets.add(
                session,
                {
                    "id": ticket_id,
                    "description": "x",
                    "status": "triaged",
                    "category": "other",
                    "priority": "normal",
                },
                parts.now(),
            )
            made = [
                Suggestion(target, label, 0.9, band, "m")
                for target, label in (("category", "other"), ("priority", "normal"))
            ]
            decisions.suggest(session, ticket, made, shown=False, now=parts.now())
    assert SAID["accept_sure"].format(number=1) in client.get("/queue").text
    done = client.post("/queue/accept?scope=all")
    assert (done.status_code, done.headers["hx-redirect"]) == (204, "/queue?scope=all")
    with parts.database.reading() as session:
        assert tickets.get(session, "sure").status == "assigned"
        assert tickets.get(session, "unsure").status == "triaged"
        decided = decisions.latest(session, tickets.get(session, "sure"), "category")
        assert decided is not None and decided.decided_by == "test-admin"


def test_texts_are_shown_as_text(client: TestClient) -> None:
    opened(client, EVIL, subject=EVIL, customer=EVIL)
    page = client.get("/queue").text
    assert EVIL not in page
    assert page.count("&lt;script&gt;") >= 2
    assert EVIL not in client.get("/queue", params={"customer": EVIL}).text


@pytest.mark.parametrize(("language", "late"), [("zh", "逾期 2 小时"), ("en", "2 h late")])
def test_what_is_late_says_by_how_much(client: TestClient, parts: Parts, language: str, late: str) -> None:
    from datetime import timedelta

    from kb import tickets

    with parts.database.transaction() as session:
        due = parts.now() - timedelta(hours=2, minutes=5)
        tickets.add(session, {"description": "x", "status": "triaged", "due_at": due}, parts.now())
    page = client.get(f"/queue?lang={language}").text
    assert late in page
    assert listed(client.get("/queue?due=late").text)
