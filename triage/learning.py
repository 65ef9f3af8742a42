"""Training: labelled texts become a stored model. Nothing is promoted here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from models import text
from models.calibration import AUTO_PRECISION, SUGGEST_PRECISION, Bands
from models.card import FORM, Card, data_hash, library_versions
from models.classifier import Classifier
from models.concepts import NO_CONCEPTS, Lexicon
from models.encoder import Encoder, Vectors
from models.errors import InputError
from models.examples import Examples
from models.store import ModelStore, StoredModel
from models.text import Analysis
from triage.taxonomy import Taxonomy

Progress = Callable[[str, int, int], None]
"""What is going on, how much of it is done, of how much."""


TAXONOMY = "taxonomy"
"""The group of what the taxonomy itself says of its categories."""


@dataclass(frozen=True, slots=True)
class Labelled:
    """One text to learn from; an empty label is one that is not known. ``group`` is where it came from."""

    id: str
    text: str
    labels: dict[str, str]
    group: str = ""


@dataclass(frozen=True, slots=True)
class Prepared:
    """Texts analysed and encoded once, for every target."""

    texts: list[Analysis]
    vectors: Vectors

    def __getitem__(self, places: Sequence[int]) -> Prepared:
        return Prepared([self.texts[i] for i in places], self.vectors[places])

    @property
    def documents(self) -> list[str]:
        """The tokens of each text, joined by spaces."""
        return [one.document for one in self.texts]

    @property
    def languages(self) -> list[str]:
        """The language of each text."""
        return [one.language for one in self.texts]


def of_taxonomy(taxonomy: Taxonomy) -> list[Labelled]:
    """What the taxonomy says of its categories, as texts to learn from: names, descriptions and examples."""
    return [
        Labelled(f"taxonomy-{category.code}-{number}", said, {"category": category.code}, TAXONOMY)
        for category in taxonomy.categories
        for number, said in enumerate(
            (*category.names.values(), *category.description.values(), *category.examples), 1
        )
    ]


def known_to(taxonomy: Taxonomy, rows: Sequence[Labelled]) -> list[Labelled]:
    """The rows without the labels that the taxonomy does not have; such texts still help as unlabelled."""
    codes = {"category": set(taxonomy.codes()), "priority": set(taxonomy.priority_codes())}
    return [
        replace(row, labels={key: name if name in codes[key] else "" for key, name in row.labels.items()})
        for row in rows
    ]


def prepare(texts: Sequence[str], encoder: Encoder, progress: Progress = lambda *_: None) -> Prepared:
    """Analyse and encode texts."""
    analyses = []
    for number, item in enumerate(texts, 1):
        analyses.append(text.analyse(item))
        if number % 200 == 0 or number == len(texts):
            progress("cutting words", number, len(texts))
    done = 0

    def encoded(count: int) -> None:
        nonlocal done
        done += count
        progress("encoding", done, len(texts))

    return Prepared(analyses, encoder.encode(texts, encoded))


def fit(
    rows: Sequence[Labelled],
    target: str,
    prepared: Prepared,
    lexicon: Lexicon = NO_CONCEPTS,
    progress: Progress = lambda *_: None,
) -> Classifier:
    """A classifier for one target, from the rows that have a label for it; the others help if those are few.

    Raises:
        InputError: there is too little to learn from.
    """
    groups = [row.group for row in rows]
    steps = 0

    def step(_: str) -> None:
        nonlocal steps
        steps += 1
        progress(f"learning {target}", steps, 6)

    return Classifier.fit(
        prepared.texts,
        prepared.vectors,
        [row.labels.get(target, "") for row in rows],
        lexicon=lexicon,
        groups=groups if len(set(groups)) > 1 else None,
        step=step,
    )


def train(
    rows: Sequence[Labelled],
    targets: Sequence[str],
    encoder: Encoder,
    store: ModelStore,
    *,
    lexicon: Lexicon = NO_CONCEPTS,
    name: str,
    source: str,
    now: datetime,
    progress: Progress = lambda *_: None,
) -> StoredModel:
    """Train and store a new version of the named model.

    Raises:
        InputError: there is too little to learn from, or the name cannot be used.
    """
    if not rows:
        raise InputError("there are no labelled texts to learn from", field="label")
    version = store.next_version(name)
    prepared = prepare([row.text for row in rows], encoder, progress)
    classifiers = {target: fit(rows, target, prepared, lexicon, progress) for target in targets}
    labels = {target: [row.labels.get(target, "") for row in rows] for target in targets}
    card = Card(
        version=version,
        created_at=now.isoformat(timespec="seconds"),
        encoder=encoder.identity,
        analyser=text.ANALYSER_VERSION,
        source=source,
        data_hash=hash_of(rows, targets),
        lexicon=lexicon.hash,
        labels={target: classifier.labels for target, classifier in classifiers.items()},
        counts={
            target: {label: labels[target].count(label) for label in classifier.labels}
            for target, classifier in classifiers.items()
        },
        blend={
            target: [classifier.blend_.lexical, classifier.blend_.semantic, classifier.blend_.concepts]
            for target, classifier in classifiers.items()
        },
        bands={target: _plain(classifier.bands_) for target, classifier in classifiers.items()},
        libraries=library_versions(),
        form=FORM,
        promises={target: [SUGGEST_PRECISION, AUTO_PRECISION] for target in classifiers},
    )
    examples = Examples.sample([row.id for row in rows], labels, prepared.vectors)
    held_out = {
        target: replace(classifier.held_out_, ids=[row.id for row in rows if row.labels.get(target)])
        for target, classifier in classifiers.items()
        if classifier.held_out_ is not None
    }
    return store.save(StoredModel(card, classifiers, examples, held_out))


def hash_of(rows: Sequence[Labelled], targets: Sequence[str]) -> str:
    """Names what a model learns from; the same for the same texts and labels in any order."""
    return data_hash((row.text, *(row.labels.get(target, "") for target in targets)) for row in rows)


def _plain(bands: Bands) -> dict[str, list[float]]:
    return {key: list(pair) for key, pair in bands.thresholds.items()}
