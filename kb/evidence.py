"""What the uses of solutions say for a question: one that helped with a question like it moves up.

Votes belong to a question and a solution. Two teams that gave whole documents weights by votes took them
back: what solved one thing often was pushed up for everything. So each use counts as far as its question is
like the one asked, and as far as it is recent.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np

from kb.ledger import Use
from kb.match import Floats
from models.encoder import Vectors

UNLIKE, ALIKE = 0.5, 0.8
"""Cosines of two questions from which a use begins to count, and counts in full. Of the seed tickets about
different problems one pair in a thousand reaches the first."""
HALF_LIFE = 365.0
"""Days after which a use counts half: products change."""
STRENGTH = 2.0
"""One success with the very question makes a match four times as likely, a failure four times less."""


def shifts(
    uses: Sequence[Use], keys: Sequence[int], vector: Vectors, made_with: str, at: datetime | None
) -> Floats:
    """By how much the log odds of each case change; 0 for those never used for a question like this.

    The estimate is Bayesian: one success in one use counts less than eighteen in twenty. ``made_with`` names
    what the vector was made with; uses with vectors of other making say nothing. ``at`` is the present.
    """
    moved = np.zeros(len(keys))
    rows = [use for use in uses if use.question and use.fingerprint == made_with]
    if not rows:
        return moved
    questions = np.stack([np.frombuffer(row.question or b"", np.float16) for row in rows]).astype(np.float32)
    counts = np.clip((questions @ vector - UNLIKE) / (ALIKE - UNLIKE), 0, 1) * faded(
        [row.used_at for row in rows], at or datetime.now(UTC)
    )
    place = {key: number for number, key in enumerate(keys)}
    owner = np.array([place[row.case_pk] for row in rows])
    helped = np.array([row.worked and not row.reopened for row in rows], dtype=np.float64)
    good = np.bincount(owner, weights=counts * helped, minlength=len(keys))
    bad = np.bincount(owner, weights=counts * (1 - helped), minlength=len(keys))
    return np.asarray(STRENGTH * np.log((good + 1) / (bad + 1)))


def faded(used_at: Sequence[datetime], at: datetime) -> Floats:
    """How much each use still counts, 0..1."""
    days = np.array([max((at - each).total_seconds(), 0.0) / 86_400 for each in used_at])
    return np.asarray(0.5 ** (days / HALF_LIFE))
