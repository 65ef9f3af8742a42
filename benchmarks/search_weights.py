"""Which weights of words and of pairs find the right case first, in the seed archive and nowhere else.

Seed tickets that name a problem search its case among all seed cases and, to make it hard, all other seed
tickets: the case in their own script, and the one in the other. ``python -m benchmarks.search_weights``
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kb import lexical_index
from kb.database import Database
from kb.documents import CaseText, Document, Hashes, documents, hashed, script
from kb.match import Floats
from kb.search import load
from models.encoder import load_encoder
from triage import seed
from triage.settings import Settings

WEIGHTS = (0.0, 0.3, 0.6, 0.9, 1.2, 1.5, 1.8, 2.2)


@dataclass(frozen=True, slots=True)
class Corpus:
    """Documents with the problem each is about, and statistics of their terms."""

    documents: list[Document]
    problems: np.ndarray
    scripts: np.ndarray
    holding: tuple[dict[int, int], dict[int, int]]
    average: tuple[float, float]

    def query(self, terms: Hashes, field: int) -> lexical_index.Query:
        """A field's terms with their rarity."""
        own = np.unique(terms)
        holding = np.array([self.holding[field].get(int(term), 0) for term in own], dtype=np.float64)
        rarity = np.log1p((len(self.documents) - holding + 0.5) / (holding + 0.5))
        return lexical_index.Query(own, rarity, self.average[field])


def corpus() -> tuple[Corpus, list[seed.SeedTicket], Floats]:
    """The archive to search, and the tickets that search it with their vectors."""
    folder, encoder = Settings(_env_file=None).data_folder, load_encoder()
    database = Database("sqlite://")
    database.upgrade()
    seed.load_cases(database, folder, encoder)
    with database.reading() as session:
        rows = session.connection().exec_driver_sql("SELECT pk, id FROM cases ORDER BY pk").all()
        _, made = load(session, [row.pk for row in rows], encoder.dimension)
    database.close()
    tickets = seed.tickets(folder)
    others = [ticket for ticket in tickets if not ticket.problem]
    asked = [ticket for ticket in tickets if ticket.problem]
    made += documents([CaseText.of_one(ticket.text) for ticket in others], encoder)
    problems = [row.id.removeprefix("case-").rpartition("-")[0] for row in rows] + [""] * len(others)
    fields = ([item.words for item in made], [item.pairs for item in made])
    counted = []
    for field in fields:
        terms, times = np.unique(np.concatenate([np.unique(item) for item in field]), return_counts=True)
        counted.append(dict(zip(terms.tolist(), times.tolist(), strict=True)))
    found = Corpus(
        made,
        np.array(problems),
        np.array([script(len(item.words), len(item.pairs)) for item in made]),
        (counted[0], counted[1]),
        tuple(float(np.mean([len(item) for item in field])) for field in fields),
    )
    return found, asked, encoder.encode([ticket.text for ticket in asked])


def main() -> None:
    """Print mean reciprocal rank for each pair of weights, within a script and across."""
    archive, asked, encoded = corpus()
    vectors = np.stack([document.vectors for document in archive.documents]).astype(np.float32)
    gained = np.zeros((2, len(WEIGHTS), len(WEIGHTS)))
    counts = np.zeros(2)
    for ticket, vector in zip(asked, encoded, strict=True):
        terms = hashed(ticket.text)
        words, pairs = (archive.query(terms[field], field) for field in (0, 1))
        cosine = (vectors @ vector).max(axis=1)
        by_words = lexical_index.scores(words, [document.words for document in archive.documents])
        by_pairs = lexical_index.scores(pairs, [document.pairs for document in archive.documents])
        own = script(len(words.terms), len(pairs.terms))
        for situation, here in enumerate((archive.scripts * own >= 0, archive.scripts * own < 0)):
            right = here & (archive.problems == ticket.problem)
            if not right.any():
                continue
            counts[situation] += 1
            for row, word_weight in enumerate(WEIGHTS):
                for column, pair_weight in enumerate(WEIGHTS):
                    fused = cosine + word_weight * by_words + pair_weight * by_pairs
                    rank = 1 + (here & ~right & (fused >= fused[right].max())).sum()
                    gained[situation, row, column] += 1 / rank
    for situation, name in enumerate(("same script", "other script")):
        print(f"{name}, {counts[situation]:.0f} questions among {len(archive.documents)} texts, MRR")
        print("words \\ pairs " + "".join(f"{weight:7.1f}" for weight in WEIGHTS))
        for weight, values in zip(WEIGHTS, gained[situation] / counts[situation], strict=True):
            print(f"{weight:13.1f} " + "".join(f"{value:7.3f}" for value in values))


if __name__ == "__main__":
    main()
