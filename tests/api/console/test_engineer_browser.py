"""An engineer in a browser: finds a case in the other language while typing, and says that it helped."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from kb import cases, ledger
from models.encoder import Encoder
from triage.wiring import Parts

if TYPE_CHECKING:
    from playwright.sync_api import Page

Visit = Callable[..., "Page"]
pytestmark = pytest.mark.real


@pytest.fixture
def demo(demo: Parts, real_encoder: Encoder) -> Parts:
    """The demonstration with the encoder that knows both languages."""
    demo.encoder = real_encoder
    return demo


@pytest.mark.parametrize(
    ("language", "theme", "question", "wanted"),
    [
        ("zh", "dark", "the printer is dead and shows no lights", "c-zh"),
        ("en", "light", "VPN 连不上，提示证书过期", "c-en"),
    ],
)
def test_a_case_in_the_other_language_is_found_and_reported_on(
    visit: Visit,
    demo: Parts,
    served: str,
    language: str,
    theme: str,
    question: str,
    wanted: str,
) -> None:
    rows = [
        {
            "id": "c-zh",
            "problem": "打印机无法启动，指示灯全部不亮",
            "solution": "更换电源",
            "category": "hardware",
        },
        {
            "id": "c-en",
            "problem": "VPN does not connect, certificate expired",
            "solution": "Renew the certificate",
        },
        {"id": "c-3", "problem": "包裹一周没有更新物流", "solution": "联系快递"},
        {"id": "c-4", "problem": "The invoice has the wrong address", "solution": "Issue it again"},
    ]
    with demo.database.transaction() as session:
        cases.write(session, rows, demo.encoder, demo.now())
    demo.index().apply(demo.database)
    page = visit("engineer", "/cases", language=language, color_scheme=theme)
    page.wait_for_function("document.activeElement.id === 'q'")  # nothing need be clicked first
    page.keyboard.insert_text(question)
    page.wait_for_selector(f'.results a.open[href^="/cases/{wanted}"]')
    page.keyboard.press("Escape")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("j")
    assert wanted in str(page.evaluate("document.activeElement.getAttribute('href')"))
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/cases/{wanted}?*")
    page.keyboard.press("y")
    page.wait_for_selector("#proof ~ ol li")
    with demo.database.reading() as session:
        key = cases.get(session, wanted).pk
        proof = ledger.proofs(session, [key])[key]
        [use] = ledger.uses(session, key)
    assert (proof.used, proof.worked) == (1, 1)
    assert use.used_by == "demo-engineer"
    assert use.question is not None, "it counts for questions like this one"
