"""A lead in a browser: opens the retrospective, follows a number to its tickets, downloads the report."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from kb import tickets
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
