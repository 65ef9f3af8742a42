"""The classifier: a lexical and a semantic head, each by itself, blended late. For category and priority.

Simply joining both sets of features loses across languages (0.81 against 0.89); so does any fixed mean of
the two. Here the lexical head speaks as far as its vocabulary covers the text, and how loudly each head
speaks is learned on texts it has not seen (out-of-fold), which calibrates the probabilities as well.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special

from models.anchors import Anchors
from models.calibration import Bands, Blend, fit_blend
from models.encoder import Vectors
from models.errors import InputError
from models.held_out import HeldOut
from models.lexical import LexicalHead, Spoken
from models.self_training import FEW, self_trained
from models.semantic import SemanticHead
from models.terms import Counted, Vocabulary

Step = Callable[[str], None]
_FOLDS = 5
_MANY_TEXTS = 4000
_FEW_TEXTS = 2000
_AUDIBLE = 0.005


class Classifier:
    """Calibrated probabilities over labels, with bands and the terms that spoke.

    Texts come as pairs: the analyser's tokens joined by spaces, and the encoder's vector.
    """

    def __init__(
        self,
        lexical: LexicalHead,
        semantic: SemanticHead,
        blend: Blend,
        bands: Bands,
        held_out: HeldOut | None = None,
    ) -> None:
        self.lexical_ = lexical
        self.semantic_ = semantic
        self.blend_ = blend
        self.bands_ = bands
        self.held_out_ = held_out
        """What was answered for the texts while they were held out; None of a classifier that was loaded."""

    @property
    def labels(self) -> list[str]:
        """The labels in the order of the columns of ``predict_proba``."""
        return [str(label) for label in self.lexical_.labels_]

    @classmethod
    def fit(
        cls,
        documents: Sequence[str],
        vectors: Vectors,
        labels: Sequence[str],
        languages: Sequence[str],
        *,
        groups: Sequence[str] | None = None,
        unlabelled: Vectors | None = None,
        step: Step = lambda _: None,
    ) -> Classifier:
        """Train on labelled texts.

        ``groups`` (such as trades) keeps texts of one origin on one side of each fold, so that the blend
        and the bands are chosen for texts unlike those learned from. ``unlabelled`` are vectors of texts
        without a label, which help where labels are few. ``step`` is told what begins.

        Raises:
            InputError: fewer than two texts of each of two labels.
        """
        names = np.asarray(labels, dtype=np.str_)
        known, targets, sizes = np.unique(names, return_inverse=True, return_counts=True)
        if len(known) < 2 or len(names) < 4 or (sizes >= 2).sum() < 2:
            raise InputError("training needs at least two labels with two texts each", field="label")
        vocabulary = Vocabulary.of(documents, 1 if len(names) < _FEW_TEXTS else 2)
        counted = vocabulary.count(documents)
        folds = _folds(targets, groups)
        pool = unlabelled if unlabelled is not None and len(names) < FEW * len(known) else None
        shape = (len(names), len(known))
        lexical, semantic, coverage = np.zeros(shape), np.zeros(shape), np.zeros(len(names))
        for number in np.unique(folds):
            step(f"fold {number + 1}")
            held = folds == number
            if len(np.unique(names[~held])) < 2:
                continue
            words, meaning = _heads(vocabulary, counted[~held], vectors[~held], names[~held], pool)
            scores, coverage[held] = words.scores(counted[held])
            lexical[held] = _spread(scores, words.labels_, known)
            semantic[held] = _spread(meaning.scores(vectors[held]), meaning.labels_, known)
        blend = fit_blend(lexical, coverage, semantic, targets, folds)
        chances = special.softmax(blend.join(lexical, coverage, semantic), axis=1)
        held_out = HeldOut([str(name) for name in known], targets, chances, list(languages))
        step("all texts")
        return cls(*_heads(vocabulary, counted, vectors, names, pool), blend, held_out.bands(), held_out)

    @property
    def anchors(self) -> Anchors:
        """The texts that others are likened to."""
        return self.semantic_.landmarks_.anchors

    def share(self, other: Classifier) -> None:
        """Share the vocabulary with the other target's classifier, where both learned from the same texts,
        so that a text's words are counted once for both."""
        mine, its = self.lexical_.vocabulary, other.lexical_.vocabulary
        if (mine.words, mine.pieces) == (its.words, its.pieces):
            self.lexical_.vocabulary = its

    def predict_proba(self, documents: Sequence[str], vectors: Vectors) -> NDArray[np.float64]:
        """Probabilities (texts, labels); each row adds up to 1."""
        scores, coverage = self.lexical_.scores(self.lexical_.vocabulary.count(documents))
        blended = self.blend_.join(scores, coverage, self.semantic_.scores(vectors))
        chances: NDArray[np.float64] = special.softmax(blended, axis=1)
        return chances

    def predict(self, documents: Sequence[str], vectors: Vectors) -> list[str]:
        """The most probable label of each text."""
        names = self.labels
        return [names[i] for i in self.predict_proba(documents, vectors).argmax(axis=1)]

    def band(self, document: str, confidence: float, language: str, label: str) -> str:
        """``auto``, ``suggest`` or ``ask``; a text without a word is always asked about."""
        return self.bands_.band(confidence, language, label) if document else "ask"

    def read(self, document: str, vector: Vectors) -> Reading:
        """All there is to know of one text, at the cost of one prediction."""
        spoken = self.lexical_.read(document)
        words = self.lexical_.score(spoken) * (self.blend_.lexical * spoken.coverage)
        words = words + np.array(self.blend_.starts)
        meaning = self.semantic_.scores(vector[None, :])[0] * self.blend_.semantic
        return Reading(self, document, spoken, words, meaning)

    @property
    def parts(self) -> dict[str, Any]:
        """Everything learned, as plain values, arrays and scikit-learn objects, to be stored."""
        return {
            "vocabulary": self.lexical_.vocabulary.parts,
            "lexical": self.lexical_.parts,
            "semantic": self.semantic_.parts,
            "blend": [self.blend_.lexical, self.blend_.semantic, list(self.blend_.starts)],
            "bands": {key: list(pair) for key, pair in self.bands_.thresholds.items()},
        }

    @classmethod
    def of_parts(cls, parts: dict[str, Any]) -> Classifier:
        """The classifier that ``parts`` came from."""
        bands = Bands({key: (low, high) for key, (low, high) in parts["bands"].items()})
        lexical = LexicalHead(Vocabulary.of_parts(parts["vocabulary"]), parts["lexical"])
        loud, deep, starts = parts["blend"]
        blend = Blend(loud, deep, tuple(starts))
        return cls(lexical, SemanticHead(parts["semantic"]), blend, bands)


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a label got its score: a term, all other terms together, or the meaning of the whole text."""

    term: str
    weight: float
    kind: str = "term"


@dataclass(frozen=True, slots=True)
class Reading:
    """What a classifier found in one text: the scores (labels) that each head gave.

    The labels' head starts are counted among the words.
    """

    classifier: Classifier
    document: str
    spoken: Spoken
    words: NDArray[np.float64]
    meaning: NDArray[np.float64]

    @property
    def chances(self) -> dict[str, float]:
        """The probability of each label."""
        return dict(
            zip(self.classifier.labels, special.softmax(self.words + self.meaning).tolist(), strict=True)
        )

    def knows(self, label: str) -> bool:
        """Whether there is a word to judge by and the label, which signals may have named, was learned."""
        return bool(self.document) and label in self.classifier.labels

    def score(self, label: str) -> float:
        """The score of a label before it becomes a probability; 0 is the mean of all labels."""
        place = self.classifier.labels.index(label)
        return float(self.words[place] + self.meaning[place])

    def band(self, confidence: float, language: str, label: str) -> str:
        """The band in which a label is shown with this confidence."""
        return self.classifier.band(self.document, confidence, language, label)

    def reasons(self, label: str, most: int = 6) -> list[Reason]:
        """Terms that spoke loudest for (positive) and against (negative) a label, then the rest: together
        with what the meaning of the whole text says they add up to the label's score."""
        place = self.classifier.labels.index(label)
        volume = self.classifier.blend_.lexical * self.spoken.coverage
        found = self.classifier.lexical_.contributions(self.document, self.spoken, place)
        loudest = sorted(((term, weight * volume) for term, weight in found), key=lambda item: -abs(item[1]))
        shown = [Reason(term, weight) for term, weight in loudest[:most] if abs(weight) >= _AUDIBLE]
        rest = float(self.words[place]) - sum(reason.weight for reason in shown)
        return [
            *shown,
            *([Reason("(other terms)", rest, "rest")] if abs(rest) >= _AUDIBLE else []),
            Reason("(meaning)", float(self.meaning[place]), "meaning"),
        ]


