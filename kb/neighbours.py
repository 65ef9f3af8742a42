"""Which pairs of texts are worth a look: the nearest by meaning, in both scripts, and by rare words."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from threadpoolctl import threadpool_limits

from kb.likeness import Floats, Space

MOST = 12
"""Neighbours looked at for each text, by meaning in its own script, in the other, and by words."""
EXACT = 20_000
"""Up to so many texts all are compared; above, those in the nearest cells (Jegou et al. 2011)."""
_CELLS_LOOKED_AT = 8
_BLOCK = 1_000
_RARE = 300
"""A word in more texts than this brings no candidates: others of the same text do."""
_RARE_WORDS = 8

Progress = Callable[[int, int], None]
Pairs = tuple[NDArray[np.intp], NDArray[np.intp]]


def candidates(space: Space, progress: Progress = lambda _done, _all: None) -> Pairs:
    """Pairs (left, right) with left < right, each once, in order."""
    found = [_by_words(space)]
    for own, others in _scripts(space):
        for rows, names in _nearest(space.meanings, own, others, progress):
            found.append((np.repeat(rows, names.shape[1]), names.ravel()))
    left = np.concatenate([pair[0] for pair in found])
    right = np.concatenate([pair[1] for pair in found])
    real = left != right
    low, high = np.minimum(left, right)[real], np.maximum(left, right)[real]
    codes = np.unique(low.astype(np.int64) * len(space) + high)
    return (codes // len(space)).astype(np.intp), (codes % len(space)).astype(np.intp)


def _scripts(space: Space) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    """Whose neighbours are looked for, and among whom: the own script, then the other."""
    for value in (1, -1):
        own = np.flatnonzero(space.scripts != -value)
        other = np.flatnonzero(space.scripts == -value)
        if len(own) > 1:
            yield own, own
        if len(own) and len(other):
            yield np.flatnonzero(space.scripts == value), other


def _nearest(
    meanings: Floats, own: NDArray[np.intp], others: NDArray[np.intp], progress: Progress
) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    """The nearest of ``others`` for texts of ``own``: parts of the rows (n,), and names (n, most)."""
    if not len(own) or not len(others):
        return
    if len(others) <= EXACT:
        for start in range(0, len(own), _BLOCK):
            rows = own[start : start + _BLOCK]
            yield rows, others[_best(meanings[rows] @ meanings[others].T, MOST + 1)]
            progress(start + len(rows), len(own))
        return
    centres = _centres(meanings[others])
    cell = np.argmax(meanings[others] @ centres.T, axis=1)
    looked_at = _best(meanings[own] @ centres.T, _CELLS_LOOKED_AT)
    found = []

    def compared(number: int) -> tuple[NDArray[np.intp], NDArray[np.intp], Floats]:
        rows, within = own[(looked_at == number).any(axis=1)], others[cell == number]
        if not len(within) or not len(rows):
            return rows[:0], within[:0], np.zeros(0, dtype=np.float32)
        scores = meanings[rows] @ meanings[within].T
        best = _best(scores, MOST)
        picked = np.take_along_axis(scores, best, 1)
        return np.repeat(rows, best.shape[1]), within[best].ravel(), picked.ravel()

    # Picking the best of each row keeps to one processor, and takes as long as the products do.
    with threadpool_limits(limits=1, user_api="blas"), ThreadPoolExecutor(2) as beside:
        for number, part in enumerate(beside.map(compared, range(len(centres))), 1):
            found.append(part)
            progress(number, len(centres))
    rows, names, scores = (np.concatenate(part) for part in zip(*found, strict=True))
    order = np.lexsort((names, -scores, rows))
    _, starts, counts = np.unique(rows[order], return_index=True, return_counts=True)
    kept = order[np.arange(len(order)) - np.repeat(starts, counts) <= MOST]
    yield rows[kept], names[kept][:, None]


def _best(scores: Floats, most: int) -> NDArray[np.intp]:
    """The columns of the highest scores in each row, in no order."""
    most = min(most, scores.shape[1])
    return np.argpartition(-scores, most - 1, axis=1)[:, :most]


def _centres(vectors: Floats) -> Floats:
    from sklearn.cluster import MiniBatchKMeans

    sought = int(np.sqrt(len(vectors)))
    found = MiniBatchKMeans(sought, random_state=0, n_init=1, batch_size=4096, max_iter=20).fit(vectors)
    return np.asarray(found.cluster_centers_, dtype=np.float32)


def _by_words(space: Space) -> Pairs:
    """Texts that share rare words."""
    words = space.words
    holding = np.bincount(words.indices, minlength=words.shape[1])
    few = words[:, (holding > 1) & (holding <= _RARE)]
    few = _heaviest(few.tocsr(), _RARE_WORDS)
    left, right = [], []
    for start in range(0, few.shape[0], _BLOCK):
        shared = (few[start : start + _BLOCK] @ few.T).tocsr()
        shared = _heaviest(shared, MOST + 1)
        left.append(np.repeat(np.arange(shared.shape[0]), np.diff(shared.indptr)) + start)
        right.append(shared.indices.astype(np.intp))
    if not left:
        return np.zeros(0, dtype=np.intp), np.zeros(0, dtype=np.intp)
    return np.concatenate(left).astype(np.intp), np.concatenate(right)


def _heaviest(rows: sparse.csr_matrix, most: int) -> sparse.csr_matrix:
    """The same with at most so many entries a row, the greatest."""
    owner = np.repeat(np.arange(rows.shape[0]), np.diff(rows.indptr))
    order = np.lexsort((rows.indices, -rows.data, owner))
    rank = np.arange(len(order)) - np.repeat(rows.indptr[:-1], np.diff(rows.indptr))
    kept = order[rank < most]
    return sparse.csr_matrix((rows.data[kept], (owner[kept], rows.indices[kept])), shape=rows.shape)
