"""Which weights of words and of pairs find the right case first, in the seed archive and nowhere else.

Seed tickets that name a problem search among all seed cases and all other seed tickets: for its case, and
for another ticket that names it; in their own script, and in the other, by the question's. Weights are
judged by the geometric mean of both reciprocal ranks, so that a gain in either counts by its share of what
is reached there. Printed are the best ones for each length that a text is taken to have at most, and how
far those in use are from them. ``python -m benchmarks.search_weights``
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kb import lexical_index
from kb.database import Database
from kb.documents import CaseText, Document, Hashes, apart, documents, hashed, script
from kb.match import CROSSING_WORD_WEIGHT, PAIR_WEIGHT, WORD_WEIGHT, Floats
from kb.shelf import load
from models.encoder import load_encoder
from triage import seed
from triage.settings import Settings

WEIGHTS = (0.0, 0.3, 0.6, 0.9, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0)
BOUNDS = (1.0, 1.5, 2.0, 3.0, np.inf)
"""At most how many times as long as the question a text is taken to be, for its pairs."""
IN_USE = {
    "same script": (WORD_WEIGHT, PAIR_WEIGHT),
    "Latin question, Chinese text": (CROSSING_WORD_WEIGHT, 0.0),
    "Chinese question, Latin text": (WORD_WEIGHT, 0.0),
}
RESAMPLED = 1000


@dataclass(frozen=True, slots=True)
class Corpus:
    """Documents, the problem each is about, whether it is a case, and statistics of their terms."""

    documents: list[Document]
    problems: np.ndarray
    cases: np.ndarray
    lengths: np.ndarray
    holding: tuple[dict[int, int], dict[int, int]]
    average: tuple[float, float]

    def query(self, terms: Hashes, field: int) -> lexical_index.Query:
        """A field's terms with their rarity."""
        own = np.unique(terms)
        holding = np.array([self.holding[field].get(int(term), 0) for term in own], dtype=np.float64)
        rarity = np.log1p((len(self.documents) - holding + 0.5) / (holding + 0.5))
        return lexical_index.Query(own, rarity, self.average[field])


def corpus() -> tuple[Corpus, list[seed.SeedTicket], Floats]:
    """The archive to search: the seed cases, then the tickets in their order; and the tickets' vectors."""
    folder, encoder = Settings(_env_file=None).data_folder, load_encoder()
    database = Database("sqlite://")
    database.upgrade()
    seed.load_cases(database, folder, encoder)
    with database.reading() as session:
        rows = session.connection().exec_driver_sql("SELECT pk, id FROM cases ORDER BY pk").all()
        made = list(load(session, [row.pk for row in rows], encoder.dimension).values())
    database.close()
    tickets = seed.tickets(folder)
    made += documents([CaseText.of_one(ticket.text) for ticket in tickets], encoder)
    problems = [row.id.removeprefix("case-").rpartition("-")[0] for row in rows]
    counted = []
    for field in ([item.words for item in made], [item.pairs for item in made]):
        terms, times = np.unique(np.concatenate([np.unique(item) for item in field]), return_counts=True)
        counted.append(dict(zip(terms.tolist(), times.tolist(), strict=True)))
    found = Corpus(
        made,
        np.array([*problems, *(ticket.problem for ticket in tickets)]),
        np.arange(len(made)) < len(rows),
        np.array([(len(item.words), len(item.pairs)) for item in made]),
        (counted[0], counted[1]),
        (
            float(np.mean([len(item.words) for item in made])),
            float(np.mean([len(item.pairs) for item in made])),
        ),
    )
    return found, tickets, encoder.encode([ticket.text for ticket in tickets])


