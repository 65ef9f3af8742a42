"""The page at ``/``: its words, its escaping, and what a person sees in a browser."""

from __future__ import annotations

import json
import re
import socket
import threading
import time
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse
from fastapi.testclient import TestClient

from api import errors
from api.console import page
from triage import rules

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

CHECKOUT = Path(__file__).parents[2]
CONSOLE = CHECKOUT / "api" / "console"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
COMPUTED = {  # how the script writes a key that it computes -> the keys it can come to
    "words[kind]": {"category", "priority"},
    "words[found.band]": {"auto", "suggest", "ask"},
    "words[`language_${item.language}`]": {"language_zh", "language_en", "language_mixed", "language_other"},
    "words[`language_${found.language}`]": {"language_zh", "language_en", "language_mixed", "language_other"},
}
HAN = re.compile(r"[\u3400-\u9fff]")
SCRIPT = "<img src=x onerror='window.broken=1'><script>window.broken=1</script>"
BREAK = "</script><script>window.broken=1</script>"


def proven(used: int = 0, worked: int = 0, reopened: int = 0, last: str | None = None) -> dict[str, Any]:
    return {"used": used, "worked": worked, "reopened": reopened, "last_worked_at": last}


def answer(text: str) -> dict[str, Any]:
    """An assessment in the form of the contract, with script where people's text stands."""
    finding = {
        "alternatives": [{"label": "hardware", "confidence": 0.11}, {"label": "other", "confidence": 0.02}],
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
            "reasons": [{"term": "vpn", "weight": 1.42}, {"term": "printer", "weight": -0.31}],
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
    app.state.parts = SimpleNamespace(rules=loaded)
    app.state.asked = []
    errors.install(app)
    app.include_router(page.router)

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


@pytest.fixture
def desk(loaded: rules.Rules) -> TestClient:
    return TestClient(make_app(loaded))


def words(language: str) -> dict[str, str]:
    return tomllib.loads((CONSOLE / "catalogue" / f"{language}.toml").read_text(encoding="utf-8"))


def source(name: str) -> str:
    return (CONSOLE / name).read_text(encoding="utf-8")


class Seen(HTMLParser):
    """What a page shows: texts that are not marked as being in another language, and the embedded data."""

    VOID = frozenset({"meta", "link", "input"})

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.data = ""
        self.scripts = 0
        self.stack: list[tuple[str, str | None]] = []
        self.page_language = ""
        self.feed(markup)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        self.scripts += tag == "script"
        if tag == "html":
            self.page_language = named["lang"] or ""
        if tag not in self.VOID:
            inherited = self.stack[-1][1] if self.stack else None
            self.stack.append((tag, named.get("lang", inherited)))
        for name in ("aria-label", "title", "placeholder", "alt"):
            if named.get(name):
                self.texts.append(named[name] or "")

    def handle_endtag(self, tag: str) -> None:
        assert self.stack.pop()[0] == tag

    def handle_data(self, data: str) -> None:
        if not self.stack or not data.strip():
            return
        tag, language = self.stack[-1]
        if tag == "script":
            self.data += data
        elif language == self.page_language:
            self.texts.append(data.strip())


def test_catalogues_have_the_same_keys_and_places() -> None:
    chinese, english = words("zh"), words("en")
    assert list(chinese) == list(english)
    for key, text in english.items():
        assert text.strip() and chinese[key].strip(), key
        assert set(re.findall(r"\{\w+\}", text)) == set(re.findall(r"\{\w+\}", chinese[key])), key


def test_every_word_is_used_and_none_is_missing() -> None:
    template, script = source("templates/desk.html"), source("static/desk.js")
    computed = set(re.findall(r"words\[(?:`[^`]*`|[^\]`]*)\]", script))
    assert computed == set(COMPUTED)
    used = set(re.findall(r"\bwords\.(\w+)", template + script)).union(*COMPUTED.values())
    assert used == set(words("en"))


def test_no_visible_word_outside_the_catalogues() -> None:
    template = re.sub(r"\{[{%].*?[%}]\}", "", source("templates/desk.html"))
    assert not re.sub(r"<[^>]*>", "", template).strip()
    assert not HAN.search(template + source("static/desk.js") + source("static/desk.css"))
    # In the script a written string is a code, a name of an element or attribute, or punctuation.
    assert not re.search(r"textContent: [\"'`][^\"'`$]*\w{2}[^\"'`$]*[\"'`]", source("static/desk.js"))


@pytest.mark.parametrize("language", ["zh", "en"])
def test_page_speaks_one_language(desk: TestClient, loaded: rules.Rules, language: str) -> None:
    response = desk.get("/", params={"lang": language})
    assert response.status_code == 200
    assert response.headers["content-language"] == language
    seen = Seen(response.text)
    assert seen.page_language.startswith(language)
    shown = " ".join(seen.texts)
    assert words(language)["assess"] in shown
    if language == "en":
        assert not HAN.search(shown), shown
    else:
        assert not re.findall(r"[A-Za-z]{2,}", re.sub(r"Ctrl\+Enter|JavaScript|VIP", "", shown)), shown
    found = json.loads(seen.data)
    assert found["names"] == page.names(loaded, language)
    named = [name for kind in found["names"].values() for name in kind.values()]
    if language == "en":
        assert not HAN.search(" ".join(named))
    else:
        assert all(HAN.search(name) for name in named)


@pytest.mark.parametrize(
    ("query", "header", "language"),
    [
        ("", "zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        ("", "en-GB,en;q=0.9,zh;q=0.1", "en"),
        ("", "fr-FR,zh;q=0.5", "zh"),
        ("", "fr", "en"),
        ("?lang=en", "zh-CN", "en"),
        ("?lang=xx", "zh-CN", "zh"),
    ],
)
def test_language_by_link_then_browser(desk: TestClient, query: str, header: str, language: str) -> None:
    response = desk.get(f"/{query}", headers={"Accept-Language": header})
    assert response.headers["content-language"] == language
    other = "en" if language == "zh" else "zh"
    assert f'href="/?lang={other}"' in response.text


def test_names_cannot_break_out(loaded: rules.Rules) -> None:
    first, *rest = loaded.taxonomy.categories
    evil = replace(first, names={"zh": BREAK, "en": BREAK})
    tier = replace(loaded.taxonomy.tiers[0], names={"zh": BREAK, "en": BREAK})
    changed = replace(loaded, taxonomy=replace(loaded.taxonomy, categories=(evil, *rest), tiers=(tier,)))
    response = TestClient(make_app(changed)).get("/?lang=en")
    assert BREAK not in response.text
    seen = Seen(response.text)
    assert seen.scripts == 2
    assert json.loads(seen.data)["names"]["category"][first.code] == BREAK
    assert any(BREAK in text for text in seen.texts)  # the tier, escaped


def test_policy_forbids_all_but_self(desk: TestClient) -> None:
    policy = desk.get("/").headers["content-security-policy"]
    parts = dict(part.strip().split(" ", 1) for part in policy.split(";"))
    assert parts["default-src"] == "'none'"
    assert set(parts.values()) == {"'none'", "'self'"}
    assert {"script-src", "style-src", "connect-src", "base-uri", "form-action", "frame-ancestors"} <= set(
        parts
    )


def test_nothing_comes_from_a_network(desk: TestClient) -> None:
    markup = desk.get("/").text
    assert not re.search(r"\son\w+=|\sstyle=|<style", markup)
    links = re.findall(r'(?:src|href)="([^"]*)"', markup)
    assert links and all(link.startswith("/") and not link.startswith("//") for link in links)
    kinds = {"desk.css": "text/css", "desk.js": "text/javascript", "icon.svg": "image/svg+xml"}
    assert {path.name for path in (CONSOLE / "static").iterdir()} == set(kinds)
    for name, kind in kinds.items():
        response = desk.get(f"/static/{name}")
        assert response.headers["content-type"].startswith(kind)
        assert response.headers["x-content-type-options"] == "nosniff"
        assert not re.search(r"https?://(?!www\.w3\.org)|@import|url\(", response.text)


@pytest.mark.parametrize("name", ["page.py", "..%2Fpage.py", "%2e%2e/page.py", "none.js"])
def test_only_the_listed_files_are_served(desk: TestClient, name: str) -> None:
    response = desk.get(f"/static/{name}")
    assert response.status_code == 404


def test_script_writes_text_only() -> None:
    script = source("static/desk.js")
    assert not re.search(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function", script
    )


# In a browser.


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
    shown.locator("#description").press("Control+Enter")


@pytest.mark.real
def test_typed_ticket_is_sent_and_its_assessment_shown(open_page: Open, served: tuple[str, FastAPI]) -> None:
    shown = open_page()
    shown.get_by_label("Subject").fill("VPN down")
    shown.get_by_label("Product").fill("Remote access")
    shown.get_by_label("Customer", exact=True).select_option("vip")
    write(shown, "nobody can connect to the VPN")
    shown.wait_for_selector("#result article")
    assert served[1].state.asked == [
        {
            "subject": "VPN down",
            "description": "nobody can connect to the VPN",
            "product": "Remote access",
            "customer_tier": "vip",
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
    assert shown.locator("#send").is_enabled()


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
    shown.wait_for_selector("#status.error")
    assert expected in shown.locator("#status").inner_text()
    assert shown.locator("#description").input_value() == text
    assert shown.locator("#result article").count() == 0  # nothing of the earlier ticket stays
    assert shown.locator("#send").is_enabled()


@pytest.mark.real
def test_unreachable_service_and_no_text(open_page: Open, served: tuple[str, FastAPI]) -> None:
    shown = open_page("zh")
    write(shown, "   ")
    assert shown.locator("#status.error").inner_text() == words("zh")["no_text"]
    assert served[1].state.asked == []
    shown.route("**/api/v1/triage", lambda route: route.fulfill(status=500, body="gone"))
    write(shown, "登录失败")
    shown.get_by_text(words("zh")["failed"]).wait_for()
    assert shown.locator("#description").input_value() == "登录失败"


@pytest.mark.real
def test_busy_while_the_answer_is_awaited(open_page: Open) -> None:
    shown = open_page()
    waiting: list[Any] = []
    shown.route("**/api/v1/triage", lambda route: waiting.append(route))
    with shown.expect_request("**/api/v1/triage"):
        write(shown, "VPN")
    assert shown.locator("#send").is_disabled()
    assert shown.locator("#status").inner_text() == words("en")["busy"]
    assert shown.locator("#result").get_attribute("aria-busy") == "true"
    waiting[0].continue_()
    shown.wait_for_selector("#result article")
    assert shown.locator("#result").get_attribute("aria-busy") == "false"
    assert shown.locator("#send").is_enabled()


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
    shown.locator("#subject").focus()
    reached = []
    for _ in range(7):
        reached.append(shown.evaluate("document.activeElement.id || document.activeElement.dataset.example"))
        width = shown.evaluate("getComputedStyle(document.activeElement).outlineWidth")
        assert width == "3px", reached[-1]
        shown.keyboard.press("Tab")
    examples = [words("en")["example_zh"], words("en")["example_en"]]
    assert reached == ["subject", "description", "product", "customer_tier", "send", *examples]
    fields = shown.locator("input, textarea, select")
    assert fields.evaluate_all("(all) => all.filter((one) => !one.labels.length).length") == 0
