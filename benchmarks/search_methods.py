"""Ways to search the same texts that one would pick instead of ours, and ours, all asked in the same way.

Each is a function from a query to the scores of all texts (texts,), minus infinity where it does not answer
with a text; a higher score is nearer to the top.
"""

from __future__ import annotations

import re
import sqlite3
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import bm25s
import chromadb
import numpy as np
from chromadb.config import Settings
from sqlalchemy import select

from kb import cases, search
from kb.database import Database
from kb.documents import fingerprint
from kb.index import open_embedded
from kb.match import Floats, MatchCurve
from kb.tables import Case
from models import text
from models.encoder import load_encoder

DEPTH = 100
"""How many texts each method is asked for; what stands further down counts as not found."""
RANK_CONSTANT = 60
"""The usual constant of reciprocal rank fusion (Cormack, Clarke and Büttcher 2009)."""
_BATCH = 200
_TIE = 6
"""Digits of a distance that are compared: single precision holds hardly more."""

CHROMA = "Chroma"
BM25_PLAIN = "bm25s, its own words"
BM25 = "bm25s, our words"
FUSION = "rank fusion"
FTS = "SQLite FTS5"
OURS = "ours"

Search = Callable[[str], Floats]


@contextmanager
def opened(texts: Sequence[str], encoder: str, curve: MatchCurve) -> Iterator[dict[str, Search]]:
    """All methods by name, holding these texts in throw-away archives; ours is the last.

    ``encoder`` is a name as ``load_encoder`` takes it.
    """
    with ExitStack() as held:
        chroma = held.enter_context(_chroma(texts, encoder))
        lexical = _bm25(texts, text.words)
        yield {
            CHROMA: chroma,
            BM25_PLAIN: _bm25(texts, _plain_words),
            BM25: lexical,
            FUSION: lambda query: fused(chroma(query), lexical(query)),
            FTS: held.enter_context(_fts(texts)),
            OURS: held.enter_context(_ours(texts, encoder, curve)),
        }


def fused(*lists: Floats) -> Floats:
    """Reciprocal rank fusion: what each list's first ``DEPTH`` texts gain by their places in it alone."""
    gained = np.zeros_like(lists[0])
    for scores in lists:
        order = np.argsort(-scores, kind="stable")[: min(DEPTH, int(np.isfinite(scores).sum()))]
        gained[order] += 1 / (RANK_CONSTANT + 1 + np.arange(len(order)))
    return _answered(gained)


class _Encoding(chromadb.EmbeddingFunction[chromadb.Documents]):
    """Our encoder as what Chroma asks to be given: documents in, vectors out."""

    def __init__(self, encoder: str) -> None:
        self._name = encoder
        self._encoder = load_encoder(encoder)

    def __call__(self, input: chromadb.Documents) -> chromadb.Embeddings:  # noqa: A002  # Chroma's name
        return list(self._encoder.encode(input))

    @staticmethod
    def name() -> str:
        return "triage-encoder"

    def get_config(self) -> dict[str, Any]:
        return {"encoder": self._name}

    @staticmethod
    def build_from_config(config: dict[str, Any]) -> chromadb.EmbeddingFunction[chromadb.Documents]:
        return _Encoding(config["encoder"])


@contextmanager
def _chroma(texts: Sequence[str], encoder: str) -> Iterator[Search]:
    with tempfile.TemporaryDirectory(prefix="triage-compare-") as folder:
        client = chromadb.PersistentClient(folder, settings=Settings(anonymized_telemetry=False))
        collection = client.create_collection("cases", embedding_function=_Encoding(encoder))
        # Texts of one call are put into the graph by several threads, and every run would have another graph.
        for number, content in enumerate(texts):
            collection.add(ids=[str(number)], documents=[content])
        most = min(DEPTH, len(texts))

        def ask(query: str) -> Floats:
            found = collection.query(query_texts=[query], n_results=most, include=["distances"])
            scores = np.full(len(texts), -np.inf)
            scores[[int(name) for name in found["ids"][0]]] = -np.round(found["distances"][0], _TIE)
            return scores

        try:
            yield ask
        finally:
            client.close()


def _plain_words(content: str) -> list[str]:
    words: list[str] = bm25s.tokenize([content], return_ids=False, show_progress=False)[0]
    return words


def _bm25(texts: Sequence[str], cut: Callable[[str], list[str]]) -> Search:
    model = bm25s.BM25()
    model.index([cut(content) for content in texts], show_progress=False)

    def ask(query: str) -> Floats:
        words = cut(query)
        # bm25s takes no empty query.
        return _answered(np.float64(model.get_scores(words)) if words else np.zeros(len(texts)))

    return ask


@contextmanager
def _fts(texts: Sequence[str]) -> Iterator[Search]:
    connection = sqlite3.connect(":memory:")
    try:
        connection.execute("CREATE VIRTUAL TABLE cases USING fts5(content, tokenize='unicode61')")
        rows = [(number, content) for number, content in enumerate(texts, 1)]
        connection.executemany("INSERT INTO cases (rowid, content) VALUES (?, ?)", rows)

        def ask(query: str) -> Floats:
            scores = np.full(len(texts), -np.inf)
            words = dict.fromkeys(re.findall(r"[^\W_]+", query))
            if words:
                either = " OR ".join(f'"{word}"' for word in words)
                wanted = "SELECT rowid, rank FROM cases WHERE cases MATCH ? ORDER BY rank LIMIT ?"
                for row, rank in connection.execute(wanted, (either, DEPTH)):
                    scores[row - 1] = -rank
            return scores

        yield ask
    finally:
        connection.close()


@contextmanager
def _ours(texts: Sequence[str], name: str, curve: MatchCurve) -> Iterator[Search]:
    """The archive that ``triage evaluate search`` makes, and the ranking that it measures."""
    encoder = load_encoder(name)
    with tempfile.TemporaryDirectory(prefix="triage-compare-") as folder, ExitStack() as held:
        database = Database(f"sqlite:///{folder}/archive.db")
        held.callback(database.close)
        database.upgrade()
        index = open_embedded(Path(folder, "index"), fingerprint(encoder), encoder.dimension)
        held.callback(index.close)
        for begin in range(0, len(texts), _BATCH):
            part = texts[begin : begin + _BATCH]
            batch = [{"id": str(begin + number), "problem": content} for number, content in enumerate(part)]
            with database.transaction() as session:
                cases.write(session, batch, encoder, datetime.now(UTC))
        index.apply(database)
        with database.reading() as session:
            numbers = {row.pk: int(row.id) for row in session.execute(select(Case.pk, Case.id))}

        def ask(query: str) -> Floats:
            request = search.Request(text.analyse(query), encoder.encode([query])[0], limit=10)
            with database.reading() as session:
                ranked = search.rank(session, request, index.nearest, curve)
            scores = np.full(len(texts), -np.inf)
            scores[[numbers[key] for key in ranked.keys]] = ranked.odds
            return scores

        yield ask


def _answered(scores: Floats) -> Floats:
    """A text without any score is no answer."""
    return np.where(scores > 0, scores, -np.inf)
