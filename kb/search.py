"""Search in the case archive: candidates by meaning and by words, one exact score for all, one match."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from kb import candidates, evidence, facets, ledger, lexical_index, shelf, spelling
from kb import filters as filtering
from kb.candidates import FindNearest
from kb.database import listed
from kb.documents import Document, Hashes, apart, hashed_analysis, hashes, script
from kb.facets import Facets
from kb.filters import NO_FILTERS, Filters
from kb.lexical_index import Query
from kb.match import FOUND, Floats, MatchCurve, fuse, probability
from kb.why import Parts, Why
from models import text as analyser
from models.encoder import Vectors

PLAUSIBLE = float(np.log(0.1 / 0.9))
"""Log odds above which a case in the other language is worth a place."""
LEXICAL = 50
_DIGIT = re.compile(r"\d")
IDENTIFIERS = 0.05
"""What a text gains that holds all rare identifiers asked for: a case of HX-300 and one of HX-200 are alike
in every other respect. Enough to decide between such two; on the seed's searches 0.05 to 0.2 answer alike."""


@dataclass(frozen=True, slots=True)
class Hit:
    """One case found, with what a person needs to judge it."""

    case_id: str
    match: float
    problem: str
    solution: str
    language: str
    category: str
    product: str
    shared_terms: tuple[str, ...]
    proven: ledger.Proof
    why: Why | None = None


@dataclass(frozen=True, slots=True)
class Wording:
    """What the words of a text say: its terms with their rarity, and the cases that hold them.

    ``analysis`` is the text with its misspelt words as the archive's cases spell them.
    """

    analysis: analyser.Analysis
    words: Query
    pairs: Query
    documents: Mapping[int, Document]


@dataclass(frozen=True, slots=True)
class Request:
    """What is searched for, analysed and encoded; ``wording`` and ``near`` where already looked up.

    ``made_with`` names what made the vector, for uses of solutions to be compared with; ``at`` is now.
    """

    analysis: analyser.Analysis
    vector: Vectors
    limit: int = 5
    filters: Filters = NO_FILTERS
    wording: Wording | None = None
    near: Sequence[int] | None = None
    made_with: str = ""
    at: datetime | None = None


def find(session: Session, request: Request, nearest: FindNearest, curve: MatchCurve) -> list[Hit]:
    """The best cases for a text, best first."""
    known = request.wording.analysis if request.wording else spelling.corrected(session, request.analysis)
    request = replace(request, analysis=known)
    ranked = rank(session, request, nearest, curve)
    best = choose(ranked.odds, ranked.crossing, request.limit)
    return _hits(session, request, ranked, best, curve)


def counted(session: Session, request: Request, nearest: FindNearest) -> Facets:
    """The facets of a search: over its cases, and over those that it could have found without filters."""
    analysis = spelling.corrected(session, request.analysis)
    vector, limit = request.vector, request.limit
    words, pairs = lexical_index.prepare(session, *hashed_analysis(analysis))
    keys = lexical_index.candidates(session, words, pairs, max(4 * limit, LEXICAL))
    keys += nearest(vector, candidates.reach_for(limit))
    if not request.filters.none:
        few = _few(session, request.filters)
        keys += lexical_index.candidates(session, words, pairs, max(4 * limit, LEXICAL), request.filters, few)
    return facets.count(session, list(dict.fromkeys(keys)), request.filters)


def anything_found(hits: Sequence[Hit]) -> bool:
    """Whether one of these cases is likely enough about the same problem to be called found."""
    return any(hit.match >= FOUND for hit in hits)


def choose(odds: Floats, crossing: NDArray[np.bool_], limit: int) -> NDArray[np.intp]:
    """The best, in order. The best of the other script keeps the last place where it is plausible.

    Words in common push cases of the question's own language up; a solution must not be missed for having
    been written in the other one.
    """
    order = np.argsort(-odds, kind="stable")
    best = order[:limit]
    others = order[crossing[order]]
    if limit > 1 and len(others) and not crossing[best].any() and odds[others[0]] > PLAUSIBLE:
        best = np.concatenate([best[:-1], others[:1]])
    return best


