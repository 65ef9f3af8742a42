"""How long grouping takes and how much memory, at 10,000, 30,000 and 100,000 tickets.

``python -m benchmarks.grouping_scale [FOLDER] [--sizes 10000 30000 100000]``: texts of the evaluation files;
where there are not enough, further ones are made of them by leaving out a quarter of the words. Vectors and
tokens are made before the clock starts, as the product stores them. Each size runs in a process of its own.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import pickle
import random
import resource
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from kb import mining
from kb.ticket_documents import Documents, read
from models.encoder import Encoder, load_encoder
from triage.progress import bars

COLUMNS = ("text", "text_1", "text_2", "q_en", "q_zh", "a_zh", "a_en", "symptom", "description")
_LONGEST = 1_500


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=Path("../shared/eval"))
    parser.add_argument("--sizes", nargs="+", type=int, default=[10_000, 30_000, 100_000])
    parser.add_argument("--stored", type=Path, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.stored:
        _run(chosen.stored, chosen.sizes[0])
        return
    with TemporaryDirectory() as folder:
        stored = Path(folder) / "documents"
        documents = documents_of(_texts(chosen.folder, max(chosen.sizes)), load_encoder("use"))
        # Our own file, made a moment ago and removed at the end.
        stored.write_bytes(pickle.dumps(documents))
        del documents
        print(f"{'tickets':>8} {'seconds':>8} {'memory MB':>10} {'groups':>7} {'outside':>8}")
        for size in chosen.sizes:
            again = [sys.executable, "-m", "benchmarks.grouping_scale"]
            subprocess.run([*again, "--stored", str(stored), "--sizes", str(size)], check=True)


def documents_of(texts: Sequence[str], encoder: Encoder) -> Documents:
    """Texts as grouping sees them."""
    return Documents(np.arange(len(texts), dtype=np.int64), read(texts, encoder), None)


def _run(stored: Path, size: int) -> None:
    documents: Documents = pickle.loads(stored.read_bytes())
    part = documents.part(np.arange(size))
    del documents
    began = time.perf_counter()
    with bars() as progress:
        found = mining.group(part, progress)
    seconds = time.perf_counter() - began
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    outside = len(found.outside) / size
    print(f"{size:>8} {seconds:>8.1f} {memory:>10.0f} {len(found.clusters):>7} {outside:>8.1%}", flush=True)


def _texts(folder: Path, wanted: int) -> list[str]:
    csv.field_size_limit(10**9)
    known = sorted({text[:_LONGEST] for path in sorted(folder.glob("*.csv*")) for text in _column(path)})
    rng = random.Random(0)
    rng.shuffle(known)
    made = known[:wanted]
    while len(made) < wanted:
        text = rng.choice(known)
        glue = " " if " " in text else ""
        words = text.split(" ") if glue else list(text)
        made.append(glue.join(word for word in words if rng.random() > 0.25) or text)
    return made


def _column(path: Path) -> Iterator[str]:
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            yield from (row[name] for name in COLUMNS if row.get(name))


if __name__ == "__main__":
    main()
