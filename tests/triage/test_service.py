"""The note a running service leaves, and calls to it, against a small server on loopback."""

from __future__ import annotations

import json
import socket
import stat
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from models.errors import IndexUnavailableError, TriageError
from triage import service
from triage.service import TOKEN_HEADER, Service


class Stub(ThreadingHTTPServer):
    """Answers every request with the same status and body, and remembers what was asked."""

    status = 200
    answer: bytes = b'{"status": "ok"}'

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answering)
        self.seen: list[tuple[str, str, str | None, bytes]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Answering(BaseHTTPRequestHandler):
    server: Stub

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.seen.append((self.command, self.path, self.headers.get(TOKEN_HEADER), body))
        self.send_response(self.server.status)
        self.send_header("Content-Length", str(len(self.server.answer)))
        self.end_headers()
        self.wfile.write(self.server.answer)

    do_POST = do_GET  # noqa: N815  # the library's names

    def log_message(self, *_: Any) -> None:
        return None


@pytest.fixture
def stub() -> Iterator[Stub]:
    with Stub() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def dead_url() -> str:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}"


def test_a_note_is_readable_by_its_own_user_alone(tmp_path: Path) -> None:
    path = tmp_path / "service.json"
    path.write_text("old", encoding="utf-8")
    path.chmod(0o666)

    made = service.announce(tmp_path, "http://127.0.0.1:1")

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert json.loads(path.read_text(encoding="utf-8"))["token"] == made.token
    assert len(made.token) >= 32
    assert service.announce(tmp_path, "http://127.0.0.1:1").token != made.token


def test_an_announced_service_that_answers_is_running(tmp_path: Path, stub: Stub) -> None:
    made = service.announce(tmp_path, stub.url)

    assert service.running(tmp_path) == made
    assert stub.seen[0][2] == made.token


def test_without_a_note_nothing_runs(tmp_path: Path) -> None:
    assert service.running(tmp_path) is None


def test_a_service_that_died_is_not_running(tmp_path: Path, dead_url: str) -> None:
    service.announce(tmp_path, dead_url)

    assert service.running(tmp_path) is None


def test_another_program_at_the_same_address_is_not_the_service(tmp_path: Path, stub: Stub) -> None:
    service.announce(tmp_path, stub.url)
    stub.status = 403

    assert service.running(tmp_path) is None


@pytest.mark.parametrize(
    "note",
    ["", "{", "[]", "{}", '{"url": 1}', '{"url": "http://127.0.0.1:port", "token": "t", "pid": 1}',
     '{"url": "nowhere", "token": "t", "pid": 1}'],
)  # fmt: skip
def test_a_damaged_note_is_no_service(tmp_path: Path, note: str) -> None:
    (tmp_path / "service.json").write_text(note, encoding="utf-8")

    assert service.running(tmp_path) is None


def test_a_withdrawn_service_leaves_no_note(tmp_path: Path, stub: Stub) -> None:
    made = service.announce(tmp_path, stub.url)
    service.withdraw(tmp_path, made)
    service.withdraw(tmp_path, made)

    assert not (tmp_path / "service.json").exists()
    assert service.running(tmp_path) is None


def test_a_note_of_a_later_service_stays(tmp_path: Path, stub: Stub) -> None:
    first = service.announce(tmp_path, stub.url)
    second = service.announce(tmp_path, stub.url)
    service.withdraw(tmp_path, first)

    assert service.running(tmp_path) == second


def test_a_call_carries_token_query_and_body(stub: Stub) -> None:
    asked = Service(stub.url, "secret", 1)

    assert service.call(asked, "POST", "/x", body={"text": "你好"}, query={"limit": 2}) == {"status": "ok"}

    method, path, token, body = stub.seen[0]
    assert (method, path, token) == ("POST", "/x?limit=2", "secret")
    assert json.loads(body) == {"text": "你好"}


def test_a_problem_document_becomes_an_error_of_ours(stub: Stub) -> None:
    stub.status = 413
    stub.answer = json.dumps(
        {"code": "too_large", "detail": "the text is too long", "field": "text"}
    ).encode()

    with pytest.raises(TriageError, match="the text is too long") as raised:
        service.call(Service(stub.url, "t", 1), "POST", "/x", body={})

    assert (raised.value.code, raised.value.field) == ("too_large", "text")
    assert TriageError.code == "error"


@pytest.mark.parametrize("answer", [b"<html>", b"[]", b'{"detail": "no code"}', b""])
def test_another_refusal_is_told_by_its_status(stub: Stub, answer: bytes) -> None:
    stub.status, stub.answer = 502, answer

    with pytest.raises(TriageError, match="status 502"):
        service.call(Service(stub.url, "t", 1), "GET", "/x")


def test_a_service_that_went_away_is_told(dead_url: str) -> None:
    with pytest.raises(IndexUnavailableError, match="does not answer"):
        service.call(Service(dead_url, "t", 1), "GET", "/x")
