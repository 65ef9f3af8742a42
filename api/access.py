"""Which permission each address needs: one table for pages and API. What is not in it is refused."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

OPEN = "open"
"""Anybody may."""
SIGNED_IN = "signed_in"
"""Anybody who is signed in may."""
INTERNAL = "internal"
"""Commands beside the service alone may: the endpoint checks their token."""
METRICS = "metrics"
"""Open where the setting says so, else for those who may read the service's figures."""

_READ = ("GET", "HEAD")
_ANY: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rule:
    """What a kind of request needs. ``{}`` stands for one part of a path, ``{*}`` for any number."""

    methods: tuple[str, ...]
    path: str
    needs: str

    def pattern(self) -> re.Pattern[str]:
        """The path as a regular expression."""
        escaped = re.escape(self.path).replace(r"\{\*\}", ".*").replace(r"\{\}", "[^/]+")
        return re.compile(escaped)


RULES = (
    Rule(_READ, "/healthz", OPEN),
    Rule(_READ, "/readyz", OPEN),
    Rule(_READ, "/metrics", METRICS),
    Rule(_READ, "/static/{}", OPEN),
    Rule(_ANY, "/sign-in", OPEN),
    Rule(("POST",), "/sign-out", SIGNED_IN),
    Rule(_ANY, "/password", SIGNED_IN),
    Rule(_READ, "/openapi.json", SIGNED_IN),
    Rule(_ANY, "/internal/{*}", INTERNAL),
    Rule(("POST",), "/api/v1/triage", "assess"),
    Rule(_READ, "/api/v1/taxonomy", "assess"),
    Rule(_READ, "/api/v1/me", SIGNED_IN),
    Rule(("POST",), "/api/v1/tickets/{}/case", "archive"),
    Rule(_READ, "/api/v1/tickets/{}/cause", "tickets"),
    Rule(("PUT",), "/api/v1/tickets/{}/cause", "tickets"),
    Rule(_ANY, "/api/v1/tickets{*}", "tickets"),
    Rule(("POST",), "/api/v1/cases/{}/uses", "cases"),
    Rule(_READ, "/api/v1/cases{*}", "cases"),
    Rule(_ANY, "/api/v1/cases{*}", "archive"),
    Rule(_ANY, "/api/v1/customers/{*}", "accounts"),
    Rule(_ANY, "/api/v1/imports{*}", "transfer"),
    Rule(_ANY, "/api/v1/exports/{*}", "transfer"),
    Rule(_ANY, "/api/v1/retrospective{*}", "analyse"),
    Rule(_ANY, "/api/v1/surges", "analyse"),
    Rule(_ANY, "/api/v1/problem-groups/{*}", "analyse"),
    Rule(_ANY, "/api/v1/measures{*}", "analyse"),
    Rule(_ANY, "/api/v1/users{*}", "accounts"),
    Rule(_ANY, "/api/v1/tokens{*}", "accounts"),
    Rule(_READ, "/api/v1/audit", "accounts"),
    Rule(_ANY, "/api/v1/models{*}", "learn"),
    Rule(_READ, "/", "assess"),
    Rule(_ANY, "/queue{*}", "tickets"),
    Rule(_ANY, "/retrospective{*}", "analyse"),
    Rule(("POST",), "/tickets/{}/draft", "archive"),
    Rule(("POST",), "/cases/{}/use", "cases"),
    Rule(_READ, "/cases/new", "archive"),
    Rule(_READ, "/cases/{}/edit", "archive"),
    Rule(_READ, "/cases{*}", "cases"),
    Rule(_ANY, "/cases{*}", "archive"),
    Rule(_ANY, "/tickets/{*}", "tickets"),
    Rule(_ANY, "/imports{*}", "transfer"),
    Rule(_ANY, "/models{*}", "learn"),
    Rule(_ANY, "/settings{*}", "settings"),
    Rule(_ANY, "/accounts{*}", "accounts"),
)
_COMPILED = tuple((rule.methods, rule.pattern(), rule.needs) for rule in RULES)


@lru_cache(maxsize=4096)
def needed(method: str, path: str) -> str | None:
    """The permission a request needs, or one of this module's words; None where no rule is for it."""
    for methods, pattern, needs in _COMPILED:
        if (not methods or method in methods) and pattern.fullmatch(path):
            return needs
    return None


def other_method(path: str) -> bool:
    """Whether an address is known for another method than one without a rule."""
    return any(methods and pattern.fullmatch(path) for methods, pattern, _ in _COMPILED)