@dataclass(frozen=True, slots=True)
class Ranked:
    """Candidates in no order: their keys and documents, the fused score and the log odds that each is about
    the same problem, and whether it differs from the text in script."""

    keys: Sequence[int]
    documents: Sequence[Document]
    scores: Floats
    odds: Floats
    crossing: NDArray[np.bool_]
    parts: Parts | None = None
    uses: Floats | None = None
    used: Sequence[ledger.Use] = ()


def look_up(
    session: Session, analysis: analyser.Analysis, limit: int, dimension: int, made_with: str = ""
) -> Wording:
    """The part of a search that needs the words alone, and can be done while the text is being encoded."""
    analysis = spelling.corrected(session, analysis)
    words, pairs = lexical_index.prepare(session, *hashed_analysis(analysis))
    keys = lexical_index.candidates(session, words, pairs, max(4 * limit, LEXICAL))
    return Wording(analysis, words, pairs, shelf.load(session, keys, dimension, made_with))


def rank(session: Session, request: Request, nearest: FindNearest, curve: MatchCurve) -> Ranked:
    """All candidates for a text that pass the filters, scored exactly."""
    dimension = len(request.vector)
    wording, near = request.wording, request.near
    if not request.filters.none:
        wording, near = _narrowed(session, request, nearest)
    if wording is None:
        wording = look_up(session, request.analysis, request.limit, dimension, request.made_with)
    if near is None:
        near = nearest(request.vector, candidates.reach_for(request.limit))
    keys = list(dict.fromkeys([*near, *wording.documents]))
    held = {key: wording.documents[key] for key in keys if key in wording.documents}
    held |= shelf.load(session, [key for key in keys if key not in held], dimension, request.made_with)
    if not held:
        return Ranked([], [], np.zeros(0), np.zeros(0), np.zeros(0, dtype=np.bool_))
    keys = sorted(held)
    documents = [held[key] for key in keys]
    asked = identifiers(request.analysis)
    parts = compare(request.vector, wording.words, wording.pairs, documents, asked)
    used = ledger.used(session, keys)
    uses = evidence.shifts(used, keys, request.vector, request.made_with, request.at)
    odds = curve.odds(parts.scores, parts.crossing) + uses
    return Ranked(keys, documents, parts.scores, odds, parts.crossing, parts, uses, used)


def score(
    vector: Vectors, words: Query, pairs: Query, documents: Sequence[Document]
) -> tuple[Floats, NDArray[np.bool_]]:
    """The fused score of each document for one query, and whether they differ in script."""
    parts = compare(vector, words, pairs, documents, hashes([]))
    return parts.scores, parts.crossing


def compare(
    vector: Vectors, words: Query, pairs: Query, documents: Sequence[Document], asked: Hashes
) -> Parts:
    """The parts of these scores; ``asked`` are those of the words that are identifiers."""
    # A product for each: in one flat product a case's last digits would depend on what lies beside it.
    vectors = np.stack([document.vectors for document in documents]).astype(np.float32, copy=False)
    cosine = (vectors @ vector).max(axis=1).astype(np.float64)
    own = script(len(words.terms), len(pairs.terms))
    lengths = np.array([(len(document.words), len(document.pairs)) for document in documents])
    crossing = apart(own, lengths[:, 0], lengths[:, 1])
    foreign = crossing & (own < 0)
    by_terms = lexical_index.by_terms(words, [document.words for document in documents])
    by_words = by_terms.sum(axis=1)
    by_pairs = lexical_index.overlap(pairs, [document.pairs for document in documents])
    by_pairs[crossing] = 0.0  # what little Chinese one of the two holds is no measure of the other
    whole = fuse(cosine, by_words, by_pairs, foreign)
    without_pairs = fuse(cosine, by_words, np.zeros(len(documents)), foreign)
    codes, by_codes = words.only(asked), by_terms[:, np.isin(words.terms, asked)]
    share = np.divide(by_codes.sum(axis=1), by_words, out=np.zeros(len(documents)), where=by_words > 0)
    from_words = without_pairs - cosine
    return Parts(
        meaning=cosine,
        words=from_words * (1 - share),
        pairs=whole - without_pairs,
        identifiers=from_words * share + IDENTIFIERS * exact(codes, by_codes > 0),
        crossing=crossing,
    )


