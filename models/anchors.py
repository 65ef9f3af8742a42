"""Vectors of known texts, and how near another text is to each of them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from models.encoder import Vectors
from models.memo import Last


class Anchors:
    """Vectors (texts, dimension) of length 1, in the half precision they are stored with.

    Heads and examples ask for the same text one after the other: its cosines are worked out once.
    """

    def __init__(self, vectors: Vectors | NDArray[np.float16]) -> None:
        self.vectors: Vectors = np.ascontiguousarray(vectors.astype(np.float16), dtype=np.float32)
        self._last: Last[bytes, NDArray[np.float32]] = Last()

    def __len__(self) -> int:
        return len(self.vectors)

    def cosines(self, vector: Vectors) -> NDArray[np.float32]:
        """The cosine of one vector (dimension,) with each (texts,)."""
        return self._last.get(vector.tobytes(), lambda: self.vectors @ vector)

    def places(self, of: Anchors) -> NDArray[np.intp] | None:
        """Where the vectors of others are among these; None if one of them is not."""
        known = {own.tobytes(): place for place, own in enumerate(self.vectors)}
        found = [known.get(wanted.tobytes(), -1) for wanted in of.vectors]
        return None if -1 in found else np.array(found, dtype=np.intp)
