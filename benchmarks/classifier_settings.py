"""The classifier's settings, each swept with the others as they are, on seed tickets of topics held out.

The heads learn on four fifths of the topics and score the last fifth; the blend of those scores is fitted
on the topics of four fifths and judged on the last. Printed: mean log loss over category and priority, and
its difference from the value in use with the standard error of that difference (over trades, as tickets of
one trade are alike). ``python -m benchmarks.classifier_settings``
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from scipy import special

from models import calibration, concept_head, lexical, semantic
from models.concept_head import ConceptHead, describe
from models.concepts import Lexicon
from models.encoder import load_encoder
from models.folds import topics
from models.lexical import LexicalHead
from models.semantic import SemanticHead
from models.terms import Vocabulary
from triage import learning, seed
from triage.concepts import load_lexicon
from triage.settings import Settings

FOLDS = 5
TARGETS = ("category", "priority")


@dataclass(frozen=True)
class Values:
    """One setting of everything that is chosen and not learned."""

    piece_length: float = lexical.PIECES
    softness: float = lexical.SOFTNESS
    landmarks: int = semantic.LANDMARKS
    gamma: float = semantic.GAMMA
    ridge: float = semantic.RIDGE
    concept_landmarks: int = concept_head.LANDMARKS
    concept_reach: float = concept_head.REACH
    concept_ridge: float = concept_head.RIDGE


SWEEPS: dict[str, Sequence[float]] = {
    "piece_length": (0.0, 0.2, 0.35, 0.5, 0.7, 1.0),
    "softness": (0.1, 0.3, 1.0, 3.0),
    "gamma": (0.25, 0.5, 0.7, 1.0, 1.4, 2.0),
    "ridge": (0.01, 0.03, 0.1, 0.3, 1.0, 3.0),
    "landmarks": (500, 1000, 2000, 3000, 4500, 6000),
    "concept_landmarks": (1000, 2000, 3000, 4500),
    "concept_reach": (0.06, 0.12, 0.25, 0.5, 1.0),
    "concept_ridge": (0.03, 0.1, 0.3, 1.0),
}


@dataclass
class Bench:
    """The seed tickets, counted and encoded once, and head scores that were worked out before."""

    rows: list[learning.Labelled]
    prepared: learning.Prepared
    vocabulary: Vocabulary
    lexicon: Lexicon
    described: np.ndarray
    folds: np.ndarray
    known: dict[tuple[object, ...], tuple[np.ndarray, np.ndarray]] = field(default_factory=dict)

    @classmethod
    def of_seed(cls) -> Bench:
        """Read, count and encode."""
        folder = Settings(_env_file=None).data_folder
        rows, lexicon = seed.labelled(folder), load_lexicon(folder)
        prepared = learning.prepare([row.text for row in rows], load_encoder())
        described = describe(lexicon, [one.folded for one in prepared.texts])
        vocabulary = Vocabulary.of(prepared.documents, 2)
        return cls(rows, prepared, vocabulary, lexicon, described, topics(prepared.vectors, FOLDS))

    def losses(self, values: Values) -> np.ndarray:
        """Log loss of each ticket on trades held out (targets, tickets)."""
        found = np.zeros((len(TARGETS), len(self.rows)))
        for number, target in enumerate(TARGETS):
            labels = np.array([row.labels[target] for row in self.rows])
            wanted = np.unique(labels, return_inverse=True)[1]
            words, coverage = self._words(target, labels, values)
            meaning = self._meaning(target, labels, values)
            concepts = self._concepts(target, labels, values)
            for fold in range(FOLDS):
                held = self.folds == fold
                known = (words[~held], coverage[~held], meaning[~held], concepts[~held])
                blend = calibration.fit_blend(*known, wanted[~held], self.folds[~held])
                joined = blend.join(words[held], coverage[held], meaning[held], concepts[held])
                logs = joined - special.logsumexp(joined, axis=1, keepdims=True)
                found[number, held] = -logs[np.arange(len(logs)), wanted[held]]
        return found

    def _words(self, target: str, labels: np.ndarray, values: Values) -> tuple[np.ndarray, np.ndarray]:
        def work() -> tuple[np.ndarray, np.ndarray]:
            counted = self.vocabulary.count(self.prepared.documents)
            scores, coverage = np.zeros((len(labels), len(set(labels)))), np.zeros(len(labels))
            for fold in range(FOLDS):
                held = self.folds == fold
                head = LexicalHead(self.vocabulary).fit(
                    counted[~held],
                    labels[~held],
                    piece_length=values.piece_length,
                    softness=values.softness,
                )
                scores[held], coverage[held] = head.scores(counted[held])
            return scores, coverage

        return self._once((target, "words", values.piece_length, values.softness), work)

    def _meaning(self, target: str, labels: np.ndarray, values: Values) -> np.ndarray:
        def work() -> tuple[np.ndarray, np.ndarray]:
            scores = np.zeros((len(labels), len(set(labels))))
            for fold in range(FOLDS):
                held = self.folds == fold
                head = SemanticHead().fit(
                    self.prepared.vectors[~held],
                    labels[~held],
                    landmarks=values.landmarks,
                    gamma=values.gamma,
                    ridge=values.ridge,
                )
                scores[held] = head.scores(self.prepared.vectors[held])
            return scores, np.zeros(0)

        return self._once((target, "meaning", values.landmarks, values.gamma, values.ridge), work)[0]

    def _concepts(self, target: str, labels: np.ndarray, values: Values) -> np.ndarray:
        def work() -> tuple[np.ndarray, np.ndarray]:
            scores = np.zeros((len(labels), len(set(labels))))
            vectors, described = self.prepared.vectors, self.described
            for fold in range(FOLDS):
                held = self.folds == fold
                head = ConceptHead(self.lexicon).fit(
                    vectors[~held],
                    described[~held],
                    labels[~held],
                    landmarks=values.concept_landmarks,
                    reach=values.concept_reach,
                    ridge=values.concept_ridge,
                )
                scores[held] = head.scores(vectors[held], described[held])
            return scores, np.zeros(0)

        settings = (values.concept_landmarks, values.concept_reach, values.concept_ridge)
        return self._once((target, "concepts", *settings), work)[0]

    def _once(
        self, key: tuple[object, ...], work: Callable[[], tuple[np.ndarray, np.ndarray]]
    ) -> tuple[np.ndarray, np.ndarray]:
        if key not in self.known:
            self.known[key] = work()
        return self.known[key]


def main() -> None:
    """Sweep and print."""
    bench = Bench.of_seed()
    trades = np.unique([row.group for row in bench.rows], return_inverse=True)[1]
    used = bench.losses(Values())
    print(f"{len(bench.rows)} seed tickets, {trades.max() + 1} trades; in use: {Values()}")
    print(f"log loss: category {used[0].mean():.4f}, priority {used[1].mean():.4f}")
    for name, sweep in SWEEPS.items():
        print(name)
        for value in sweep:
            change = bench.losses(replace(Values(), **{name: value})) - used
            of_trades = np.bincount(trades, change.mean(axis=0))
            error = float(np.sqrt(((of_trades - of_trades.mean()) ** 2).sum())) / len(bench.rows)
            print(
                f"  {value:>8} category {change[0].mean():+.4f}  priority {change[1].mean():+.4f}"
                f"  mean {change.mean():+.4f} (standard error {error:.4f})",
                flush=True,
            )


if __name__ == "__main__":
    main()
