"""Which weights of words and of pairs find the right case first, in the seed archive and nowhere else.

Seed tickets that name a problem search the cases of their own script. ``python -m benchmarks.search_weights``
"""

from __future__ import annotations

import numpy as np
from sqlalchemy import select

from kb import lexical_index, search
from kb.database import Database
from kb.documents import hashed, is_han
from kb.tables import Case
from models.encoder import load_encoder
from triage import seed
from triage.settings import Settings

WEIGHTS = (0.0, 0.3, 0.5, 0.7, 0.9, 1.2)


def main() -> None:
    """Print recall at 1 for each pair of weights."""
    folder, encoder = Settings(_env_file=None).data_folder, load_encoder()
    database = Database("sqlite://")
    database.upgrade()
    seed.load_cases(database, folder, encoder)
    asked = [ticket for ticket in seed.tickets(folder) if ticket.problem]
    hits = np.zeros((len(WEIGHTS), len(WEIGHTS)))
    with database.reading() as session:
        rows = session.execute(select(Case.pk, Case.id)).all()
        names = {row.pk: row.id for row in rows}
        keys, documents = search.load(session, list(names), encoder.dimension)
        vectors = np.stack([document.vectors for document in documents]).astype(np.float32)
        for ticket, vector in zip(asked, encoder.encode([item.text for item in asked]), strict=True):
            words, pairs = lexical_index.prepare(session, *hashed(ticket.text))
            cosine = (vectors @ vector).max(axis=1)
            by_words = lexical_index.scores(words, [document.words for document in documents])
            by_pairs = lexical_index.scores(pairs, [document.pairs for document in documents])
            own = is_han(len(words.terms), len(pairs.terms))
            here = np.array([is_han(len(item.words), len(item.pairs)) == own for item in documents])
            for row, word_weight in enumerate(WEIGHTS):
                for column, pair_weight in enumerate(WEIGHTS):
                    fused = cosine + word_weight * by_words + pair_weight * by_pairs
                    best = keys[int(np.where(here, fused, -np.inf).argmax())]
                    hits[row, column] += names[best].startswith(f"case-{ticket.problem}-")
    database.close()
    print("words \\ pairs " + "".join(f"{weight:7.1f}" for weight in WEIGHTS))
    for weight, values in zip(WEIGHTS, hits / len(asked), strict=True):
        print(f"{weight:13.1f} " + "".join(f"{value:7.3f}" for value in values))


if __name__ == "__main__":
    main()
