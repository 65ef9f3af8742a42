"""The words that set a group of texts apart from all others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from kb.documents import Hashes
from kb.search import telling_words
from models import text

MOST = 6
_READ = 30
"""Texts of a group that are read for the words behind the hashes, the most central ones."""
_TOGETHER = 0.6
"""Two words that stand side by side in this share of the texts that hold one of them are one term."""
_HELD = 0.25
_ALWAYS = 0.8
_LEAST_HELD = 3
_LONGEST = 8


def frequencies(texts: Sequence[Hashes]) -> dict[int, int]:
    """How many texts hold each word."""
    if not texts:
        return {}
    words, counts = np.unique(np.concatenate([np.unique(words) for words in texts]), return_counts=True)
    return dict(zip(words.tolist(), counts.tolist(), strict=True))


def terms(
    contents: Sequence[str],
    members: Sequence[Hashes],
    held: Mapping[int, int],
    total: int,
    most: int = MOST,
) -> tuple[str, ...]:
    """The words that set a group apart, the most telling first.

    ``contents`` are texts of the group, the most central first; ``members`` the words of all its texts;
    ``held`` how many of all ``total`` texts hold each word. A word's score is the log-likelihood ratio of
    its being held within and without (Dunning 1993), counted only where it is held more often within and
    by a quarter of the group.
    """
    inside = frequencies(members)
    size = len(members)
    words: dict[int, str] = {}
    analyses = [text.analyse(content) for content in contents[:_READ]]
    for analysis in analyses:
        words |= telling_words(analysis)
    least = max(min(2, size), _HELD * size)
    known = [code for code in words if inside.get(code, 0) >= least]
    if not known:
        return ()
    within = np.array([inside[code] for code in known], dtype=np.float64)
    without = np.array([max(held.get(code, 0) - inside[code], 0) for code in known], dtype=np.float64)
    score = _ratio(within, size, without, max(total - size, 1))
    order = np.argsort(-score, kind="stable")
    best = [words[known[place]] for place in order[: 3 * most] if score[place] > 0]
    read = [content.casefold() for content in contents[:_READ]]
    whole = [_extended(term, read) for term in _joined(best, read)]
    return tuple(term for term in dict.fromkeys(whole) if _longest(term, whole))[:most]


def _ratio(
    within: NDArray[np.float64], size: int, without: NDArray[np.float64], others: int
) -> NDArray[np.float64]:
    share = (within + without) / (size + others)
    score = (
        _log_likelihood(within, size, within / size)
        + _log_likelihood(without, others, without / others)
        - _log_likelihood(within, size, share)
        - _log_likelihood(without, others, share)
    )
    return np.where(within / size > without / others, score, 0.0)


def _log_likelihood(
    hits: NDArray[np.float64], tries: float, share: NDArray[np.float64]
) -> NDArray[np.float64]:
    share = np.clip(share, 1e-12, 1 - 1e-12)
    return np.asarray(hits * np.log(share) + (tries - hits) * np.log1p(-share))


def _longest(term: str, among: Sequence[str]) -> bool:
    return not any(term != other and term in other for other in among)


def _extended(term: str, contents: Sequence[str]) -> str:
    """A name with the characters that nearly always follow it: those of short words are no words of ours."""
    if not text.has_han(term):
        return term
    while len(term) < _LONGEST:
        following = Counter(
            content[place : place + 1]
            for content in contents
            if (place := content.find(term) + len(term)) >= len(term)
        )
        (after, count), *_ = following.most_common(1) or [("", 0)]
        if count < _LEAST_HELD or count < _ALWAYS * following.total() or not text.has_han(after):
            break
        term += after
    return term


def _joined(best: list[str], contents: Sequence[str]) -> list[str]:
    """Neighbouring words made one term: a name that the analyser cut is read whole."""
    holding = Counter({word: sum(word in content for content in contents) for word in best})
    changed = True
    while changed:
        changed = False
        for one in best:
            for other in best:
                for glue in ("", " "):
                    both = one + glue + other
                    if one == other or both in best:
                        continue
                    count = sum(both in content for content in contents)
                    if count > 1 and count >= _TOGETHER * max(holding[one], holding[other]):
                        place = min(best.index(one), best.index(other))
                        best = [word for word in best if word not in (one, other)]
                        best.insert(place, both)
                        holding[both] = count
                        changed = True
                        break
                if changed:
                    break
            if changed:
                break
    return [word for word in best if _longest(word, best)]
