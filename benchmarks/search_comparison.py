"""Our search beside what one would pick instead: the same cases, the same queries, one run.

Each pair ``search_NAME_cases.*`` and ``search_NAME_queries.*`` of a folder is searched by every method of
``benchmarks.search_methods``, and so are the sentences of ``benchmarks.search_probes``. What was measured is
written as a document. ``python -m benchmarks.search_comparison [--data FOLDER] [--out FILE]``
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import threadpoolctl
from numpy.typing import NDArray

from benchmarks import search_page
from benchmarks.search_methods import DEPTH, OURS, Search, opened
from benchmarks.search_probes import PROBES, SENTENCES, rivals
from kb.match import Floats, MatchCurve
from models import scorecard, text
from models.encoder import DEFAULT, load_encoder
from models.errors import InputError
from triage.evaluation import read_table
from triage.matching import match_curve
from triage.progress import bars
from triage.settings import Settings

TURN = 20
DATA = Path("../shared/eval")
OUT = Path("docs/search.md")

Progress = Callable[[str, int, int], None]
Ranks = NDArray[np.int_]
"""The place of each query's right case, counted from 1; 0 where it was not found."""


@dataclass(frozen=True, slots=True)
class SearchSet:
    """Texts of cases, queries, and the number of the case that each query is about."""

    name: str
    cases: Sequence[str]
    queries: Sequence[str]
    right: Sequence[int]


@dataclass(frozen=True, slots=True)
class Measured:
    """What each method reached on one set, by its name; ``taken`` are median milliseconds of a query."""

    name: str
    cases: int
    queries: int
    languages: tuple[str, str]
    figures: Mapping[str, Mapping[str, float]]
    taken: Mapping[str, float]
    best_other: str
    ahead: float
    ahead_interval: tuple[float, float]


def load_sets(folder: Path) -> tuple[list[SearchSet], list[str]]:
    """The pairs of files in a folder, and a line for each that is missing.

    Raises:
        FileFormatError: a file has not the columns of ``triage evaluate search``, or cannot be read.
        InputError: there are no queries, or one names a case that is not there.
    """
    found, missing = [], []
    files = sorted(folder.glob("search_*_cases.*"))
    if not files:
        missing.append(f"no search_*_cases file in {folder}: no set is measured")
    for path in files:
        name = path.name.partition("_cases.")[0]
        partner = path.with_name(path.name.replace("_cases.", "_queries."))
        if not partner.is_file():
            missing.append(f"{partner.name} is missing: {name} is left out")
            continue
        rows = read_table(path, ["id", "text"])
        asked = read_table(partner, ["text", "case_id"])
        numbers = {row["id"]: number for number, row in enumerate(rows)}
        unknown = [row["case_id"] for row in asked if row["case_id"] not in numbers]
        if not asked or unknown:
            problem = f"there is no case {unknown[0]!r}" if unknown else "there are no queries"
            raise InputError(f"{partner.name}: {problem}", field="case_id" if unknown else "queries")
        if len(numbers) < len(rows):
            raise InputError(f"{path.name}: an id occurs twice", field="id")
        found.append(
            SearchSet(
                name.removeprefix("search_"),
                [row["text"] for row in rows],
                [row["text"] for row in asked],
                [numbers[row["case_id"]] for row in asked],
            )
        )
    return found, missing


def place(scores: Floats, right: int) -> int:
    """The place of the right text, behind all that score the same; 0 where it is not among the first."""
    rank = int((scores >= scores[right]).sum())
    return rank if np.isfinite(scores[right]) and rank <= DEPTH else 0


def measured(each: SearchSet, encoder: str, curve: MatchCurve, progress: Progress) -> Measured:
    """One set searched by all methods, in turns of a few queries: a machine's speed changes by the minute."""
    ranks: dict[str, list[int]] = {}
    taken: dict[str, list[float]] = {}
    with opened(each.cases, encoder, curve) as methods:
        for search in methods.values():
            for query in each.queries[:TURN]:
                search(query)
        for begin in range(0, len(each.queries), TURN):
            turn = range(begin, min(begin + TURN, len(each.queries)))
            for name, search in methods.items():
                for number in turn:
                    began = time.perf_counter()
                    scores = search(each.queries[number])
                    taken.setdefault(name, []).append(1000 * (time.perf_counter() - began))
                    ranks.setdefault(name, []).append(place(scores, each.right[number]))
            progress(each.name, turn.stop, len(each.queries))
    found = {name: np.array(own) for name, own in ranks.items()}
    figures = {name: scorecard.ranking_of_ranks(own) for name, own in found.items()}
    others = [name for name in figures if name != OURS]
    best = max(others, key=lambda name: (figures[name]["recall_at_1"], figures[name]["mrr"]))
    difference = ahead(found[OURS], found[best])
    return Measured(
        name=each.name,
        cases=len(each.cases),
        queries=len(each.queries),
        languages=(_language(each.queries), _language(each.cases)),
        figures=figures,
        taken={name: float(np.median(own)) for name, own in taken.items()},
        best_other=best,
        ahead=difference["ahead"],
        ahead_interval=difference["ahead_interval"],
    )


def ahead(ours: Ranks, theirs: Ranks) -> dict[str, Any]:
    """How much more often ours has the right case first, with the interval of ``scorecard.compared``."""
    first = ["first"] * len(ours)
    return scorecard.compared(first, _first(ours), _first(theirs))


def probed(encoder: str, curve: MatchCurve) -> list[dict[str, int]]:
    """For each probe the place of its sentence by each method; 0 where it was not found."""
    with opened(SENTENCES, encoder, curve) as methods:
        return [
            {name: _probe_place(search, number) for name, search in methods.items()}
            for number in range(len(PROBES))
        ]


def _probe_place(search: Search, number: int) -> int:
    probe = PROBES[number]
    wanted = SENTENCES.index(probe.wanted)
    scores = search(probe.query)[[wanted, *rivals(probe)]]
    return place(scores, 0)


def _first(ranks: Ranks) -> list[str]:
    return ["first" if rank == 1 else "not first" for rank in ranks]


def _language(texts: Sequence[str]) -> str:
    return Counter(map(text.language, texts)).most_common(1)[0][0]


def main() -> None:
    """Measure, and write the document; without any set only the probes are shown."""
    parser = argparse.ArgumentParser(description="Compare search methods.")
    parser.add_argument("--data", type=Path, default=DATA, help="the folder with the pairs of files")
    parser.add_argument("--out", type=Path, default=OUT, help="the document to write")
    arguments = parser.parse_args()
    threadpoolctl.threadpool_limits(limits=1, user_api="blas")
    sets, missing = load_sets(arguments.data)
    print("\n".join(missing), end="\n" if missing else "")
    encoder = load_encoder(DEFAULT)
    curve = match_curve(Settings(_env_file=None).data_folder, encoder)
    probes = probed(DEFAULT, curve)
    if not sets:
        print("\n".join(search_page.probe_table(probes)))
        return
    with bars() as progress:
        found = [measured(each, DEFAULT, curve, progress) for each in sets]
    arguments.out.write_text(search_page.page(found, probes, encoder.identity), encoding="utf-8")
    print(f"{arguments.out} written")


if __name__ == "__main__":
    main()
