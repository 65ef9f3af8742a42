"""A small trained model, a home of each test's own, and a client that answers instead of raising."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from kb import users
from models.encoder import Encoder
from models.store import ModelStore
from triage import accounts, learning
from triage.learning import Labelled
from triage.service import Service
from triage.settings import Settings
from triage.wiring import Parts

OWN = {
    ("hardware", "important"): [
        "打印机无法启动，指示灯不亮",
        "显示器屏幕裂了，电源也坏了",
        "The printer is dead and shows no lights",
        "The power supply of the server burnt out",
    ],
    ("software", "normal"): [
        "登录后报表页面报错 500",
        "升级以后软件闪退",
        "The app crashes after the update",
        "Login page answers with error 500",
    ],
    ("complaint", "urgent"): [
        "客服态度恶劣，一直没有人回电",
        "你们承诺三天内答复，没有兑现",
        "Your agent was rude and nobody called back",
        "I was promised an answer and got none",
    ],
    ("consult", "normal"): [
        "请问怎么导出表格",
        "建议增加按地区筛选",
        "How do I export a spreadsheet?",
        "What is the difference between the two models?",
    ],
    ("other", "normal"): [
        "包裹没有收到，物流不更新",
        "发票抬头开错了",
        "The parcel never arrived",
        "I was charged twice on my invoice",
    ],
}

Problem = Callable[..., dict[str, Any]]


@pytest.fixture(scope="session")
def trained(encoder: Encoder, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of models with one promoted, learned from a few sentences; to be copied."""
    folder = tmp_path_factory.mktemp("trained") / "models"
    rows = [
        Labelled(f"{category}-{number}-{copy}", f"{text} {copy}", {"category": category, "priority": level})
        for (category, level), texts in OWN.items()
        for number, text in enumerate(texts)
        for copy in range(3)
    ]
    store = ModelStore(folder)
    model = learning.train(
        rows,
        ("category", "priority"),
        encoder,
        store,
        name="small",
        source="tests",
        now=datetime(2026, 3, 11, tzinfo=UTC),
    )
    store.promote(model.card.version)
    return folder


@pytest.fixture
def home(tmp_path: Path, migrated: Path, trained: Path) -> Path:
    """A state directory with a migrated database and the small model."""
    folder = tmp_path / "home"
    folder.mkdir()
    shutil.copyfile(migrated, folder / "triage.db")
    shutil.copytree(trained, folder / "models")
    return folder


@pytest.fixture
def make_parts(home: Path, encoder: Encoder) -> Iterator[Callable[..., Parts]]:
    """Builds parts on the home; further settings as keywords."""
    built: list[Parts] = []

    def make(**settings: Any) -> Parts:
        parts = Parts(Settings(home=home, encoder="hashing", **settings, _env_file=None))
        parts.encoder = encoder  # without a cache folder of its own
        built.append(parts)
        return parts

    yield make
    for parts in built:
        parts.close()


@pytest.fixture
def parts(make_parts: Callable[..., Parts]) -> Parts:
    """The product's parts with the defaults."""
    return make_parts()


def token_of(parts: Parts, role: str) -> str:
    """The token of a user of this role, who is made where there is none."""
    with parts.database.transaction() as session:
        name = f"test-{role}"
        if users.find(session, name) is None:
            users.add(session, name, role, "no password fits this", parts.now())
        return accounts.add_token(session, name, "tests", parts.now(), by="tests")[1]


@pytest.fixture(name="token_of")
def token_of_() -> Callable[[Parts, str], str]:
    """The helper ``token_of``."""
    return token_of


@pytest.fixture
def open_client() -> Callable[..., AbstractContextManager[TestClient]]:
    """Opens a client on parts, with the token of a user of the ``role``; without one, with none."""

    @contextmanager
    def opened(
        parts: Parts, *, work: bool = False, service: Service | None = None, role: str | None = "admin"
    ) -> Iterator[TestClient]:
        headers = {"Authorization": f"Bearer {token_of(parts, role)}"} if role else {}
        app = create_app(parts, service, work=work)
        with TestClient(
            app, "https://testserver", raise_server_exceptions=True, headers=headers, follow_redirects=False
        ) as client:
            yield client

    return opened


@pytest.fixture
def client(
    parts: Parts, open_client: Callable[..., AbstractContextManager[TestClient]]
) -> Iterator[TestClient]:
    """A client of the application, without the background worker."""
    with open_client(parts) as opened:
        yield opened


@pytest.fixture
def problem() -> Problem:
    """Checks that an answer is a problem document of this status and code, and gives it."""

    def check(answer: Any, status: int, code: str) -> dict[str, Any]:
        assert answer.status_code == status, answer.text
        assert answer.headers["content-type"] == "application/problem+json"
        body: dict[str, Any] = answer.json()
        assert body["status"] == status
        assert body["code"] == code
        assert body["type"] == "about:blank"
        assert body["title"]
        assert body["detail"]
        return body

    return check


@pytest.fixture(scope="session")
def first_day(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of a fresh home after ``triage demo``, with the real encoder and the shipped data."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("TRIAGE_")}
    home = kept | {"TRIAGE_HOME": str(tmp_path_factory.mktemp("first-day")), "NO_COLOR": "1"}
    done = subprocess.run(
        [sys.executable, "-c", "from api.main import run; run()", "demo"],
        env=home,
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "打印机无法启动" in done.stderr
    assert "VPN drops" in done.stderr
    assert "hardware" in done.stdout or "硬件" in done.stdout
    return home
