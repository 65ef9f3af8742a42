"""How the product grows: adding, searching with and without filters, and assessing, with ever more cases.

``python -m benchmarks.scale [--cases 100000] [--from 1000] [--steps 20000] [--encoded 100000] [--texts DIR]
[--out FILE]``: one archive in a temporary home is filled through the product's own write path, as ``triage
import`` fills it, and measured at each size, all in one process, so that what grows is the archive and
nothing else. The file has what was measured after each size. The cases: ``benchmarks.made_cases``.
"Encoder and Chroma alone" are those two calls as they happen within the adding: the same texts, the same
batches, the same size of the index.

Encoding a million cases takes hours and says nothing new. After the first ``--encoded`` cases one round in
twenty is encoded, and rates are those of these rounds alone; the cases of the others get vectors that lie
between those of two encoded cases. Everything else is done for every case.

Goals: adding reaches 0.7 of encoder and Chroma alone, a filtered search takes at most 1.5 times as long as
one without filter, ``POST /triage`` at most twice as long as with a thousand cases.
"""

from __future__ import annotations

import argparse
import gc
import os
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
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
from kb import cases, index, transfer
from kb.documents import FIELDS
from models.encoder import Encoder, Vectors
from models.text import analyse
from triage.progress import Progress, bars
from triage.settings import Settings
from triage.setup import prepare
from triage.wiring import Parts

ROUND = index.BATCH
"""Cases written before the vector index follows, as an import does it."""
ONE_IN = 20
BETWEEN = (0.2, 0.6)
"""How much of a second case's vector is added to that of a first: a made text is mostly one known text."""
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
    """Adds up the seconds spent in some calls, and those of the processors."""

    def __init__(self) -> None:
        self.seconds = self.work = 0.0

    def around(self, call: Callable[..., Any]) -> Callable[..., Any]:
        """The same call, timed."""

        def timed(*given: Any, **named: Any) -> Any:
            with self.running():
                return call(*given, **named)

        return timed

    @contextmanager
    def running(self) -> Iterator[None]:
        """Time what happens within."""
        began, worked = time.perf_counter(), time.process_time()
        try:
            yield
        finally:
            self.seconds += time.perf_counter() - began
            self.work += time.process_time() - worked


