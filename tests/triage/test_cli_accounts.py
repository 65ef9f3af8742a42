"""Users and tokens on the command line."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

pytestmark = pytest.mark.usefixtures("quick_passwords")
Run = Callable[..., Any]


def test_users(command: Run) -> None:
    assert "no user yet" in command("user", "list").out
    assert "one-time password" in command("user", "add", "Anna", "--role", "admin").out
    made = command("user", "add", "bert", "--json").json
    assert (made["name"], made["role"], len(made["one_time_password"])) == ("bert", "agent", 19)
    assert command("user", "role", "bert", "lead").out == "bert is lead now\n"
    assert command("user", "disable", "bert").out == "disabled\n"
    assert "bert                 lead       disabled" in command("user", "list").out
    assert command("user", "enable", "bert").out == "enabled\n"
    assert command("user", "reset", "bert").out.startswith("one-time password ")
    assert [row["name"] for row in command("user", "list", "--json").json] == ["anna", "bert"]
    for words, said in (
        (("user", "disable", "anna"), "only admin"),
        (("user", "add", "carl", "--role", "root"), "role is one of"),
        (("user", "reset", "nobody"), "no user"),
    ):
        refused = command(*words)
        assert refused.status == 1
        assert said in refused.err
        assert len(refused.err.strip().splitlines()) == 1


def test_a_users_team(command: Run) -> None:
    command("user", "add", "ada")
    assert command("user", "team", "ada", "engineering").out == "ada is in engineering now\n"
    assert command("user", "team", "ada", "nobody").status == 1
    assert command("user", "team", "nobody", "engineering").status == 1
    assert command("user", "team", "ada").out == "ada is in no team now\n"


def test_tokens(command: Run) -> None:
    command("user", "add", "anna")
    assert command("token", "list").out == "there is no token yet\n"
    secret = command("token", "add", "helpdesk", "--user", "anna").out.strip()
    assert secret.startswith("tri_")
    made = command("token", "add", "b", "--user", "anna", "--scope", "cases", "--days", "0", "--json").json
    assert made["scope"] == "cases"
    listed = command("token", "list").out
    assert secret not in listed
    assert "for anna, scope *, until 20" in listed
    assert command("token", "revoke", made["id"]).out == "revoked\n"
    rows = command("token", "list", "--json").json
    assert [(row["name"], row["revoked"], row["expires_at"] is None) for row in rows] == [
        ("b", True, True),
        ("helpdesk", False, False),
    ]
    assert "lacks" in command("token", "add", "c", "--user", "anna", "--scope", "accounts").err
    assert command("token", "revoke", " ").status == 1
