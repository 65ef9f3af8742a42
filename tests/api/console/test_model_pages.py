"""The page of models: training, promoting, comparing, promises, labels to settle."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from fastapi.testclient import TestClient

from kb import audit, decisions, tickets
from models.learning_curve import Forecast, Gain, LearningCurve, Point
from triage import model_desk, setup
from triage.learning import Labelled
from triage.wiring import Parts

SCRIPT = "<script>alert(1)</script>"
THINGS = {
    ("hardware", "important"): ("打印机坏了", "the printer is dead"),
    ("software", "normal"): ("登录报错", "login shows an error"),
    ("complaint", "urgent"): ("客服态度恶劣", "your agent was rude"),
}


@pytest.fixture
def examples(monkeypatch: pytest.MonkeyPatch) -> list[Labelled]:
    """What a model learns from here: a few sentences instead of the whole seed."""
    rows = [
        Labelled(f"{category}-{number}-{copy}", f"{text} {copy}", {"category": category, "priority": level})
        for (category, level), texts in THINGS.items()
        for number, text in enumerate(texts)
        for copy in range(20)
    ]
    monkeypatch.setattr(setup, "shipped_examples", lambda parts: rows)
    return rows


def trained(client: TestClient, parts: Parts, **sent: str) -> str:
    answer = client.post("/models/train", data={"name": "own", **sent})
    assert answer.headers["HX-Redirect"] == "/models", answer.text
    job = parts.jobs.last("train")
    assert job is not None
    parts.jobs.wait(job, 60)
    assert not job.failed
    return str(job.found)


def actions(parts: Parts) -> list[str]:
    with parts.database.reading() as session:
        return [line.action for line in audit.page(session)]


def test_a_version_is_trained_looked_at_promoted_and_rolled_back(
    client: TestClient, parts: Parts, examples: list[Labelled]
) -> None:
    assert trained(client, parts) == "own-1"
    page = client.get("/models?lang=en").text
    assert "own-1" in page
    assert "seed tickets and confirmed decisions" in page
    shown = client.get("/models/own-1?lang=en").text
    assert "taken for Hardware" in shown
    assert "120" in shown
    assert parts.store.current() == "small-1"

    assert client.post("/models/own-1/promote").headers["HX-Redirect"] == "/models"
    assert parts.model.card.version == "own-1"
    assert client.post("/models/rollback").headers["HX-Redirect"] == "/models"
    assert parts.store.current() == "small-1"
    assert actions(parts)[:3] == ["model_rolled_back", "model_promoted", "model_trained"]


def test_what_cannot_be_done_is_said_and_what_was_typed_is_kept(
    client: TestClient, parts: Parts, examples: list[Labelled]
) -> None:
    refused = client.post("/models/train?lang=en", data={"name": SCRIPT}).text
    assert "Not done: a model&#39;s name is small letters" in refused
    assert SCRIPT not in refused
    assert "&lt;script&gt;alert(1)" in refused
    assert "no earlier model" in client.post("/models/rollback?lang=en").text
    assert "there is no model" in client.post("/models/nothing-9/promote?lang=en").text
    assert client.get("/models/nothing-9").status_code == 404


def test_one_piece_of_work_at_a_time(client: TestClient, parts: Parts, examples: list[Labelled]) -> None:
    import threading

    gate = threading.Event()
    job = parts.jobs.begin("curve", lambda progress: gate.wait(30), by="somebody")
    try:
        busy = client.post("/models/train?lang=en", data={"name": "own"}).text
        assert "curve is going on, begun by somebody" in busy
    finally:
        gate.set()
        parts.jobs.wait(job, 30)


def test_a_failure_is_shown(client: TestClient, parts: Parts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(setup, "shipped_examples", lambda parts: [])
    client.post("/models/train", data={"name": "own"})
    job = parts.jobs.last("train")
    assert job is not None
    parts.jobs.wait(job, 30)
    assert "It failed: there are no labelled texts" in client.get("/models?lang=en").text


def test_imported_labels_are_learned_from_if_asked(
    client: TestClient, parts: Parts, examples: list[Labelled]
) -> None:
    with parts.database.transaction() as session:
        for number in range(30):
            values = {"description": f"请问怎么导出报表 {number}", "category": "consult", "status": "closed"}
            tickets.add(session, values, parts.now())
    without = parts.store.card(trained(client, parts))
    with_them = parts.store.card(trained(client, parts, imported="true"))
    assert "consult" not in without.labels["category"]
    assert with_them.counts["category"]["consult"] == 30


def test_promises_are_tried_and_kept_as_a_new_version(
    client: TestClient, parts: Parts, examples: list[Labelled]
) -> None:
    trained(client, parts)
    tried = client.get("/models/own-1/promise?target=category&auto=90&suggest=50&lang=en").text
    assert "90 %" in tried
    assert "settled" in tried
    made = client.post(
        "/models/own-1/promise", data={"target": "category", "auto": "80", "suggest": "50"}
    ).headers["HX-Redirect"]
    assert made == "/models/own-2"
    old, new = parts.store.card("own-1"), parts.store.card("own-2")
    assert new.promises["category"] == [0.5, 0.8]
    assert new.promises["priority"] == old.promises["priority"]
    assert new.bands["category"] != old.bands["category"] or all(
        pair[0] <= old.bands["category"][key][0] for key, pair in new.bands["category"].items()
    )
    loaded = parts.store.load("own-2")
    assert {key: list(pair) for key, pair in loaded.classifiers["category"].bands_.thresholds.items()} == (
        new.bands["category"]
    )
    refused = client.post(
        "/models/own-1/promise?lang=en", data={"target": "category", "auto": "100", "suggest": "50"}
    )
    assert "promises lie between" in refused.text


def test_two_versions_are_compared_over_the_newest_tickets(
    client: TestClient, parts: Parts, examples: list[Labelled]
) -> None:
    with parts.database.transaction() as session:
        values = {"description": f"请问怎么导出表格 {SCRIPT}", "category": "complaint", "priority": "urgent"}
        made = tickets.add(session, values, parts.now()).id
    trained(client, parts)
    answer = client.post("/models/compare", data={"before": "small-1", "after": "own-1"})
    assert answer.headers["HX-Redirect"] == "/models/comparison"
    job = parts.jobs.last("compare")
    assert job is not None
    parts.jobs.wait(job, 60)
    page = client.get("/models/comparison?lang=en").text
    assert "The newest 1 tickets" in page
    assert SCRIPT not in page
    found = job.found
    assert found.tickets == 1
    assert found.agreed["category"][0] == 1
    assert {one.ticket_id for one in found.changed} == {made}
    assert f'href="/tickets/{made}"' in page
    assert "now Service complaint" in page
    assert (
        "there is no model"
        in client.post("/models/compare?lang=en", data={"before": "small-1", "after": "x-1"}).text
    )


def test_doubted_labels_are_settled_once(client: TestClient, parts: Parts, examples: list[Labelled]) -> None:
    with parts.database.transaction() as session:
        ids = []
        for label in ("hardware", "hardware", "software"):
            ticket = tickets.add(session, {"description": f"扫描仪卡纸 {SCRIPT}"}, parts.now())
            decisions.decide(session, ticket, "category", label, by="ada", now=parts.now())
            ids.append(ticket.id)
    page = client.get("/models?lang=en").text
    assert f'href="/tickets/{ids[2]}"' in page
    assert "The same words have the other label here" in page
    assert "It is Hardware" in page
    assert SCRIPT not in page
    done = client.post("/models/labels", data={"ticket": ids[2], "target": "category", "label": "software"})
    assert done.headers["HX-Redirect"] == "/models"
    assert "No label is in doubt." in client.get("/models?lang=en").text
    with parts.database.reading() as session:
        assert decisions.history(session, tickets.get(session, ids[2]))[-1].final == "software"
    wrong = client.post("/models/labels?lang=en", data={"ticket": ids[2], "target": "category", "label": "x"})
    assert "is no category" in wrong.text


def test_a_label_the_model_doubts_is_doubted_until_it_is_looked_at(
    client: TestClient, parts: Parts, examples: list[Labelled]
) -> None:
    with parts.database.transaction() as session:
        ticket = tickets.add(session, {"description": "the printer is dead 77"}, parts.now())
        decisions.decide(session, ticket, "category", "complaint", by="ada", now=parts.now())
        ticket_id = ticket.id
    client.post(f"/models/{trained(client, parts)}/promote")
    held = parts.store.held_out("own-1")["category"]
    place = list(held.ids).index(ticket_id)
    assert held.predicted[place] == "hardware"
    if held.confidences[place] < 0.8:
        pytest.fail("the example is no clear one")
    page = client.get("/models?lang=en").text
    assert "had not learned from it" in page
    client.post("/models/labels", data={"ticket": ticket_id, "target": "category", "label": "hardware"})
    assert "No label is in doubt." in client.get("/models?lang=en").text


def test_the_curve_is_drawn_from_what_was_kept(client: TestClient, parts: Parts) -> None:
    assert "Draw anew" in client.get("/models?lang=en").text
    found = LearningCurve(
        (Point(100, 0.5, {"hardware": 0.5}), Point(200, 0.6, {"hardware": 0.6})),
        Forecast(400, 0.7, (0.65, 0.75)),
        (Gain("hardware", 200, 0.6, 0.1),),
    )
    model_desk.keep(parts.store, found, parts.now())
    page = client.get("/models?lang=en").text
    assert "Twice as many texts (400) would bring 70.0 % (65.0 % to 75.0 %)." in page
    assert "<svg" in page
    (parts.store.folder / "learning-curve.json").write_text("{", encoding="utf-8")
    assert "<svg" not in client.get("/models?lang=en").text


def test_models_over_the_wire(
    client: TestClient, parts: Parts, examples: list[Labelled], problem: Callable[..., dict[str, str]]
) -> None:
    trained(client, parts)
    listed = client.get("/api/v1/models").json()
    assert [(one["version"], one["in_use"]) for one in listed] == [("small-1", True), ("own-1", False)]
    assert client.post("/api/v1/models/own-1/promote").json() == {"version": "own-1"}
    assert client.post("/api/v1/models/rollback").json() == {"version": "small-1"}
    problem(client.post("/api/v1/models/rollback"), 409, "conflict")
    problem(client.post("/api/v1/models/none-1/promote"), 404, "not_found")
