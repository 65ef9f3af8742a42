"""Take the pictures of the documentation: ``make pictures`` with a service running on port 8000."""

from __future__ import annotations

import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.chromium import FLAGS

FOLDER = Path(__file__).parent / "images"


def main() -> None:
    """One picture of the desk for each language, theme and width."""
    address = sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8000"
    FOLDER.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        for language in ("zh", "en"):
            for theme in ("light", "dark"):
                for width in (1440, 360):
                    page = browser.new_page(
                        viewport={"width": width, "height": 1000}, color_scheme=theme, locale=language
                    )
                    page.goto(f"{address}/?lang={language}")
                    page.click(f"[data-example][lang^={language}]")
                    page.wait_for_selector("#result article")
                    plain = theme == "light" and width == 1440
                    name = f"desk-{language}.png" if plain else f"desk-{language}-{theme}-{width}.png"
                    page.screenshot(path=str(FOLDER / name), full_page=width == 360)
                    page.close()
        browser.close()


if __name__ == "__main__":
    main()
