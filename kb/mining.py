"""Problem groups among tickets: which are about one problem, which of each is the most central."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kb import likeness, linkage, neighbours
from kb.likeness import Space
from kb.neighbours import Pairs
from kb.ticket_documents import Documents

Keys = NDArray[np.int64]
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Cluster:
    """The places of one group's tickets among all that were looked at, the most central first."""

    places: NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Grouping:
    """Groups of two or more, the largest first, the places of tickets in none, and the pairs compared."""

    keys: Keys
    space: Space
    pairs: Pairs
    clusters: tuple[Cluster, ...]
    outside: NDArray[np.intp]

    def nearest(self, keys: Sequence[int], sides: Sequence[Sequence[int]]) -> list[int]:
        """For each ticket, by its key, which side's tickets it is the most like on average."""
        texts = np.searchsorted(self.keys, np.asarray(keys, dtype=np.int64))
        odds = [self.space.towards(texts, np.searchsorted(self.keys, np.asarray(side))) for side in sides]
        return [int(place) for place in np.argmax(np.stack(odds), axis=0)]


def group(documents: Documents, progress: Progress = lambda _step, _done, _all: None) -> Grouping:
    """Group tickets by problem, across languages.

    The order of the tickets makes no difference: they come sorted by key.
    """
    space = likeness.space(documents.whole, documents.subjects)
    pairs = neighbours.candidates(space, lambda done, whole: progress("neighbours", done, whole))
    owner = linkage.groups(space, pairs, progress=lambda done, whole: progress("groups", done, whole))
    order = np.argsort(owner, kind="stable")
    names, starts = np.unique(owner[order], return_index=True)
    parts = np.split(order, starts[1:]) if len(names) else []
    several = [by_centrality(space, part) for part in parts if len(part) > 1]
    several.sort(key=lambda part: (-len(part), int(part.min())))
    alone = [int(part[0]) for part in parts if len(part) == 1]
    return Grouping(
        documents.keys,
        space,
        pairs,
        tuple(Cluster(part) for part in several),
        np.array(alone, dtype=np.intp),
    )


def by_centrality(space: Space, places: NDArray[np.intp]) -> NDArray[np.intp]:
    """The same places, those most like all the others first."""
    meanings, words = space.meanings[places], space.words[places]
    summed = np.asarray(words.sum(axis=0)).ravel()
    weights = space.weights
    centrality = weights.meaning * (meanings @ meanings.sum(axis=0)) + weights.words * (words @ summed)
    return places[np.lexsort((places, -centrality))]