def _heads(
    vocabulary: Vocabulary,
    counted: Counted,
    vectors: Vectors,
    labels: NDArray[np.str_],
    pool: Vectors | None,
) -> tuple[LexicalHead, SemanticHead]:
    """Both heads, learned side by side: the lexical one keeps to one processor."""
    with ThreadPoolExecutor(1) as beside:
        words = beside.submit(LexicalHead(vocabulary).fit, counted, labels)
        meaning = _semantic(vectors, labels, pool)
        return words.result(), meaning


def _semantic(vectors: Vectors, labels: NDArray[np.str_], pool: Vectors | None) -> SemanticHead:
    if pool is None or len(pool) == 0:
        return SemanticHead().fit(vectors, labels)
    return self_trained(vectors, labels, pool)


def _folds(targets: NDArray[np.intp], groups: Sequence[str] | None) -> NDArray[np.intp]:
    """A fold number for each text: whole groups where there are enough of them, else dealt out by label."""
    number = _FOLDS if len(targets) < _MANY_TEXTS else 3
    if groups is not None:
        _, group = np.unique(np.asarray(groups, dtype=np.str_), return_inverse=True)
        if group.max() + 1 >= number:
            return np.asarray(group % number, dtype=np.intp)
    folds = np.zeros(len(targets), dtype=np.intp)
    shuffle = np.random.default_rng(0)
    for target in np.unique(targets):
        places = shuffle.permutation(np.flatnonzero(targets == target))
        folds[places] = np.arange(len(places)) % number
    return folds


def _spread(
    scores: NDArray[np.float64], have: NDArray[np.str_], want: NDArray[np.str_]
) -> NDArray[np.float64]:
    """Give labels that a fold never saw the lowest score of each text."""
    full = np.repeat(scores.min(axis=1, keepdims=True), len(want), axis=1)
    full[:, np.searchsorted(want, have)] = scores
    return full
