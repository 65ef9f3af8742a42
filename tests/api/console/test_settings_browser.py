"""An admin in a browser: edits the routing with a mistake, mends it, replays it, saves it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from kb import tickets
from triage import accounts
from triage.wiring import Parts

if TYPE_CHECKING:
    from playwright.sync_api import Page

Visit = Callable[..., "Page"]
pytestmark = pytest.mark.real
DATA = Path(__file__).parents[3] / "data"


@pytest.fixture
def demo(make_parts: Callable[..., Parts], quick_passwords: None, tmp_path: Path) -> Parts:
    """The demonstration on a copy of the data files."""
    folder = tmp_path / "data"
    shutil.copytree(DATA, folder, ignore=shutil.ignore_patterns("seed"))
    parts = make_parts(demo=True, plain_http=True, data=folder)
    with parts.database.transaction() as session:
        accounts.demo_accounts(session, parts.now())
        for number in range(3):
            values = {"description": f"打印机坏了 {number}", "category": "hardware", "status": "closed"}
            tickets.add(session, values, parts.now())
    return parts


@pytest.mark.parametrize(("language", "theme"), [("zh", "light"), ("en", "dark")])
def test_an_edit_is_mended_replayed_and_saved(
    visit: Visit, demo: Parts, barriers: Callable[[Page], list[str]], language: str, theme: str
) -> None:
    page = visit("admin", "/settings?file=routing.toml", language=language, color_scheme=theme)
    page.on("dialog", lambda dialog: dialog.accept())
    assert not barriers(page)
    text = page.input_value("#text")
    page.fill("#text", text.replace('\nteam = "', '\nteam = "x', 1))
    page.focus("#check")
    page.keyboard.press("Enter")
    page.wait_for_selector("pre.line")
    assert 'team = "x' in page.inner_text("pre.line")
    assert not barriers(page)
    teams = [term.code for term in demo.rules.taxonomy.teams]
    for team in teams:
        text = text.replace(f'team = "{team}"', f'team = "{teams[-1]}"')
    page.fill("#text", text)
    page.click("#replay")
    page.wait_for_selector("#replayed a.open", timeout=60_000)
    assert page.locator("#replayed a.open").count() == 3
    assert not barriers(page)
    page.set_viewport_size({"width": 360, "height": 800})
    assert not barriers(page)
    page.click("#save")
    page.wait_for_selector(".done")
    assert {rule.team for rule in demo.rules.routing.rules} == {teams[-1]}
