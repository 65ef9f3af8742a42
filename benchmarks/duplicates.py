"""Duplicates in the seed archive: each case has a counterpart in the other language, and no other.

``python -m benchmarks.duplicates`` with ``TRIAGE_HOME`` on a state directory made ready by ``triage demo``.
The counterparts tell of the same problem in other words, with other customers, products and solutions.
"""

from __future__ import annotations

from sqlalchemy import select

from kb import cases, duplicates
from kb.tables import Case
from models.text import analyse
from triage import wiring

TEXTS = ("problem", "problem and symptoms", "whole")


def main() -> None:
    """Print, for each text that may be searched for, how many cases have their counterpart named, how many
    others are named, and how many have theirs named first where any is."""
    parts = wiring.build()
    index = parts.index()
    with parts.database.reading() as session:
        archive = session.scalars(select(Case).where(Case.state == cases.PUBLISHED)).all()
        for name in TEXTS:
            named = wrong = first = answered = 0
            for case in archive:
                told = cases.searched_text(case)
                said = {"problem": case.problem, "whole": told.whole}.get(name, told.problem)
                vector = parts.encoder.encode([said])[0]
                asked = duplicates.Asked(case.pk, analyse(said), vector, index.fingerprint)
                found = duplicates.find(session, asked, index.nearest, parts.curve)
                right = [_story(one.case_id) == _story(case.id) for one in found]
                named, wrong = named + any(right), wrong + right.count(False)
                first, answered = first + right[:1].count(True), answered + bool(right)
            print(f"{name}: {named} of {len(archive)} named, {wrong} others, first in {first} of {answered}")
    parts.close()


def _story(case_id: str) -> str:
    return case_id.rsplit("-", 1)[0]


if __name__ == "__main__":
    main()
