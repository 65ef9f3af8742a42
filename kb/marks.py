"""Where the words of a query stand in a text, for a person to see at once why it was found.

Both are compared folded (``models.text``): traditional and simplified characters, full width and half width,
upper and lower case are the same. A Latin word or number is marked where it stands alone, also glued to
Chinese; a Chinese word wherever its characters stand in a row.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator

from models import text as analyser

Span = tuple[int, int]
"""First character, and the one after the last; code points of the text as it is stored."""

_LETTER = "a-z0-9\u00c0-\u024f"


def spans(words: Iterable[str], text: str) -> list[Span]:
    """Where folded words stand in a text, in order; what touches or overlaps is one span."""
    wanted = sorted(set(words), key=lambda word: (-len(word), word))
    if not wanted or not text:
        return []
    folded, origins = _aligned(text)
    pattern = "|".join(_pattern(word) for word in wanted)
    # A match may begin within another one: VPN客户端 and 客户 are both looked for at every place.
    found = re.finditer(f"(?=({pattern}))", folded)
    return _joined((origins[hit.start(1)][0], origins[hit.end(1) - 1][1]) for hit in found)


def _pattern(word: str) -> str:
    escaped = re.escape(word)
    return escaped if analyser.has_han(word) else f"(?<![{_LETTER}]){escaped}(?![{_LETTER}])"


def _joined(found: Iterable[Span]) -> list[Span]:
    joined: list[Span] = []
    for begin, end in found:
        if joined and begin <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((begin, end))
    return joined


def _aligned(text: str) -> tuple[str, list[Span]]:
    """The folded text, and which characters of the text each of its characters comes from."""
    folded, origins = [], list[Span]()
    for begin, end in _pieces(text):
        piece = analyser.fold(text[begin:end])
        folded.append(piece)
        if len(piece) == end - begin:
            origins.extend((place, place + 1) for place in range(begin, end))
        elif end - begin > 1 and analyser.has_han(piece):
            origins.extend(_stretched(text, begin, end, len(piece)))
        else:
            origins.extend([(begin, end)] * len(piece))
    return "".join(folded), origins


def _stretched(text: str, begin: int, end: int, length: int) -> list[Span]:
    """The same where a Chinese phrase becomes longer or shorter, by how long its beginnings become."""
    reached = [min(len(analyser.fold(text[begin:place])), length) for place in range(begin, end)]
    starts = [
        begin + max(number for number, done in enumerate(reached) if done <= place) for place in range(length)
    ]
    return [(start, max(after, start + 1)) for start, after in zip(starts, [*starts[1:], end], strict=True)]


def _pieces(text: str) -> Iterator[Span]:
    """The text in pieces that fold alike alone and together: runs of Han, of plain letters, single others."""
    begin = 0
    while begin < len(text):
        end = begin + 1
        if analyser.has_han(text[begin]):
            while end < len(text) and analyser.has_han(text[end]):
                end += 1
        elif text[begin].isascii():
            while end < len(text) and text[end].isascii():
                end += 1
            if end < len(text) and unicodedata.combining(text[end]) and end - begin > 1:
                end -= 1
        else:
            while end < len(text) and unicodedata.combining(text[end]):
                end += 1
        if end == begin + 1:
            while end < len(text) and unicodedata.combining(text[end]):
                end += 1
        yield begin, end
        begin = end
