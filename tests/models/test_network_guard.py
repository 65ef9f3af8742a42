"""The tests' own guard: nothing beyond this machine is reached."""

from __future__ import annotations

import socket

import pytest


def test_a_connection_beyond_loopback_is_refused(attempts: list[str]) -> None:
    with socket.socket() as plug, pytest.raises(OSError, match="never touch a network"):
        plug.connect(("192.0.2.1", 80))
    assert attempts == ["('192.0.2.1', 80)"]
    attempts.clear()


def test_a_name_of_another_machine_is_not_looked_up(attempts: list[str]) -> None:
    with pytest.raises(OSError, match=r"never touch a network: example\.org"):
        socket.create_connection(("example.org", 80))
    assert attempts == ["example.org"]
    attempts.clear()


def test_loopback_is_let_through() -> None:
    with socket.socket() as server, socket.socket() as client:
        server.bind(("127.0.0.1", 0))
        server.listen()
        client.connect(server.getsockname())
        assert client.getpeername() == server.getsockname()
