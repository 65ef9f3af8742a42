"""The page at ``/`` as a person meets it in a browser, on a stub of the assessment."""

from __future__ import annotations

import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse

from api import errors
from api.console import desk, frame
from tests.chromium import FLAGS
from triage import rules
from triage.catalogue import words
from triage.watch import Watch

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

CHECKOUT = Path(__file__).parents[3]
HAN = re.compile(r"[\u3400-\u9fff]")
SCRIPT = "<img src=x onerror='window.broken=1'><script>window.broken=1</script>"
BREAK = "</script><script>window.broken=1</script>"


def proven(used: int = 0, worked: int = 0, reopened: int = 0, last: str | None = None) -> dict[str, Any]:
    return {
        "used": used, "worked": worked, "reopened": reopened, "last_worked_at": last,
        "last_failed_at": None, "failed_last": False,
    }  # fmt: skip


def answer(text: str) -> dict[str, Any]:
    """An assessment in the form of the contract, with script where people's text stands."""
    finding = {
        "alternatives": [{"label": "hardware", "confidence": 0.11}, {"label": "other", "confidence": 0.02}],
        "score": 1.61,
        "examples": [{"ticket_id": "T-17", "label": "software", "match": 0.81}],
    }
    due = {"first_response": "02:05", "dispatch": "03:00", "owner_confirm": "03:00", "contact": "04:00"}
    return {
        "language": "zh" if HAN.search(text) else "en",
        "category": finding
        | {
            "label": "software",
            "confidence": 0.87,
            "band": "auto",
            "reasons": [
                {"term": "vpn", "weight": 1.42, "kind": "term"},
                {"term": "printer", "weight": -0.31, "kind": "term"},
                {"term": "(meaning)", "weight": 0.5, "kind": "meaning"},
            ],
        },
        "priority": finding
        | {
            "label": "urgent",
            "confidence": 0.55,
            "band": "ask",
            "alternatives": [{"label": "important", "confidence": 0.4}],
            "reasons": [],
            "signals": [{"code": "many_users", "evidence": "nobody"}],
        },
        "route": {
            "team": "engineering",
            "role": "software_engineer",
            "rule": "software",
            "clocks": [{"step": step, "due_at": f"2026-03-11T{at}:00+00:00"} for step, at in due.items()],
            "helpers": ["technical_support"],
            "notify": [],
        },
        "similar_cases": [
            {
                "case_id": "C-1",
                "match": 0.91,
                "problem": f"VPN error 619 {SCRIPT}",
                "solution": f"Renew the certificate. {SCRIPT}",
                "language": "en",
                "category": "software",
                "product": "VPN",
                "shared_terms": ["vpn", "619"],
                "proven": proven(3, 2, 1, "2026-03-01T09:00:00+00:00"),
            },
            {
                "case_id": "C-2",
                "match": 0.44,
                "problem": "远程接入失败",
                "solution": "",
                "language": "zh",
                "category": "software",
                "product": "",
                "shared_terms": [],
                "proven": proven(),
            },
        ],
        "model": {"version": "seed-1", "encoder": "use"},
        "elapsed_ms": 12.5,
    }


def make_app(loaded: rules.Rules) -> FastAPI:
    """The page with the rules of ``data/`` and a stub where the assessment would be."""
    app = FastAPI()
    app.state.parts = SimpleNamespace(rules=loaded, watch=Watch())
    app.state.asked = []
    errors.install(app)
    app.include_router(frame.router)
    app.include_router(desk.router)

    @app.post("/api/v1/triage")
    async def assess(request: Request) -> Any:
        sent = await request.json()
        app.state.asked.append(sent)
        text = sent.get("description", "")
        if "refuse" in text:
            return errors.problem("too_large", "the text is longer than 20000 characters")
        if "break" in text:
            return HTMLResponse("<h1>Bad gateway</h1>", 502)
        return answer(text)

    return app