class Between:
    """An encoder that encodes nothing: vectors between those of two of the cases that were encoded."""

    def __init__(self, encoder: Encoder) -> None:
        self.identity, self.dimension = encoder.identity, encoder.dimension
        self._known: list[Vectors] = []
        self._draw = np.random.default_rng(0)

    def learn(self, vectors: Vectors) -> None:
        """Vectors of encoded cases, (cases * fields, dimension)."""
        self._known.append(vectors.reshape(-1, len(FIELDS), self.dimension).astype(np.float16))

    def encode(self, texts: Sequence[str], progress: Callable[[int], None] | None = None) -> Vectors:
        """Vectors for as many cases as these are texts of."""
        first, second = self._some(len(texts)), self._some(len(texts))
        share = self._draw.uniform(*BETWEEN, size=(len(first), 1, 1))
        made = (first + share * second).reshape(-1, self.dimension)
        return np.asarray(made / np.linalg.norm(made, axis=1, keepdims=True), dtype=np.float32)

    def _some(self, texts: int) -> NDArray[np.float32]:
        if len(self._known) > 1:
            self._known = [np.concatenate(self._known)]
        (known,) = self._known
        return known[self._draw.integers(0, len(known), texts // len(FIELDS))].astype(np.float32)


@dataclass(frozen=True, slots=True)
class Added:
    """How fast cases were added, a second: all of it, and encoder and Chroma alone; and the milliseconds of
    processor time that encoder, Chroma and the rest took for each."""

    rate: float
    alone: float
    encoder: float
    chroma: float
    rest: float


@dataclass(frozen=True, slots=True)
class Size:
    """What was measured at one size: the adding since the last, milliseconds of each call, bytes."""

    cases: int
    added: Added
    times: Times
    memory: int
    disk: dict[str, float]


def main() -> None:
    """Fill, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--cases", type=int, default=100_000)
    parser.add_argument("--from", type=int, default=1_000, dest="first")
    parser.add_argument("--steps", type=int, nargs="*", default=[20_000])
    parser.add_argument("--encoded", type=int, default=100_000, help="of more cases, one round in twenty is")
    parser.add_argument("--texts", type=Path, default=Path("../shared/eval"))
    parser.add_argument("--home", type=Path, help="fill this folder and leave it there")
    parser.add_argument("--out", type=Path)
    chosen = parser.parse_args()
    sizes = sorted({chosen.first, *(step for step in chosen.steps if step < chosen.cases), chosen.cases})
    found: list[Size] = []
    with tempfile.TemporaryDirectory(prefix="triage-scale-") as folder, bars() as progress:
        home, known = chosen.home or Path(folder, "home"), made_cases.texts(chosen.texts)
        for size in run(home, known, sizes, chosen.encoded, progress):
            found.append(size)
            if chosen.out:
                chosen.out.write_text(table(found) + "\n", encoding="utf-8")
    print(table(found))


def run(
    home: Path, known: list[str], sizes: Sequence[int], encoded: int, progress: Progress
) -> Iterator[Size]:
    """Fill an archive up to each size and measure there."""
    parts = Parts(Settings(home=home, _env_file=None))
    try:
        prepare(parts, progress)
        # What is asked was never archived as it stands: the last texts are held back.
        asked, known = known[-QUERIES:], known[:-QUERIES]
        source, made, between = made_cases.rows(known), 0, Between(parts.encoder)
        with TestClient(create_app(parts, work=False), headers=key_to(parts)) as client:
            for size in sizes:
                added, made = fill(parts, source, range(made, size), encoded, between, progress), size
                times = measure(parts, client, asked, progress)
                yield Size(size, added, times, resident(), disk(home))
    finally:
        parts.close()


def fill(
    parts: Parts,
    source: Iterator[dict[str, Any]],
    numbers: range,
    encoded: int,
    between: Between,
    progress: Progress,
) -> Added:
    """Archive the cases of these numbers."""
    held = parts.index()
    whole, encoding, putting, done = Clock(), Clock(), Clock(), 0
    encode, put = parts.encoder.encode, held.store.put

    def learning(texts: Sequence[str], progress: Callable[[int], None] | None = None) -> Vectors:
        vectors = encoding.around(encode)(texts, progress)
        between.learn(vectors)
        return vectors

    try:
        for turn, start in enumerate(range(numbers.start, numbers.stop, ROUND)):
            rows = list(islice(source, min(ROUND, numbers.stop - start)))
            if start < encoded or turn % ONE_IN == 0:
                timed: Any = learning, putting.around(put)
                parts.encoder.encode, held.store.put = timed  # type: ignore[method-assign]  # put back below
                with whole.running():
                    archive(parts, held, rows, parts.encoder)
                parts.encoder.encode, held.store.put = encode, put  # type: ignore[method-assign]  # put back below
                done += len(rows)
            else:
                archive(parts, held, rows, between)
            progress(f"archiving up to {numbers.stop}", start + len(rows), numbers.stop)
    finally:
        parts.encoder.encode, held.store.put = encode, put  # type: ignore[method-assign]  # as it was
    return Added(
        done / whole.seconds,
        done / (encoding.seconds + putting.seconds),
        1000 * encoding.work / done,
        1000 * putting.work / done,
        1000 * (whole.work - encoding.work - putting.work) / done,
    )


def archive(parts: Parts, held: index.VectorIndex, rows: Sequence[dict[str, Any]], encoder: Encoder) -> None:
    """Write cases as an import does."""
    for start in range(0, len(rows), transfer.BATCH):
        with parts.database.transaction() as session:
            cases.write(session, rows[start : start + transfer.BATCH], encoder, datetime.now(UTC))
    held.apply(parts.database)


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

    add("adding, cases/s", lambda size: f"{size.added.rate:.0f}")
    add("encoder and Chroma alone, cases/s", lambda size: f"{size.added.alone:.0f}")
    add("adding against them", lambda size: f"{size.added.rate / size.added.alone:.2f}")
    for part in ("encoder", "chroma", "rest"):
        add(f"processor, ms a case: {part}", lambda size, part=part: f"{getattr(size.added, part):.2f}")  # type: ignore[misc]  # a lambda with a default
    for name in first.times:
        add(f"{name}, p50 / p99 ms", lambda size, name=name: _two(size.times[name]))  # type: ignore[misc]  # a lambda with a default
    for name in list(SEARCHES)[1:]:
        add(f"{name}, against none: p50 / p99", lambda size, name=name: _against(size.times, name))  # type: ignore[misc]  # a lambda with a default
    add(
        f"{WHOLE} against {first.cases:,} cases: p50 / p99",
        lambda size: _ratio(size.times, first.times, WHOLE),
    )
    add("memory, MB", lambda size: f"{size.memory / 1e6:.0f}")
    for name in first.disk:
        add(f"{name} on disk, KB a case", lambda size, name=name: f"{size.disk[name] / size.cases / 1e3:.1f}")  # type: ignore[misc]  # a lambda with a default
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
