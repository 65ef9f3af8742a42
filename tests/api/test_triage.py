"""``POST /api/v1/triage``: the contract's answer, and refusals that leave the service well."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import jsonschema
import pytest
from fastapi.testclient import TestClient

from triage.wiring import Parts

URL = "/api/v1/triage"
PRINTER = "打印机无法启动，指示灯不亮"
FINDING = {"label", "confidence", "band", "alternatives", "reasons", "score", "examples"}


def schema_of(client: TestClient, name: str) -> dict[str, Any]:
    """The named schema with everything it refers to."""
    described = client.get("/openapi.json").json()
    return {**described["components"]["schemas"][name], "components": described["components"]}


def answer_schema(client: TestClient) -> dict[str, Any]:
    """The schema of a good answer, as the description links it to the path."""
    described = client.get("/openapi.json").json()
    content = described["paths"][URL]["post"]["responses"]["200"]["content"]["application/json"]
    return {**content["schema"], "components": described["components"]}


@pytest.fixture
def archived(client: TestClient, parts: Parts) -> TestClient:
    """A client whose archive holds one proven case."""
    made = {"id": "c-1", "problem": "打印机无法启动", "solution": "更换电源", "category": "hardware"}
    assert client.post("/api/v1/cases", json=made).status_code == 201
    assert client.post("/api/v1/cases/c-1/uses", json={"worked": True}).status_code == 201
    parts.index().apply(parts.database)
    return client


def test_answer_fits_the_described_schema(archived: TestClient) -> None:
    answer = archived.post(URL, json={"text": PRINTER})
    assert answer.status_code == 200
    jsonschema.Draft202012Validator(answer_schema(archived)).validate(answer.json())
    broken = answer.json() | {"language": "klingon"}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(answer_schema(archived)).validate(broken)


def test_answer_has_all_keys_of_the_contract(archived: TestClient) -> None:
    found = archived.post(URL, json={"text": PRINTER}).json()
    assert set(found) == {
        "language", "category", "priority", "route", "similar_cases", "similar_found", "degraded", "model",
        "elapsed_ms",
    }  # fmt: skip
    assert set(found["category"]) == FINDING
    assert set(found["priority"]) == FINDING | {"signals"}
    assert found["category"]["examples"]
    assert set(found["category"]["examples"][0]) == {"ticket_id", "label", "match"}
    assert set(found["category"]["alternatives"][0]) == {"label", "confidence"}
    assert set(found["category"]["reasons"][0]) == {"term", "weight", "kind"}
    assert set(found["route"]) >= {"team", "role", "rule", "clocks"}
    assert found["route"]["clocks"]
    assert set(found["route"]["clocks"][0]) == {"step", "due_at"}
    assert set(found["similar_cases"][0]) >= {
        "case_id", "match", "problem", "solution", "language", "shared_terms", "proven",
    }  # fmt: skip
    assert set(found["similar_cases"][0]["proven"]) >= {"used", "worked", "reopened", "last_worked_at"}
    assert set(found["model"]) == {"version", "encoder"}


def test_schema_names_the_keys_of_the_contract(client: TestClient) -> None:
    wanted = {
        "AssessmentAnswer": {
            "language", "category", "priority", "route", "similar_cases", "similar_found", "model",
            "elapsed_ms",
        },
        "Finding": FINDING,
        "PriorityFinding": FINDING | {"signals"},
        "Signal": {"code", "evidence"},
        "Route": {"team", "role", "rule", "clocks"},
        "Clock": {"step", "due_at"},
        "SimilarCase": {
            "case_id", "match", "problem", "solution", "language", "shared_terms", "proven",
        },
        "Proof": {"used", "worked", "reopened", "last_worked_at"},
        "ModelUsed": {"version", "encoder"},
    }  # fmt: skip
    for name, keys in wanted.items():
        described = schema_of(client, name)
        assert keys <= set(described["properties"]), name
        assert keys <= set(described["required"]), name
    finding = schema_of(client, "Finding")["properties"]
    assert finding["band"]["enum"] == ["auto", "suggest", "ask"]
    assert (finding["confidence"]["minimum"], finding["confidence"]["maximum"]) == (0, 1)
    languages = schema_of(client, "AssessmentAnswer")["properties"]["language"]["enum"]
    assert languages == ["zh", "en", "mixed", "other"]


def test_every_path_of_the_contract_exists(client: TestClient) -> None:
    paths = client.get("/openapi.json").json()["paths"]
    wanted = {
        "/api/v1/triage": {"post"},
        "/api/v1/tickets": {"get", "post"},
        "/api/v1/tickets/{ticket_id}": {"get"},
        "/api/v1/tickets/{ticket_id}/decision": {"post"},
        "/api/v1/tickets/{ticket_id}/transition": {"post"},
        "/api/v1/cases": {"post"},
        "/api/v1/cases/{case_id}": {"get"},
        "/api/v1/cases/search": {"get"},
        "/api/v1/cases/{case_id}/uses": {"post"},
        "/api/v1/imports": {"post"},
        "/api/v1/taxonomy": {"get"},
        "/healthz": {"get"},
        "/readyz": {"get"},
        "/metrics": {"get"},
    }
    for path, methods in wanted.items():
        assert methods <= set(paths[path]), path


def test_the_label_is_the_learned_one(client: TestClient) -> None:
    found = client.post(URL, json={"text": PRINTER}).json()
    assert found["category"]["label"] == "hardware"
    assert found["language"] == "zh"
    assert found["model"] == {"version": "small-1", "encoder": "hashing-256@1"}


def test_subject_and_description_are_one_text(client: TestClient) -> None:
    apart = client.post(URL, json={"subject": "打印机无法启动", "description": "指示灯不亮"}).json()
    whole = client.post(URL, json={"text": "打印机无法启动\n指示灯不亮"}).json()
    assert apart["category"] == whole["category"]
    alone = client.post(URL, json={"subject": "打印机无法启动"}).json()
    assert alone["category"] != whole["category"]


def test_top_k_limits_the_similar_cases(client: TestClient, parts: Parts) -> None:
    for number in range(4):
        client.post("/api/v1/cases", json={"id": f"c-{number}", "problem": f"打印机无法启动 {number}"})
    parts.index().apply(parts.database)
    assert len(client.post(URL, json={"text": PRINTER, "top_k": 2}).json()["similar_cases"]) == 2
    assert len(client.post(URL, json={"text": PRINTER}).json()["similar_cases"]) == 4


def test_stated_language_and_product_are_taken(client: TestClient) -> None:
    sent = {"text": PRINTER, "language": "en", "product": "锐印 M430", "customer_tier": "vip"}
    answer = client.post(URL, json=sent)
    assert answer.status_code == 200
    assert answer.json()["language"] == "en"


def test_control_characters_are_no_matter(client: TestClient) -> None:
    answer = client.post(URL, json={"text": "打印机\x00无法启动\x00，指示灯不亮\x07"})
    assert answer.status_code == 200
    assert "\x00" not in answer.text
    assert "\\u0000" not in answer.text


def test_lone_surrogate_is_no_matter(client: TestClient) -> None:
    sent = b'{"text": "the printer \\ud800 is dead"}'
    answer = client.post(URL, content=sent, headers={"content-type": "application/json"})
    assert answer.status_code == 200


def test_emoji_alone_ask_a_person(client: TestClient) -> None:
    found = client.post(URL, json={"text": "😀😀🔥"}).json()
    assert found["category"]["band"] == "ask"
    assert found["priority"]["band"] == "ask"
    assert found["language"] == "other"


REFUSED: list[tuple[str, dict[str, Any], int, str]] = [
    ("unknown field", {"json": {"text": "a", "top": 3}}, 422, "invalid_input"),
    ("empty text", {"json": {"text": ""}}, 422, "invalid_input"),
    ("only blanks", {"json": {"text": " \n\t"}}, 422, "invalid_input"),
    ("only NUL", {"json": {"text": "\x00\x00"}}, 422, "invalid_input"),
    ("no text", {"json": {}}, 422, "invalid_input"),
    ("a list", {"json": ["text"]}, 422, "invalid_input"),
    ("a number", {"json": {"text": 3}}, 422, "invalid_input"),
    ("top_k 0", {"json": {"text": "a", "top_k": 0}}, 422, "invalid_input"),
    ("unknown language", {"json": {"text": "a", "language": "fr"}}, 422, "invalid_input"),
    ("1 MB of text", {"json": {"text": "打印机 abc " * 100_000}}, 413, "too_large"),
    ("over the text limit", {"json": {"text": "a b " * 30_000}}, 413, "too_large"),
    (
        "wrong JSON",
        {"content": b'{"text": ', "headers": {"content-type": "application/json"}},
        422,
        "invalid_input",
    ),
    ("empty body", {"content": b"", "headers": {"content-type": "application/json"}}, 422, "invalid_input"),
    (
        "wrong content type",
        {"content": b'{"text": "a"}', "headers": {"content-type": "text/plain"}},
        422,
        "invalid_input",
    ),
    (
        "no UTF-8",
        {"content": b'{"text": "\xff\xfe"}', "headers": {"content-type": "application/json"}},
        400,
        "error",
    ),
]


@pytest.mark.parametrize(
    ("sent", "status", "code"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED]
)
def test_refusals_are_problem_documents(
    client: TestClient, problem: Callable[..., dict[str, Any]], sent: dict[str, Any], status: int, code: str
) -> None:
    body = problem(client.post(URL, **sent), status, code)
    jsonschema.Draft202012Validator(schema_of(client, "Problem")).validate(body)
    assert client.post(URL, json={"text": PRINTER}).status_code == 200


def test_unknown_field_is_named(client: TestClient) -> None:
    assert client.post(URL, json={"text": "a", "top": 3}).json()["field"] == "top"


def test_the_message_is_for_a_person(client: TestClient) -> None:
    answer = client.post(URL, json={"text": "  "}).json()
    assert answer["detail"] == "the body: there is no text: send text, or subject and description"


def test_unstated_length_is_limited_too(client: TestClient, problem: Callable[..., dict[str, Any]]) -> None:
    def drip() -> Iterator[bytes]:
        yield b'{"text": "'
        for _ in range(12):
            yield b"a" * 100_000
        yield b'"}'

    answer = client.post(URL, content=drip(), headers={"content-type": "application/json"})
    problem(answer, 413, "too_large")