@pytest.fixture(scope="module")
def loaded() -> rules.Rules:
    return rules.load(CHECKOUT / "data")


@pytest.fixture(scope="module")
def served(loaded: rules.Rules) -> Iterator[tuple[str, FastAPI]]:
    """The page with its stub on a port of this machine."""
    app = make_app(loaded)
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        config = uvicorn.Config(app, ws="none", log_level="warning", lifespan="off")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            deadline = time.monotonic() + 20
            while not server.started:
                assert time.monotonic() < deadline and thread.is_alive(), "the server did not start"
                time.sleep(0.02)
            yield f"http://127.0.0.1:{listener.getsockname()[1]}", app
        finally:
            server.should_exit = True
            thread.join(20)


@pytest.fixture(scope="module")
def browser(need: Callable[[str], Path]) -> Iterator[Browser]:
    from playwright.sync_api import sync_playwright

    program = need("chromium")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=str(program), args=FLAGS)
        yield opened
        opened.close()


Open = Callable[..., "Page"]


@pytest.fixture
def open_page(browser: Browser, served: tuple[str, FastAPI]) -> Iterator[Open]:
    """Opens the page; the test fails if the browser reports an error of the script or a refused source."""
    contexts, said = [], []
    served[1].state.asked.clear()

    def opened(language: str = "en", width: int = 1280, **options: Any) -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": 900}, timezone_id="Asia/Shanghai", **options
        )
        context.set_default_timeout(10_000)
        contexts.append(context)
        shown = context.new_page()
        shown.on("pageerror", lambda error: said.append(str(error)))
        shown.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
        shown.goto(f"{served[0]}/?lang={language}")
        return shown

    yield opened
    for context in contexts:
        context.close()
    # The browser itself notes every answer of 4xx and 5xx; those are meant.
    assert not [line for line in said if "the server responded with a status" not in line], said


def write(shown: Page, text: str) -> None:
    shown.locator("#description").fill(text)


@pytest.mark.real
def test_typed_ticket_is_sent_and_its_assessment_shown(open_page: Open, served: tuple[str, FastAPI]) -> None:
    shown = open_page()
    shown.get_by_label("Subject").fill("VPN down")
    shown.get_by_label("Product").fill("Remote access")
    shown.get_by_label("Customer tier").select_option("vip")
    write(shown, "nobody can connect to the VPN")
    shown.wait_for_selector("#result article")
    assert served[1].state.asked == [
        {
            "subject": "VPN down",
            "description": "nobody can connect to the VPN",
            "product": "Remote access",
            "customer_tier": "vip",
            "top_k": 3,
        }
    ]
    result = shown.locator("#result").inner_text()
    for expected in (
        "Software problem",
        "87 % · sure",
        "55 % · ask a person",
        "vpn +1.42",
        "printer -0.31",
        "Engineering",
        "Software engineer",
        "10:05",  # 02:05 UTC in Shanghai
        "91 %",
        "used 3, worked 2",
        "reopened 1",
        "not used yet",
        "in common: vpn, 619",
    ):
        assert expected.lower() in result.lower(), (expected, result)
    assert shown.locator(".text mark.term").all_inner_texts() == ["VPN", "VPN"]
    assert shown.locator(".text mark.signal").all_inner_texts() == ["nobody"]
    assert shown.locator("#description").input_value() == "nobody can connect to the VPN"
    assert shown.locator("#save").is_enabled()


@pytest.mark.real
def test_script_in_ticket_and_case_is_text(open_page: Open) -> None:
    shown = open_page()
    write(shown, f"VPN {SCRIPT} {BREAK}")
    shown.wait_for_selector("#result article")
    assert SCRIPT in shown.locator("#result .text").inner_text()
    assert SCRIPT in shown.locator("#result article h3").first.inner_text()
    assert SCRIPT in shown.locator("#result .steps").first.inner_text()
    assert shown.locator("#result img, #result script").count() == 0
    assert shown.evaluate("window.broken") is None


