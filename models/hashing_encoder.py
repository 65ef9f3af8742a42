"""An encoder without a model: words and character pairs hashed into a few hundred signed places.

It knows no meaning and no second language. It is there for tests and for trying the machinery out on a
machine too small for the real network; it is quick, needs no torch, and gives the same vectors everywhere.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence

import numpy as np

from models import text
from models.encoder import Vectors

DIMENSION = 256


class HashingEncoder:
    """The hashing trick (Weinberger et al. 2009) over the analyser's words and pairs."""

    @property
    def identity(self) -> str:
        return "hashing-256@1"

    @property
    def dimension(self) -> int:
        return DIMENSION

    def encode(self, texts: Sequence[str], progress: Callable[[int], None] | None = None) -> Vectors:
        vectors = np.zeros((len(texts), DIMENSION), dtype=np.float32)
        for row, item in enumerate(texts):
            found = text.analyse(item)
            for token in (*found.words, *found.pairs):
                code = zlib.crc32(token.encode())
                vectors[row, code % DIMENSION] += 1.0 if code >> 31 else -1.0
            if not vectors[row].any():
                vectors[row, 0] = 1.0
        if progress is not None:
            progress(len(texts))
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        return vectors
