"""The classifier: a lexical, a semantic and a concept head, blended late. For category and priority.

Simply joining the sets of features loses across languages (0.81 against 0.89); so does any fixed mean. Here
the lexical head speaks as far as its vocabulary covers the text, and how loudly each head speaks is learned
on texts it has not seen (out-of-fold), which calibrates the probabilities as well.
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
from models.concept_head import ConceptHead, describe
from models.concepts import NO_CONCEPTS, Floats, Lexicon
from models.encoder import Vectors
from models.errors import InputError
from models.folds import dealt, topics
from models.held_out import HeldOut
from models.lexical import LexicalHead, Spoken
from models.self_training import FEW, self_trained
from models.semantic import SemanticHead
from models.terms import Counted, Vocabulary
from models.text import Analysis

Step = Callable[[str], None]
_FOLDS = 5
_MANY_TEXTS = 4000
_FEW_TEXTS = 2000
_NEARLY_ALL = 0.9
_AUDIBLE = 0.005
_PHRASES = 4


class Classifier:
    """Calibrated probabilities over labels, with bands and the terms that spoke.

    Texts come as pairs: what the analyser found, and the encoder's vector.
    """

    def __init__(
        self,
        lexical: LexicalHead,
        semantic: SemanticHead,
        concepts: ConceptHead,
        blend: Blend,
        bands: Bands,
        held_out: HeldOut | None = None,
    ) -> None:
        self.lexical_ = lexical
        self.semantic_ = semantic
        self.concepts_ = concepts
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
        texts: Sequence[Analysis],
        vectors: Vectors,
        labels: Sequence[str],
        *,
        lexicon: Lexicon = NO_CONCEPTS,
        groups: Sequence[str] | None = None,
        unlabelled: Vectors | None = None,
        step: Step = lambda _: None,
    ) -> Classifier:
        """Train on texts with their labels; an empty label is none.

        Where nearly all texts have one, the others are among what a text is compared with all the same, so
        that the classifiers of two targets compare it with the same texts (``share``). ``lexicon`` says which
        concepts there are to speak of. Where ``groups`` says that the texts are of many origins (such as
        trades), those asked about will be of others: the blend and the bands are then chosen on topics held
        out, else on texts like those learned from. Texts without a label help where labels are few;
        ``unlabelled`` are the vectors of those that are not among the texts. ``step`` is told what begins.

        Raises:
            InputError: fewer than two texts of each of two labels.
        """
        named = np.array([label != "" for label in labels], dtype=np.bool_)
        nearly_all = len(named) > 0 and named.mean() >= _NEARLY_ALL
        ground = [i for i, has in enumerate(named) if has or nearly_all]
        names = np.array([label for label in labels if label], dtype=np.str_)
        known, targets, sizes = np.unique(names, return_inverse=True, return_counts=True)
        if len(known) < 2 or len(names) < 4 or (sizes >= 2).sum() < 2:
            raise InputError("training needs at least two labels with two texts each", field="label")
        documents = [texts[i].document for i in ground]
        vocabulary = Vocabulary.of(documents, 1 if len(ground) < _FEW_TEXTS else 2)
        described = describe(lexicon, [texts[i].folded for i in ground])
        whole = _Told(vocabulary.count(documents), vectors[ground], described)
        told = whole[named[ground]]
        origins = [] if groups is None else [group for group, has in zip(groups, named, strict=True) if has]
        number = _FOLDS if len(names) < _MANY_TEXTS else 3
        many = len(set(origins)) >= number
        folds = topics(told.vectors, number) if many else dealt(targets, number)
        others = vectors[~named] if unlabelled is None else unlabelled
        pool = others if len(names) < FEW * len(known) else None
        heads, coverage = np.zeros((3, len(names), len(known))), np.zeros(len(names))
        for fold in np.unique(folds):
            step(f"fold {fold + 1}")
            held = folds == fold
            if len(np.unique(names[~held])) < 2:
                continue
            words, meaning, concepts = _heads(vocabulary, lexicon, told[~held], names[~held], pool)
            scores, coverage[held] = words.scores(told.counted[held])
            heads[0, held] = _spread(scores, words.labels_, known)
            asked = told[held]
            heads[1, held] = _spread(meaning.scores(asked.vectors), meaning.labels_, known)
            heads[2, held] = _spread(concepts.scores(asked.vectors, asked.described), concepts.labels_, known)
        blend = fit_blend(heads[0], coverage, heads[1], heads[2], targets, folds)
        chances = special.softmax(blend.join(heads[0], coverage, heads[1], heads[2]), axis=1)
        languages = [text.language for text, has in zip(texts, named, strict=True) if has]
        held_out = HeldOut([str(name) for name in known], targets, chances, languages)
        step("all texts")
        return cls(*_heads(vocabulary, lexicon, told, names, pool, whole), blend, held_out.bands(), held_out)

    @property
    def anchors(self) -> tuple[Anchors, ...]:
        """The texts that others are likened to, of each head."""
        return self.semantic_.landmarks_.anchors, self.concepts_.landmarks_.anchors

    def share(self, other: Classifier) -> None:
        """Share with the other target's classifier, where both learned from the same texts, what a text is
        compared with, so that its words are counted and its concepts looked for once."""
        self.concepts_.share(other.concepts_)
        mine, its = self.lexical_.vocabulary, other.lexical_.vocabulary
        if (mine.words, mine.pieces) == (its.words, its.pieces):
            self.lexical_.vocabulary = its

    def predict_proba(self, texts: Sequence[Analysis], vectors: Vectors) -> NDArray[np.float64]:
        """Probabilities (texts, labels); each row adds up to 1."""
        counted = self.lexical_.vocabulary.count([text.document for text in texts])
        scores, coverage = self.lexical_.scores(counted)
        described = describe(self.concepts_.lexicon, [text.folded for text in texts])
        spoken = self.concepts_.scores(vectors, described)
        blended = self.blend_.join(scores, coverage, self.semantic_.scores(vectors), spoken)
        chances: NDArray[np.float64] = special.softmax(blended, axis=1)
        return chances

    def predict(self, texts: Sequence[Analysis], vectors: Vectors) -> list[str]:
        """The most probable label of each text."""
        names = self.labels
        return [names[i] for i in self.predict_proba(texts, vectors).argmax(axis=1)]

    def band(self, text: Analysis, confidence: float, language: str, label: str) -> str:
        """``auto``, ``suggest`` or ``ask``; a text without a word is always asked about."""
        return self.bands_.band(confidence, language, label) if text.words else "ask"

    def read(self, text: Analysis, vector: Vectors) -> Reading:
        """All there is to know of one text, at the cost of one prediction."""
        spoken = self.lexical_.read(text.document)
        words = self.lexical_.score(spoken) * (self.blend_.lexical * spoken.coverage)
        words = words + np.array(self.blend_.starts)
        meaning = self.semantic_.scores(vector[None, :])[0] * self.blend_.semantic
        concepts = self.concepts_.read(vector, text.folded) * self.blend_.concepts
        return Reading(self, text, vector, spoken, words, meaning, concepts)

    @property
    def parts(self) -> dict[str, Any]:
        """Everything learned, as plain values, arrays and scikit-learn objects, to be stored."""
        return {
            "vocabulary": self.lexical_.vocabulary.parts,
            "lexical": self.lexical_.parts,
            "semantic": self.semantic_.parts,
            "lexicon": self.concepts_.lexicon.parts,
            "concepts": self.concepts_.parts,
            "blend": [
                self.blend_.lexical,
                self.blend_.semantic,
                self.blend_.concepts,
                list(self.blend_.starts),
            ],
            "bands": {key: list(pair) for key, pair in self.bands_.thresholds.items()},
        }

    @classmethod
    def of_parts(cls, parts: dict[str, Any]) -> Classifier:
        """The classifier that ``parts`` came from."""
        bands = Bands({key: (low, high) for key, (low, high) in parts["bands"].items()})
        lexical = LexicalHead(Vocabulary.of_parts(parts["vocabulary"]), parts["lexical"])
        concepts = ConceptHead(Lexicon.of_parts(parts["lexicon"]), parts["concepts"])
        loud, deep, spoken, starts = parts["blend"]
        blend = Blend(loud, deep, spoken, tuple(starts))
        return cls(lexical, SemanticHead(parts["semantic"]), concepts, blend, bands)


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a label got its score: a term, all other terms together, a phrase that says what the text speaks
    of, or the meaning of the whole text."""

    term: str
    weight: float
    kind: str = "term"


