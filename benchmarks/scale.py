"""How the product grows: adding, searching with and without filters, and assessing, with ever more cases.

``python -m benchmarks.scale [--cases 100000] [--from 1000] [--steps 20000] [--texts FOLDER] [--out FILE]``:
one archive in a temporary home is filled through the product's own write path and measured at each size, all
in one process, so that what grows is the archive and nothing else. The cases are those of
``benchmarks.made_cases``. "Encoder and Chroma alone" are those two calls as they happen within the adding:
the same texts, the same batches, the same size of the index.

Goals: adding reaches 0.7 of encoder and Chroma alone, a filtered search takes at most 1.5 times as long as
one without filter, ``POST /triage`` at most twice as long as with a thousand cases.
"""

from __future__ import annotations

import argparse
import gc
import os
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from fastapi.testclient import TestClient
from numpy.typing import NDArray

from api.app import create_app
from benchmarks import made_cases
from benchmarks.service import key_to
from kb import cases
from models.text import analyse
from triage.progress import Progress, bars
from triage.settings import Settings
from triage.setup import prepare
from triage.wiring import Parts

BATCH = 200
QUERIES = 200
WARM = 40
SEARCHES: dict[str, dict[str, str]] = {
    "search": {},
    "search, 20 % let through": {"category": made_cases.FIFTH},
    "search, 1 % let through": {"category": made_cases.HUNDREDTH},
}
WHOLE = "POST /triage"
Times = dict[str, NDArray[np.float64]]


class Clock:
    """Adds up the seconds spent in some calls."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def around(self, work: Callable[..., Any]) -> Callable[..., Any]:
        """The same call, timed."""

        def timed(*given: Any, **named: Any) -> Any:
            began = time.perf_counter()
            try:
                return work(*given, **named)
            finally:
                self.seconds += time.perf_counter() - began

        return timed


@dataclass(frozen=True, slots=True)
class Size:
    """What was measured at one size: rates per second, milliseconds of each call, bytes per case."""

    cases: int
    rate: float
    alone: float
    times: Times
    memory: int
    disk: dict[str, float]


def main() -> None:
    """Fill, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--cases", type=int, default=100_000)
    parser.add_argument("--from", type=int, default=1_000, dest="first")
    parser.add_argument("--steps", type=int, nargs="*", default=[20_000])
    parser.add_argument("--texts", type=Path, default=Path("../shared/eval"))
    parser.add_argument("--home", type=Path, help="fill this folder and leave it there")
    parser.add_argument("--out", type=Path)
    chosen = parser.parse_args()
    sizes = sorted({chosen.first, *(step for step in chosen.steps if step < chosen.cases), chosen.cases})
    with tempfile.TemporaryDirectory(prefix="triage-scale-") as folder, bars() as progress:
        found = run(chosen.home or Path(folder, "home"), made_cases.texts(chosen.texts), sizes, progress)
    report = table(found)
    print(report)
    if chosen.out:
        chosen.out.write_text(report + "\n", encoding="utf-8")


def run(home: Path, known: list[str], sizes: Sequence[int], progress: Progress) -> list[Size]:
    """Fill an archive up to each size and measure there."""
    parts = Parts(Settings(home=home, _env_file=None))
    try:
        prepare(parts, progress)
        # What is asked was never archived as it stands: the last texts are held back.
        asked, known = known[-QUERIES:], known[:-QUERIES]
        source, made, found = made_cases.rows(known), 0, []
        with TestClient(create_app(parts, work=False), headers=key_to(parts)) as client:
            for size in sizes:
                wanted, made = list(islice(source, size - made)), size
                rate, alone = fill(parts, wanted, progress)
                times = measure(parts, client, asked, progress)
                found.append(Size(size, rate, alone, times, resident(), disk(home)))
        return found
    finally:
        parts.close()


def fill(parts: Parts, rows: list[dict[str, Any]], progress: Progress) -> tuple[float, float]:
    """Archive cases; how many a second, and how many encoder and Chroma alone would have done."""
    index, clock = parts.index(), Clock()
    encode, put = parts.encoder.encode, index.store.put
    timed: Any = clock.around(encode), clock.around(put)
    parts.encoder.encode, index.store.put = timed  # type: ignore[method-assign]
    began = time.perf_counter()
    try:
        for start in range(0, len(rows), BATCH):
            with parts.database.transaction() as session:
                cases.write(session, rows[start : start + BATCH], parts.encoder, datetime.now(UTC))
            index.apply(parts.database)
            progress(f"archiving {len(rows)}", min(start + BATCH, len(rows)), len(rows))
    finally:
        parts.encoder.encode, index.store.put = encode, put  # type: ignore[method-assign]
    return len(rows) / (time.perf_counter() - began), len(rows) / clock.seconds


