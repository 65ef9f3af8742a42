"""Cases for measuring with large archives: texts of the evaluation files, varied until there are enough.

A text is used as it stands once; after that its numbers are drawn anew, the order of its sentences changes,
and a product and an opening are put before it. Words are therefore as common and as rare as in real texts,
but a made archive has more cases that are nearly alike than a real one. Nothing of it is kept.
"""

from __future__ import annotations

import csv
import gzip
import random
import re
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

COLUMNS = ("text", "text_1", "text_2", "q_en", "q_zh", "a_zh", "a_en", "symptom", "handling", "description")
FIFTH, HUNDREDTH = "hardware", "complaint"
"""The categories of one case in five, and of one in a hundred."""
OTHERS = ("software", "consult", "other")
TEAMS = ("frontline", "network", "field", "development")
_LONGEST = 400
_SENTENCE = re.compile(r"(?<=[。？！?!\n])|(?<=\.)\s")
_NUMBER = re.compile(r"\d+")
_OPENINGS = (
    "",
    "",
    "客户反馈：",
    "Reported by phone: ",
    "紧急，",
    "Since the update: ",
    "再次出现：",
    "Again: ",
)


def texts(folder: Path) -> list[str]:
    """All texts of the evaluation files, cut where they are long, in an order that is always the same.

    Raises:
        SystemExit: the folder holds none.
    """
    csv.field_size_limit(10**9)
    known = sorted({text[:_LONGEST] for path in sorted(folder.glob("*.csv*")) for text in _column(path)})
    if not known:
        raise SystemExit(f"there are no evaluation files in {folder}")
    random.Random(0).shuffle(known)
    return known


def rows(known: list[str], seed: int = 1) -> Iterator[dict[str, Any]]:
    """Cases without end, as ``kb.cases.write`` takes them."""
    draw = random.Random(seed)
    number = 0
    while True:
        problem, solution = known[number % len(known)], draw.choice(known)
        product = f"{draw.choice(('HX', 'VM', 'RT', 'QL'))}-{draw.randrange(40)}00"
        if number >= len(known):
            problem = _varied(problem, product, draw)
        number += 1
        chance = draw.random()
        yield {
            "id": f"made-{number}",
            "problem": problem,
            "solution": solution,
            "product": product,
            "version": f"{draw.randrange(1, 9)}.{draw.randrange(10)}",
            "category": FIFTH if chance < 0.2 else HUNDREDTH if chance < 0.21 else draw.choice(OTHERS),
            "team": draw.choice(TEAMS),
            "closed_on": date(2024, 1, 1) + timedelta(days=draw.randrange(900)),
        }


def _varied(text: str, product: str, draw: random.Random) -> str:
    sentences = [part for part in _SENTENCE.split(text) if part.strip()]
    draw.shuffle(sentences)
    glue = " " if " " in text else ""
    changed = _NUMBER.sub(
        lambda found: str(draw.randrange(10 ** len(found.group()[:6]))), glue.join(sentences)
    )
    return f"{draw.choice(_OPENINGS)}{product} {changed}"


def _column(path: Path) -> Iterator[str]:
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            yield from (text for name in COLUMNS if (text := (row.get(name) or "").strip()))
