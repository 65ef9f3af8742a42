"""What the program says when it refuses something, in the reader's language.

Errors carry one English sentence, for logs, programs and people alike. For Chinese pages it is looked up
here by its wording: the catalogue holds each sentence with its places in braces.
"""

from __future__ import annotations

import re
import tomllib
from functools import cache
from pathlib import Path

_FILE = Path(__file__).parent / "catalogue" / "refusals_zh.toml"
_PLACES = re.compile(r"\{\w+\}")
_PLACE = re.compile(r"\\\{(\w+)\\\}")
_WHERE = re.compile(r"([^:\n]+\.\w+(?::\d+)?): (.+)", re.DOTALL)
"""A file, and where it has one the line, before what is wrong there."""
SAID = "said"
"""A place that holds such a sentence itself."""


def told(message: str, language: str) -> str:
    """An error's message in this language; one that the catalogue does not know stays as it is."""
    if language != "zh":
        return message
    if where := _WHERE.fullmatch(message):
        return f"{where[1]}：{told(where[2], language)}"
    for pattern, sentence in _sentences():
        if match := pattern.fullmatch(message):
            places = match.groupdict()
            if SAID in places:
                places[SAID] = told(places[SAID], language)
            return sentence.format(**places)
    return message


@cache
def _sentences() -> tuple[tuple[re.Pattern[str], str], ...]:
    held = tomllib.loads(_FILE.read_text(encoding="utf-8"))
    # Where several fit, the one that says most by itself is meant.
    telling = sorted(held, key=lambda english: -len(_PLACES.sub("", english)))
    return tuple((_pattern(english), held[english]) for english in telling)


def _pattern(english: str) -> re.Pattern[str]:
    return re.compile(_PLACE.sub(r"(?P<\1>.+?)", re.escape(english)), re.DOTALL)
