"""Vectors of known texts, and how near another text is to each of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from models.encoder import Vectors
from models.memo import Last


class Anchors:
    """Vectors (texts, dimension) of length 1, in the half precision they are stored with.

    Heads and examples ask for the same text one after the other: its cosines are worked out once.
    """

    def __init__(self, vectors: Vectors | NDArray[np.float16]) -> None:
        self._own: Vectors = np.ascontiguousarray(vectors.astype(np.float16), dtype=np.float32)
        self._last: Last[bytes, NDArray[np.float32]] = Last()
        self._among: tuple[Anchors, NDArray[np.intp]] | None = None

    def __len__(self) -> int:
        return len(self._own) if self._among is None else len(self._among[1])

    @property
    def vectors(self) -> Vectors:
        """The vectors (texts, dimension)."""
        if self._among is None:
            return self._own
        all_of_them, places = self._among
        return all_of_them.vectors[places]

    def cosines(self, vector: Vectors) -> NDArray[np.float32]:
        """The cosine of one vector (dimension,) with each (texts,)."""
        if self._among is None:
            return self._last.get(vector.tobytes(), lambda: self._own @ vector)
        all_of_them, places = self._among
        return all_of_them.cosines(vector)[places]

    def lie_among(self, others: Anchors, places: NDArray[np.intp]) -> None:
        """Stand from now on for the vectors at these places of others."""
        self._among = (others, places)
        self._own = self._own[:0]


def gather(several: Sequence[Anchors]) -> Anchors:
    """Have one text's cosines with all of these worked out at once; what they all stand among is returned.

    Twelve megabytes of vectors for each head and for the examples would drive one another, and the encoder,
    out of the processor's cache.
    """
    known: dict[bytes, int] = {}
    kept: list[Vectors] = []
    found = []
    for anchors in several:
        places = np.empty(len(anchors), dtype=np.intp)
        for row, vector in enumerate(anchors.vectors):
            places[row] = known.setdefault(vector.tobytes(), len(kept))
            if places[row] == len(kept):
                kept.append(vector)
        found.append(places)
    if not kept:
        return Anchors(np.zeros((0, 0), np.float32))
    whole = Anchors(np.stack(kept))
    for anchors, places in zip(several, found, strict=True):
        anchors.lie_among(whole, places)
    return whole
