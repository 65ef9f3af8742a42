"""Misspelt Latin words of a short query: one that no case holds is read as the word one slip away.

The index holds hashes of words, not words, so there is no list to look through: all spellings one slip away
(a letter left out, put in, changed, or two swapped; Damerau 1964) are hashed and asked for instead. Slips
in the first letter are rare, and a word of four letters has too many neighbours. Chinese needs none of
this: a wrong character leaves the pairs around it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from sqlalchemy.orm import Session

from kb import lexical_index
from kb.documents import hashes
from models.text import Analysis

MOST_WORDS = 12
"""Distinct words up to which a text is a query; in a message one misspelt word decides nothing."""
SHORTEST, LONGEST = 5, 24
"""Letters of a word that is looked at: what is longer is no word."""
_MOST_MISSPELT = 3
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_LATIN = re.compile("[a-z]+")


def corrected(session: Session, analysis: Analysis) -> Analysis:
    """The same text with its misspelt words as the archive's cases spell them; meaning is left alone."""
    distinct = list(dict.fromkeys(analysis.words))
    if len(distinct) > MOST_WORDS:
        return analysis
    asked = [word for word in distinct if SHORTEST <= len(word) <= LONGEST and _LATIN.fullmatch(word)]
    if not asked:
        return analysis
    codes = dict(zip(asked, hashes(asked).tolist(), strict=True))
    known = lexical_index.holding(session, list(codes.values()))
    unknown = [word for word, code in codes.items() if not known[code]]
    meant = {word: found for word in unknown[:_MOST_MISSPELT] if (found := _meant(session, word))}
    if not meant:
        return analysis
    return replace(analysis, words=tuple(meant.get(word, word) for word in analysis.words))


def slips(word: str) -> Iterator[str]:
    """All spellings one slip away that begin with the same letter."""
    for place in range(1, len(word) + 1):
        head, tail = word[:place], word[place:]
        for letter in _LETTERS:
            yield head + letter + tail
            if tail:
                yield head + letter + tail[1:]
        if tail:
            yield head + tail[1:]
        if len(tail) > 1:
            yield head + tail[1] + tail[0] + tail[2:]


def _meant(session: Session, word: str) -> str:
    """The spelling that most cases hold; empty where none holds any."""
    near = sorted(set(slips(word)) - {word})
    codes = hashes(near).tolist()
    known = lexical_index.holding(session, codes)
    number, best = max((known[code], spelt) for code, spelt in zip(codes, near, strict=True))
    return best if number else ""