def measure(parts: Parts, client: TestClient, asked: Sequence[str], progress: Progress) -> Times:
    """Milliseconds of each call for each text, warm; the kinds of call take turns text by text."""
    ready = [(analyse(text), vector) for text, vector in zip(asked, parts.encoder.encode(asked), strict=True)]

    def searching(named: dict[str, str]) -> Callable[[int], object]:
        return lambda number: parts.find_cases(*ready[number], 5, **named)

    def assessing(number: int) -> object:
        return client.post("/api/v1/triage", json={"text": asked[number]}).raise_for_status()

    works = {name: searching(named) for name, named in SEARCHES.items()} | {WHOLE: assessing}
    for number in range(min(WARM, len(asked))):
        for work in works.values():
            work(number)
    gc.collect()
    found: dict[str, list[float]] = {name: [] for name in works}
    for number in range(len(asked)):
        # Who comes first finds less in the caches: each kind is that one in turn.
        for name in np.roll(list(works), number).tolist():
            began = time.perf_counter()
            works[name](number)
            found[name].append(1000 * (time.perf_counter() - began))
        progress("measuring", number + 1, len(asked))
    return {name: np.array(taken) for name, taken in found.items()}


def resident() -> int:
    """Bytes of memory this process holds now."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def disk(home: Path) -> dict[str, float]:
    """Bytes of the database and of the index."""

    def below(path: Path) -> int:
        return sum(file.stat().st_size for file in path.rglob("*") if file.is_file())

    return {"index": below(home / "index"), "database": sum(f.stat().st_size for f in home.glob("*.db*"))}


def table(sizes: Sequence[Size]) -> str:
    """What was measured, a column for each size, and how far the last is from the goals."""
    first, last = sizes[0], sizes[-1]
    lines = ["| | " + " | ".join(f"{size.cases:,} cases" for size in sizes) + " |"]
    lines.append("|---|" + "---|" * len(sizes))

    def add(name: str, cell: Callable[[Size], str]) -> None:
        lines.append(f"| {name} | " + " | ".join(cell(size) for size in sizes) + " |")

    add("adding, cases/s", lambda size: f"{size.rate:.0f}")
    add("encoder and Chroma alone, cases/s", lambda size: f"{size.alone:.0f}")
    add("adding against them", lambda size: f"{size.rate / size.alone:.2f}")
    for name in first.times:
        add(f"{name}, p50 / p99 ms", lambda size, name=name: _two(size.times[name]))  # type: ignore[misc]
    for name in list(SEARCHES)[1:]:
        add(f"{name}, against none: p50 / p99", lambda size, name=name: _against(size.times, name))  # type: ignore[misc]
    add(
        f"{WHOLE} against {first.cases:,} cases: p50 / p99",
        lambda size: _ratio(size.times, first.times, WHOLE),
    )
    add("memory, MB", lambda size: f"{size.memory / 1e6:.0f}")
    for name in first.disk:
        add(f"{name} on disk, KB a case", lambda size, name=name: f"{size.disk[name] / size.cases / 1e3:.1f}")  # type: ignore[misc]
    grown = (last.memory - first.memory) / max(last.cases - first.cases, 1) / 1e3
    lines.append(f"\nMemory grew by {grown:.1f} KB a case from the first size to the last.")
    return "\n".join(lines)


def _two(times: NDArray[np.float64]) -> str:
    return f"{np.median(times):.1f} / {np.quantile(times, 0.99):.1f}"


def _against(times: Times, name: str) -> str:
    return _ratio({"search": times[name]}, times, "search")


def _ratio(times: Times, others: Times, name: str) -> str:
    middle = np.median(times[name]) / np.median(others[name])
    end = np.quantile(times[name], 0.99) / np.quantile(others[name], 0.99)
    return f"{middle:.2f} / {end:.2f}"


if __name__ == "__main__":
    main()