def exact(codes: Query, held: NDArray[np.bool_]) -> Floats:
    """How much of the asked identifiers each text holds, 0..1; common ones say little. ``held`` is which text
    holds which (texts, identifiers)."""
    if not len(codes.terms) or not codes.documents:
        return np.zeros(len(held))
    telling = codes.rarity / np.log1p((codes.documents + 0.5) / 0.5)
    return np.asarray(held @ telling**2 / len(codes.terms))


def identifiers(analysis: analyser.Analysis) -> Hashes:
    """The hashes of a text's error codes, part numbers and versions; a bare number is none."""
    found = {word for word in analysis.words if len(word) > 2 and _DIGIT.search(word) and not word.isdigit()}
    return hashes(sorted(found))


def telling_words(question: analyser.Analysis) -> dict[int, str]:
    """The words of a question that tell a person something, by their hash."""
    words = [word for word in dict.fromkeys(question.words) if _telling(word)]
    return dict(zip(hashes(words).tolist(), words, strict=True))


def shared_terms(telling: Mapping[int, str], document: Document, most: int = 8) -> tuple[str, ...]:
    """The telling words that the case has too, longest first: what a person sees at once."""
    held = telling.keys() & set(document.words.tolist())
    whole: list[str] = []
    for word in sorted((telling[code] for code in held), key=lambda word: (-len(word), word)):
        if len(whole) == most:
            break
        if not any(word in longer for longer in whole):
            whole.append(word)
    return tuple(whole)


_PLAIN_WORDS = (
    "the and for with not you your are was has have had this that from but can cannot our out "
    "its they when after all any does did been will would could should there what how who why "
    "his her she him "
    "一个 没有 可以 这个 那个 我们 你们 他们 怎么 什么 就是 还是 已经 因为 所以 "
    "但是 如果 现在 一直 不是 知道 时候 自己"
)
_PLAIN = frozenset(_PLAIN_WORDS.split())


def _telling(word: str) -> bool:
    return word not in _PLAIN and (len(word) > 2 or (len(word) == 2 and analyser.has_han(word)))


def _narrowed(session: Session, request: Request, nearest: FindNearest) -> tuple[Wording, list[int]]:
    """The candidates of a filtered search: those that hold its words, and those near it."""
    filters, limit, dimension = request.filters, request.limit, len(request.vector)
    few = _few(session, filters)
    if request.wording is not None:
        words, pairs = request.wording.words, request.wording.pairs
    else:
        words, pairs = lexical_index.prepare(session, *hashed_analysis(request.analysis))
    holding = lexical_index.candidates(session, words, pairs, max(4 * limit, LEXICAL), filters, few)
    near = candidates.near(session, filters, few, request.vector, limit, nearest, request.made_with)
    found = shelf.load(session, holding, dimension, request.made_with)
    return Wording(request.analysis, words, pairs, found), near


def _few(session: Session, filters: Filters) -> NDArray[np.int64] | None:
    """All cases that pass the filters, where they are few."""
    passing = filtering.first(session, filters, candidates.EXACT + 1)
    return passing if len(passing) <= candidates.EXACT else None


def _hits(
    session: Session, request: Request, ranked: Ranked, best: NDArray[np.intp], curve: MatchCurve
) -> list[Hit]:
    keys = [ranked.keys[place] for place in best]
    # Straight from the table, as in ``load``: the mapper's share of the time would exceed the database's.
    found = session.connection().exec_driver_sql(
        "SELECT pk, id, problem, solution, language, category, product FROM cases "
        f"WHERE pk IN ({listed(keys)})"
    )
    rows = {row.pk: row for row in found}
    proofs = ledger.proven(ranked.used)
    matches = probability(ranked.odds[best])
    telling = telling_words(request.analysis)
    return [
        Hit(
            case_id=row.id,
            match=round(float(match), 4),
            problem=row.problem,
            solution=row.solution,
            language=row.language,
            category=row.category,
            product=row.product,
            shared_terms=shared_terms(telling, ranked.documents[place]),
            proven=proofs.get(key, ledger.NO_PROOF),
            why=_why(ranked, int(place), curve),
        )
        for place, key, match in zip(best, keys, matches, strict=True)
        if (row := rows.get(key)) is not None
    ]


def _why(ranked: Ranked, place: int, curve: MatchCurve) -> Why | None:
    if ranked.parts is None or ranked.uses is None:
        return None
    return ranked.parts.why(place, curve, float(ranked.odds[place]), float(ranked.uses[place]))
