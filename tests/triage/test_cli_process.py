"""The command line as a process of its own: what it loads, its status, its one line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Process = Callable[..., subprocess.CompletedProcess[str]]

LOADED = """
import json, sys
from api.main import run
try:
    run()
except SystemExit as end:
    status = end.code
else:
    status = 0
heavy = ("torch", "chromadb", "sentence_transformers", "scipy", "sklearn", "jieba", "fastapi", "transformers")
print(json.dumps({"status": status, "loaded": [name for name in heavy if name in sys.modules]}))
"""


@pytest.fixture
def process(tmp_path: Path) -> Process:
    """Runs this Python with words, on an empty state directory."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TRIAGE_")}
    environment |= {"TRIAGE_HOME": str(tmp_path / "home"), "TRIAGE_ENCODER": "hashing", "PYTHONUTF8": "1"}

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, *words],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            encoding="utf-8",
            timeout=120,
            check=False,
        )

    return run


@pytest.mark.parametrize("words", [["--help"], ["models", "list"], ["db", "upgrade"], ["index", "--help"]])
def test_what_needs_no_model_loads_none(process: Process, words: list[str]) -> None:
    done = process("-c", LOADED, *words)

    assert done.stderr == ""
    assert json.loads(done.stdout.splitlines()[-1]) == {"status": 0, "loaded": []}


def test_the_program_says_one_line_and_fails(process: Process) -> None:
    done = process("-c", "from api.main import run; run()", "assess", "x")

    assert (done.returncode, done.stdout) == (1, "")
    assert (
        done.stderr == "triage: there is no model yet: run `triage demo` once, or `triage train --promote`\n"
    )


def test_wrong_arguments_end_with_two(process: Process) -> None:
    done = process("-c", "from api.main import run; run()", "search")

    assert done.returncode == 2
    assert "query" in done.stderr.lower()


def test_an_import_search_and_verify_in_processes_of_their_own(process: Process, tmp_path: Path) -> None:
    (tmp_path / "cases.csv").write_text("id,problem\nprinter,打印机坏了\n", encoding="utf-8")
    start = ("-W", "error::ResourceWarning", "-c", "from api.main import run; run()")

    imported = process(*start, "import", "cases.csv", "--kind", "cases", "--json")
    found = process(*start, "search", "打印机", "--json")
    verified = process(*start, "index", "verify")

    assert json.loads(imported.stdout)["added"] == 1
    assert [case["case_id"] for case in json.loads(found.stdout)["cases"]] == ["printer"]
    assert (verified.returncode, verified.stdout) == (0, "the index agrees with the database\n")
    assert imported.stderr == "batch 1: 1 of 1 rows done\n"
    assert (found.stderr, verified.stderr) == ("", "")
