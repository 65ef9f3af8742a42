"""Start to ready against the bare imports of the same libraries, and commands that need no model.

Goal: start at most 1.5 times the imports; help and light commands under a second.
``python -m benchmarks.startup [runs]``
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks.service import COMMAND, prepared, serving

IMPORTS = (
    "import torch, sentence_transformers, sentencepiece, sklearn.svm, sklearn.kernel_approximation, "
    "skops.io, "
    "chromadb, fastapi, uvicorn, jieba, opencc, sqlalchemy.orm, alembic.command, pydantic_settings, "
    "prometheus_client, structlog, typer, rich.progress, jinja2; jieba.initialize()"
)


def seconds(command: list[str], home: Path) -> float:
    """How long a command takes as a process."""
    began = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True, env=os.environ | {"TRIAGE_HOME": str(home)})
    return time.perf_counter() - began


def main() -> None:
    """Measure in turn and print."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    with tempfile.TemporaryDirectory(prefix="triage-bench-") as folder:
        home = Path(folder)
        prepared(home, 176)
        starts, imports = [], []
        for number in range(runs + 1):
            with serving(home) as (_, taken):
                starts.append(taken)
            imports.append(seconds([sys.executable, "-W", "ignore", "-c", IMPORTS], home))
            if number == 0:  # the first pair warms the disk cache
                starts.clear(), imports.clear()
        ratios = np.array(starts) / np.array(imports)
        print(f"start to ready   median {np.median(starts):5.2f} s")
        print(f"bare imports     median {np.median(imports):5.2f} s")
        print(f"ratio            median {np.median(ratios):5.2f} (goal 1.50)")
        for command in (["--help"], ["models", "list"], ["train", "--help"], ["db", "upgrade"]):
            taken = [seconds([*COMMAND, *command], home) for _ in range(runs)]
            print(f"triage {' '.join(command):<12} median {np.median(taken):5.2f} s (goal 1.00)")


if __name__ == "__main__":
    main()
