"""One ``POST /triage`` over HTTP against the sum of its parts, each measured alone in the same run.

Parts: encode one text, one Chroma query for 200 ids, one lexical query, one bare HTTP request.
Goal: the median is at most 1.5 times the sum. ``python -m benchmarks.latency [number of cases]``
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import httpx
import numpy as np
import threadpoolctl

from benchmarks.service import prepared, serving
from kb import lexical_index
from kb.documents import hashed
from models.encoder import load_encoder
from triage import seed
from triage.settings import Settings
from triage.wiring import Parts

ROUNDS = 200


def timed(work: Callable[[str], object], texts: Sequence[str]) -> np.ndarray:
    """Milliseconds of each call, after a warm-up of twenty."""
    for text in texts[:20]:
        work(text)
    taken = []
    for text in texts:
        began = time.perf_counter()
        work(text)
        taken.append(1000 * (time.perf_counter() - began))
    return np.array(taken)


def parts_alone(home: Path, texts: Sequence[str]) -> dict[str, np.ndarray]:
    """Encoder, Chroma and lexical query, each alone."""
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
        return {
            "encode one text": timed(lambda text: encoder.encode([text]), texts),
            "Chroma, 200 ids": timed(lambda text: index.nearest(vectors[text], 100), texts),
            "lexical query": timed(lexical, texts),
        }
    finally:
        parts.close()


def main() -> None:
    """Measure and print."""
    number = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    with tempfile.TemporaryDirectory(prefix="triage-bench-") as folder:
        home = Path(folder)
        prepared(home, number)
        tickets = seed.tickets(Settings(_env_file=None).data_folder)
        texts = [ticket.text for ticket in tickets[:: max(len(tickets) // ROUNDS, 1)]][:ROUNDS]
        parts = parts_alone(home, texts)
        with serving(home) as (address, _), httpx.Client(base_url=address, trust_env=False) as client:
            parts["bare HTTP request"] = timed(lambda _: client.get("/healthz").raise_for_status(), texts)
            whole = timed(
                lambda text: client.post("/api/v1/triage", json={"text": text}).raise_for_status(), texts
            )
    total = sum(float(np.median(values)) for values in parts.values())
    for name, values in parts.items():
        print(f"{name:<20} median {np.median(values):6.2f} ms   p99 {np.quantile(values, 0.99):6.2f} ms")
    print(f"{'sum of the parts':<20} median {total:6.2f} ms")
    print(f"{'POST /triage':<20} median {np.median(whole):6.2f} ms   p99 {np.quantile(whole, 0.99):6.2f} ms")
    print(f"{number} cases, median against the sum: {np.median(whole) / total:.2f} (goal 1.50)")


if __name__ == "__main__":
    main()
