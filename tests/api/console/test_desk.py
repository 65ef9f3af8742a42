"""The page at ``/``: its words, its escaping, and what it may load."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from api import errors
from api.console import desk as desk_page
from api.console import frame
from triage import rules
from triage.catalogue import words
from triage.watch import Watch

CHECKOUT = Path(__file__).parents[3]
CONSOLE = CHECKOUT / "api" / "console"
HAN = re.compile(r"[\u3400-\u9fff]")
BREAK = "</script><script>window.broken=1</script>"


def client(loaded: rules.Rules) -> TestClient:
    app = FastAPI()
    app.state.parts = SimpleNamespace(rules=loaded, watch=Watch())
    errors.install(app)
    app.include_router(frame.router)
    app.include_router(desk_page.router)
    return TestClient(app)


@pytest.fixture(scope="module")
def loaded() -> rules.Rules:
    return rules.load(CHECKOUT / "data")


@pytest.fixture
def desk(loaded: rules.Rules) -> TestClient:
    return client(loaded)


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


@pytest.mark.parametrize("language", ["zh", "en"])
def test_page_speaks_one_language(desk: TestClient, loaded: rules.Rules, language: str) -> None:
    response = desk.get("/", params={"lang": language})
    assert response.status_code == 200
    assert response.headers["content-language"] == language
    seen = Seen(response.text)
    assert seen.page_language.startswith(language)
    shown = " ".join(seen.texts)
    assert words("desk", language)["save"] in shown
    if language == "en":
        assert not HAN.search(shown), shown
    else:
        assert not re.findall(r"[A-Za-z]{2,}", re.sub(r"Ctrl\+Enter|JavaScript|VIP", "", shown)), shown
    found = json.loads(seen.data)
    assert found["names"] == desk_page.names(loaded, language)
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
    response = client(changed).get("/?lang=en")
    assert BREAK not in response.text
    seen = Seen(response.text)
    assert seen.scripts == 5
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
    assert links and all(re.match(r"/(?!/)|#", link) for link in links)
    kinds = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
    for name in (path.name for path in (CONSOLE / "static").iterdir()):
        kind = kinds[Path(name).suffix]
        response = desk.get(f"/static/{name}")
        assert response.headers["content-type"].startswith(kind)
        assert response.headers["x-content-type-options"] == "nosniff"
        assert not re.search(r"https?://(?!www\.w3\.org)|@import|url\(", response.text)


@pytest.mark.parametrize("name", ["desk.py", "..%2Fdesk.py", "%2e%2e/page.py", "none.js"])
def test_only_the_listed_files_are_served(desk: TestClient, name: str) -> None:
    response = desk.get(f"/static/{name}")
    assert response.status_code == 404


def test_script_writes_text_only() -> None:
    script = source("static/desk.js")
    assert not re.search(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function", script
    )
