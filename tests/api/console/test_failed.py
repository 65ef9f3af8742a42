"""What a person sees where something cannot be shown; programs get problem documents as ever."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest
from fastapi.testclient import TestClient

from triage.wiring import Parts

PAGE = {"Accept": "text/html"}


@pytest.mark.parametrize(
    ("path", "status", "zh", "en"),
    [
        ("/cases/none", 404, "没有案例", "there is no case"),
        ("/tickets/none", 404, "没有工单", "there is no ticket"),
        ("/nowhere", 404, "没有这个地址", "there is no such address"),
        ("/imports/none", 404, "没有导入", "there is no import"),
        ("/settings?file=x", 404, "没有可编辑的文件", "no data file"),
    ],
)
def test_a_page_says_it_in_the_readers_language(
    client: TestClient, path: str, status: int, zh: str, en: str
) -> None:
    for language, said in (("zh", zh), ("en", en)):
        answer = client.get(path, headers={**PAGE, "Accept-Language": language})
        assert answer.status_code == status
        assert answer.headers["content-type"].startswith("text/html")
        assert said in answer.text
        assert "Content-Security-Policy" in answer.headers
    assert client.get(path).headers["content-type"] == "application/problem+json"


def test_who_may_not_is_told_so(
    parts: Parts, open_client: Callable[..., AbstractContextManager[TestClient]]
) -> None:
    with open_client(parts, role="agent") as client:
        answer = client.get("/models", headers={**PAGE, "Accept-Language": "zh"})
        assert answer.status_code == 403
        assert "没有此权限" in answer.text
        assert 'href="/models"' not in answer.text


def test_what_a_link_holds_is_shown_as_text(client: TestClient) -> None:
    page = client.get("/cases/<script>alert(1)<%2Fscript>", headers=PAGE).text
    assert "<script>alert" not in page


def test_a_pages_script_gets_the_problem_in_the_readers_language(
    client: TestClient, problem: Callable[..., dict[str, Any]]
) -> None:
    sent = {"text": ""}
    script = {"X-CSRF-Token": "any", "Accept-Language": "zh"}
    told = client.post("/api/v1/tickets", json={"description": " "}, headers=script)
    plain = client.post("/api/v1/tickets", json={"description": " "}, headers={"Accept-Language": "zh"})
    assert told.status_code == plain.status_code == 422
    assert told.json()["code"] == plain.json()["code"]
    assert problem(plain, 422, "invalid_input")["detail"].isascii()
    assert sent["text"] == ""
