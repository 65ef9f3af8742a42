"""The match probability of search, fitted on the seed archive: tickets search for their problems' cases."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select

from kb import cases, lexical_index, search, shelf
from kb.database import Database
from kb.documents import hashed
from kb.match import Floats, MatchCurve, Search, fit_company, fit_curve
from kb.tables import Case
from models.encoder import Encoder, Vectors
from triage import seed
from triage.seed import SeedTicket

_OTHERS = 3
"""One ticket in so many is archived as well in the crowded archive."""
_FIRST = 10
_CANDIDATES = 60
_BATCH = 200

Scored = tuple[Floats, NDArray[np.bool_], NDArray[np.bool_]]
"""The scores of one question's candidates, whether they differ in script, whether they are right."""


def match_curve(folder: Path, encoder: Encoder) -> MatchCurve:
    """Fit the match probability on the seed archive.

    A ticket and a case are about the same problem if they carry the same problem's name. What a score says
    is learned in the archive as it is. What the company of a candidate says is learned there and among
    other tickets that are archived like cases, so that it holds in sparse and in crowded archives.
    """
    tickets = seed.tickets(folder)
    asked = [item for item in tickets if item.problem]
    vectors = encoder.encode([item.text for item in asked])
    others = tickets[::_OTHERS]
    alone = list(_searches(folder, encoder, asked, vectors, []))
    crowded = list(_searches(folder, encoder, asked, vectors, others))
    scores, crossing, same = (np.concatenate(part) for part in zip(*map(_best, alone), strict=True))
    source = f"seed archive, {len(asked)} tickets, alone and among {len(others)} others"
    curve = fit_curve(scores, crossing, same, source)
    found: list[Search] = [
        (curve.logits(own, differs), differs, right) for own, differs, right in (*alone, *crowded)
    ]
    return MatchCurve(curve.same, curve.crossing, source, company=fit_company(found))


def _searches(
    folder: Path,
    encoder: Encoder,
    asked: Sequence[SeedTicket],
    vectors: Vectors,
    others: Sequence[SeedTicket],
) -> Iterator[Scored]:
    """Each ticket's best candidates of either script, scored exactly, in an archive that holds others too."""
    database = Database("sqlite://")
    try:
        database.upgrade()
        seed.load_cases(database, folder, encoder)
        problems = {f"other-{number}": item.problem for number, item in enumerate(others)}
        rows = [{"id": f"other-{number}", "problem": item.text} for number, item in enumerate(others)]
        for begin in range(0, len(rows), _BATCH):
            with database.transaction() as session:
                cases.write(session, rows[begin : begin + _BATCH], encoder, datetime.now(UTC))
        with database.reading() as session:
            held = shelf.load(session, [*range(1, 100_000)], encoder.dimension)
            documents = list(held.values())
            ids = {row.pk: row.id for row in session.execute(select(Case.pk, Case.id))}
            names = [ids[key] for key in held]
            about = np.array([problems.get(name, "") for name in names])
            for item, vector in zip(asked, vectors, strict=True):
                words, pairs = lexical_index.prepare(session, *hashed(item.text))
                scores, crossing = search.score(vector, words, pairs, documents)
                right = np.array([name.startswith(f"case-{item.problem}-") for name in names])
                # Tickets of the same problem, the asked one among them, are neither right nor wrong answers.
                kept = [
                    part[np.argsort(-scores[part], kind="stable")][:_CANDIDATES]
                    for side in (False, True)
                    for part in [np.flatnonzero((crossing == side) & (about != item.problem))]
                ]
                chosen = np.concatenate(kept)
                yield scores[chosen], crossing[chosen], right[chosen]
    finally:
        database.close()


def _best(found: Scored) -> Scored:
    """The first of each script: a case in the other language has no words to rise by."""
    scores, crossing, right = found
    sides = [np.flatnonzero(crossing == side) for side in (False, True)]
    chosen = np.concatenate([side[np.argsort(-scores[side], kind="stable")][:_FIRST] for side in sides])
    return scores[chosen], crossing[chosen], right[chosen]
