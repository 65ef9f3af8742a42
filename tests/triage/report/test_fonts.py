"""Which font pictures are drawn with."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from matplotlib import font_manager, get_data_path

from triage.report import fonts

OWN = Path(get_data_path(), "fonts", "ttf", "DejaVuSans.ttf")


@pytest.fixture(autouse=True)
def asked_anew() -> Iterator[None]:
    fonts.chinese.cache_clear()
    yield
    fonts.chinese.cache_clear()


def test_a_font_installed_after_the_first_look_is_found(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    damaged = tmp_path / "damaged.ttf"
    damaged.write_bytes(b"no font")
    monkeypatch.setattr(fonts, "KNOWN", (fonts.LATIN,))
    monkeypatch.setattr(font_manager.fontManager, "ttflist", [])
    monkeypatch.setattr(font_manager, "findSystemFonts", lambda: [str(damaged), str(OWN)])
    assert fonts.chinese() == fonts.LATIN


def test_where_there_is_none_nothing_is_made_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(font_manager.fontManager, "ttflist", [])
    monkeypatch.setattr(font_manager, "findSystemFonts", list)
    assert fonts.chinese() is None
    assert fonts.families() == [fonts.LATIN]
