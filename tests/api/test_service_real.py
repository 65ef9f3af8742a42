"""The service as a process: beside commands, killed in the middle of an import, and without its index."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

pytestmark = pytest.mark.real

RUN = [sys.executable, "-c", "from api.main import run; run()"]
CHECKOUT = Path(__file__).parents[2]
ROWS = 5000
THINGS = ("打印机", "路由器", "扫码枪", "printer", "router", "scanner", "地磅", "gateway")
FAULTS = (
    "无法启动",
    "does not start",
    "报错 E{0}",
    "loses the connection",
    "指示灯不亮",
    "prints {0} blank pages",
)
COUNT = "SELECT count(*), count(DISTINCT id) FROM cases WHERE id LIKE 'made-%'"

Home = dict[str, str]


def command(home: Home, *words: str, seconds: float = 120) -> subprocess.CompletedProcess[str]:
    """One command of ``triage``, to its end."""
    return subprocess.run(
        [*RUN, *words], env=home, cwd=CHECKOUT, capture_output=True, text=True, timeout=seconds, check=False
    )


def good(done: subprocess.CompletedProcess[str]) -> str:
    """The output of a command that must have succeeded."""
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def folder(home: Home) -> Path:
    return Path(home["TRIAGE_HOME"])


def sql(home: Home, query: str) -> tuple[Any, ...]:
    """One row, read beside whatever runs."""
    import sqlite3

    connection = sqlite3.connect(folder(home) / "triage.db", timeout=30)
    try:
        row: tuple[Any, ...] = connection.execute(query).fetchone()
        return row
    finally:
        connection.close()


def until(check: Callable[[], Any], seconds: float = 60) -> Any:
    """What ``check`` answers once it is true."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := check():
            return found
        time.sleep(0.02)
    raise AssertionError(f"nothing came within {seconds} seconds")


class Running:
    """A serving process."""

    def __init__(self, home: Home) -> None:
        self.log = folder(home) / "serve.log"
        with self.log.open("w", encoding="utf-8") as log:
            self.process = subprocess.Popen(
                [*RUN, "serve", "--port", "0"], env=home, cwd=CHECKOUT, stdout=log, stderr=log
            )
        self.url = str(until(self._ready, 120))
        own = json.loads((folder(home) / "service.json").read_text(encoding="utf-8"))
        self.headers = {"X-Triage-Token": own["token"]}

    def _ready(self) -> str | None:
        said = self.log.read_text(encoding="utf-8")
        assert self.process.poll() is None, said
        found = re.search(r"ready: (\S+)", said)
        return found[1] if found else None

    def get(self, path: str) -> Any:
        answer = httpx.get(self.url + path, timeout=30, trust_env=False, headers=self.headers)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def upload(self, file: Path) -> str:
        answer = httpx.post(
            f"{self.url}/api/v1/imports",
            files={"file": (file.name, file.read_bytes())},
            data={"kind": "cases"},
            timeout=60,
            trust_env=False,
            headers=self.headers,
        )
        assert answer.status_code == 202, answer.text
        return str(answer.json()["id"])

    def end(self, how: signal.Signals = signal.SIGTERM) -> int:
        if self.process.poll() is None:
            self.process.send_signal(how)
        return self.process.wait(timeout=60)


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A state directory made ready once, with the seed archive and a model on the hashing encoder."""
    made = tmp_path_factory.mktemp("prepared") / "home"
    good(command(environment(made), "demo", seconds=300))
    return made


def environment(home: Path, encoder: str = "hashing") -> Home:
    kept = {key: value for key, value in os.environ.items() if not key.startswith("TRIAGE_")}
    return kept | {"TRIAGE_HOME": str(home), "TRIAGE_ENCODER": encoder, "NO_COLOR": "1", "COLUMNS": "200"}


@pytest.fixture
def home(prepared: Path, tmp_path: Path) -> Home:
    """The environment of commands on a home of this test's own."""
    shutil.copytree(prepared, tmp_path / "home")
    return environment(tmp_path / "home")


