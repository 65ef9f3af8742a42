"""The retrospective over HTTP: figures with their tickets, groups changed by people, measures, causes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient

from kb import tickets
from triage.wiring import Parts

PRINTER = "三楼的HX-300打印机卡纸，进纸轮磨损"
PERIOD = {"from": "2026-03-01", "to": "2026-03-31"}


@pytest.fixture
def client(
    parts: Parts, open_client: Callable[..., AbstractContextManager[TestClient]]
) -> Iterator[TestClient]:
    rows = [
        {
            "id": f"t{number}",
            "description": f"{PRINTER}，第{number}次报修",
            "received_at": datetime(2026, 3, 5, tzinfo=UTC) + timedelta(hours=number),
            "category": "hardware",
        }
        for number in range(6)
    ]
    with parts.database.transaction() as session:
        tickets.write(session, rows, datetime(2026, 3, 6, tzinfo=UTC))
    with open_client(parts) as opened:
        yield opened


@pytest.fixture
def group(client: TestClient) -> dict[str, Any]:
    answer: dict[str, Any] = client.get("/api/v1/retrospective", params=PERIOD).json()["groups"][0]
    return answer


def test_a_period_has_its_groups_with_their_tickets(group: dict[str, Any]) -> None:
    assert group["size"] == 6
    assert sorted(group["ticket_ids"]) == [f"t{number}" for number in range(6)]
    assert group["trend"]["verdict"] == "too_little"


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"from": "2026-03-01", "to": "2026-02-01"}, "to"),
        ({"from": "yesterday", "to": "2026-03-31"}, "from"),
        ({"from": "2026-03-01", "to": "2026-13-01"}, "to"),
    ],
)
def test_a_wrong_period_names_the_field(client: TestClient, sent: dict[str, str], field: str) -> None:
    answer = client.get("/api/v1/retrospective", params=sent)

    assert answer.status_code == 422
    assert answer.json()["field"] == field


def test_a_name_given_once_stays(client: TestClient, group: dict[str, Any]) -> None:
    sent = {"name": "进纸轮", "comment": "已订货"}
    answer = client.patch(f"/api/v1/problem-groups/{group['id']}", json=sent)
    again = client.get("/api/v1/retrospective", params=PERIOD).json()["groups"][0]

    assert answer.json() == {"id": group["id"], **sent}
    assert (again["title"], again["comment"]) == ("进纸轮", "已订货")


def test_a_group_is_split_and_merged_again(client: TestClient, group: dict[str, Any]) -> None:
    made = client.post(
        f"/api/v1/problem-groups/{group['id']}/split", json={"ticket_ids": ["t1", "t2"], "name": "其他"}
    )
    apart = client.get("/api/v1/retrospective", params=PERIOD).json()["groups"]
    client.post(f"/api/v1/problem-groups/{made.json()['id']}/merge", json={"into": group["id"]})
    together = client.get("/api/v1/retrospective", params=PERIOD).json()["groups"]

    assert made.status_code == 201
    assert [item["size"] for item in apart] == [4, 2]
    assert [(item["id"], item["size"]) for item in together] == [(group["id"], 6)]


def test_what_was_split_is_put_back_together(client: TestClient, group: dict[str, Any]) -> None:
    at = f"/api/v1/problem-groups/{group['id']}"
    made = client.post(f"{at}/split", json={"ticket_ids": ["t1", "t2"]}).json()
    apart = client.get("/api/v1/retrospective", params=PERIOD).json()["groups"]
    whole = client.post(f"/api/v1/problem-groups/{made['id']}/rejoin")
    together = client.get("/api/v1/retrospective", params=PERIOD).json()["groups"]

    assert [item["split_from"] for item in apart] == ["", group["id"]]
    assert (whole.status_code, whole.json()["id"]) == (200, group["id"])
    assert [(item["id"], item["size"]) for item in together] == [(group["id"], 6)]
    assert client.post(f"{at}/rejoin").status_code == 409


def test_a_group_has_several_comments(client: TestClient, group: dict[str, Any]) -> None:
    at = f"/api/v1/problem-groups/{group['id']}/comments"
    made = client.post(at, json={"text": "已订货", "by": "李工"})
    client.post(at, json={"text": "到货了"})
    listed = client.get(at).json()
    shown = client.get("/api/v1/retrospective", params=PERIOD).json()["groups"][0]
    gone = client.delete(f"{at}/{made.json()['number']}")

    assert made.status_code == 201
    assert [(item["text"], item["by"]) for item in listed] == [("已订货", "李工"), ("到货了", "test-admin")]
    assert [item["text"] for item in shown["comments"]] == ["已订货", "到货了"]
    assert shown["comment"] == "到货了"
    assert gone.status_code == 204
    assert [item["text"] for item in client.get(at).json()] == ["到货了"]
    assert client.delete(f"{at}/{made.json()['number']}").status_code == 404


def test_a_period_has_its_days_with_their_tickets(client: TestClient, group: dict[str, Any]) -> None:
    found = client.get("/api/v1/retrospective", params=PERIOD).json()

    assert len(found["series"]) == len(group["series"]) == 31
    day = found["series"][4]
    assert (day["start"], day["end"], len(day["ticket_ids"])) == ("2026-03-05", "2026-03-05", 6)
    assert day["expected"] is None


def test_what_cannot_be_split_is_told(client: TestClient, group: dict[str, Any]) -> None:
    unknown = client.post(f"/api/v1/problem-groups/{group['id']}/split", json={"ticket_ids": ["x"]})
    nowhere = client.post("/api/v1/problem-groups/g-0/merge", json={"into": group["id"]})

    assert (unknown.status_code, unknown.json()["field"]) == (422, "ticket_ids")
    assert (nowhere.status_code, nowhere.json()["code"]) == (404, "not_found")


def test_a_measure_is_noted_listed_and_forgotten(client: TestClient, group: dict[str, Any]) -> None:
    sent = {
        "what": "换掉所有进纸轮",
        "who": "李工",
        "target_kind": "group",
        "target": group["id"],
        "since": "2026-03-20T00:00:00+08:00",
    }
    made = client.post("/api/v1/measures", json=sent)
    listed = client.get("/api/v1/measures").json()
    gone = client.delete(f"/api/v1/measures/{made.json()['id']}")

    assert made.status_code == 201
    assert [item["what"] for item in listed] == ["换掉所有进纸轮"]
    assert gone.status_code == 204
    assert client.get("/api/v1/measures").json() == []


def test_a_measure_against_a_merged_group_is_one_against_the_whole(
    client: TestClient, group: dict[str, Any]
) -> None:
    at = f"/api/v1/problem-groups/{group['id']}"
    part = client.post(f"{at}/split", json={"ticket_ids": ["t1", "t2"]}).json()["id"]
    sent = {
        "what": "换掉所有进纸轮",
        "who": "李工",
        "target_kind": "group",
        "target": part,
        "since": "2026-03-02T00:00:00+08:00",
    }
    client.post("/api/v1/measures", json=sent)
    apart = client.get("/api/v1/retrospective", params=PERIOD).json()["measures"]
    client.post(f"/api/v1/problem-groups/{part}/merge", json={"into": group["id"]})
    together = client.get("/api/v1/retrospective", params=PERIOD).json()["measures"]

    assert [(item["target"], item["actual"]) for item in apart] == [(part, 2)]
    assert [(item["target"], item["actual"]) for item in together] == [(group["id"], 6)]
    assert sorted(together[0]["ticket_ids"]) == [f"t{number}" for number in range(6)]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"what": " "}, "what"),
        ({"target_kind": "cause", "target": "gremlins"}, "target"),
        ({"since": "2026-03-20T00:00:00"}, "since"),
    ],
)
def test_a_measure_that_makes_no_sense_is_refused(
    client: TestClient, group: dict[str, Any], change: dict[str, str], field: str
) -> None:
    sent = {
        "what": "x",
        "target_kind": "group",
        "target": group["id"],
        "since": "2026-03-20T00:00:00+08:00",
    }
    answer = client.post("/api/v1/measures", json=sent | change)

    assert answer.status_code == 422
    assert answer.json()["field"] == field


def test_a_cause_is_recorded_with_its_whys(client: TestClient) -> None:
    whys = [{"why": "进纸轮磨损", "branch": "machine", "because": [{"why": "没有按期更换"}]}]
    sent = {"code": "part_failure", "kind": "systemic", "cause": "超期使用", "whys": whys, "by": "李工"}
    client.put("/api/v1/tickets/t1/cause", json=sent)

    found = client.get("/api/v1/tickets/t1/cause").json()
    causes = client.get("/api/v1/retrospective", params=PERIOD).json()["causes"]

    assert found["whys"][0]["because"][0] == {"why": "没有按期更换", "branch": "", "because": []}
    assert [(item["code"], item["size"], item["guessed"]) for item in causes] == [("part_failure", 6, 5)]


def deep(depth: int) -> list[dict[str, Any]]:
    return [{"why": "因为", "because": deep(depth - 1)}] if depth else []


@pytest.mark.parametrize(
    "change",
    [
        {"code": "gremlins"},
        {"whys": [{"why": ""}]},
        {"whys": [{"why": "x", "branch": "tail"}]},
        {"whys": deep(8)},
    ],
)
def test_a_cause_that_makes_no_sense_is_refused(client: TestClient, change: dict[str, Any]) -> None:
    answer = client.put("/api/v1/tickets/t1/cause", json={"code": "unknown"} | change)

    assert answer.status_code == 422


def test_a_ticket_without_a_cause_says_so(client: TestClient) -> None:
    assert client.get("/api/v1/tickets/t1/cause").status_code == 404
    assert client.get("/api/v1/tickets/nothing/cause").status_code == 404


@pytest.mark.parametrize(("form", "start"), [("html", b"<!"), ("xlsx", b"PK"), ("docx", b"PK")])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_report_is_downloaded(client: TestClient, form: str, start: bytes, language: str) -> None:
    answer = client.get(f"/api/v1/retrospective/report.{form}", params=PERIOD | {"language": language})

    assert answer.status_code == 200
    assert answer.content.lower().startswith(start.lower())
    assert f"2026-03-31-{language}.{form}" in answer.headers["content-disposition"]
    if form == "html":
        assert PRINTER in answer.text


def test_another_form_is_refused(client: TestClient) -> None:
    assert client.get("/api/v1/retrospective/report.pdf", params=PERIOD).status_code == 422


def test_no_surge_is_an_empty_list(client: TestClient) -> None:
    assert client.get("/api/v1/surges").json() == []
