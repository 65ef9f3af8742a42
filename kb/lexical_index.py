"""Which cases hold the words of a query: candidates from the database's full-text index, exact scores here.

The index holds hashed tokens cut by our analyser, so that Chinese is found as words and as pairs of
characters, whatever the database thinks of it. SQLite keeps them in FTS5, PostgreSQL in a tsvector with a
GIN index. The score is BM25 (Robertson and Zaragoza 2009) divided by the best BM25 that any case could
have for the query: all that was asked, in a short case, gives over a half, never over 1,
and a query in another language gets nearly 0.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import BigInteger, Select, exists, literal_column, select, table, text, update
from sqlalchemy.orm import Session

from kb.database import listed
from kb.documents import Document, Hashes
from kb.filters import NO_FILTERS, Filters
from kb.tables import Case, CorpusSize

K1 = 1.2
B = 0.75
TOO_LONG = 1.5
"""Lengths of the query from which on a text is just long. Of 1, 1.5, 2, 3 and no bound the one with the best
result on the seed (``python -m benchmarks.search_weights``)."""
MOST_TERMS = 12
"""The rarest terms of a query are looked up; the hundredth term of a long e-mail decides nothing."""
MOST_HOLDING = 2_000
"""Common terms are left out once the rarer ones are held by so many cases: the database ranks each of them.
The rarest is always looked up. Without it the time of a search grows with the archive."""
LONG = 64
"""Distinct terms from which on a query is a whole message: of its greeting, signature and asides only the
terms that some case holds are asked for, and of those the rarest."""
_ANSWERED, _CORPUS = "triage candidates", "triage corpus"
_MOST_ANSWERED = 4
_BITS = np.uint32(0xFFFF)
_MOST_KEPT = 200_000
_kept: dict[int, dict[int, int]] = {}
"""Frequencies counted so far, by the corpus' stamp, which no two states of any corpus share."""


@dataclass(frozen=True, slots=True)
class Query:
    """One field's terms of a query with what the corpus knows of them."""

    terms: Hashes
    rarity: NDArray[np.float64]
    average: float
    documents: int = 0

    def only(self, terms: Hashes) -> Query:
        """The same of those of its terms alone."""
        kept = np.isin(self.terms, terms)
        return Query(self.terms[kept], self.rarity[kept], self.average, self.documents)

    @property
    def holding(self) -> NDArray[np.float64]:
        """How many cases hold each term, as the rarity tells it."""
        return np.asarray((self.documents + 1) * np.exp(-self.rarity) - 0.5)

    @property
    def best(self) -> float:
        """The BM25 that no case can exceed."""
        return float(self.rarity.sum() * (K1 + 1))


def add(session: Session, documents: Mapping[int, Document]) -> None:
    """Make cases findable, by their keys; one that is already there must be removed first."""
    if not documents:
        return
    make = ":tokens" if _sqlite(session) else "to_tsvector('simple', :tokens)"
    session.execute(
        text(f"INSERT INTO case_terms (rowid, terms) VALUES (:pk, {make})"),
        [{"pk": key, "tokens": _tokens(document)} for key, document in documents.items()],
    )
    _count(session, 1, documents.values())


def remove(session: Session, documents: Mapping[int, Document]) -> None:
    """Make cases unfindable; the documents are what they were added with."""
    if not documents:
        return
    session.execute(text("DELETE FROM case_terms WHERE rowid = :pk"), [{"pk": key} for key in documents])
    _count(session, -1, documents.values())


def clear(session: Session) -> None:
    """Forget all cases."""
    _forget(session)
    session.execute(text("DELETE FROM case_terms"))
    session.execute(update(CorpusSize).values(documents=0, words=0, pairs=0, stamp=_stamp()))


@dataclass(frozen=True, slots=True)
class Corpus:
    """How many cases there are, and tokens in all of them; ``stamp`` names this state of the corpus, and no
    state of another one."""

    documents: int
    words: int
    pairs: int
    stamp: int


def corpus(session: Session) -> Corpus:
    """The state of the corpus, looked up once a session."""
    known = session.info.get(_CORPUS)
    if known is None:
        statement = "SELECT documents, words, pairs, stamp FROM corpus_size"
        known = session.info[_CORPUS] = Corpus(*session.connection().exec_driver_sql(statement).one())
    return known