@pytest.fixture
def serve(home: Home) -> Iterator[Callable[[], Running]]:
    """Starts services on the home; what still runs at the end is ended."""
    started: list[Running] = []

    def start() -> Running:
        started.append(Running(home))
        return started[-1]

    yield start
    for one in started:
        with suppress(ProcessLookupError):
            one.end(signal.SIGKILL)


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of 5,000 cases."""
    path = tmp_path_factory.mktemp("many") / "cases.jsonl"
    with path.open("w", encoding="utf-8") as file:
        for number in range(ROWS):
            thing, fault = THINGS[number % len(THINGS)], FAULTS[number % len(FAULTS)].format(number)
            row = {
                "id": f"made-{number:05}",
                "problem": f"{thing} {fault} 批次 {number}",
                "solution": f"更换部件 {number}, then restart",
                "category": "hardware",
            }
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
    return path


def verified(home: Home) -> None:
    """The index agrees with the database."""
    assert good(command(home, "index", "verify")) == "the index agrees with the database\n"


def test_commands_work_beside_the_service(home: Home, serve: Callable[[], Running], tmp_path: Path) -> None:
    running = serve()
    assert running.get("/readyz")["ready"] is True

    second = command(home, "serve", "--port", "0")
    assert second.returncode == 1
    assert len(second.stderr.splitlines()) == 1
    assert "already runs" in second.stderr
    assert running.url in second.stderr
    assert "the index holds" in good(command(home, "index", "rebuild"))

    found = json.loads(good(command(home, "assess", "打印机无法启动，指示灯不亮", "--json")))
    assert found["category"]["label"] == "hardware"
    file = tmp_path / "one.csv"
    file.write_text("id,problem,solution\nx-1,量子咖啡机不出水,清洗水箱\n", encoding="utf-8")
    done = json.loads(good(command(home, "import", str(file), "--kind", "cases", "--json")))
    assert (done["state"], done["added"], done["bad"]) == ("done", 1, 0)
    hits = json.loads(good(command(home, "search", "量子咖啡机", "--json")))["cases"]
    assert hits[0]["case_id"] == "x-1"
    assert running.get("/api/v1/cases/x-1")["solution"] == "清洗水箱"
    verified(home)

    assert running.end() == 0
    assert not (folder(home) / "service.json").exists()
    assert "Traceback" not in running.log.read_text(encoding="utf-8")
    verified(home)


def test_address_of_another_home_is_not_ours(
    home: Home, serve: Callable[[], Running], tmp_path: Path
) -> None:
    running = serve()
    other = environment(tmp_path / "other")
    (tmp_path / "other").mkdir()
    stale = {"url": running.url, "token": "of a crashed service", "pid": 1}
    (tmp_path / "other" / "service.json").write_text(json.dumps(stale), encoding="utf-8")
    alone = command(other, "assess", "打印机无法启动")
    assert alone.returncode == 1
    assert "there is no model yet" in alone.stderr


def test_killed_service_loses_nothing(home: Home, serve: Callable[[], Running], many: Path) -> None:
    running = serve()
    import_id = running.upload(many)
    path = f"/api/v1/imports/{import_id}"
    seen = until(lambda: (state := running.get(path))["batches"] >= 10 and state)
    assert running.end(signal.SIGKILL) == -signal.SIGKILL
    assert seen["state"] == "running", "the import was over before it could be killed"

    kept, distinct = sql(home, COUNT)
    assert seen["added"] <= kept == distinct < ROWS
    assert kept == sql(home, "SELECT cursor FROM imports")[0]
    looked = command(home, "index", "verify", "--json")
    difference = json.loads(looked.stdout)
    assert looked.returncode == (1 if any(difference.values()) else 0)
    assert difference["surplus"] == []
    assert all(name.startswith("made-") for name in difference["missing"])
    good(command(home, "index", "rebuild"))
    verified(home)

    running = serve()
    done = until(lambda: (state := running.get(path))["state"] != "running" and state, 240)
    assert (done["state"], done["cursor"], done["bad"]) == ("done", ROWS, 0)
    assert done["added"] == ROWS, "it went on from its cursor, with nothing seen twice"
    assert sql(home, COUNT) == (ROWS, ROWS)
    until(lambda: command(home, "index", "verify").returncode == 0)
    assert running.end() == 0
    assert list((folder(home) / "uploads").iterdir()) == []
    verified(home)

    shutil.rmtree(folder(home) / "index")
    lost = command(home, "index", "verify")
    assert lost.returncode == 1
    assert len(lost.stdout.splitlines()) == sql(home, "SELECT count(*) FROM cases")[0]
    assert "missing made-04999" in lost.stdout
    good(command(home, "index", "rebuild"))
    verified(home)
    hits = json.loads(good(command(home, "search", "路由器 批次 4321", "--json", "--limit", "3")))["cases"]
    assert len(hits) == 3


def test_killed_command_is_repeated(home: Home, many: Path) -> None:
    log = folder(home) / "import.log"
    with log.open("w", encoding="utf-8") as output:
        process = subprocess.Popen(
            [*RUN, "import", str(many), "--kind", "cases"], env=home, cwd=CHECKOUT, stderr=output
        )
    try:
        until(lambda: "batch 10:" in log.read_text(encoding="utf-8"))
    finally:
        process.kill()
        process.wait(timeout=30)
    acknowledged = int(re.findall(r"batch \d+: (\d+) of \d+ rows done", log.read_text(encoding="utf-8"))[-1])
    kept, distinct = sql(home, COUNT)
    assert acknowledged <= kept == distinct < ROWS

    done = json.loads(good(command(home, "import", str(many), "--kind", "cases", "--json", seconds=300)))
    assert (done["state"], done["added"], done["unchanged"], done["bad"]) == ("done", ROWS, 0, 0)
    assert sql(home, COUNT) == (ROWS, ROWS)
    verified(home)
