"""The labelled texts a model learned from, as vectors: the nearest ones are shown beside a suggestion."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.anchors import Anchors
from models.encoder import Vectors
from models.errors import ModelError
from models.memo import Last

MOST = 4000
"""More would cost a millisecond a prediction and change the nearest three hardly ever."""
_FIRST = 32


@dataclass(frozen=True, slots=True)
class Nearest:
    """A labelled text near to the one asked about; ``match`` is the cosine, not below 0."""

    ticket_id: str
    label: str
    match: float


@dataclass(frozen=True, slots=True)
class Examples:
    """Ids, labels by target, and vectors."""

    ids: Sequence[str]
    labels: Mapping[str, Sequence[str]]
    anchors: Anchors
    order: Last[bytes, list[int]] = field(default_factory=Last, compare=False, repr=False)
    """The places nearest to the text asked about last: each target asks for them."""

    @classmethod
    def sample(cls, ids: Sequence[str], labels: Mapping[str, Sequence[str]], vectors: Vectors) -> Examples:
        """At most ``MOST`` of the texts, the same ones each time."""
        if len(ids) <= MOST:
            return cls(list(ids), {key: list(names) for key, names in labels.items()}, Anchors(vectors))
        picked = np.sort(np.random.default_rng(0).permutation(len(ids))[:MOST])
        return cls(
            [ids[i] for i in picked],
            {key: [names[i] for i in picked] for key, names in labels.items()},
            Anchors(vectors[picked]),
        )

    def nearest(self, vector: Vectors, target: str, most: int = 3) -> list[Nearest]:
        """The labelled texts nearest to one vector, nearest first; those without a label are passed over."""
        if target not in self.labels or not len(self.ids):
            return []
        cosine = self.anchors.cosines(vector)
        names = self.labels[target]
        first = self.order.get(vector.tobytes(), lambda: _first(cosine))
        order = islice((i for i in _descending(cosine, first) if names[i]), most)
        return [Nearest(self.ids[i], names[i], round(max(float(cosine[i]), 0.0), 4)) for i in order]

    def save(self, path: Path) -> None:
        """Write to one file of plain arrays."""
        arrays: dict[str, Any] = {
            f"label_{key}": np.asarray(names, np.str_) for key, names in self.labels.items()
        }
        arrays |= {"ids": np.asarray(self.ids, np.str_), "vectors": self.anchors.vectors.astype(np.float16)}
        with path.open("wb") as file:
            np.savez(file, **arrays)

    @classmethod
    def load(cls, path: Path) -> Examples:
        """Read a file of ``save``.

        Raises:
            ModelError: it is damaged.
        """
        try:
            with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
                labels = {
                    key.removeprefix("label_"): stored[key].tolist()
                    for key in stored.files
                    if key.startswith("label_")
                }
                return cls(stored["ids"].tolist(), labels, Anchors(stored["vectors"]))
        except (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile) as error:
            raise ModelError(f"{path} is damaged: {error}") from error


def _first(values: NDArray[np.float32]) -> list[int]:
    """The places of the greatest values, greatest first."""
    few = min(_FIRST, len(values))
    first = np.argpartition(-values, few - 1)[:few]
    found: list[int] = first[np.argsort(-values[first], kind="stable")].tolist()
    return found


def _descending(values: NDArray[np.float32], first: Sequence[int]) -> Iterator[int]:
    """The places of the values, greatest first. Sorting them all would take longer than comparing them."""
    yield from first
    rest = np.delete(np.arange(len(values)), first)
    yield from rest[np.argsort(-values[rest], kind="stable")].tolist()
