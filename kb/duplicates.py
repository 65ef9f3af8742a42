"""Cases that are likely about the same problem as one, in its language and in the other.

The score and the probability are those of a search for all that the case says: for its problem alone half as
many are found (``python -m benchmarks.duplicates``). The case itself is left out before the probability is
made, which goes by the company that a candidate is found in: beside the case itself nothing would be like it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from kb import search, shelf
from kb.candidates import FindNearest, reach_for
from kb.match import FOUND, Floats, MatchCurve, probability
from kb.tables import Case
from models.encoder import Vectors
from models.text import Analysis

MOST = 5


@dataclass(frozen=True, slots=True)
class Duplicate:
    """A published case that is likely about the same problem; ``match`` is how likely, 0..1."""

    case_id: str
    match: float
    problem: str
    language: str


@dataclass(frozen=True, slots=True)
class Asked:
    """What the case says, analysed and encoded by ``made_with``; ``pk`` is its own key."""

    pk: int
    analysis: Analysis
    vector: Vectors
    made_with: str


def find(
    session: Session, asked: Asked, nearest: FindNearest, curve: MatchCurve, most: int = MOST
) -> list[Duplicate]:
    """The duplicates of a case, the likeliest first: those that a search for it calls found."""
    dimension = len(asked.vector)
    wording = search.look_up(session, asked.analysis, most, dimension, asked.made_with)
    keys = {*nearest(asked.vector, reach_for(most)), *wording.documents} - {asked.pk}
    held = shelf.load(session, sorted(keys), dimension, asked.made_with)
    if not held:
        return []
    scores, crossing = search.score(asked.vector, wording.words, wording.pairs, list(held.values()))
    matches = probability(curve.odds(scores, crossing))
    order = np.argsort(-matches, kind="stable")[:most]
    return _named(session, list(held), matches, [place for place in order if matches[place] >= FOUND])


def _named(session: Session, keys: Sequence[int], matches: Floats, places: Sequence[int]) -> list[Duplicate]:
    wanted = [keys[place] for place in places]
    rows = {case.pk: case for case in session.scalars(select(Case).where(Case.pk.in_(wanted)))}
    return [
        Duplicate(case.id, round(float(matches[place]), 4), case.problem, case.language)
        for place in places
        if (case := rows.get(keys[place])) is not None
    ]
