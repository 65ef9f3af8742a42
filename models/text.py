"""The one text analyser, for indexing, searching and classifying alike. The only importer of jieba.

Text is folded (full-width to half-width, traditional to simplified, lower case), cut at the borders
between Han and other scripts, and split into words. Model numbers, error codes, versions and addresses
stay whole and are followed by their parts, so that both ``HX-300`` and ``hx`` find them.

``ANALYSER_VERSION`` names this behaviour. It is part of every stored model and index: change it with any
change here that alters what a text becomes.
"""

from __future__ import annotations

import functools
import logging
import re
import tempfile
import threading
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

ANALYSER_VERSION = "1"

Language = str
"""``zh``, ``en``, ``mixed`` or ``other``."""
UNREAD: Language = "other"
"""The language of texts that are neither Chinese nor English, or hold no word."""

_HAN = r"\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0002ebef"
_HAN_RE = re.compile(f"[{_HAN}]")
_OTHER_SCRIPT_RE = re.compile(
    "[\u0370-\u052f\u0590-\u08ff\u0900-\u0dff\u0e00-\u0eff\u1100-\u11ff\u3040-\u30ff\uac00-\ud7af]"
)
# An identifier holds a digit and may join its parts by - . _ / : # (HX-300, 0x80070005, v2.3.1, 10.0.0.7).
# Looking ahead without a limit would take minutes for a long row of dots or dashes.
_IDENTIFIER = (
    r"(?=[a-z0-9._/:#-]{0,200}?\d)[a-z0-9]+(?:[-._/:#][a-z0-9]+)+"
    r"|(?=[a-z]*\d)[a-z0-9]*[a-z][a-z0-9]*|\d+"
)
_LATIN_WORD = r"[a-z\u00c0-\u024f]+(?:'[a-z]+)?"
_OTHER_WORD = r"[^\W_]+"
_TOKEN_RE = re.compile(
    f"(?P<han>[{_HAN}]+)|(?P<id>{_IDENTIFIER})|(?P<latin>{_LATIN_WORD})|(?P<rest>{_OTHER_WORD})"
)
_PART_RE = re.compile(r"[a-z]+|\d+")
_CONTROL_RE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u200b-\u200f\u2028-\u202e\ufeff\ud800-\udfff]")
_MIXED_BELOW = 0.8
_LOAD_LOCK = threading.Lock()
_CACHE_DIR: list[Path] = []


@dataclass(frozen=True, slots=True)
class Analysis:
    """What the analyser found in one text.

    Attributes:
        language: ``zh``, ``en``, ``mixed`` or ``other``.
        folded: the text after folding.
        words: tokens in order, with repetitions.
        pairs: overlapping pairs of Han characters in order (a lone Han character counts as itself).
    """

    language: Language
    folded: str
    words: tuple[str, ...]
    pairs: tuple[str, ...]

    @property
    def document(self) -> str:
        """The tokens joined by spaces; empty where there is nothing to read."""
        return " ".join(self.words)


def analyse(text: str) -> Analysis:
    """Analyse one text of any length; an empty one gives language ``other`` and no words."""
    folded = fold(text)
    return Analysis(_language_of(folded), folded, tuple(_words(folded)), tuple(_pairs(folded)))


def clean(text: str) -> str:
    """Remove control and invisible characters and lone surrogates, which no database takes."""
    return _CONTROL_RE.sub(" ", text)


def fold(text: str) -> str:
    """Fold full-width forms, traditional characters and case: ``軟體ＥＲＲＯＲ`` becomes ``软件error``."""
    folded = unicodedata.normalize("NFKC", clean(text))
    if _HAN_RE.search(folded):
        folded = _simplifier().convert(folded)
    return folded.lower()


def language(text: str) -> Language:
    """Say which language a text is written in, by the share of its scripts."""
    return _language_of(fold(text))


def words(text: str) -> list[str]:
    """Cut a text into tokens, in order and with repetitions."""
    return _words(fold(text))


def pairs(text: str) -> list[str]:
    """Overlapping pairs of Han characters; they find what a dictionary cuts differently."""
    return _pairs(fold(text))


def has_han(text: str) -> bool:
    """Whether a text holds any Chinese character."""
    return _HAN_RE.search(text) is not None


def use_cache_dir(folder: Path) -> None:
    """Keep jieba's dictionary cache under ``folder``; call it before the first text is analysed."""
    folder.mkdir(parents=True, exist_ok=True)
    _CACHE_DIR.append(folder)


def _language_of(folded: str) -> Language:
    han = len(_HAN_RE.findall(folded))
    others = len(_OTHER_SCRIPT_RE.findall(folded))
    latin = sum(1 for m in _TOKEN_RE.finditer(folded) if m.lastgroup == "latin" and len(m.group()) > 1)
    if others > han and others > 2 * latin:
        return UNREAD
    if not han:
        return "en" if latin else UNREAD
    # A Chinese word has about two characters, so that both sides are counted in words.
    share = (han / 2) / (han / 2 + latin)
    if share >= _MIXED_BELOW:
        return "zh"
    return "mixed" if share > 1 - _MIXED_BELOW else "en"


def _words(folded: str) -> list[str]:
    found: list[str] = []
    for match in _TOKEN_RE.finditer(folded):
        token = match.group()
        if match.lastgroup == "han":
            found.extend(_cut(token))
        elif match.lastgroup == "id":
            found.append(token)
            parts = _PART_RE.findall(token)
            if len(parts) > 1:
                found.extend(part for part in parts if len(part) > 1)
        else:
            found.append(token.removesuffix("'s"))
    return found


def _pairs(folded: str) -> list[str]:
    found: list[str] = []
    for match in _TOKEN_RE.finditer(folded):
        if match.lastgroup == "han":
            run = match.group()
            found.extend(run[i : i + 2] for i in range(max(1, len(run) - 1)))
    return found


def _cut(run: str) -> Iterable[str]:
    cut: Iterable[str] = _cutter().cut_for_search(run)
    return cut


@functools.cache
def _cutter() -> ModuleType:
    with _LOAD_LOCK:
        import warnings

        with warnings.catch_warnings():
            # jieba's source has invalid escapes that Python reports when it first compiles it.
            warnings.simplefilter("ignore")
            import jieba
        # It reports a cache it cannot write, as on a full disk, with a traceback; it works without one.
        jieba.setLogLevel(logging.CRITICAL)
        # Never the shared temporary folder: another user could put a dictionary there.
        jieba.dt.tmp_dir = str(_CACHE_DIR[-1]) if _CACHE_DIR else tempfile.mkdtemp(prefix="triage-")
        module: ModuleType = jieba
        return module


@functools.cache
def _simplifier() -> Any:
    import opencc

    return opencc.OpenCC("tw2sp")
