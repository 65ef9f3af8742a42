"""The retrospective's page: a period is computed beside the requests, every figure opens its tickets."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.console.retrospective_pages import presets
from kb import measures, tickets
from models.errors import InputError
from triage import retrospect_keeper
from triage.catalogue import words
from triage.findings import Period, Surge
from triage.retrospect_keeper import RetrospectKeeper
from triage.wiring import Parts

SAID, REPORT = words("retrospective", "en"), words("report", "en")
EVIL = "<script>broken=1</script>"
MARCH = "from=2026-03-01&to=2026-03-31"
TEXTS = ("打印机无法启动，指示灯不亮", "打印机又无法启动了，指示灯全不亮", "打印机启动不了，指示灯不亮")


@pytest.fixture
def filled(client: TestClient, parts: Parts) -> TestClient:
    """Two problems in March, one of them with script in its text, finished late."""
    begin = datetime(2026, 3, 2, 1, tzinfo=UTC)
    with parts.database.transaction() as session:
        for number in range(12):
            evil = f"VPN 断线 error 619 {EVIL} 电话 13800138000"
            values: dict[str, Any] = {
                "id": f"t{number}",
                "description": TEXTS[number % 3] if number % 2 else evil,
                "category": "hardware" if number % 2 else "software",
                "priority": "normal",
                "team": "technical_support",
                "status": "closed",
                "satisfaction": 5 if number % 2 else 2,
                "received_at": begin + timedelta(days=number),
                "finished_at": begin + timedelta(days=number + 3),
            }
            tickets.add(session, values, parts.now())
    return client


def page(client: TestClient, query: str = MARCH) -> str:
    for _ in range(50):
        text = client.get(f"/retrospective?{query}").text
        if SAID["working"] not in text:
            return text
    raise AssertionError("it was never done")


def test_without_a_period_one_is_picked(client: TestClient) -> None:
    text = client.get("/retrospective").text
    assert SAID["pick"] in text
    assert text.count('href="/retrospective?from=') == 4


@pytest.mark.parametrize(
    ("today", "month", "quarter"),
    [
        (date(2026, 1, 1), ("2025-12-01", "2025-12-31"), ("2025-10-01", "2025-12-31")),
        (date(2026, 3, 31), ("2026-02-01", "2026-02-28"), ("2025-10-01", "2025-12-31")),
        (date(2024, 5, 15), ("2024-04-01", "2024-04-30"), ("2024-01-01", "2024-03-31")),
    ],
)
def test_periods_to_pick(today: date, month: tuple[str, str], quarter: tuple[str, str]) -> None:
    found = {key: (first, last) for key, first, last in presets(today)}
    assert (found["last_month"], found["last_quarter"]) == (month, quarter)
    assert found["this_month"] == (str(today.replace(day=1)), str(today))


def test_every_figure_opens_its_tickets(filled: TestClient) -> None:
    text = page(filled)
    assert REPORT["section_groups"] in text
    links = [
        link.replace("&amp;", "&") for link in re.findall(r'href="(/retrospective/tickets\?[^"]+)"', text)
    ]
    kinds = {re.findall(r"kind=(\w+)", link)[0] for link in links}
    assert {"all", "group", "satisfied"} <= kinds
    for link in links:
        answer = filled.get(link)
        assert answer.status_code == 200, link
        number = re.search(r"<h1>(\d+) tickets", answer.text)
        assert number, link
        assert len(re.findall('class="open"', answer.text)) == int(number[1])
    everything = filled.get(f"/retrospective/tickets?{MARCH}&kind=all").text
    assert "<h1>12 tickets" in everything
    assert 'href="/tickets/t0"' in everything
    assert filled.get(f"/retrospective/tickets?{MARCH}&kind=group&key=none").status_code == 422


def test_texts_are_shown_as_text_and_masked(filled: TestClient) -> None:
    for text in (page(filled), filled.get(f"/retrospective/tickets?{MARCH}&kind=all").text):
        assert "<script>broken" not in text
        assert "13800138000" not in text


def test_groups_are_named_and_measures_noted(filled: TestClient, parts: Parts) -> None:
    group = re.search(r'hx-post="/retrospective/groups/([^?"]+)\?', page(filled))
    assert group
    done = filled.post(
        f"/retrospective/groups/{group[1]}?{MARCH}", data={"name": "Dead printers", "comment": "again"}
    )
    assert (done.status_code, done.headers["hx-redirect"]) == (
        204,
        "/retrospective?from=2026-03-01&to=2026-03-31",
    )
    text = page(filled)
    assert "Dead printers" in text and "again" in text
    sent = {"what": "new power supplies", "target": f"group:{group[1]}", "since": "2026-03-10"}
    assert filled.post(f"/retrospective/measures?{MARCH}", data=sent).status_code == 204
    assert "new power supplies" in page(filled)
    with parts.database.reading() as session:
        [row] = measures.listed(session)
        assert (row.who, row.target) == ("test-admin", group[1])
    refused = filled.post(f"/retrospective/measures?{MARCH}", data=sent | {"since": "soon"})
    assert refused.status_code == 200 and "Not done" in refused.text
    none = filled.post(f"/retrospective/groups/none?{MARCH}", data={"name": "x"})
    assert "Not done" in none.text


def group_with(client: TestClient, ticket: str) -> tuple[str, str]:
    """The id of the group that a ticket is in, and the page of its tickets."""
    for group in re.findall(r'kind=group&amp;key=([^"]+)"', page(client)):
        text = client.get(f"/retrospective/tickets?{MARCH}&kind=group&key={group}").text
        if f'href="/tickets/{ticket}"' in text:
            return group, text
    raise AssertionError("it is in no group")


def test_a_group_is_split_and_put_back_together(filled: TestClient) -> None:
    whole, text = group_with(filled, "t1")
    assert text.count('name="ticket"') == 6
    sent = {"ticket": ["t1", "t3"], "name": f"Fuse {EVIL}"}
    done = filled.post(f"/retrospective/groups/{whole}/split?{MARCH}", data=sent)
    assert (done.status_code, done.headers["hx-redirect"]) == (204, f"/retrospective?{MARCH}")

    apart, text = group_with(filled, "t1")
    assert apart != whole and group_with(filled, "t5")[0] == whole
    assert text.count('name="ticket"') == 2 and SAID["rejoin"] in text
    assert "<script>broken" not in text and "<script>broken" not in page(filled)
    assert SAID["rejoin"] not in group_with(filled, "t5")[1]

    assert filled.post(f"/retrospective/groups/{apart}/rejoin?{MARCH}").status_code == 204
    assert group_with(filled, "t1")[0] == whole
    for refused in ({"ticket": ["t0"]}, {}, {"ticket": [f"t{number}" for number in range(1, 12, 2)]}):
        answer = filled.post(f"/retrospective/groups/{whole}/split?{MARCH}", data=refused)
        assert 'id="said"' in answer.text and "Not done" in answer.text
    audited = filled.get("/accounts").text
    assert words("accounts", "en")["did_group_split"] in audited


def test_a_group_is_commented_by_several_and_a_comment_taken_back(filled: TestClient) -> None:
    group, _ = group_with(filled, "t1")
    for text in (f"first {EVIL}", "second"):
        done = filled.post(f"/retrospective/groups/{group}/comments?{MARCH}", data={"comment": text})
        assert "kind=group" in done.headers["hx-redirect"]
    _, text = group_with(filled, "t1")
    assert len(re.findall('class="soft">test-admin ·', text)) == 2 and "<script>broken" not in text
    assert "second" in page(filled)
    removed = re.findall(r'hx-post="(/retrospective/groups/[^"]+/remove[^"]*)"', text)[1]
    assert filled.post(removed.replace("&amp;", "&")).status_code == 204
    assert "second" not in group_with(filled, "t1")[1]
    empty = filled.post(f"/retrospective/groups/{group}/comments?{MARCH}", data={"comment": " "})
    assert "Not done" in empty.text


def test_the_trend_is_drawn_and_each_day_opens_its_tickets(filled: TestClient) -> None:
    text = page(filled)
    days = re.findall(r'<a href="(/retrospective/tickets[^"]+kind=span[^"]+)">(\d+)</a>', text)
    assert [number for _, number in days] == ["1"] * 12
    assert text.count('class="hit"') == 31
    assert SAID["trend_no_past"] in text
    first = filled.get(days[0][0].replace("&amp;", "&")).text
    assert "<h1>1 tickets" in first and 'href="/tickets/t0"' in first
    _, text = group_with(filled, "t1")
    own = re.findall(r'<a href="(/retrospective/tickets[^"]+kind=span[^"]+)">1</a>', text)
    assert len(own) == 6
    assert 'href="/tickets/t1"' in filled.get(own[0].replace("&amp;", "&")).text


def test_a_surge_that_goes_on_is_told_above_the_pages(filled: TestClient, parts: Parts) -> None:
    for address in ("/", "/queue", "/retrospective"):
        assert "/queue/surges/" not in filled.get(address).text
    assert filled.get("/queue/surges/t0").status_code == 404
    since = datetime(2026, 3, 2, 1, tzinfo=UTC)
    title = f"VPN 13800138000 {EVIL}"
    parts.watch.found = (Surge(None, title, since, since, 7, 0.5, 0.9, ("t0", "t2")),)
    for address in ("/", "/queue", "/retrospective"):
        text = filled.get(address).text
        assert 'href="/queue/surges/t0"' in text and "7 tickets" in text
        assert "13800138000" not in text and "<script>broken" not in text
    text = filled.get("/queue/surges/t0").text
    assert "<h1>2 tickets" in text and 'href="/tickets/t2"' in text and 'name="ticket"' not in text


@pytest.mark.parametrize("query", ["from=soon&to=later", "from=2026-03-31&to=2026-03-01"])
def test_a_wrong_period_says_so_and_stays(filled: TestClient, query: str) -> None:
    text = filled.get(f"/retrospective?{query}").text
    assert "Not done" in text
    assert f'value="{query[5:].split("&")[0]}"' in text


def test_the_report_is_downloaded(filled: TestClient) -> None:
    link = re.search(r'href="(/api/v1/retrospective/report\.xlsx[^"]+)"', page(filled))
    assert link
    answer = filled.get(link[1].replace("&amp;", "&"))
    assert answer.status_code == 200
    assert answer.content[:2] == b"PK"


def period(month: int) -> Period:
    return Period(datetime(2026, month, 1, tzinfo=UTC), datetime(2026, month, 28, tzinfo=UTC))


def test_what_was_found_is_kept_for_an_hour_and_a_failure_is_told(
    monkeypatch: pytest.MonkeyPatch, now: datetime
) -> None:
    made: list[Period] = []
    clock = SimpleNamespace(now=now)

    def work(_setting: Any, asked: Period) -> Any:
        made.append(asked)
        if asked == period(2):
            raise InputError("no such month")
        if asked == period(3):
            raise ZeroDivisionError("secret text")
        return f"found {len(made)}"

    monkeypatch.setattr(retrospect_keeper, "retrospect", work)
    keeper = RetrospectKeeper(lambda: None, lambda: clock.now)  # type: ignore[arg-type,return-value]

    def ask(month: int, **how: bool) -> Any:
        asked = keeper.ask(period(month), **how)
        keeper.wait(asked, 10)
        assert not asked.going_on
        return asked

    assert ask(1).found == "found 1"
    assert ask(1).found == "found 1"
    assert ask(1, anew=True).found == "found 2"
    keeper.forget()
    assert ask(1).found == "found 3"
    clock.now += timedelta(hours=1, minutes=1)
    assert ask(1).found == "found 4"
    assert ask(2).failed == "no such month"
    assert ask(3).failed == "ZeroDivisionError"
    for month in range(4, 13):
        ask(month)
    assert len(keeper._held) <= retrospect_keeper._MOST + 1