@dataclass(frozen=True, slots=True)
class Reading:
    """What a classifier found in one text: the scores (labels) that each head gave.

    The labels' head starts are counted among the words.
    """

    classifier: Classifier
    text: Analysis
    vector: Vectors
    spoken: Spoken
    words: NDArray[np.float64]
    meaning: NDArray[np.float64]
    concepts: NDArray[np.float64]

    @property
    def total(self) -> NDArray[np.float64]:
        """The scores (labels) of all heads together."""
        return self.words + self.meaning + self.concepts

    @property
    def chances(self) -> dict[str, float]:
        """The probability of each label."""
        return dict(zip(self.classifier.labels, special.softmax(self.total).tolist(), strict=True))

    def knows(self, label: str) -> bool:
        """Whether there is a word to judge by and the label, which signals may have named, was learned."""
        return bool(self.text.words) and label in self.classifier.labels

    def score(self, label: str) -> float:
        """The score of a label before it becomes a probability; 0 is the mean of all labels."""
        return float(self.total[self.classifier.labels.index(label)])

    def band(self, confidence: float, language: str, label: str) -> str:
        """The band in which a label is shown with this confidence."""
        return self.classifier.band(self.text, confidence, language, label)

    def reasons(self, label: str, most: int = 6) -> list[Reason]:
        """Terms that spoke loudest for (positive) and against (negative) a label, then the rest of them;
        phrases that say what the text speaks of; and the meaning of the whole text, to which all that such
        phrases say together counts. They add up to the label's score."""
        place = self.classifier.labels.index(label)
        volume = self.classifier.blend_.lexical * self.spoken.coverage
        found = self.classifier.lexical_.contributions(self.text.document, self.spoken, place)
        terms = _loudest(found, volume, most, "term")
        rest = float(self.words[place]) - sum(reason.weight for reason in terms)
        spoken = self.classifier.concepts_.contributions(self.vector, self.text.folded, place)
        phrases = _loudest(spoken, self.classifier.blend_.concepts, _PHRASES, "concepts")
        meaning = float(self.meaning[place] + self.concepts[place]) - sum(reason.weight for reason in phrases)
        return [
            *terms,
            *([Reason("(other terms)", rest, "rest")] if abs(rest) >= _AUDIBLE else []),
            *phrases,
            Reason("(meaning)", meaning, "meaning"),
        ]


