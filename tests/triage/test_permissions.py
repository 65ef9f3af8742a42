"""Roles and scopes."""

from __future__ import annotations

from itertools import pairwise

import pytest

from models.errors import InputError
from triage.permissions import PERMISSIONS, ROLES, checked_role, checked_scope, permissions


def test_each_role_may_what_the_one_before_may_and_more() -> None:
    held = list(ROLES.values())
    assert list(ROLES) == ["agent", "engineer", "lead", "admin"]
    assert all(less < more for less, more in pairwise(held))
    assert held[-1] == set(PERMISSIONS)
    assert "accounts" not in ROLES["lead"]


@pytest.mark.parametrize(
    ("role", "scope", "held"),
    [
        ("agent", "*", {"assess", "tickets", "cases"}),
        ("lead", "assess,analyse", {"assess", "analyse"}),
        ("agent", "assess,accounts", {"assess"}),  # a scope gives nothing that the role lacks
        ("nobody", "*", set()),
    ],
)
def test_a_scope_only_takes_away(role: str, scope: str, held: set[str]) -> None:
    assert permissions(role, scope) == held


def test_scopes_are_put_in_order_and_checked() -> None:
    assert checked_scope(" cases , assess,cases", "agent") == "assess,cases"
    assert checked_scope(" * ", "agent") == "*"
    for wrong, words in (("read", "not 'read'"), ("", "scope is"), (",", "scope is"), ("accounts", "lacks")):
        with pytest.raises(InputError, match=words) as error:
            checked_scope(wrong, "agent")
        assert error.value.field == "scope"
    with pytest.raises(InputError, match="role is one of"):
        checked_role("root")