@pytest.mark.real
@pytest.mark.parametrize(
    ("text", "expected"),
    [("refuse this", "the text is longer than 20000 characters"), ("break this", "does not answer")],
)
def test_error_is_shown_and_the_text_kept(open_page: Open, text: str, expected: str) -> None:
    shown = open_page()
    write(shown, "VPN")
    shown.wait_for_selector("#result article")
    write(shown, text)
    shown.wait_for_selector("#report.error")
    assert expected in shown.locator("#report").inner_text()
    assert shown.locator("#description").input_value() == text
    assert shown.locator("#result article").count() == 0  # nothing of the earlier ticket stays
    assert shown.locator("#save").is_enabled()


@pytest.mark.real
def test_unreachable_service_and_no_text(open_page: Open, served: tuple[str, FastAPI]) -> None:
    shown = open_page("zh")
    write(shown, "   ")
    shown.keyboard.press("Control+Enter")
    assert shown.locator("#report.error").inner_text() == words("desk", "zh")["no_text"]
    assert served[1].state.asked == []
    shown.route("**/api/v1/triage", lambda route: route.fulfill(status=500, body="gone"))
    write(shown, "登录失败")
    shown.get_by_text(words("desk", "zh")["failed"]).wait_for()
    assert shown.locator("#description").input_value() == "登录失败"


@pytest.mark.real
def test_busy_while_the_answer_is_awaited(open_page: Open) -> None:
    shown = open_page()
    waiting: list[Any] = []
    shown.route("**/api/v1/triage", lambda route: waiting.append(route))
    with shown.expect_request("**/api/v1/triage"):
        write(shown, "VPN")
    assert shown.locator("#save").is_disabled()
    assert shown.locator("#result").get_attribute("aria-busy") == "true"
    shown.locator("#description").type(" is down")  # typing goes on
    waiting[0].continue_()
    assert shown.locator("#description").input_value() == "VPN is down"
    shown.unroute("**/api/v1/triage")
    shown.wait_for_selector("#result article")
    assert shown.locator("#result").get_attribute("aria-busy") == "false"
    assert shown.locator("#save").is_enabled()


@pytest.mark.real
@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_examples_in_both_languages_fit_a_phone(open_page: Open, language: str, theme: str) -> None:
    shown = open_page(language, 360, color_scheme=theme)
    overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert shown.evaluate(overflow) == 0
    shown.click(f"[data-example][lang^={language}]")
    shown.wait_for_selector("#result article")
    shown.evaluate("for (const part of document.querySelectorAll('details')) part.open = true")
    assert shown.evaluate(overflow) == 0
    own = "软件问题" if language == "zh" else "Software problem"
    assert own in shown.locator("#result").inner_text()
    shown.click(".switch")
    shown.wait_for_selector("#description")
    assert shown.locator("html").get_attribute("lang") == ("en" if language == "zh" else "zh-CN")


@pytest.mark.real
def test_keyboard_reaches_everything_and_focus_is_visible(open_page: Open) -> None:
    shown = open_page()
    write(shown, "VPN")
    shown.wait_for_selector("#result article")
    reached = []
    for _ in range(11):
        reached.append(shown.evaluate("document.activeElement.id || document.activeElement.dataset.example"))
        width = shown.evaluate("getComputedStyle(document.activeElement).outlineWidth")
        assert width == "3px", reached[-1]
        shown.keyboard.press("Tab")
    examples = [words("desk", "en")["example_zh"], words("desk", "en")["example_en"]]
    own = ["description", "subject", "customer", "product", "customer_tier"]
    assert reached == [*own, "category", "priority", "team", "save", *examples]
    fields = shown.locator("input, textarea, select")
    assert fields.evaluate_all("(all) => all.filter((one) => !one.labels.length).length") == 0
    shown.keyboard.press("F8")
    assert shown.evaluate("document.activeElement.id") == "priority"
    shown.keyboard.press("Escape")
    assert shown.evaluate("document.activeElement.id") == "description"