def _loudest(found: Sequence[tuple[str, float]], volume: float, most: int, kind: str) -> list[Reason]:
    ranked = sorted(((term, weight * volume) for term, weight in found), key=lambda item: -abs(item[1]))
    return [Reason(term, weight, kind) for term, weight in ranked[:most] if abs(weight) >= _AUDIBLE]


@dataclass(frozen=True, slots=True)
class _Told:
    """What each head learns from, a row a text."""

    counted: Counted
    vectors: Vectors
    described: Floats

    def __getitem__(self, rows: Any) -> _Told:
        return _Told(self.counted[rows], self.vectors[rows], self.described[rows])


def _heads(
    vocabulary: Vocabulary,
    lexicon: Lexicon,
    told: _Told,
    labels: NDArray[np.str_],
    pool: Vectors | None,
    whole: _Told | None = None,
) -> tuple[LexicalHead, SemanticHead, ConceptHead]:
    """All heads, learned side by side: the lexical one keeps to one processor."""
    with ThreadPoolExecutor(1) as beside:
        words = beside.submit(LexicalHead(vocabulary).fit, told.counted, labels)
        meaning = _semantic(told.vectors, labels, pool)
        ground = (whole.vectors, whole.described) if whole else None
        concepts = ConceptHead(lexicon).fit(told.vectors, told.described, labels, ground=ground)
        return words.result(), meaning, concepts


def _semantic(vectors: Vectors, labels: NDArray[np.str_], pool: Vectors | None) -> SemanticHead:
    if pool is None or len(pool) == 0:
        return SemanticHead().fit(vectors, labels)
    return self_trained(vectors, labels, pool)


def _spread(
    scores: NDArray[np.float64], have: NDArray[np.str_], want: NDArray[np.str_]
) -> NDArray[np.float64]:
    """Give labels that a fold never saw the lowest score of each text."""
    full = np.repeat(scores.min(axis=1, keepdims=True), len(want), axis=1)
    full[:, np.searchsorted(want, have)] = scores
    return full
