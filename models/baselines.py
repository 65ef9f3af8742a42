"""What a user would pick instead: simple classifiers that learn from the same texts, to compare with."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC

from models.classifier import Classifier
from models.concept_head import describe
from models.encoder import Vectors
from models.text import Analysis

_NEIGHBOURS = 5


@dataclass(frozen=True, slots=True)
class Texts:
    """What the analyser found in texts, and their vectors (texts, dimension)."""

    analyses: Sequence[Analysis]
    vectors: Vectors

    @property
    def documents(self) -> list[str]:
        """The tokens of each text, joined by spaces."""
        return [one.document for one in self.analyses]


Baseline = Callable[[Texts, Sequence[str], Texts], list[str]]
"""Known texts, their labels, texts to label; their labels out."""


def majority(known: Texts, labels: Sequence[str], asked: Texts) -> list[str]:
    """The commonest label for everything."""
    common = min(Counter(labels).items(), key=lambda item: (-item[1], item[0]))[0]
    return [common] * len(asked.documents)


def nearest(known: Texts, labels: Sequence[str], asked: Texts) -> list[str]:
    """The vote of the five nearest known texts, weighed by their cosine."""
    names, codes = np.unique(np.asarray(labels), return_inverse=True)
    cosines = asked.vectors @ known.vectors.T
    first = np.argsort(-cosines, axis=1, kind="stable")[:, :_NEIGHBOURS]
    votes = np.zeros((len(cosines), len(names)))
    rows = np.repeat(np.arange(len(cosines)), first.shape[1])
    np.add.at(votes, (rows, codes[first].ravel()), np.take_along_axis(cosines, first, axis=1).ravel())
    return [str(name) for name in names[votes.argmax(axis=1)]]


def words_and_svm(known: Texts, labels: Sequence[str], asked: Texts) -> list[str]:
    """TF-IDF of words under a linear support vector machine."""
    counter = TfidfVectorizer(tokenizer=str.split, token_pattern=None, lowercase=False, sublinear_tf=True)
    machine = LinearSVC(random_state=0).fit(counter.fit_transform(known.documents), list(labels))
    return [str(name) for name in machine.predict(counter.transform(asked.documents))]


def vectors_and_logistic(known: Texts, labels: Sequence[str], asked: Texts) -> list[str]:
    """Logistic regression on the encoder's vectors."""
    machine = LogisticRegression(C=10.0, max_iter=1000).fit(known.vectors, list(labels))
    return [str(name) for name in machine.predict(asked.vectors)]


BASELINES: Mapping[str, Baseline] = {
    "majority": majority,
    "nearest neighbours": nearest,
    "TF-IDF + linear SVM": words_and_svm,
    "encoder + logistic regression": vectors_and_logistic,
}


def heads(classifier: Classifier, asked: Texts) -> dict[str, list[str]]:
    """What each head of a classifier would answer by itself."""
    words, _ = classifier.lexical_.scores(classifier.lexical_.vocabulary.count(asked.documents))
    meaning = classifier.semantic_.scores(asked.vectors)
    lexicon = classifier.concepts_.lexicon
    concepts = classifier.concepts_.scores(
        asked.vectors, describe(lexicon, [one.folded for one in asked.analyses])
    )
    names = np.array(classifier.labels)
    return {
        "lexical head alone": names[words.argmax(axis=1)].tolist(),
        "semantic head alone": names[meaning.argmax(axis=1)].tolist(),
        "concept head alone": names[concepts.argmax(axis=1)].tolist(),
    }
