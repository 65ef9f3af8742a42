"""Groups by average linkage: the two groups whose pairs are most alike on average become one, again and
again, until none is likely enough.

Only groups with a promising pair between them are compared, but then by the mean over all their pairs,
which is exact and needs the groups' sums alone (see ``kb.likeness``). Memory grows with the texts, time a
little faster.
"""

from __future__ import annotations

import heapq
from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kb.likeness import Floats, Space
from kb.neighbours import Pairs

THRESHOLD = 0.0
"""Log odds above which two groups are joined: one problem is likelier than two."""
PROMISING = -1.0
"""Log odds of a pair that make its groups worth comparing."""
HOPELESS = -4.0
"""Mean log odds of two groups that are not compared again."""
MOST = 15
"""Each text brings so many of its likeliest pairs; one more is there if it is among the other text's."""

Progress = Callable[[int, int], None]


def groups(
    space: Space, pairs: Pairs, threshold: float = THRESHOLD, progress: Progress = lambda _done, _all: None
) -> NDArray[np.intp]:
    """The group (n,) of each text, named by its first member; one alone is its own group.

    Two groups are joined while the mean log odds of their pairs is above ``threshold``.
    """
    odds = space.of_pairs(*pairs)
    kept = _kept(pairs, odds)
    work = _Work(space)
    work.start(pairs[0][kept], pairs[1][kept], odds[kept], threshold)
    total = len(space)
    while work.step(threshold):
        if work.merges % 1000 == 0:
            progress(work.merges, total)
    return work.owner()


def _kept(pairs: Pairs, odds: Floats) -> NDArray[np.bool_]:
    """Which pairs are worth a comparison of their groups."""
    number = np.arange(len(odds))
    ends = np.concatenate(pairs)
    order = np.lexsort((np.concatenate([number, number]), -np.concatenate([odds, odds]), ends))
    _, starts, counts = np.unique(ends[order], return_index=True, return_counts=True)
    rank = np.arange(len(order)) - np.repeat(starts, counts)
    kept = np.zeros(len(odds), dtype=np.bool_)
    kept[order[rank < MOST] % max(len(odds), 1)] = True
    return kept & (odds > PROMISING)


@dataclass(frozen=True, slots=True)
class _Group:
    """Sums over a group's texts: meanings (3, dimension) of all, of the Han ones and of those without Han;
    how many those are; and the terms with their summed weights.
    """

    meanings: Floats
    counts: Floats
    terms: NDArray[np.int32]
    shares: Floats

    def with_(self, other: _Group) -> _Group:
        """Both in one."""
        terms, place = np.unique(np.concatenate([self.terms, other.terms]), return_inverse=True)
        shares = np.bincount(place, np.concatenate([self.shares, other.shares]), minlength=len(terms))
        meanings, counts = self.meanings + other.meanings, self.counts + other.counts
        return _Group(meanings, counts, terms, shares.astype(np.float32))


