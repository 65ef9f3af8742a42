"""Search in the case archive: candidates by meaning and by words, one exact score for all, one match."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from kb import candidates, evidence, ledger, lexical_index
from kb import filters as filtering
from kb.candidates import FindNearest
from kb.database import listed
from kb.documents import FIELDS, Document, hashed_analysis, hashes, script
from kb.filters import NO_FILTERS, Filters
from kb.lexical_index import Query
from kb.match import FOUND, Floats, MatchCurve, fuse, probability
from models import text as analyser
from models.encoder import Vectors

PLAUSIBLE = float(np.log(0.1 / 0.9))
"""Log odds above which a case in the other language is worth a place."""
LEXICAL = 50


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


@dataclass(frozen=True, slots=True)
class Wording:
    """What the words of a text say: its terms with their rarity, and the cases that hold them."""

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
    ranked = rank(session, request, nearest, curve)
    best = choose(ranked.odds, ranked.crossing, request.limit)
    return _hits(session, request, ranked, best)


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


def look_up(
    session: Session, analysis: analyser.Analysis, limit: int, dimension: int, made_with: str = ""
) -> Wording:
    """The part of a search that needs the words alone, and can be done while the text is being encoded."""
    words, pairs = lexical_index.prepare(session, *hashed_analysis(analysis))
    keys = lexical_index.candidates(session, words, pairs, max(4 * limit, LEXICAL))
    return Wording(words, pairs, load(session, keys, dimension, made_with))


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
    held |= load(session, [key for key in keys if key not in held], dimension, request.made_with)
    if not held:
        return Ranked([], [], np.zeros(0), np.zeros(0), np.zeros(0, dtype=np.bool_))
    keys = sorted(held)
    documents = [held[key] for key in keys]
    scores, crossing = score(request.vector, wording.words, wording.pairs, documents)
    odds = curve.odds(scores, crossing)
    odds += evidence.shifts(session, keys, request.vector, request.made_with, request.at)
    return Ranked(keys, documents, scores, odds, crossing)


def score(
    vector: Vectors, words: Query, pairs: Query, documents: Sequence[Document]
) -> tuple[Floats, NDArray[np.bool_]]:
    """The fused score of each document for one query, and whether they differ in script."""
    vectors = np.stack([document.vectors for document in documents]).astype(np.float32)
    cosine = (vectors @ vector).max(axis=1).astype(np.float64)
    asked = script(len(words.terms), len(pairs.terms))
    crossing = np.array(
        [asked * script(len(document.words), len(document.pairs)) < 0 for document in documents],
        dtype=np.bool_,
    )
    by_words = lexical_index.scores(words, [document.words for document in documents])
    by_pairs = lexical_index.scores(pairs, [document.pairs for document in documents])
    return fuse(cosine, by_words, by_pairs, crossing), crossing


def load(session: Session, keys: Sequence[int], dimension: int, made_with: str = "") -> dict[int, Document]:
    """The stored documents of these cases, those that exist, in ascending order of their keys.

    Vectors that another encoder made mean nothing here: such a case is found by its words alone until it is
    encoded anew. An empty ``made_with`` takes all of the right length.
    """
    if not keys:
        return {}
    rows = (
        session.connection()
        .exec_driver_sql(
            "SELECT case_pk, words, pairs, vectors, fingerprint FROM case_documents "
            f"WHERE case_pk IN ({listed(keys)}) ORDER BY case_pk"
        )
        .all()
    )
    shape = (len(FIELDS), dimension)
    size = 2 * len(FIELDS) * dimension
    unknown = np.zeros(shape, np.float16)
    return {
        row[0]: Document(
            np.frombuffer(row[1], np.uint32),
            np.frombuffer(row[2], np.uint32),
            np.frombuffer(row[3], np.float16).reshape(shape)
            if len(row[3]) == size and made_with in ("", row[4])
            else unknown,
        )
        for row in rows
    }


def telling_words(question: analyser.Analysis) -> dict[int, str]:
    """The words of a question that tell a person something, by their hash."""
    words = [word for word in dict.fromkeys(question.words) if _telling(word)]
    return dict(zip(hashes(words).tolist(), words, strict=True))


def shared_terms(telling: Mapping[int, str], document: Document, most: int = 8) -> tuple[str, ...]:
    """The telling words that the case has too, longest first: what a person sees at once."""
    held = telling.keys() & set(document.words.tolist())
    common = [telling[code] for code in held]
    whole = [word for word in common if not any(word != other and word in other for other in common)]
    return tuple(sorted(whole, key=lambda word: (-len(word), word))[:most])


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
    few: list[int] | None = filtering.first(session, filters, candidates.EXACT + 1)
    if few is not None and len(few) > candidates.EXACT:
        few = None
    if request.wording is not None:
        words, pairs = request.wording.words, request.wording.pairs
    else:
        words, pairs = lexical_index.prepare(session, *hashed_analysis(request.analysis))
    holding = lexical_index.candidates(session, words, pairs, max(4 * limit, LEXICAL), filters, few)
    near = candidates.near(session, filters, few, request.vector, limit, nearest, request.made_with)
    return Wording(words, pairs, load(session, holding, dimension, request.made_with)), near


def _hits(session: Session, request: Request, ranked: Ranked, best: NDArray[np.intp]) -> list[Hit]:
    keys = [ranked.keys[place] for place in best]
    # Straight from the table, as in ``load``: the mapper's share of the time would exceed the database's.
    found = session.connection().exec_driver_sql(
        "SELECT pk, id, problem, solution, language, category, product FROM cases "
        f"WHERE pk IN ({listed(keys)})"
    )
    rows = {row.pk: row for row in found}
    proofs = ledger.proofs(session, keys)
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
        )
        for place, key, match in zip(best, keys, matches, strict=True)
        if (row := rows.get(key)) is not None
    ]
