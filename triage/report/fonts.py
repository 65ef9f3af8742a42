"""A font with Chinese characters for the pictures in documents, from those the machine has."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from functools import cache
from typing import Any

KNOWN = (
    "Noto Sans CJK SC",
    "Source Han Sans SC",
    "Source Han Sans CN",
    "Noto Sans SC",
    "Microsoft YaHei",
    "PingFang SC",
    "SimHei",
    "WenQuanYi Micro Hei",
    "WenQuanYi Zen Hei",
    "Noto Sans CJK JP",
    "Droid Sans Fallback",
    "Noto Serif CJK SC",
    "SimSun",
)
"""Families that hold simplified Chinese, the ones that read best in a chart first."""

LATIN = "DejaVu Sans"
"""Comes with matplotlib."""


@cache
def chinese() -> str | None:
    """The family of an installed font that draws Chinese; None where there is none."""
    from matplotlib import font_manager

    manager = font_manager.fontManager
    found = _best(manager.ttflist)
    if found is None:
        # Its list is from when it first looked, and stays: a font installed since is not in it.
        listed = {font.fname for font in manager.ttflist}
        for path in font_manager.findSystemFonts():
            if path not in listed:
                with suppress(OSError, RuntimeError):  # a damaged file
                    manager.addfont(path)
        found = _best(manager.ttflist)
    return found


def _best(fonts: Iterable[Any]) -> str | None:
    have = {font.name for font in fonts}
    return next((name for name in KNOWN if name in have), None)


def families() -> list[str]:
    """The fonts that pictures are drawn with; the first that has a character draws it."""
    return [name for name in (chinese(), LATIN) if name]


def drawable(text: str) -> str:
    """The text without characters that no font here has (such as emoji), which would be drawn as boxes."""
    held = _characters(tuple(families()))
    return "".join(character for character in text if ord(character) in held)


@cache
def _characters(names: tuple[str, ...]) -> frozenset[int]:
    from matplotlib import font_manager

    paths = [font_manager.fontManager.findfont(name) for name in names]
    return frozenset(code for path in paths for code in font_manager.get_font(path).get_charmap())
