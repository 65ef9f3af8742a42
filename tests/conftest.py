"""What all tests share: no network beyond loopback, a migrated database, an encoder, a time."""

from __future__ import annotations

import ipaddress
import os
import shutil
import socket
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from kb.database import Database
from models import text
from models.encoder import Encoder, load_encoder

CHECKOUT = Path(__file__).parents[1]
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")


def need(tool: str) -> Path:
    """Where ``chromium`` (the program) or ``postgresql`` (its folder of programs) is.

    Without it the test is skipped, saying what to install; with CI set it fails.
    """
    if tool == "chromium":
        found = next((Path(path) for name in CHROMIUM if (path := shutil.which(name))), None)
    elif tool == "postgresql":
        folders = sorted(
            Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: int(folder.parent.name)
        )
        program = str(folders[-1] / "initdb") if folders else shutil.which("initdb")
        found = Path(program).parent if program else None
    else:
        raise ValueError(f"unknown tool {tool!r}")
    if found is None:
        message = f"{tool} is not installed (Debian: apt-get install {tool})"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    return found


@pytest.fixture(scope="session", name="need")
def need_() -> Callable[[str], Path]:
    """The helper ``need``, for test modules, which cannot import a conftest."""
    return need


class NetworkRefusedError(ConnectionRefusedError):
    """A test tried to reach something beyond this machine."""


def _is_local(family: int, address: Any) -> bool:
    if family not in (socket.AF_INET, socket.AF_INET6):
        return True
    host = str(address[0])
    try:
        return ipaddress.ip_address(host.split("%")[0]).is_loopback
    except ValueError:
        return host in ("", "localhost")


@pytest.fixture(scope="session", autouse=True)
def attempts() -> Iterator[list[str]]:
    """Refuses connections beyond loopback during the whole run, and lists those that were tried."""
    tried: list[str] = []

    def guarded(original: Callable[..., Any]) -> Callable[..., Any]:
        def call(self: socket.socket, *args: Any) -> Any:
            if not _is_local(self.family, args[-1]):
                tried.append(str(args[-1]))
                raise NetworkRefusedError(f"tests never touch a network: {args[-1]}")
            return original(self, *args)

        return call

    look_up = socket.getaddrinfo

    def resolve(host: Any, *args: Any, **kwargs: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else host
        if name and not _is_local(socket.AF_INET, (name,)):
            tried.append(name)
            raise NetworkRefusedError(f"tests never touch a network: {name}")
        return look_up(host, *args, **kwargs)

    with pytest.MonkeyPatch.context() as patch:
        for name in ("connect", "connect_ex", "sendto"):
            patch.setattr(socket.socket, name, guarded(getattr(socket.socket, name)))
        patch.setattr(socket, "getaddrinfo", resolve)
        yield tried


@pytest.fixture(autouse=True)
def no_network(attempts: list[str]) -> Iterator[None]:
    """Fails a test that tried to reach a network, even where the code under test hid the refusal."""
    attempts.clear()
    yield
    assert not attempts, f"connections beyond this machine were tried: {attempts}"


@pytest.fixture(scope="session", autouse=True)
def analyser_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Keeps jieba's cache among the temporary files of this run."""
    folder = tmp_path_factory.mktemp("jieba")
    text.use_cache_dir(folder)
    return folder


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One migrated SQLite file, to be copied."""
    path = tmp_path_factory.mktemp("migrated") / "triage.db"
    database = Database(f"sqlite:///{path}")
    database.upgrade()
    with database.engine.connect() as connection:
        connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.exec_driver_sql("BEGIN")
    database.close()
    return path


@pytest.fixture
def database(migrated: Path, tmp_path: Path) -> Iterator[Database]:
    """A migrated database of this test's own."""
    path = tmp_path / "triage.db"
    shutil.copyfile(migrated, path)
    opened = Database(f"sqlite:///{path}")
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def encoder() -> Encoder:
    """The model-free encoder."""
    return load_encoder("hashing")


@pytest.fixture(scope="session")
def real_encoder() -> Encoder:
    """The default encoder; only for tests marked ``real``."""
    return load_encoder("use")


@pytest.fixture
def now() -> datetime:
    """A fixed time: a Wednesday, 10:30 in Beijing."""
    return datetime(2026, 3, 11, 2, 30, tzinfo=UTC)


@pytest.fixture(scope="session")
def shared() -> Path:
    """The evaluation data beside the checkout."""
    folder = CHECKOUT.parent / "shared"
    if not folder.is_dir():
        pytest.skip(f"the evaluation data is not at {folder}")
    return folder


@pytest.fixture
def quick_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """Passwords hashed with so little work that tests need not wait for them."""
    from pwdlib import PasswordHash
    from pwdlib.hashers.argon2 import Argon2Hasher

    from triage import passwords

    hasher = PasswordHash((Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1),))
    monkeypatch.setattr(passwords, "_argon2", lambda: hasher)
    passwords._nobody.cache_clear()
