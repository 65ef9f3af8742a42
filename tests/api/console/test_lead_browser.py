"""A lead in a browser: opens the retrospective, follows a number to its tickets, downloads the report."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from kb import tickets
from triage.findings import Surge
from triage.wiring import Parts

if TYPE_CHECKING:
    from playwright.sync_api import Page

Visit = Callable[..., "Page"]
pytestmark = pytest.mark.real


@pytest.mark.parametrize(("language", "theme"), [("zh", "light"), ("en", "dark")])
def test_from_a_number_to_its_tickets_and_the_report(
    visit: Visit, demo: Parts, served: str, tmp_path: Path, language: str, theme: str
) -> None:
    texts = ("打印机无法启动，指示灯不亮", "打印机又无法启动了，指示灯全不亮", "打印机启动不了，指示灯不亮")
    with demo.database.transaction() as session:
        for number in range(9):
            at = datetime(2026, 3, 2, 1, tzinfo=UTC) + timedelta(days=number)
            values = {
                "description": texts[number % 3],
                "received_at": at,
                "status": "closed",
                "category": "hardware",
            }
            tickets.add(session, values, demo.now())
    page = visit("lead", "/retrospective", language=language, color_scheme=theme)
    page.fill("#from", "2026-03-01")
    page.fill("#to", "2026-03-31")
    page.keyboard.press("Enter")
    page.wait_for_selector("#groups")
    with page.expect_download() as waiting:
        page.click("a[download][href*='report.xlsx']")
    saved = tmp_path / "report.xlsx"
    waiting.value.save_as(saved)
    assert saved.read_bytes()[:2] == b"PK"
    page.click("a[href*='kind=all']")
    page.wait_for_selector("a.open")
    assert page.locator("a.open").count() == 9
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url("**/tickets/*")
    assert "打印机" in page.inner_text("h1")


def test_a_group_is_split_by_ticking_and_put_back_together(
    visit: Visit, demo: Parts, barriers: Callable[[Page], list[str]]
) -> None:
    texts = ("打印机无法启动，指示灯不亮", "打印机又无法启动了，指示灯全不亮", "打印机启动不了，指示灯不亮")
    with demo.database.transaction() as session:
        for number in range(6):
            at = datetime(2026, 3, 2, 1, tzinfo=UTC) + timedelta(days=number)
            values = {"id": f"t{number}", "description": texts[number % 3], "received_at": at}
            tickets.add(session, {**values, "status": "closed", "category": "hardware"}, demo.now())
    demo.watch.found = (Surge(None, texts[0], demo.now(), demo.now(), 6, 0.5, 0.9, ("t0", "t1")),)
    demo.watch.looked_at = demo.now()
    page = visit("lead", "/retrospective?from=2026-03-01&to=2026-03-31", width=360)
    page.wait_for_selector("#groups")
    assert barriers(page) == []
    page.click("th summary")
    page.click("th a[href*='kind=group']")
    page.click("button:text-is('Split off the ticked ones')")
    page.wait_for_selector("#said:has-text('name the tickets')")
    page.fill("#split-name", "Power button")
    for ticket in ("t1", "t3"):
        page.check(f"input[value={ticket}]")
    assert barriers(page) == []
    page.click("button:text-is('Split off the ticked ones')")
    page.wait_for_selector("summary:has-text('Power button')")

    page.click("summary:has-text('Power button')")
    page.click("details[open] a[href*='kind=group']")
    page.wait_for_selector("#apart")
    assert page.locator("a.open").count() == 2
    page.on("dialog", lambda dialog: dialog.accept())
    page.click("button:text-is('Put back together')")
    page.wait_for_selector("#groups")
    assert "Power button" not in page.inner_text("main")
    page.click(".surges a")
    page.wait_for_selector("a.open")
    assert page.locator("a.open").count() == 2
    assert barriers(page) == []
