"""An admin in a browser: brings a broken workbook, mends its mapping and its bad rows."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import openpyxl
import pytest
from sqlalchemy import select

from kb.tables import Ticket
from triage.wiring import Parts

if TYPE_CHECKING:
    from playwright.sync_api import Page

Visit = Callable[..., "Page"]
pytestmark = pytest.mark.real


@pytest.mark.parametrize(("language", "theme"), [("zh", "light"), ("en", "dark")])
def test_a_broken_workbook_is_mended(
    visit: Visit,
    demo: Parts,
    barriers: Callable[[Page], list[str]],
    tmp_path: Path,
    language: str,
    theme: str,
) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    for row in (
        ["工单编号", "what they said", "客户满意度"],
        ["b1", "打印机无法启动", 5],
        ["b2", "the app crashes", "many"],
        ["b3", "客服态度恶劣", 1],
    ):
        sheet.append(row)
    book.save(tmp_path / "broken.xlsx")

    page = visit("admin", "/imports", language=language, color_scheme=theme)
    assert not barriers(page)
    page.set_input_files("#file", tmp_path / "broken.xlsx")
    page.click("#upload button")
    page.wait_for_url("**/imports/file/*")
    assert page.locator(".error").first.is_visible()
    page.select_option("select[name=column1]", "description")
    page.wait_for_selector("#start")
    assert "打印机无法启动" in page.inner_text("#first ~ div")
    assert not barriers(page)
    page.set_viewport_size({"width": 360, "height": 800})
    assert not barriers(page)
    page.set_viewport_size({"width": 1280, "height": 900})
    page.click("#start")
    page.wait_for_selector("a[href$='problems.xlsx']")
    assert not barriers(page)

    with page.expect_download() as waiting:
        page.click("a[href$='problems.xlsx']")
    waiting.value.save_as(tmp_path / "mended.xlsx")
    book = openpyxl.load_workbook(tmp_path / "mended.xlsx")
    heads = [cell.value for cell in book.active[1]]
    book.active.cell(2, heads.index("客户满意度") + 1, 4)
    book.save(tmp_path / "mended.xlsx")
    page.goto(page.url.rpartition("/")[0])
    page.set_input_files("#file", tmp_path / "mended.xlsx")
    page.click("#upload button")
    page.wait_for_url("**/imports/file/*")
    page.select_option(f"select[name=column{heads.index('what they said')}]", "description")
    page.wait_for_selector("#start")
    page.click("#start")
    page.wait_for_url("**/imports/tickets-*")
    page.wait_for_selector("a[href='/queue?scope=all']")
    with demo.database.reading() as session:
        assert sorted(session.scalars(select(Ticket.id))) == ["b1", "b2", "b3"]


def test_choices_stay_when_another_is_made(visit: Visit, tmp_path: Path) -> None:
    (tmp_path / "dates.csv").write_text("nr,said,received_at\na1,the app crashes,03/04/2026\n")
    page = visit("admin", "/imports")
    page.set_input_files("#file", tmp_path / "dates.csv")
    page.evaluate("document.getElementById('upload').dataset.most = 5")
    page.click("#upload button")
    page.wait_for_selector("#notice:has-text('larger than')")
    assert page.evaluate("document.getElementById('file').files.length") == 1
    page.evaluate("document.getElementById('upload').dataset.most = 5000")
    page.click("#upload button")
    page.wait_for_url("**/imports/file/*")
    page.select_option("#column1", "description")
    page.wait_for_selector("#start:disabled")
    page.focus("#column0")
    page.select_option("#column0", "id")
    page.wait_for_url("**column0=id**")
    page.wait_for_selector("#column0:focus")
    page.select_option("#dates", "day-first")
    page.wait_for_selector("#start:enabled")
    assert page.input_value("#column0") == "id"
    assert page.input_value("#column1") == "description"
