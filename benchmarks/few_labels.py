"""How well a taxonomy works with 0, 1, 5 and 20 labelled tickets a category, drawn from the seed.

The model learns from the taxonomy's texts and the drawn tickets; the other seed tickets are there without
their labels, as an organisation's own history is. Printed: macro-F1, mean of 20 draws, on the other seed
tickets and, where a file is given (columns text, category), on it; with and without the unlabelled ones.
``python -m benchmarks.few_labels [file]``
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from models import scorecard
from models.classifier import Classifier
from models.encoder import load_encoder
from triage import evaluation, learning, seed
from triage.concepts import load_lexicon
from triage.learning import Prepared
from triage.settings import Settings
from triage.taxonomy import load_taxonomy

SIZES = (0, 1, 5, 20)
DRAWS = 20


def joined(parts: Sequence[tuple[Prepared, Sequence[int]]]) -> Prepared:
    """Some texts of each part, as one."""
    return Prepared(
        [part.texts[i] for part, chosen in parts for i in chosen],
        np.concatenate([part.vectors[list(chosen)] for part, chosen in parts]),
    )


def main() -> None:
    """Measure and print."""
    folder, encoder = Settings(_env_file=None).data_folder, load_encoder()
    taxonomy, lexicon = load_taxonomy(folder), load_lexicon(folder)
    told = learning.of_taxonomy(taxonomy)
    tickets = seed.tickets(folder)
    tests: dict[str, tuple[Prepared, np.ndarray]] = {}
    about = learning.prepare([row.text for row in told], encoder)
    seeds = learning.prepare([ticket.text for ticket in tickets], encoder)
    labels = np.array([ticket.category for ticket in tickets])
    if len(sys.argv) > 1:
        rows = evaluation.read_table(Path(sys.argv[1]), ["text", "category"])
        asked = learning.prepare([row["text"] for row in rows], encoder)
        tests[Path(sys.argv[1]).name] = (asked, np.array([row["category"] for row in rows]))
    draw = np.random.default_rng(0)
    for size in SIZES:
        found: dict[tuple[str, str], list[float]] = {}
        for _ in range(DRAWS if size else 1):
            drawn = [
                int(i)
                for code in taxonomy.codes()
                for i in draw.choice(np.flatnonzero(labels == code), size, replace=False)
            ]
            rest = np.setdiff1d(np.arange(len(labels)), drawn)
            own = joined([(about, range(len(told))), (seeds, drawn)])
            wanted = [*(row.labels["category"] for row in told), *labels[drawn].tolist()]
            here = {"other seed tickets": (joined([(seeds, rest.tolist())]), labels[rest])} | tests
            for name, pool in (("labelled alone", None), ("with unlabelled", seeds.vectors[rest])):
                model = Classifier.fit(own.texts, own.vectors, wanted, lexicon=lexicon, unlabelled=pool)
                for test, (texts, truth) in here.items():
                    answers = np.array(model.predict(texts.texts, texts.vectors))
                    found.setdefault((test, name), []).append(scorecard.macro_f1(truth, answers))
        for (test, name), values in found.items():
            print(f"{size:3d} a category, {name:<16} {test:<20} macro-F1 {np.mean(values):.3f}", flush=True)


if __name__ == "__main__":
    main()
