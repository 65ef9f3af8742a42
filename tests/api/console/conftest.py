"""A real service's application in a thread, and browsers that are signed in."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import uvicorn

from api.app import create_app
from tests.chromium import FLAGS
from triage import accounts
from triage.wiring import Parts

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

SERIOUS = ("serious", "critical")


@contextmanager
def serving(parts: Parts) -> Iterator[str]:
    """The application with its worker on a port of this machine."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        config = uvicorn.Config(create_app(parts), ws="none", log_level="warning")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            end = time.monotonic() + 30
            while not server.started:
                assert time.monotonic() < end and thread.is_alive(), "the server did not start"
                time.sleep(0.02)
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(30)


@pytest.fixture(scope="module")
def chromium(need: Callable[[str], Path]) -> Iterator[Browser]:
    """The browser."""
    from playwright.sync_api import sync_playwright

    program = need("chromium")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=str(program), args=FLAGS)
        yield opened
        opened.close()


@pytest.fixture
def demo(make_parts: Callable[..., Parts], quick_passwords: None) -> Parts:
    """The parts of a demonstration, with an account for each role."""
    parts = make_parts(demo=True, plain_http=True)
    with parts.database.transaction() as session:
        accounts.demo_accounts(session, parts.now())
    return parts


Visit = Callable[..., "Page"]


@pytest.fixture
def served(demo: Parts) -> Iterator[str]:
    """Where the demonstration is."""
    with serving(demo) as address:
        yield address


@pytest.fixture
def visit(chromium: Browser, served: str) -> Iterator[Visit]:
    """Opens a page as a role; the test fails if the browser reports an error or a refused source."""
    contexts, said = [], []

    def opened(role: str, path: str = "/", language: str = "en", width: int = 1280, **options: Any) -> Page:
        context = chromium.new_context(
            viewport={"width": width, "height": 900}, timezone_id="Asia/Shanghai", **options
        )
        context.set_default_timeout(15_000)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
        page.goto(f"{served}/sign-in?lang={language}")
        page.click(f"[data-fill=demo-{role}]")
        page.wait_for_url(f"{served}/")
        if path != "/":
            page.goto(served + path)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert not [line for line in said if "the server responded with a status" not in line], said


@pytest.fixture(scope="session")
def barriers() -> Callable[[Page], list[str]]:
    """What of a page keeps people out: axe-core's serious and critical findings, and too great a width."""

    def found(page: Page) -> list[str]:
        from axe_playwright_python.sync_playwright import Axe

        answer = Axe().run(page).response
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        listed = [
            f"{item['id']}: {item['nodes'][0]['html'][:120]}"
            for item in answer["violations"]
            if item["impact"] in SERIOUS
        ]
        return [*listed, *([f"{wide} px too wide"] if wide > 0 else [])]

    return found


@pytest.fixture(scope="session", name="serving")
def serving_() -> Callable[[Parts], AbstractContextManager[str]]:
    """The helper ``serving``."""
    return serving