def prepare(session: Session, words: Hashes, pairs: Hashes) -> tuple[Query, Query]:
    """Look up how rare the query's words and pairs are."""
    size = corpus(session)
    own_words, own_pairs = np.unique(words), np.unique(pairs)
    seen = _known_frequencies(session, size.stamp, [*own_words.tolist(), *own_pairs.tolist()])
    made = []
    for terms, tokens in ((own_words, size.words), (own_pairs, size.pairs)):
        holding = np.array([seen[term] for term in terms.tolist()], dtype=np.float64)
        if len(terms) > LONG:
            held = np.flatnonzero(holding)
            kept = np.sort(held[np.argsort(holding[held], kind="stable")[:LONG]])
            terms, holding = terms[kept], holding[kept]
        rarity = np.log1p((size.documents - holding + 0.5) / (holding + 0.5))
        average = max(tokens / max(size.documents, 1), 1.0)
        made.append(Query(terms, np.maximum(rarity, 0.0), average, size.documents))
    return made[0], made[1]


def holding(session: Session, terms: Sequence[int]) -> dict[int, int]:
    """How many cases hold each of these terms."""
    known = _known_frequencies(session, corpus(session).stamp, terms)
    return {term: known[term] for term in terms}


def candidates(
    session: Session,
    words: Query,
    pairs: Query,
    most: int,
    filters: Filters = NO_FILTERS,
    narrow: NDArray[np.int64] | None = None,
) -> list[int]:
    """The keys of the cases that hold the query's rarest terms and pass the filters, best first.

    ``narrow`` are all cases that pass, where those are few.
    """
    terms = _looked_up(words, pairs)
    if not len(terms) or (narrow is not None and not len(narrow)):
        return []
    # One request asks the same for its hits and for its facets.
    asked = (terms.tobytes(), most, filters, narrow if narrow is None else len(narrow))
    known: dict[object, list[int]] = session.info.setdefault(_ANSWERED, {})
    if asked not in known:
        if len(known) >= _MOST_ANSWERED:
            known.pop(next(iter(known)))
        known[asked] = _found(session, terms, most, filters, narrow)
    return list(known[asked])


def _found(
    session: Session, terms: Hashes, most: int, filters: Filters, narrow: NDArray[np.int64] | None
) -> list[int]:
    if _sqlite(session):
        # By ``rank`` all cases that hold a term are ranked, before any filter; by ``bm25`` those that pass.
        held, order = "case_terms MATCH {0}", "rank" if filters.none else "bm25(case_terms)"
        query = " OR ".join(f'"{_code(term)}"' for term in terms)
    else:
        held = "terms @@ to_tsquery('simple', {0})"
        order = "ts_rank(terms, to_tsquery('simple', {0}), 1) DESC"
        query = " | ".join(_code(term) for term in terms)
    # The query holds nothing but our own hexadecimal codes: written out, it costs no binding.
    written = f"SELECT rowid FROM case_terms WHERE {held} {{1}} ORDER BY {order} LIMIT {int(most)}"
    if narrow is not None:
        # The sign keeps SQLite from looking for the words in each of those cases, one after the other.
        among = f"AND +rowid IN ({listed(narrow.tolist())})"
        return list(session.connection().exec_driver_sql(written.format(f"'{query}'", among)).scalars())
    if filters.none:
        return list(session.connection().exec_driver_sql(written.format(f"'{query}'", "")).scalars())
    passes = exists().where(Case.pk == literal_column("case_terms.rowid"), filters.condition())
    found: Select[int] = (
        select(literal_column("rowid", BigInteger))
        .select_from(table("case_terms"))
        .where(text(held.format(":query")), passes)
        .order_by(text(order.format(":query")))
        .limit(most)
    )
    return list(session.scalars(found, {"query": query}))


def _looked_up(words: Query, pairs: Query) -> Hashes:
    """The rarest terms of a query, as many as can be looked up fast."""
    terms = np.concatenate([words.terms, pairs.terms])
    rarity = np.concatenate([words.rarity, pairs.rarity])
    holding = np.concatenate([words.holding, pairs.holding])
    held = np.flatnonzero(holding > 0.5)  # what no case holds finds none
    rarest = held[np.argsort(-rarity[held], kind="stable")[:MOST_TERMS]]
    return terms[rarest[: max(1, int(np.searchsorted(holding[rarest].cumsum(), MOST_HOLDING, "right")))]]


def scores(query: Query, texts: Sequence[Hashes]) -> NDArray[np.float64]:
    """The self-normalised BM25 of each text, 0..1."""
    return np.asarray(by_terms(query, texts).sum(axis=1))