def gains(
    archive: Corpus, tickets: list[seed.SeedTicket], encoded: Floats, bound: float
) -> dict[tuple[str, str], Floats]:
    """Reciprocal ranks (questions, word weights, pair weights) of each task in each situation."""
    vectors = np.stack([document.vectors for document in archive.documents]).astype(np.float32)
    held_words = [document.words for document in archive.documents]
    held_pairs = [document.pairs for document in archive.documents]
    gained: dict[tuple[str, str], list[Floats]] = {}
    for number, (ticket, vector) in enumerate(zip(tickets, encoded, strict=True)):
        if not ticket.problem:
            continue
        terms = hashed(ticket.text)
        words, pairs = (archive.query(terms[field], field) for field in (0, 1))
        cosine = (vectors @ vector).max(axis=1)
        by_words = lexical_index.scores(words, held_words)
        by_pairs = lexical_index.overlap(pairs, held_pairs, bound)
        asked = script(len(words.terms), len(pairs.terms))
        crossing = apart(asked, *archive.lengths.T)
        others = np.arange(len(vectors)) != number + archive.cases.sum()
        about = archive.problems == ticket.problem
        same, from_latin, from_chinese = IN_USE
        for situation, here in ((same, ~crossing), (from_latin if asked < 0 else from_chinese, crossing)):
            for task, kind in (("cases", archive.cases), ("tickets", ~archive.cases)):
                right = here & others & about & kind
                if not right.any():
                    continue
                wrong = here & others & ~about
                ranks = np.zeros((len(WEIGHTS), len(WEIGHTS)))
                for row, word_weight in enumerate(WEIGHTS):
                    for column, pair_weight in enumerate(WEIGHTS):
                        fused = cosine + word_weight * by_words + pair_weight * by_pairs
                        ranks[row, column] = 1 + (fused[wrong] >= fused[right].max()).sum()
                gained.setdefault((situation, task), []).append(1 / ranks)
    return {key: np.array(found) for key, found in gained.items()}


def both(tasks: list[Floats]) -> Floats:
    """The geometric mean of the tasks' mean reciprocal ranks, for each pair of weights."""
    means: Floats = np.prod([found.mean(axis=0) for found in tasks], axis=0) ** (1 / len(tasks))
    return means


def difference(tasks: list[Floats], used: tuple[int, int], best: tuple[int, int]) -> tuple[float, float]:
    """What the weights in use give less than the best, and its standard error by bootstrap over questions."""
    noise = np.random.default_rng(0)
    here = [np.stack([found[:, *used], found[:, *best]], axis=1) for found in tasks]
    drawn = []
    for _ in range(RESAMPLED):
        means = both([found[noise.integers(0, len(found), len(found))] for found in here])
        drawn.append(means[0] - means[1])
    means = both(here)
    return float(means[0] - means[1]), float(np.std(drawn))


def report(gained: dict[tuple[str, str], Floats], texts: int, bound: float) -> None:
    """Print the weights that are best with this bound, and those in use; all of them for the bound in use."""
    for situation, (words, pairs) in IN_USE.items():
        own = {task: found for (name, task), found in gained.items() if name == situation}
        for task, found in own.items() if bound == lexical_index.TOO_LONG else ():
            print(f"{situation}, {len(found)} questions for {task} among {texts} texts, MRR")
            print("words \\ pairs " + "".join(f"{weight:7.1f}" for weight in WEIGHTS))
            for weight, values in zip(WEIGHTS, found.mean(axis=0), strict=True):
                print(f"{weight:13.1f} " + "".join(f"{value:7.3f}" for value in values))
        tasks = list(own.values())
        means = both(tasks)
        row, column = np.unravel_index(int(means.round(6).argmax()), means.shape)
        used = WEIGHTS.index(words), WEIGHTS.index(pairs)
        less, error = difference(tasks, used, (int(row), int(column)))
        print(
            f"at most {bound} questions long, {situation}: best words {WEIGHTS[row]}, "
            f"pairs {WEIGHTS[column]}: {means[row, column]:.4f} over both; "
            f"in use {words}, {pairs}: {means[used]:.4f} "
            f"({less:+.4f}, standard error {error:.4f})"
        )


def main() -> None:
    """Print mean reciprocal ranks for each pair of weights, the best of them and those in use."""
    archive, tickets, encoded = corpus()
    for bound in BOUNDS:
        report(gains(archive, tickets, encoded, bound), len(archive.documents), bound)


if __name__ == "__main__":
    main()
