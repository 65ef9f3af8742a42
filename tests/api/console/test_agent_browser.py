"""An agent's day in a browser: the desk by keyboard alone, the queue, a ticket, on every theme and width."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import func, select

from kb import cases as archive
from kb.tables import Decision, Ticket
from triage.catalogue import words
from triage.wiring import Parts

if TYPE_CHECKING:
    from playwright.sync_api import Page

Visit = Callable[..., "Page"]
Barriers = Callable[["Page"], list[str]]
pytestmark = pytest.mark.real
READY_TO_TYPE = "document.activeElement.id === 'description'"
"""The browser gives the box its focus only once it has drawn the page, which may be after it has loaded."""
RETRO = "/retrospective?from=2020-01-01&to=2035-12-31"
TEN = (
    "打印机无法启动，指示灯不亮", "The app crashes after the update", "客服态度恶劣，一直没有人回电",
    "How do I export a spreadsheet?", "包裹没有收到，物流不更新", "登录后报表页面报错 500",
    "The printer is dead and shows no lights", "请问怎么导出 Excel 表格", "I was charged twice on my invoice",
    "升级以后 VPN 闪退，error 619",
)  # fmt: skip


@pytest.mark.parametrize(("language", "theme"), [("zh", "light"), ("en", "dark")])
def test_ten_tickets_by_keyboard_alone(visit: Visit, demo: Parts, language: str, theme: str) -> None:
    page = visit("agent", language=language, color_scheme=theme)
    said = words("desk", language)
    page.wait_for_function(READY_TO_TYPE)
    for number, text in enumerate(TEN):
        page.keyboard.insert_text(text)
        page.wait_for_selector("#save:not([disabled])")
        if number % 3 == 0:
            page.keyboard.press("F8")
            page.keyboard.press("Home")  # the most urgent
            page.keyboard.press("Tab")
            page.keyboard.press("Escape")
        page.keyboard.press("Control+Enter")
        page.wait_for_selector("#report.done")
        assert page.evaluate("document.activeElement.id") == "description"
        assert page.input_value("#description") == ""
        page.evaluate("document.getElementById('report').className = ''")
    assert said["open_it"] in page.inner_text("#report")
    with demo.database.reading() as session:
        held = list(session.scalars(select(Ticket).order_by(Ticket.pk)))
        assert [ticket.description for ticket in held] == list(TEN)
        assert {ticket.status for ticket in held} == {"assigned"}
        assert [ticket.priority for ticket in held[::3]] == ["urgent"] * 4
        decided = select(func.count()).select_from(Decision).where(Decision.decided_by == "demo-agent")
        assert session.scalar(decided) == 20
        assert (
            session.scalar(select(func.count()).select_from(Decision).where(Decision.shown.is_(False))) == 0
        )


def test_the_last_answer_wins_and_a_draft_survives_a_closed_tab(visit: Visit, served: str) -> None:
    page = visit("agent")
    slow: list[Any] = []

    def hold_the_first(route: Any) -> None:
        if slow:
            route.continue_()
        slow.append(route)

    page.route("**/api/v1/triage", hold_the_first)
    page.fill("#description", "the printer is dead")
    page.wait_for_selector("#result[aria-busy=true]")
    page.fill("#description", "The parcel never arrived")
    page.wait_for_selector("#save:not([disabled])")
    assert page.input_value("#category") == "other"
    again = page.context.new_page()
    page.close()
    again.goto(served + "/")
    again.wait_for_selector("#save:not([disabled])")
    assert again.input_value("#description") == "The parcel never arrived"
    again.keyboard.press("Control+Enter")
    again.wait_for_selector("#report.done")
    again.reload()
    assert again.input_value("#description") == ""


def test_what_is_open_already_is_said(visit: Visit, demo: Parts) -> None:
    page = visit("agent")
    page.fill("#customer", "Acme")
    page.fill("#description", "打印机无法启动，指示灯不亮，按键没反应")
    page.wait_for_selector("#save:not([disabled])")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("#report.done")
    page.fill("#customer", "Acme")
    page.wait_for_selector(".warning.customer a")
    assert "打印机无法启动" in page.inner_text(".warning.customer")


def test_from_the_queue_to_a_solved_ticket_by_keyboard(visit: Visit, demo: Parts, served: str) -> None:
    page = visit("agent")
    page.wait_for_function(READY_TO_TYPE)
    page.keyboard.insert_text("The printer is dead and shows no lights")
    page.wait_for_selector("#save:not([disabled])")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("#report.done")
    page.goto(f"{served}/queue")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url("**/tickets/*")
    page.keyboard.press("1")
    assert page.evaluate("document.activeElement.id") == "category"
    for status in ("confirmed", "in_progress"):
        page.focus(f"button[value={status}]")
        page.keyboard.press("Enter")
        page.wait_for_selector(f"button[value={status}]", state="detached")
    page.focus("#solution")
    page.keyboard.insert_text("new power supply")
    page.focus("button[value=solved]")
    page.keyboard.press("Enter")
    page.wait_for_selector("button[value=informed]")
    with demo.database.reading() as session:
        ticket = session.scalars(select(Ticket)).one()
        assert (ticket.status, ticket.solution) == ("solved", "new power supply")


ADMINS = ("/imports", "/models", "/models/small-1", "/models/comparison", "/settings", "/accounts")


@pytest.mark.parametrize(
    ("language", "theme", "width"),
    [("zh", "light", 1440), ("zh", "dark", 360), ("en", "dark", 1440), ("en", "light", 360)],
)
def test_pages_keep_nobody_out(
    visit: Visit, served: str, demo: Parts, barriers: Barriers, language: str, theme: str, width: int
) -> None:
    page = visit("admin", language=language, color_scheme=theme, width=width)
    page.fill("#customer", "甲公司")
    page.fill("#description", "打印机无法启动，指示灯不亮")
    page.wait_for_selector("#save:not([disabled])")
    assert barriers(page) == []
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("#report.done a")
    ticket = page.get_attribute("#report a", "href")
    cases = ("/cases", "/cases?q=打印机", "/cases/c-1", "/cases/c-1/edit", "/cases/new")
    made = {"id": "c-1", "problem": "打印机无法启动", "solution": "更换电源", "category": "hardware"}
    with demo.database.transaction() as session:
        archive.write(session, [made], demo.encoder, demo.now())
    for path in ("/queue", str(ticket), *cases, "/retrospective", RETRO, *ADMINS, "/cases/none", "/password"):
        page.goto(served + path)
        if path == RETRO:
            page.wait_for_selector("#groups")
        assert barriers(page) == [], path
    page.click("header form button")
    page.wait_for_url("**/sign-in")
    assert barriers(page) == []
