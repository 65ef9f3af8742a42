"""A small trained model, a home and a data folder of each test's own, and a way to run the command line."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from models.encoder import Encoder
from models.store import ModelStore, StoredModel
from triage import cli, learning, rules
from triage.learning import Labelled
from triage.rules import Rules
from triage.settings import Settings
from triage.wiring import Parts

SHIPPED_DATA = Path(__file__).parents[2] / "data"

TOPICS = {
    ("hardware", "important"): (
        "打印机 屏幕 电源 风扇",
        "坏了 开不了机",
        "printer battery",
        "broken smoking",
    ),
    ("software", "normal"): ("登录 密码 系统 升级", "报错 闪退", "login upgrade", "crashes error"),
    ("consult", "normal"): ("导出 报表 价格 目录", "怎么 请问", "export catalogue", "how whether"),
}

PROBLEMS = {
    "printer-dead": ("打印机按电源键没有反应", "The printer shows no lights at all"),
    "login-loop": ("登录页面反复跳转", "The login page keeps loading again and again"),
    "export-sheet": ("怎么导出表格", "How do I export a spreadsheet"),
}


@pytest.fixture(scope="session")
def labelled() -> list[Labelled]:
    """Texts in two languages that any sound classifier separates."""
    found = []
    for (category, level), (things_zh, events_zh, things_en, events_en) in TOPICS.items():
        texts = [f"你好，{thing}{event}" for thing in things_zh.split() for event in events_zh.split()]
        texts += [f"Hello, {thing} {event}" for thing in things_en.split() for event in events_en.split()]
        for floor in range(3):
            for number, text in enumerate(texts):
                labels = {"category": category, "priority": level}
                found.append(Labelled(f"{category}-{floor}-{number}", f"{text} {floor}", labels))
    return found


@pytest.fixture(scope="session")
def trained(labelled: list[Labelled], encoder: Encoder, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of models with ``small-1`` promoted; to be copied."""
    store = ModelStore(tmp_path_factory.mktemp("trained") / "models")
    made = datetime(2026, 3, 11, tzinfo=UTC)
    targets = ("category", "priority")
    learning.train(labelled, targets, encoder, store, name="small", source="tests", now=made)
    store.promote("small-1")
    return store.folder


@pytest.fixture(scope="session")
def small_model(trained: Path) -> StoredModel:
    return ModelStore(trained).load("small-1")


@pytest.fixture(scope="session")
def shipped_rules() -> Rules:
    return rules.load(SHIPPED_DATA)


@pytest.fixture
def clean_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No setting of this machine reaches the test; the working directory is empty, and given."""
    for name in [name for name in os.environ if name.upper().startswith("TRIAGE_")]:
        monkeypatch.delenv(name)
    folder = tmp_path / "working"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def bare_home(clean_environment: Path, migrated: Path, tmp_path: Path) -> Path:
    """A state directory with a migrated database and no model."""
    folder = tmp_path / "home"
    folder.mkdir()
    shutil.copyfile(migrated, folder / "triage.db")
    return folder


@pytest.fixture
def home(bare_home: Path, trained: Path) -> Path:
    """A state directory with a migrated database and the small model."""
    shutil.copytree(trained, bare_home / "models")
    return bare_home


@pytest.fixture
def make_parts(bare_home: Path, encoder: Encoder) -> Iterator[Callable[..., Parts]]:
    """Builds parts on the home; further settings as keywords. All are closed at the end."""
    built: list[Parts] = []

    def make(**settings: Any) -> Parts:
        parts = Parts(Settings(home=bare_home, encoder="hashing", _env_file=None, **settings))
        parts.encoder = encoder  # without a cache folder of its own
        built.append(parts)
        return parts

    yield make
    for parts in built:
        parts.close()


@pytest.fixture
def data_folder(tmp_path: Path) -> Path:
    """The shipped rules with a tiny seed: three problems, each with tickets and a case in both languages."""
    folder = tmp_path / "data"
    shutil.copytree(SHIPPED_DATA, folder, ignore=shutil.ignore_patterns("seed"))
    seed = folder / "seed"
    seed.mkdir()
    for place, language in enumerate(("zh", "en")):
        tickets, cases = [], []
        for (name, texts), (category, level) in zip(PROBLEMS.items(), TOPICS, strict=True):
            labels = {"category": category, "priority": level, "trade": f"{name}-desk", "problem": name}
            for number, tail in enumerate(("1", "2 !", "3 ?")):
                own = {"id": f"{language}-{name}-{number}", "description": f"{texts[place]} {tail}"}
                tickets.append(own | labels)
            case = {"id": f"case-{name}-{language}", "problem": texts[place], "solution": "换 replace"}
            cases.append(case | {"category": category})
        for kind, rows in (("tickets", tickets), ("cases", cases)):
            lines = [json.dumps(row, ensure_ascii=False) for row in rows]
            (seed / f"{kind}_{language}.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


@dataclass(frozen=True)
class Outcome:
    """How a command ended and what it said."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@pytest.fixture
def command(
    bare_home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Outcome]:
    """Runs ``triage`` in this process, through the entry point that turns errors into lines."""
    monkeypatch.setenv("TRIAGE_HOME", str(bare_home))
    monkeypatch.setenv("TRIAGE_ENCODER", "hashing")

    def run(*words: str | Path) -> Outcome:
        monkeypatch.setattr(sys, "argv", ["triage", *map(str, words)])
        capsys.readouterr()
        try:
            cli.run_app()
            status = 0
        except SystemExit as end:
            status = end.code if isinstance(end.code, int) else int(bool(end.code))
        said = capsys.readouterr()
        return Outcome(status, said.out, said.err)

    return run
