"""A prepared state directory and a real service on it, for the benchmarks."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from kb import cases, users
from triage import accounts, seed
from triage.progress import bars
from triage.settings import Settings
from triage.setup import prepare
from triage.wiring import Parts

COMMAND = [sys.executable, "-c", "from api.main import run; run()"]


def prepared(home: Path, number: int) -> None:
    """Train the shipped model and fill the archive up to ``number`` cases made of the seed's sentences."""
    parts = Parts(Settings(home=home, _env_file=None))
    try:
        with bars() as progress:
            prepare(parts, progress)
            texts = [ticket.text for ticket in seed.tickets(parts.settings.data_folder)]
            draw = np.random.default_rng(7)
            made = 176
            while made < number:
                rows = []
                for _ in range(min(200, number - made)):
                    first, second, third = (texts[i] for i in draw.integers(len(texts), size=3))
                    made += 1
                    rows.append(
                        {"id": f"bench-{made}", "problem": first[:80], "symptoms": second, "solution": third}
                    )
                with parts.database.transaction() as session:
                    cases.write(session, rows, parts.encoder, datetime.now(UTC))
                parts.index().apply(parts.database)
                progress("archiving", made, number)
    finally:
        parts.close()


def key(home: Path) -> dict[str, str]:
    """The header that opens the API of the service on this home: a token of its own."""
    with closing(Parts(Settings(home=home, _env_file=None))) as parts:
        return key_to(parts)


def key_to(parts: Parts) -> dict[str, str]:
    """The same for parts of this process."""
    name = "benchmark"
    with parts.database.transaction() as session:
        if users.find(session, name) is None:
            users.add(session, name, "admin", "no password fits this", parts.now())
        secret = accounts.add_token(session, name, name, parts.now(), by=name)[1]
    return {"Authorization": f"Bearer {secret}"}


@contextmanager
def serving(home: Path) -> Iterator[tuple[str, float]]:
    """A running service: its address, and the seconds from start to ready."""
    environment = os.environ | {"TRIAGE_HOME": str(home), "PYTHONUNBUFFERED": "1"}
    began = time.perf_counter()
    process = subprocess.Popen(
        [*COMMAND, "serve", "--port", "0"], stderr=subprocess.PIPE, text=True, env=environment
    )
    assert process.stderr is not None
    try:
        for line in process.stderr:
            if line.startswith("ready: "):
                yield line.removeprefix("ready: ").strip(), time.perf_counter() - began
                break
        else:
            raise SystemExit("the service did not start")
    finally:
        process.terminate()
        process.wait(timeout=30)
        process.stderr.close()
