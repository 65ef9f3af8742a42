"""A model's card: everything that shaped it, so that it is never used with anything else."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from importlib import metadata
from typing import Any

from models.errors import ModelError

FORM = 4
"""How this version of the program lays out a stored classifier."""

_LIBRARIES = ("scikit-learn", "numpy", "scipy", "jieba", "sentence-transformers", "skops", "snowballstemmer")


@dataclass(frozen=True, slots=True)
class Card:
    """What a stored model was made of.

    Attributes:
        version: its name in the store, such as ``shipped-1``.
        encoder: identity of the encoder whose vectors it learned from.
        analyser: version of the text analyser.
        labels: the labels of each target (``category``, ``priority``).
        counts: how many texts of each label it learned from, by target.
        blend: weight of the lexical, the semantic and the concept head, by target.
        bands: thresholds by target, language and label.
        data_hash: hash of the texts and labels.
        source: where they came from.
        form: how the stored files are laid out; 1 where a card does not say.
        promises: share right that ``suggest`` and ``auto`` promise, by target; empty where a card of an
            earlier version does not say.
        lexicon: hash of the concept lexicon; empty where there was none.
    """

    version: str
    created_at: str
    encoder: str
    analyser: str
    source: str
    data_hash: str
    labels: dict[str, list[str]]
    counts: dict[str, dict[str, int]]
    blend: dict[str, list[float]]
    bands: dict[str, dict[str, list[float]]]
    libraries: dict[str, str] = field(default_factory=dict)
    form: int = 1
    promises: dict[str, list[float]] = field(default_factory=dict)
    lexicon: str = ""

    def to_json(self) -> str:
        """The card as text for its file."""
        return json.dumps(asdict(self), ensure_ascii=False, indent=1, sort_keys=True)

    @classmethod
    def of_json(cls, text: str) -> Card:
        """Read a card.

        Raises:
            ModelError: the text is no card.
        """
        try:
            values: dict[str, Any] = json.loads(text)
            return cls(**values)
        except (ValueError, TypeError) as error:
            raise ModelError(f"a model card cannot be read: {error}") from error


def data_hash(rows: Iterable[tuple[str, ...]]) -> str:
    """One hash over texts and labels, the same for the same rows in any order."""
    digests = sorted(hashlib.sha256("\x1f".join(row).encode()).digest() for row in rows)
    return hashlib.sha256(b"".join(digests)).hexdigest()[:16]


def library_versions() -> dict[str, str]:
    """The installed versions of what shapes a model."""
    return {name: metadata.version(name) for name in _LIBRARIES}
