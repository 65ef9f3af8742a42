"""Services as processes of their own, that tests may kill, and a state directory made ready for them."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from models.encoder import Encoder
from triage.settings import Settings
from triage.setup import prepare
from triage.wiring import Parts

RUN = [sys.executable, "-c", "from api.main import run; run()"]
CHECKOUT = Path(__file__).parents[3]
THINGS = ("打印机", "路由器", "扫码枪", "printer", "router", "scanner", "地磅", "gateway")
FAULTS = (
    "无法启动",
    "does not start",
    "报错 E{0}",
    "loses the connection",
    "指示灯不亮",
    "prints {0} blanks",
)
MADE = 3000


class Home:
    """A state directory and the commands on it."""

    def __init__(self, folder: Path) -> None:
        kept = {key: value for key, value in os.environ.items() if not key.startswith("TRIAGE_")}
        own = {"TRIAGE_HOME": str(folder), "TRIAGE_ENCODER": "hashing", "NO_COLOR": "1", "COLUMNS": "200"}
        self.folder, self.settings, self.running = folder, kept | own, list[Serving]()

    def command(self, *words: str, seconds: float = 300) -> subprocess.CompletedProcess[str]:
        """One command of ``triage``, to its end."""
        return subprocess.run(
            [*RUN, *words],
            env=self.settings,
            cwd=CHECKOUT,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )

    def good(self, *words: str) -> str:
        """The output of a command that must succeed."""
        done = self.command(*words)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def sql(self, query: str) -> tuple[Any, ...]:
        """One row, read beside whatever runs."""
        connection = sqlite3.connect(self.folder / "triage.db", timeout=30)
        try:
            row: tuple[Any, ...] = connection.execute(query).fetchone()
            return row
        finally:
            connection.close()

    def serve(self) -> Serving:
        """A service; what still runs at the end of the test is killed."""
        self.running.append(Serving(self))
        return self.running[-1]

    def verify(self) -> None:
        """The index agrees with the database."""
        assert self.good("index", "verify") == "the index agrees with the database\n"


class Serving:
    """A serving process."""

    def __init__(self, home: Home) -> None:
        self.home, self.log = home, home.folder.parent / f"serve-{len(home.running)}.log"
        with self.log.open("w", encoding="utf-8") as log:
            self.process = subprocess.Popen(
                [*RUN, "serve", "--port", "0"], env=home.settings, cwd=CHECKOUT, stdout=log, stderr=log
            )
        self.url = str(until(self._ready, 120))
        own = json.loads((home.folder / "service.json").read_text(encoding="utf-8"))
        self.token = str(own["token"])  # another service on the same home writes its own there

    def _ready(self) -> str | None:
        said = self.said()
        assert self.process.poll() is None, said
        found = re.search(r"ready: (\S+)", said)
        return found[1] if found else None

    def said(self) -> str:
        """All that it wrote."""
        return self.log.read_text(encoding="utf-8")

    def headers(self) -> dict[str, str]:
        """What opens the service to commands beside it."""
        return {"X-Triage-Token": self.token}

    def ask(self, method: str, path: str, body: Any = None, **more: Any) -> Any:
        """A request that must not fail, answered."""
        answer = httpx.request(
            method,
            self.url + path,
            json=body,
            timeout=60,
            trust_env=False,
            headers=self.headers(),
            **more,
        )
        assert answer.is_success, answer.text
        return answer.json()

    def search(self, text: str, limit: int = 3) -> Any:
        """What a search answers."""
        return self.ask("GET", "/api/v1/cases/search", params={"q": text, "limit": limit})

    def whole(self) -> bool:
        """Whether nothing is lacking."""
        return self.search("打印机无法启动")["degraded"] == [] and self.checks()["index"] == "ok"

    def checks(self) -> Any:
        """What it says of its readiness."""
        ready = self.ask("GET", "/readyz")
        assert ready["ready"] is True
        return ready["checks"]

    def end(self, how: signal.Signals = signal.SIGTERM) -> int:
        """End it; killed it has no time to tidy up."""
        if self.process.poll() is None:
            self.process.send_signal(how)
        return self.process.wait(timeout=60)


def until(check: Callable[[], Any], seconds: float = 120) -> Any:
    """What ``check`` answers once it is true."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := check():
            return found
        time.sleep(0.02)
    raise AssertionError(f"nothing came within {seconds} seconds")


@pytest.fixture(name="until")
def until_() -> Callable[..., Any]:
    """The helper ``until``, for test modules, which cannot import a conftest."""
    return until


@pytest.fixture(scope="session")
def made_cases(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of 3,000 cases."""
    path = tmp_path_factory.mktemp("made") / "cases.jsonl"
    with path.open("w", encoding="utf-8") as file:
        for number in range(MADE):
            thing, fault = THINGS[number % len(THINGS)], FAULTS[number % len(FAULTS)].format(number)
            row = {
                "id": f"made-{number:05}",
                "problem": f"{thing} {fault} 批次 {number}",
                "solution": f"更换部件 {number}, then restart",
                "category": "hardware",
            }
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
    return path


@pytest.fixture(scope="session")
def first(migrated: Path, trained: Path, encoder: Encoder, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A state directory with the seed archive and a small model, on the hashing encoder."""
    made = tmp_path_factory.mktemp("first") / "home"
    made.mkdir()
    shutil.copyfile(migrated, made / "triage.db")
    shutil.copytree(trained, made / "models")
    parts = Parts(Settings(home=made, encoder="hashing", _env_file=None))
    parts.encoder = encoder
    prepare(parts, lambda *_: None)
    parts.close()
    return made


@pytest.fixture(scope="session")
def filled(first: Path, made_cases: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same with 3,000 cases more."""
    made = tmp_path_factory.mktemp("filled") / "home"
    shutil.copytree(first, made)
    Home(made).good("import", str(made_cases), "--kind", "cases")
    return made


@pytest.fixture
def at(tmp_path: Path) -> Iterator[Callable[..., Home]]:
    """A copy of a state directory for this test alone."""
    homes: list[Home] = []

    def copy(source: Path, to: Path | None = None, **settings: str) -> Home:
        folder = to or tmp_path / f"home-{len(homes)}"
        shutil.copytree(source, folder)
        homes.append(Home(folder))
        homes[-1].settings |= settings
        return homes[-1]

    yield copy
    for home in homes:
        for one in home.running:
            with suppress(ProcessLookupError):
                one.end(signal.SIGKILL)


class Chroma:
    """A Chroma server on loopback that can go away and come back."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.folder, self.url, self.process = folder, f"http://127.0.0.1:{self.port}", self._none()

    def _none(self) -> subprocess.Popen[bytes] | None:
        return None

    def start(self, name: str = "data") -> None:
        """Come up, with the data of that name."""
        program = Path(sys.executable).with_name("chroma")
        self.process = subprocess.Popen(
            [program, "run", "--path", self.folder / name, "--port", str(self.port), "--host", "127.0.0.1"],
            cwd=self.folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        until(self.answers)

    def answers(self) -> bool:
        """Whether it does."""
        with suppress(httpx.HTTPError):
            address = f"{self.url}/api/v2/heartbeat"
            return httpx.get(address, timeout=1, trust_env=False).is_success
        return False

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal."""
        assert self.process is not None
        self.process.send_signal(number)

    def kill(self) -> None:
        """Go away."""
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait(timeout=30)


@pytest.fixture
def chroma(tmp_path: Path) -> Iterator[Chroma]:
    """A server that runs."""
    server = Chroma(tmp_path)
    server.start()
    yield server
    server.kill()
