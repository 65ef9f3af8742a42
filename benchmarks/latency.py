"""One ``POST /triage`` over HTTP against the sum of its parts, each measured alone in the same run.

Parts: encode one text, one Chroma query for 200 ids, one lexical query, one bare HTTP request.
Goal: the median is at most 1.5 times the sum. ``python -m benchmarks.latency [number of cases]``
"""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx
import numpy as np
import threadpoolctl

from benchmarks.service import key, prepared, serving
from kb import lexical_index
from kb.documents import hashed
from models.encoder import load_encoder
from triage import seed
from triage.settings import Settings
from triage.wiring import Parts

ROUNDS = 200
TURN = 20
WHOLE = "POST /triage"


def timed(work: Callable[[str], object], texts: Sequence[str]) -> list[float]:
    """Milliseconds of each call."""
    taken = []
    for text in texts:
        began = time.perf_counter()
        work(text)
        taken.append(1000 * (time.perf_counter() - began))
    return taken


@contextmanager
def parts_alone(home: Path, texts: Sequence[str]) -> Iterator[dict[str, Callable[[str], object]]]:
    """Encoder, Chroma and lexical query, each to be called alone."""
    threadpoolctl.threadpool_limits(limits=1, user_api="blas")
    parts = Parts(Settings(home=home, _env_file=None))
    encoder, index, database = load_encoder(), parts.index(), parts.database
    vectors = dict(zip(texts, encoder.encode(texts), strict=True))
    tokens = {text: hashed(text) for text in texts}

    def lexical(text: str) -> object:
        with database.reading() as session:
            words, pairs = lexical_index.prepare(session, *tokens[text])
            return lexical_index.candidates(session, words, pairs, 100)

    try:
        yield {
            "encode one text": lambda text: encoder.encode([text]),
            "Chroma, 200 ids": lambda text: index.nearest(vectors[text], 100),
            "lexical query": lexical,
        }
    finally:
        parts.close()


def measured(home: Path, copy: Path, texts: Sequence[str]) -> dict[str, list[float]]:
    """Each part and the whole, in turns of a few texts: a machine's speed changes from minute to minute."""
    found: dict[str, list[float]] = {}
    with (
        serving(home) as (address, _),
        httpx.Client(base_url=address, trust_env=False, headers=key(home)) as client,
        parts_alone(copy, texts) as parts,
    ):
        works = parts | {
            "bare HTTP request": lambda _: client.get("/healthz").raise_for_status(),
            WHOLE: lambda text: client.post("/api/v1/triage", json={"text": text}).raise_for_status(),
        }
        for work in works.values():
            timed(work, texts[:TURN])
        for begin in range(0, len(texts), TURN):
            for name, work in works.items():
                found.setdefault(name, []).extend(timed(work, texts[begin : begin + TURN]))
    return found


def main() -> None:
    """Measure and print."""
    number = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    with tempfile.TemporaryDirectory(prefix="triage-bench-") as folder:
        home, copy = Path(folder, "home"), Path(folder, "copy")
        prepared(home, number)
        shutil.copytree(home, copy)
        tickets = seed.tickets(Settings(_env_file=None).data_folder)
        texts = [ticket.text for ticket in tickets[:: max(len(tickets) // ROUNDS, 1)]][:ROUNDS]
        found = measured(home, copy, texts)
    for name, values in found.items():
        print(f"{name:<20} median {np.median(values):6.2f} ms   p99 {np.quantile(values, 0.99):6.2f} ms")
    total = sum(float(np.median(values)) for name, values in found.items() if name != WHOLE)
    print(f"{'sum of the parts':<20} median {total:6.2f} ms")
    print(f"{number} cases, median against the sum: {np.median(found[WHOLE]) / total:.2f} (goal 1.50)")


if __name__ == "__main__":
    main()