def by_terms(query: Query, texts: Sequence[Hashes]) -> NDArray[np.float64]:
    """What each of the query's terms adds to the score of each text (texts, terms)."""
    if not len(query.terms) or not texts or query.best <= 0:
        return np.zeros((len(texts), len(query.terms)))
    counts, lengths = _counts(query, texts)
    damping = K1 * (1 - B + B * lengths / query.average)
    return np.asarray(counts / (counts + damping[:, None]) * (query.rarity * (K1 + 1) / query.best))


def overlap(query: Query, texts: Sequence[Hashes], too_long: float = TOO_LONG) -> NDArray[np.float64]:
    """How much each text and the query have in common, as a part of both, 0..1.

    It is the share of the query's terms that the text holds, the rare ones counting for more, divided by how
    long both are together in lengths of the query: a half where they are the same, nearly 1 for a text that
    is much shorter and has it all. A text is taken as at most ``too_long`` queries long: among long cases
    that says how they were written, not what they are about.
    """
    if not len(query.terms) or not texts or query.best <= 0:
        return np.zeros(len(texts))
    counts, lengths = _counts(query, texts)
    held = (counts > 0) @ query.rarity / query.rarity.sum()
    return np.asarray(held / (1 + np.minimum(lengths / len(query.terms), too_long)))


def _counts(query: Query, texts: Sequence[Hashes]) -> tuple[NDArray[np.int_], NDArray[np.int_]]:
    """How often each text holds each of the query's terms (texts, terms), and how long the texts are."""
    lengths = np.array([len(tokens) for tokens in texts])
    tokens = np.concatenate(texts)
    # Most tokens are none of the query's, and for those a look at their last bits is enough.
    likely = np.zeros(_BITS + 1, dtype=np.bool_)
    likely[query.terms & _BITS] = True
    maybe = np.flatnonzero(likely[tokens & _BITS])
    asked = tokens[maybe]
    place = np.minimum(np.searchsorted(query.terms, asked), len(query.terms) - 1)
    hit = query.terms[place] == asked
    owner = np.searchsorted(np.cumsum(lengths), maybe[hit], side="right")
    cells = owner * len(query.terms) + place[hit]
    counts = np.bincount(cells, minlength=len(texts) * len(query.terms)).reshape(len(texts), -1)
    return counts, lengths


def _known_frequencies(session: Session, stamp: int, terms: Sequence[int]) -> dict[int, int]:
    """How many cases hold each term: asked once, as long as the cases stay as they are."""
    known = _kept.get(stamp)
    if known is None or len(known) > _MOST_KEPT:
        known = {}
        _kept.clear()
        _kept[stamp] = known
    unknown = [term for term in terms if term not in known]
    if unknown:
        known |= dict.fromkeys(unknown, 0) | _frequencies(session, unknown)
    return known


def _forget(session: Session) -> None:
    session.info.pop(_ANSWERED, None)
    session.info.pop(_CORPUS, None)


def _stamp() -> int:
    return secrets.randbits(62)


def _frequencies(session: Session, terms: Sequence[int]) -> dict[int, int]:
    """How many cases hold each term; those that none holds are left out."""
    codes = [_code(term) for term in terms]
    if _sqlite(session):
        listed = ",".join(f"'{code}'" for code in codes)
        lookup = f"SELECT term, doc FROM case_vocabulary WHERE term IN ({listed})"
        rows = session.connection().exec_driver_sql(lookup)
        return {int(term[1:], 16): count for term, count in rows}
    statement = text(
        "SELECT code, (SELECT count(*) FROM case_terms WHERE terms @@ to_tsquery('simple', code)) AS doc "
        "FROM unnest(CAST(:codes AS text[])) AS code"
    )
    return {int(row.code[1:], 16): row.doc for row in session.execute(statement, {"codes": codes})}


def _count(session: Session, sign: int, documents: Collection[Document]) -> None:
    _forget(session)
    session.execute(
        update(CorpusSize).values(
            documents=CorpusSize.documents + sign * len(documents),
            words=CorpusSize.words + sign * sum(len(document.words) for document in documents),
            pairs=CorpusSize.pairs + sign * sum(len(document.pairs) for document in documents),
            stamp=_stamp(),
        )
    )


def _tokens(document: Document) -> str:
    return " ".join(f"x{term:08x}" for part in (document.words, document.pairs) for term in part.tolist())


def _code(term: int) -> str:
    return f"x{int(term):08x}"


def _sqlite(session: Session) -> bool:
    return session.get_bind().dialect.name == "sqlite"