class _Work:
    """Groups under way. A joined group takes a new number, so that stale entries of the heap are known."""

    def __init__(self, space: Space) -> None:
        self.space = space
        self.merges = 0
        self._alive = [True] * len(space)
        self._parent: list[int] = list(range(len(space)))
        self._near: dict[int, set[int]] = {}
        self._made: dict[int, _Group] = {}
        self._first: list[tuple[float, int, int]] = []
        self._heap: list[tuple[float, int, int]] = []
        self._scratch = np.zeros(space.words.shape[1], dtype=np.float32)

    def start(self, left: NDArray[np.intp], right: NDArray[np.intp], odds: Floats, threshold: float) -> None:
        """Take the pairs in."""
        for one, other, value in zip(left.tolist(), right.tolist(), odds.tolist(), strict=True):
            self._near.setdefault(one, set()).add(other)
            self._near.setdefault(other, set()).add(one)
            if value > threshold:
                self._first.append((-value, one, other))
        # Most of them are stale when their turn comes: taking them off a sorted list is cheaper than a heap.
        self._first.sort(reverse=True)

    def step(self, threshold: float) -> bool:
        """Join the two likeliest groups; False where none is likely enough."""
        while self._first or self._heap:
            first = self._first and (not self._heap or self._first[-1] < self._heap[0])
            _, one, other = self._first.pop() if first else heapq.heappop(self._heap)
            if self._alive[one] and self._alive[other]:
                self._join(one, other, threshold)
                return True
        return False

    def owner(self) -> NDArray[np.intp]:
        """Each text's group, named by the first of its members."""
        top = self._parent
        for number in range(len(top) - 1, -1, -1):
            top[number] = top[top[number]]
        names: dict[int, int] = {}
        return np.array([names.setdefault(top[text], text) for text in range(len(self.space))], dtype=np.intp)

    def _join(self, one: int, other: int, threshold: float) -> None:
        made = self._group(one).with_(self._group(other))
        number = len(self._parent)
        near = (self._near.pop(one) | self._near.pop(other)) - {one, other}
        for old in (one, other):
            self._alive[old] = False
            self._parent[old] = number
            self._made.pop(old, None)
        self._parent.append(number)
        self._alive.append(True)
        self._made[number] = made
        self.merges += 1
        others = sorted(near)
        kept = set()
        for value, neighbour in zip(self._odds(made, others), others, strict=True):
            own = self._near[neighbour]
            own -= {one, other}
            if value > HOPELESS:
                own.add(number)
                kept.add(neighbour)
            if value > threshold:
                heapq.heappush(self._heap, (-value, neighbour, number))
        self._near[number] = kept

    def _odds(self, made: _Group, others: list[int]) -> list[float]:
        """The mean log odds of the pairs between a group and each of some others, in ascending order."""
        self._scratch[made.terms] = made.shares
        border = bisect_left(others, len(self.space))
        found = self._with_texts(made, others[:border]) + self._with_groups(made, others[border:])
        self._scratch[made.terms] = 0
        return found

    def _with_texts(self, made: _Group, others: list[int]) -> list[float]:
        """The same for texts that are alone: all at once, which is most of the work."""
        if not others:
            return []
        texts = np.array(others, dtype=np.intp)
        rows = self.space.words
        starts = rows.indptr[texts]
        lengths = rows.indptr[texts + 1] - starts
        ends = np.cumsum(lengths)
        places = np.arange(ends[-1]) + np.repeat(starts - ends + lengths, lengths)
        words = _sums(self._scratch[rows.indices[places]] * rows.data[places], ends)
        dots = self.space.meanings[texts] @ made.meanings.T
        signs = self.space.scripts[texts]
        summed = self.space.weights.odds(
            dots[:, 0],
            np.where(signs > 0, dots[:, 2], np.where(signs < 0, dots[:, 1], 0)),
            words,
            np.full(len(texts), made.counts[0]),
            np.where(signs > 0, made.counts[2], np.where(signs < 0, made.counts[1], 0)),
        )
        means: list[float] = (summed / made.counts[0]).tolist()
        return means

    def _with_groups(self, made: _Group, others: list[int]) -> list[float]:
        """The same for groups of several texts."""
        if not others:
            return []
        groups = [self._group(number) for number in others]
        meanings = np.stack([group.meanings for group in groups])
        counts = np.stack([group.counts for group in groups])
        terms = np.concatenate([group.terms for group in groups])
        shares = np.concatenate([group.shares for group in groups])
        words = _sums(self._scratch[terms] * shares, np.cumsum([len(group.terms) for group in groups]))
        pairs = made.counts[0] * counts[:, 0]
        summed = self.space.weights.odds(
            meanings[:, 0] @ made.meanings[0],
            meanings[:, 1] @ made.meanings[2] + meanings[:, 2] @ made.meanings[1],
            words,
            pairs,
            made.counts[1] * counts[:, 2] + made.counts[2] * counts[:, 1],
        )
        means: list[float] = (summed / pairs).tolist()
        return means

    def _group(self, number: int) -> _Group:
        made = self._made.get(number)
        if made is None:
            space = self.space
            meaning, sign = space.meanings[number], space.scripts[number]
            kinds = np.array([1, sign > 0, sign < 0], dtype=np.float32)
            row = slice(space.words.indptr[number], space.words.indptr[number + 1])
            made = _Group(kinds[:, None] * meaning, kinds, space.words.indices[row], space.words.data[row])
        return made


def _sums(values: Floats, ends: NDArray[np.intp]) -> Floats:
    """The sums of consecutive runs of values that end there; a run may be empty."""
    running = np.concatenate([[0.0], np.cumsum(values, dtype=np.float64)])
    return np.asarray(np.diff(running[np.concatenate([[0], ends])]), dtype=np.float32)
