"""The network of ``models.use_encoder`` for one text, in plain numpy: the same vector in half the time.

A single text is so little work that most of the time goes into calling: the pipeline of
sentence-transformers takes as long as the network itself, and each of a hundred torch calls hands the
interpreter over to another thread. Here nothing is padded or gathered, and the products are numpy's.
``python -m benchmarks.training`` measures it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided
from numpy.typing import NDArray

Floats = NDArray[np.float32]

_EDGE = 2
"""Zero rows before and after a text: as many as the widest window reaches beyond it."""


class SingleText:
    """Encodes one text at a time; holds the module's own weights, not copies. May be used from several
    threads.

    ``branches`` are each n-gram width with how many of its positions lie to the left.
    """

    def __init__(
        self,
        pieces: Callable[[str], list[int]],
        weights: Mapping[str, NDArray[Any]],
        branches: tuple[tuple[int, int], ...],
        eps: float,
    ) -> None:
        self._pieces = pieces
        self._own = weights
        self._branches = branches
        self._eps = eps
        self._gain = np.stack([weights[f"ln_g{width}"] for width, _ in branches])
        self._shift = np.stack([weights[f"ln_b{width}"] for width, _ in branches])

    def __call__(self, content: str) -> Floats:
        """The unit vector (dimension,) of a text."""
        own = self._own
        ids = np.array(self._pieces(content))
        chunk = ids % len(own["lo"])
        embedded = own["table"][ids].astype(np.float32)
        embedded *= own["scale"][chunk, None]
        embedded += own["lo"][chunk, None]
        branches = embedded @ own["proj"]
        branches += own["proj_b"]
        branches = self._normed(branches.reshape(len(ids), *self._gain.shape)) * self._gain + self._shift
        parts = [embedded, *(self._convolved(branches, number) for number in range(len(self._branches)))]
        joined = self._normed(np.concatenate(parts, axis=1)) * own["ln_g"] + own["ln_b"]
        pooled = (joined.sum(axis=0) @ own["cnn_W"] + len(ids) * own["cnn_b"]) / np.float32(len(ids) ** 0.5)
        hidden = np.maximum(pooled @ own["p1"] + np.maximum(pooled @ own["d0"], 0) @ own["d1"], 0)
        last = np.tanh(hidden @ own["p3"] + np.maximum(hidden @ own["d2"], 0) @ own["d3"])
        vector: Floats = last / np.linalg.norm(last)
        return vector

    def _convolved(self, branches: Floats, number: int) -> Floats:
        """Two convolutions with a shortcut around each, as products over unfolded windows."""
        width, left = self._branches[number]
        branch = branches[:, number]
        count, size = branch.shape
        line = np.zeros((count + 2 * _EDGE, size), dtype=np.float32)
        windows = as_strided(line[_EDGE - left :], (count, width * size), line.strides)
        for layer in ("1", "2"):
            line[_EDGE : _EDGE + count] = branch
            found = np.ascontiguousarray(windows) @ self._own[f"w{layer}_{width}"]
            found += self._own[f"b{layer}_{width}"]
            np.maximum(found, 0, out=found)
            found += branch
            branch = found
        return branch

    def _normed(self, values: Floats) -> Floats:
        """Mean 0 and variance 1 along the last axis."""
        centred = values - values.mean(axis=-1, keepdims=True)
        variance = np.einsum("...i,...i->...", centred, centred)[..., None] / values.shape[-1]
        normed: Floats = centred / np.sqrt(variance + np.float32(self._eps))
        return normed
