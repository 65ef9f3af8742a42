"""The HTML file opened in a browser as a person opens it: from the disk, without a network."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.chromium import FLAGS
from triage.report import page
from triage.report.material import Material

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

EVIL = "</script><script>window.broken=1</script><img src=x onerror='window.broken=1'>"
LINK = "<a href='javascript:window.broken=1'>click</a><b>bold</b>"
OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"

Make = Callable[..., Material]
Open = Callable[..., "Page"]

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def browser(need: Callable[[str], Path]) -> Iterator[Browser]:
    from playwright.sync_api import sync_playwright

    program = need("chromium")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=str(program), args=FLAGS)
        yield opened
        opened.close()


@pytest.fixture
def open_report(browser: Browser, tmp_path: Path) -> Iterator[Open]:
    """Opens a report; the test fails if its script fails, a source is refused or anything is asked for."""
    contexts, said = [], []

    def opened(material: Material, width: int = 1280, **options: Any) -> Page:
        path = tmp_path / "report.html"
        path.write_text(page.render(material), encoding="utf-8")
        context = browser.new_context(viewport={"width": width, "height": 900}, **options)
        context.set_default_timeout(15_000)
        contexts.append(context)
        shown = context.new_page()
        shown.on("pageerror", lambda error: said.append(str(error)))
        shown.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
        shown.on(
            "request", lambda request: said.append(request.url) if request.url != path.as_uri() else None
        )
        shown.goto(path.as_uri())
        shown.wait_for_selector(".pareto:not([hidden]) .main-svg, .empty")
        return shown

    yield opened
    for context in contexts:
        context.close()
    assert not said


def test_switches_show_one_chart_at_a_time(open_report: Open, material: Make) -> None:
    shown = open_report(material("en"))
    visible = shown.locator(".pareto:visible figcaption strong")
    assert visible.all_inner_texts() == ["Groups, by tickets"]
    shown.get_by_label("Root causes").check()
    shown.get_by_label("by hours").check()
    assert visible.all_inner_texts() == ["Root causes, by hours"]
    labels = shown.locator(".pareto:visible .ytick text").all_text_contents()
    assert labels[0].split()[0] == "1" and "Software bug" in labels[0]
    assert shown.locator(".pareto:visible .main-svg").count() > 0


def test_link_opens_the_list_it_leads_to(open_report: Open, material: Make) -> None:
    made = material("en")
    shown = open_report(made)
    listed = shown.locator("#g1-all li")
    assert not listed.first.is_visible()
    shown.locator('a[href="#g1-all"]').first.click()
    assert listed.first.is_visible() and listed.count() == made.found.groups[0].size
    shown.locator("#g1-all a").first.click()
    assert shown.locator(f"#{shown.url.split('#')[1]}").is_visible()  # in the list of all tickets
    shown.locator("#g1 >> xpath=../tr[2]//summary").first.click()
    shown.locator('a[href="#g1-all"]').first.click()
    assert listed.first.is_visible()


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_fits_a_phone_also_with_all_lists_open(
    open_report: Open, material: Make, language: str, theme: str
) -> None:
    shown = open_report(material(language), 390, color_scheme=theme)
    assert shown.evaluate(OVERFLOW) == 0
    shown.evaluate("for (const part of document.querySelectorAll('details')) part.open = true")
    assert shown.evaluate(OVERFLOW) == 0
    background = shown.evaluate("getComputedStyle(document.body).backgroundColor")
    assert background == ("rgb(245, 246, 248)" if theme == "light" else "rgb(18, 22, 28)")


def test_labels_of_the_chart_stay_inside(open_report: Open, material: Make) -> None:
    shown = open_report(material("zh"))
    cut = """() => {
        const chart = document.querySelector('.pareto:not([hidden]) .chart').getBoundingClientRect();
        return [...document.querySelectorAll('.pareto:not([hidden]) .chart text')]
            .map((text) => text.getBoundingClientRect())
            .filter((box) => box.width && (box.left < chart.left - 1 || box.right > chart.right + 1)).length;
    }"""
    assert shown.evaluate(cut) == 0


def test_script_in_titles_does_not_run_and_is_shown(open_report: Open, material: Make) -> None:
    clean = material("en")
    evil = f"{EVIL}{LINK}"
    paretos = tuple(
        replace(pareto, bars=tuple(replace(bar, title=evil, key="gone") for bar in pareto.bars))
        for pareto in clean.found.paretos
    )
    groups = tuple(replace(group, title=evil, terms=(evil,)) for group in clean.found.groups)
    texts = {key: replace(line, subject=evil, excerpt=evil) for key, line in clean.texts.items()}
    names = {**clean.names, "category": dict.fromkeys(clean.names["category"], evil)}
    found = replace(clean.found, paretos=paretos, groups=groups)
    shown = open_report(Material(found, "en", names, texts))
    shown.locator(".pareto:visible .trace.bars path").first.hover(force=True)
    assert shown.evaluate("window.broken") is None
    assert shown.locator("main img, main a[href^='javascript']").count() == 0
    assert shown.locator(".chart a").count() == 0
    assert EVIL in shown.locator("#g1").inner_text()
    assert "</script>" in (shown.locator(".pareto:visible .ytick text").first.text_content() or "")


def test_print_is_light_and_leaves_out_what_is_closed(open_report: Open, material: Make) -> None:
    shown = open_report(material("en"), color_scheme="dark")
    ink = "getComputedStyle(document.querySelector('.pareto:not([hidden]) .ytick text')).fill"
    assert shown.evaluate(ink) == "rgb(230, 234, 240)"
    shown.evaluate("dispatchEvent(new Event('beforeprint'))")
    shown.emulate_media(media="print", color_scheme="dark")
    assert shown.evaluate(ink) == "rgb(27, 35, 48)"
    assert not shown.locator("nav").is_visible()
    assert not shown.locator("#all").is_visible()
    assert shown.locator("details.tickets:visible").count() == 1  # says how many tickets are in no group
    shown.emulate_media(media="screen")
    shown.evaluate("dispatchEvent(new Event('afterprint'))")
    assert shown.evaluate(ink) == "rgb(230, 234, 240)"


def test_empty_period_opens_too(open_report: Open, material: Make, empty: Any) -> None:
    shown = open_report(material("zh", empty))
    assert "本期没有收到工单" in shown.locator("#summary").inner_text()
