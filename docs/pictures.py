"""Take the pictures of the documentation: ``make pictures`` while ``make run`` serves on port 8000."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image
from playwright.sync_api import sync_playwright

from tests.chromium import FLAGS

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

FOLDER = Path(__file__).parent / "images"
LOOKS = (("light", 1440), ("dark", 360))
SHEET = """工单编号,反馈时间,客户名称,问题描述,优先级,客户满意度,内部列
a-1,2026-03-02 09:10,甲公司,打印机无法启动，指示灯不亮,紧急,5,x
a-2,2026-03-02 10:30,乙公司,The app crashes after the update,一般,,y
a-3,2026-03-03 08:00,丙公司,客服三天没有回电,很急,2,z
"""
TICKETS = (
    "打印机今天早上无法启动，按电源键没有反应，前台等着打发票，联系电话 13800138000",
    "The app crashes with error 500 after the update, nobody in our office can work",
    "客服态度很差，三天没有人回电话",
    "How do I export the monthly report to Excel?",
    "VPN 连不上，error 619，全公司都受影响",
)


def main() -> None:
    """Two looks of every page in each language."""
    address = sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8000"
    FOLDER.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        fill(browser, address)
        for language in ("zh", "en"):
            for theme, width in LOOKS:
                look(browser, address, language, theme, width)
        browser.close()


def fill(browser: Browser, address: str) -> None:
    """Some tickets, where there are none."""
    page = signed_in(browser, address, "zh", "light", 1440)
    page.goto(f"{address}/queue")
    if page.locator("a.open").count() == 0:
        page.goto(f"{address}/")
        for text in TICKETS:
            page.fill("#description", text)
            page.wait_for_selector("#save:not([disabled])")
            page.keyboard.press("Control+Enter")
            page.wait_for_selector("#report.done")
    page.context.close()


def signed_in(browser: Browser, address: str, language: str, theme: str, width: int) -> Page:
    """A page of the demonstration's admin."""
    context = browser.new_context(
        viewport={"width": width, "height": 1000},
        color_scheme="dark" if theme == "dark" else "light",
        locale="zh-CN" if language == "zh" else "en-GB",
        timezone_id="Asia/Shanghai",
    )
    page = context.new_page()
    page.goto(f"{address}/sign-in?lang={language}")
    take(page, "sign-in", language, theme, width)
    page.click("[data-fill=demo-admin]")
    page.wait_for_selector("#description")
    return page


def look(browser: Browser, address: str, language: str, theme: str, width: int) -> None:
    """Every page once."""
    page = signed_in(browser, address, language, theme, width)
    page.click(f"[data-example][lang^={language}]")
    page.wait_for_selector("#save:not([disabled])")
    take(page, "desk", language, theme, width)
    page.goto(f"{address}/queue")
    take(page, "queue", language, theme, width)
    page.locator("a.open").first.click()
    page.wait_for_selector("#timeline")
    take(page, "ticket", language, theme, width)
    question = "the printer does not start" if language == "zh" else "打印机无法启动"
    page.goto(f"{address}/cases?q={question}")
    take(page, "cases", language, theme, width)
    page.locator("a.open").first.click()
    page.wait_for_selector("#proof")
    take(page, "case", language, theme, width)
    page.goto(f"{page.url.split('?')[0]}/edit")
    take(page, "case-editor", language, theme, width)
    page.goto(f"{address}/retrospective?from=2020-01-01&to=2035-12-31")
    page.wait_for_selector("#groups")
    take(page, "retrospective", language, theme, width)
    page.locator("#groups ~ div td a[href*='kind=group']").first.click()
    page.wait_for_selector("a.open")
    take(page, "group", language, theme, width)
    page.goto(f"{address}/imports")
    take(page, "imports", language, theme, width)
    page.set_input_files("#file", {"name": "tickets.csv", "mimeType": "text/csv", "buffer": SHEET.encode()})
    page.click("#upload button")
    page.wait_for_selector("#start")
    take(page, "import-file", language, theme, width)
    page.goto(f"{address}/models")
    take(page, "models", language, theme, width)
    page.locator("a.open").first.click()
    page.wait_for_selector(".promised table >> nth=1")
    take(page, "model", language, theme, width)
    page.goto(f"{address}/models/comparison")
    take(page, "comparison", language, theme, width)
    page.goto(f"{address}/settings?file=routing.toml")
    take(page, "settings", language, theme, width)
    page.goto(f"{address}/accounts")
    take(page, "accounts", language, theme, width)
    page.goto(f"{address}/password")
    take(page, "password", language, theme, width)
    page.goto(f"{address}/cases/none")
    take(page, "failed", language, theme, width)
    page.context.close()


def take(page: Page, name: str, language: str, theme: str, width: int) -> None:
    """One picture; the plain look has the plain name."""
    plain = (theme, width) == LOOKS[0]
    file = f"{name}-{language}.png" if plain else f"{name}-{language}-{theme}-{width}.png"
    page.screenshot(path=str(FOLDER / file), full_page=True)
    with Image.open(FOLDER / file) as taken:  # a third of the size, and nobody sees it
        taken.convert("RGB").quantize(colors=96).save(FOLDER / file, optimize=True)


if __name__ == "__main__":
    main()
