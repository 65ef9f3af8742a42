"""What the guides promise and what the program has are the same; every module says what it is for."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from api.app import create_app
from api.main import app as command_line
from models.encoder import Encoder
from triage.settings import Settings
from triage.wiring import Parts

CHECKOUT = Path(__file__).parents[1]
GUIDES = ("README.md", "README.zh-CN.md")
PACKAGES = ("models", "kb", "triage", "api")
MODULES = sorted(
    path.relative_to(CHECKOUT).as_posix()
    for name in PACKAGES
    for path in CHECKOUT.joinpath(name).rglob("*.py")
)
_LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")


@pytest.fixture(params=GUIDES)
def guide(request: pytest.FixtureRequest) -> str:
    return CHECKOUT.joinpath(request.param).read_text(encoding="utf-8")


@pytest.fixture
def routes(encoder: Encoder, tmp_path: Path) -> list[str]:
    """The routes of the OpenAPI schema, such as ``GET /api/v1/tickets``."""
    parts = Parts(Settings(home=tmp_path, encoder="hashing", _env_file=None))
    parts.encoder = encoder
    paths: dict[str, Any] = create_app(parts, work=False).openapi()["paths"]
    parts.close()
    return [f"{method.upper()} {path}" for path, methods in paths.items() for method in methods]


def commands(group: Any, before: str = "triage") -> Iterator[str]:
    """All commands, written as people type them."""
    for name, member in group.commands.items():
        if hasattr(member, "commands"):
            yield from commands(member, f"{before} {name}")
        else:
            yield f"{before} {name}"


def test_every_setting_is_explained(guide: str) -> None:
    settings = [f"TRIAGE_{name.upper()}" for name in Settings.model_fields]

    assert [name for name in settings if f"| `{name}` |" not in guide] == []


def test_no_setting_is_explained_that_is_gone(guide: str) -> None:
    settings = {f"TRIAGE_{name.upper()}" for name in Settings.model_fields}

    assert set(re.findall(r"TRIAGE_[A-Z_]*[A-Z]", guide)) <= settings


def test_every_default_is_the_programs(guide: str) -> None:
    rows = dict(re.findall(r"^\| `(TRIAGE_\w+)` \| ([^|]+) \|", guide, flags=re.MULTILINE))
    for name, field in Settings.model_fields.items():
        value = field.default
        default = "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
        told = rows[f"TRIAGE_{name.upper()}"].strip("` ")
        assert told == default or (not default and "`" not in rows[f"TRIAGE_{name.upper()}"]), name


def test_every_command_is_listed(guide: str) -> None:
    have = list(commands(typer.main.get_command(command_line)))

    assert "triage serve" in have
    assert [name for name in have if not re.search(rf"`{name}[ `]", guide)] == []


def test_every_option_of_the_commands_is_one_that_exists(guide: str) -> None:
    group: Any = typer.main.get_command(command_line)
    for line in re.findall(r"^\| `(triage [^`]+)` \|", guide, flags=re.MULTILINE):
        words = line.replace("\\|", "|").split()[1:]
        member = group
        while hasattr(member, "commands"):
            member = member.commands[words.pop(0)]
        known = {option for parameter in member.params for option in parameter.opts}
        assert set(re.findall(r"--[a-z-]+", line)) <= known, line


def test_every_route_is_listed(guide: str, routes: list[str]) -> None:
    assert "POST /api/v1/triage" in routes
    assert [route for route in routes if not re.search(rf"`{re.escape(route)}[`?]", guide)] == []


def test_no_route_is_listed_that_is_gone(guide: str, routes: list[str]) -> None:
    listed = set(re.findall(r"`((?:GET|POST|PUT|PATCH|DELETE) /api/[^`?]*)", guide))

    assert listed <= set(routes)


def test_every_decision_record_is_reached(guide: str) -> None:
    records = sorted(CHECKOUT.joinpath("docs", "decisions").glob("[0-9]*.md"))
    linked = {CHECKOUT / target for target in _LINK.findall(guide)}

    assert records
    assert [record.name[:4] for record in records] == [f"{n:04}" for n in range(1, len(records) + 1)]
    folder = CHECKOUT / "docs" / "decisions"
    assert [record.name for record in records if not {record, folder} & linked] == []


@pytest.mark.parametrize("name", [*GUIDES, "docs/data-files.md"])
def test_every_linked_file_is_there(name: str) -> None:
    page = CHECKOUT / name
    targets = [target for target in _LINK.findall(page.read_text(encoding="utf-8")) if "://" not in target]

    assert targets or name.startswith("docs/")
    assert [target for target in targets if not (page.parent / target).exists()] == []


@pytest.mark.parametrize("name", MODULES)
def test_every_module_says_what_it_is_for_and_stays_short(name: str) -> None:
    source = CHECKOUT.joinpath(name).read_text(encoding="utf-8")

    assert source.count("\n") < 400
    if source.strip():
        assert ast.get_docstring(ast.parse(source)), "no docstring"
