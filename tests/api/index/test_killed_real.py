"""Killed in the middle: nothing that was committed is lost or doubled, and the index mends itself."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.real

Until = Callable[..., Any]
At = Callable[..., Any]
COUNT = "SELECT count(*), count(DISTINCT id) FROM cases"
REBUILD = "/internal/index/rebuild"
KNOWN = "made-00042", "扫码枪 报错 批次 42"


def named(answer: Any) -> Any:
    """An answer without its facets: they count the nearest of many alike, which no two graphs agree on."""
    if not isinstance(answer, dict):
        return answer
    return {key: told for key, told in answer.items() if key != "facets"}


def test_searches_never_miss_while_the_service_rebuilds(at: At, filled: Path, until: Until) -> None:
    home = at(filled)
    serving = home.serve()
    until(serving.whole)
    wanted, over = serving.search(KNOWN[1]), threading.Event()
    answers: list[Any] = []

    def search() -> None:
        while not over.is_set():
            try:
                answers.append(serving.search(KNOWN[1]))
            except Exception as error:
                answers.append(repr(error))

    thread = threading.Thread(target=search)
    thread.start()
    try:
        told = home.command("index", "rebuild")
    finally:
        over.set()
        thread.join()

    assert told.returncode == 0, told.stderr
    assert told.stdout == f"the index holds {home.sql(COUNT)[0]} cases\n"
    assert len(answers) > 10
    assert [answer for answer in answers if named(answer) != named(wanted)] == []
    home.verify()
    assert home.sql("SELECT building || retired FROM index_states")[0] == ""


def test_killed_during_a_rebuild(at: At, filled: Path, until: Until) -> None:
    home = at(filled)
    before = home.sql(COUNT)
    serving = home.serve()
    until(serving.whole)
    serving.ask("POST", REBUILD)
    until(lambda: serving.ask("GET", REBUILD)["done"] > 0)
    added = serving.ask("POST", "/api/v1/cases", {"id": "during", "problem": "量子咖啡机不出水"})
    assert serving.end(signal.SIGKILL) == -signal.SIGKILL
    assert home.sql("SELECT building FROM index_states")[0], "it was over before it could be killed"

    serving = home.serve()
    assert serving.ask("GET", "/api/v1/cases/during")["problem"] == added["problem"]
    until(serving.whole)
    until(lambda: home.command("index", "verify").returncode == 0)
    assert home.sql(COUNT) == (before[0] + 1, before[0] + 1)
    assert home.sql("SELECT building || retired FROM index_states")[0] == ""
    until(lambda: home.sql("SELECT count(*) FROM index_tasks")[0] == 0)
    assert serving.search("量子咖啡机")["cases"][0]["case_id"] == "during"
    assert serving.end() == 0
    graphs = [place for place in (home.folder / "index").iterdir() if place.is_dir()]
    home.verify()
    assert len(graphs) <= 2, "what was half built is gone at the latest when the index is opened again"


def test_a_killed_command_leaves_the_old_index_in_use(at: At, filled: Path, until: Until) -> None:
    home = at(filled)
    program = [sys.executable, "-c", "from api.main import run; run()", "index", "rebuild"]
    checkout = Path(__file__).parents[3]
    process = subprocess.Popen(program, env=home.settings, cwd=checkout, stderr=subprocess.DEVNULL)
    try:
        until(lambda: home.sql("SELECT count(*) FROM index_states WHERE building != ''")[0])
    finally:
        process.kill()
        process.wait(timeout=30)
    home.verify()
    assert home.good("index", "rebuild") == f"the index holds {home.sql(COUNT)[0]} cases\n"
    home.verify()
    assert home.sql("SELECT building || retired FROM index_states")[0] == ""


def test_killed_during_an_import_the_index_mends_itself(
    at: At, first: Path, made_cases: Path, until: Until
) -> None:
    home = at(first)
    before = home.sql(COUNT)[0]
    serving = home.serve()
    with made_cases.open("rb") as file:
        import httpx

        sent = httpx.post(
            f"{serving.url}/api/v1/imports",
            files={"file": ("cases.jsonl", file)},
            data={"kind": "cases"},
            timeout=60,
            trust_env=False,
            headers=serving.headers(),
        )
    path = f"/api/v1/imports/{sent.json()['id']}"
    until(lambda: serving.ask("GET", path)["batches"] >= 5)
    serving.end(signal.SIGKILL)
    kept = home.sql(COUNT)
    assert kept[0] == kept[1] > before

    serving = home.serve()
    done = until(lambda: (state := serving.ask("GET", path))["state"] != "running" and state)
    assert (done["state"], done["added"], done["bad"]) == ("done", 3000, 0)
    assert home.sql(COUNT) == (before + 3000, before + 3000)
    until(serving.whole)
    until(lambda: home.command("index", "verify").returncode == 0)
    assert len(serving.search(KNOWN[1])["cases"]) == 3


@pytest.mark.parametrize("how", ["folder", "ids", "graph", "head"])
def test_lost_or_damaged_while_it_was_down(at: At, filled: Path, until: Until, how: str) -> None:
    home = at(filled)
    index = home.folder / "index"
    graph = max(
        (place for place in index.iterdir() if place.is_dir()), key=lambda place: place.stat().st_mtime
    )
    if how == "folder":
        shutil.rmtree(index)
    else:
        names = {
            "ids": index / "chroma.sqlite3",
            "graph": graph / "data_level0.bin",
            "head": graph / "header.bin",
        }
        os.truncate(names[how], names[how].stat().st_size // 2)

    serving = home.serve()
    assert serving.search(KNOWN[1])["cases"], "words are searched at once"
    until(serving.whole)
    until(lambda: home.command("index", "verify").returncode == 0)
    said = serving.said()
    assert ("was damaged" in said) == (how != "folder")
    assert "lacked cases" in said
    assert "Traceback" not in said
    assert serving.end() == 0
    home.verify()
