"""Keywords proposed for a case: the kind of trouble with its most telling term, then other terms.

The form is that of people's own keywords: 产品故障-登录异常, "product fault - login". A term is one to three
words that stand side by side. It tells the more, the fewer cases of the archive hold its words; words that
no case holds at all tell less than they seem to, as names of people and places are among them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from kb import lexical_index
from kb.documents import hashed_analysis, hashes
from kb.search import telling_words
from kb.tables import CorpusSize
from models import text

MOST = 4
_LONGEST_HAN = 8
_MOST_WORDS = 3
_UNHEARD = 0.3
"""What a word that no case holds counts of its rarity."""
_LATER = 0.5
"""What a term counts that does not stand in the problem."""
_GRAMMAR = frozenset(
    "的了是在有和与就都也又把被着过后前时中上下里不没很还要会能到从对为以及或但请我你他她它们这那个"
)
_NAMES_NOTHING = re.compile(r"\d+|[a-z]?\d{5,}[a-z]?|.*[@/].*")
"""Numbers, whether of telephones, orders or customers, and addresses."""


@dataclass(frozen=True, slots=True)
class _Term:
    written: str
    words: tuple[str, ...]
    score: float


def propose(session: Session, problem: str, more: str, kind: str, left_out: str = "") -> list[str]:
    """Keywords for a case of this problem; ``more`` is what else it says, ``kind`` the name of its category.

    Words with digits that stand in ``left_out``, such as the product's, are in a field of their own.
    """
    known = set(text.analyse(left_out).words)
    asked, rest = text.analyse(problem), text.analyse(more)
    weights, unheard = _weights(session, [asked, rest])
    worth = {
        word: weight
        for word, weight in weights.items()
        if not _NAMES_NOTHING.fullmatch(word)
        and not (word in known and any(letter.isdigit() for letter in word))
    }
    alone = {word for word in unheard if not text.has_han(word)}
    terms = [*_terms(asked, problem, worth, alone, 1.0), *_terms(rest, more, worth, alone, _LATER)]
    chosen: list[_Term] = []
    for term in sorted(terms, key=lambda term: (-term.score, -len(term.written))):
        taken = {word for other in chosen for word in other.words}
        if not taken & set(term.words) and not any(term.written in one.written for one in chosen):
            chosen.append(term)
        if len(chosen) == MOST - 1:
            break
    glue = "-" if text.has_han(kind) else " - "
    kind = kind if text.has_han(kind) else kind.lower()
    named = [term.written for term in chosen]
    first = [kind + glue + named[0]] if kind and named else [kind] if kind else named[:1]
    return [*first, *named[1:]]


def _weights(session: Session, analyses: Sequence[text.Analysis]) -> tuple[dict[str, float], set[str]]:
    """The telling words of texts with what each is worth, and those of them that no case holds."""
    words: list[str] = []
    for analysis in analyses:
        words += telling_words(analysis).values()
    words = list(dict.fromkeys(words))
    if not words:
        return {}, set()
    total = session.scalars(select(CorpusSize.documents)).one()
    query, _ = lexical_index.prepare(session, hashes(words), hashed_analysis(text.analyse(""))[1])
    rarity = dict(zip(query.terms.tolist(), query.rarity.tolist(), strict=True))
    highest = float(np.log1p((total + 0.5) / 0.5))
    own = {word: rarity[code] for word, code in zip(words, hashes(words).tolist(), strict=True)}
    unheard = {word for word in words if total and own[word] > highest - 1e-9}
    return {word: own[word] * (_UNHEARD if word in unheard else 1.0) for word in words}, unheard


def _terms(
    analysis: text.Analysis, original: str, worth: dict[str, float], alone: set[str], share: float
) -> list[_Term]:
    """All terms of a text. Words in ``alone`` are joined with no other: a name would ride along."""
    words = [word for word in dict.fromkeys(analysis.words) if word in worth or _part_of_name(word)]
    words = [word for word in words if not any(word != other and word in other for other in words)]
    found = []
    for start in (place for place, word in enumerate(words) if word in worth):
        for size in range(1, _MOST_WORDS + 1):
            run = tuple(words[start : start + size])
            written = _written(run, analysis.folded)
            if len(run) < size or not written or (size > 1 and alone & set(run)):
                break
            telling = [worth[word] for word in run if word in worth]
            found.append(
                _Term(
                    _as_sent(written, analysis.folded, original),
                    run,
                    share * sum(telling) / (len(telling) + 1),
                )
            )
    return found


def _part_of_name(word: str) -> bool:
    """Whether it may be the end of a name that the analyser cut: the 枪 of 扫码枪."""
    return len(word) == 1 and text.has_han(word) and word not in _GRAMMAR


def _written(run: Sequence[str], folded: str) -> str:
    """The words as they stand side by side in the text; empty where they do not, or are too many."""
    for glue in ("", " "):
        together = glue.join(run)
        if together in folded and (glue or len(run) == 1 or text.has_han(together)):
            return together if not text.has_han(together) or len(together) <= _LONGEST_HAN else ""
    return ""


def _as_sent(written: str, folded: str, original: str) -> str:
    """The term as the text has it: folding changes some words (文件, 文档) and the case of names (VPN)."""
    if len(folded) != len(original):
        return written
    place = folded.find(written)
    sent = original[place : place + len(written)]
    return sent if text.has_han(sent) or sent.isupper() else sent.lower()
