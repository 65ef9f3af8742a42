"""An admin in a browser: trains, compares, promotes, rolls back."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from kb import tickets
from triage import setup
from triage.learning import Labelled
from triage.wiring import Parts

if TYPE_CHECKING:
    from playwright.sync_api import Page

Visit = Callable[..., "Page"]
pytestmark = pytest.mark.real
THINGS = {
    ("hardware", "important"): ("打印机坏了", "the printer is dead"),
    ("software", "normal"): ("登录报错", "login shows an error"),
    ("complaint", "urgent"): ("客服态度恶劣", "your agent was rude"),
}


@pytest.fixture
def examples(monkeypatch: pytest.MonkeyPatch) -> None:
    """A few sentences to learn from instead of the whole seed."""
    rows = [
        Labelled(f"{category}-{number}-{copy}", f"{text} {copy}", {"category": category, "priority": level})
        for (category, level), texts in THINGS.items()
        for number, text in enumerate(texts)
        for copy in range(30)
    ]
    monkeypatch.setattr(setup, "shipped_examples", lambda parts: rows)


@pytest.mark.parametrize(("language", "theme"), [("zh", "light"), ("en", "dark")])
def test_from_training_to_rolling_back(
    visit: Visit,
    demo: Parts,
    examples: None,
    barriers: Callable[[Page], list[str]],
    language: str,
    theme: str,
) -> None:
    with demo.database.transaction() as session:
        for number in range(5):
            tickets.add(
                session, {"description": f"请问怎么导出表格 {number}", "status": "closed"}, demo.now()
            )
    page = visit("admin", "/models", language=language, color_scheme=theme)
    page.on("dialog", lambda dialog: dialog.accept())
    page.fill("#name", "own")
    page.keyboard.press("Enter")
    page.wait_for_selector("#job a[href='/models/own-1']", timeout=60_000)
    page.wait_for_selector("#versions a[href='/models/own-1']")
    assert not barriers(page)

    page.select_option("#before", "small-1")
    page.select_option("#after", "own-1")
    page.click("#compare")
    page.wait_for_url("**/models/comparison")
    page.wait_for_selector("#sum", timeout=60_000)
    assert "5" in page.inner_text("#sum")
    assert not barriers(page)

    page.goto(page.url.replace("/comparison", "/own-1"))
    page.wait_for_selector(".promised table >> nth=1")
    page.focus("#auto-category")
    page.keyboard.press("Home")
    page.wait_for_selector("#promised-category td:has-text('80 %')")
    assert not barriers(page)
    page.set_viewport_size({"width": 360, "height": 800})
    assert not barriers(page)

    page.goto(page.url.replace("/own-1", ""))
    page.click("button[hx-post='/models/own-1/promote']")
    page.wait_for_selector("tr:has(.band.auto) a[href='/models/own-1']")
    assert demo.model.card.version == "own-1"
    page.click("#rollback")
    page.wait_for_selector("tr:has(.band.auto) a[href='/models/small-1']")
    assert demo.model.card.version == "small-1"
    assert not barriers(page)
