"""A case as search sees it: hashed tokens for exact scores, vectors for meaning, both kept in SQL."""

from __future__ import annotations

import hashlib
import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models import text
from models.encoder import Encoder

Hashes = NDArray[np.uint32]

FIELDS = ("problem", "whole")
"""Each case has two vectors: what the problem is, and everything about it. A long case is diluted in one."""

_SENTENCE_END = re.compile(r"(?<=[。？！?!\n])|(?<=\.)\s")
_SHORTEST_LEAD = 6
_HAN_SHARE, _LATIN_SHARE = 0.3, 0.1
"""Pairs of Han characters to words, above and up to which a text is of one script."""
_STRAY_SHARE = 0.02
"""Up to which they are strays in a text of another language: a Chinese sentence around an address that is cut
into forty words still has more."""


@dataclass(frozen=True, slots=True)
class Document:
    """What is stored for search: tokens with repetitions, and vectors (fields, dimension) of length 1."""

    words: Hashes
    pairs: Hashes
    vectors: NDArray[np.float16] | NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class CaseText:
    """The two texts that a case is found by."""

    problem: str
    whole: str

    @classmethod
    def of_one(cls, whole: str) -> CaseText:
        """For a case given as one text, its first sentence stands for the problem."""
        return cls(lead(whole), whole)


def lead(whole: str) -> str:
    """The first sentence of a text, or all of it where there is no second."""
    taken = ""
    for part in _SENTENCE_END.split(whole):
        taken += part
        if len(taken.strip()) >= _SHORTEST_LEAD:
            break
    return taken.strip() or whole


def documents(cases: Sequence[CaseText], encoder: Encoder) -> list[Document]:
    """Analyse and encode cases, in one batch."""
    texts = [piece for case in cases for piece in (case.problem, case.whole)]
    vectors = encoder.encode(texts).reshape(len(cases), len(FIELDS), encoder.dimension)
    return [
        Document(*hashed(case.whole), vectors[number].astype(np.float16)) for number, case in enumerate(cases)
    ]


def hashed(whole: str) -> tuple[Hashes, Hashes]:
    """The hashes of a text's words and of its pairs of Han characters, in order."""
    return hashed_analysis(text.analyse(whole))


def hashed_analysis(analysis: text.Analysis) -> tuple[Hashes, Hashes]:
    """The same of a text that is analysed already."""
    return hashes(analysis.words), hashes(["\x02" + pair for pair in analysis.pairs])


def hashes(tokens: Sequence[str]) -> Hashes:
    """CRC-32 of each token: two tokens of one text fall together once in tens of millions."""
    return np.array([zlib.crc32(token.encode()) for token in tokens], dtype=np.uint32)


def script(words: int, pairs: int) -> int:
    """The script of a text of so many words and pairs of Han characters: 1 Han, -1 none of it, 0 both.

    Chinese alone has more pairs than words; an English text that quotes a message has a few, a Chinese one
    full of code some more. Those of both scripts can share words with either.
    """
    return 1 if pairs > _HAN_SHARE * words else -1 if pairs <= _LATIN_SHARE * words else 0


def apart(asked: int, words: NDArray[np.int_], pairs: NDArray[np.int_]) -> NDArray[np.bool_]:
    """Whether texts of so many words and pairs of Han characters can share nothing with a question of this
    script but names, codes and numbers.

    To a question without Han characters a text of both scripts is one in the other language: mostly Chinese
    full of code. To one in Chinese even a sentence around a long address is Chinese.
    """
    if asked == 0:
        return np.zeros(len(words), dtype=np.bool_)
    return pairs > _LATIN_SHARE * words if asked < 0 else pairs <= _STRAY_SHARE * words


def fingerprint(encoder: Encoder) -> str:
    """Names what documents were made with; another encoder or analyser gives another."""
    made_with = f"{encoder.identity}/{text.ANALYSER_VERSION}/{','.join(FIELDS)}"
    slug = re.sub(r"[^a-z0-9]+", "-", encoder.identity.lower()).strip("-")[:40]
    return f"{slug}-{hashlib.sha256(made_with.encode()).hexdigest()[:8]}"
