"""All words that people see: one file for each language, with a table for each place that shows them."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType

LANGUAGES = ("zh", "en")

_HERE = Path(__file__).parent


@cache
def words(table: str, language: str) -> Mapping[str, str]:
    """The words of one table (``desk``, ``report``) in one language, by key; both languages have the same."""
    held = tomllib.loads((_HERE / f"{language}.toml").read_text(encoding="utf-8"))
    return MappingProxyType(held[table])
