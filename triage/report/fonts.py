"""A font with Chinese characters for the pictures in documents, from those the machine has."""

from __future__ import annotations

from functools import cache

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


@cache
def chinese() -> str | None:
    """The family of an installed font that draws Chinese; None where there is none."""
    from matplotlib import font_manager

    have = {font.name for font in font_manager.fontManager.ttflist}
    return next((name for name in KNOWN if name in have), None)
