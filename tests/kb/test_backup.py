"""Backups: whole and consistent, put back in full or not at all."""

from __future__ import annotations

import gzip
import io
import json
import sqlite3
import tarfile
import threading
from collections.abc import Callable, Iterable
from contextlib import closing
from datetime import datetime
from pathlib import Path

import pytest
from filelock import FileLock

from kb import backup, tickets
from kb.database import Database
from models.errors import ConflictError, FileFormatError, InputError

Member = tuple[str, bytes]


@pytest.fixture
def home(database: Database, tmp_path: Path, now: datetime) -> Path:
    """A state directory with one ticket, a model, an index and a cache."""
    folder = tmp_path / "home"
    (folder / "models" / "shipped-1").mkdir(parents=True)
    (folder / "models" / "shipped-1" / "card.json").write_text("{}")
    (folder / "models" / "current").write_text("shipped-1")
    (folder / "models" / ".draft").mkdir()
    for name in ("index", "cache"):
        (folder / name).mkdir()
        (folder / name / "file").write_text("x")
    with database.transaction() as session:
        tickets.add(session, {"id": "t1", "description": "打印机坏了"}, now)
    return folder


@pytest.fixture
def saved(home: Path, database: Database, tmp_path: Path, now: datetime) -> Path:
    path = tmp_path / "saved.tar.gz"
    backup.create(path, database.url, home, now)
    return path


def url(home: Path) -> str:
    return f"sqlite:///{home / 'triage.db'}"


def held(home: Path) -> list[str]:
    with closing(sqlite3.connect(home / "triage.db")) as connection:
        return [row[0] for row in connection.execute("SELECT id FROM tickets ORDER BY id")]


def content(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


def test_there_and_back(saved: Path, tmp_path: Path) -> None:
    target = tmp_path / "new" / "home"
    manifest = backup.restore(saved, url(target), target)
    assert sorted(manifest.files) == ["models/current", "models/shipped-1/card.json", "triage.db"]
    assert sorted(content(target)) == sorted(manifest.files)
    assert held(target) == ["t1"]
    assert saved.stat().st_mode & 0o077 == 0
    opened = Database(url(target))
    assert opened.is_current()
    opened.close()


def test_a_backup_beside_a_writer_is_one_state(
    database: Database, home: Path, tmp_path: Path, now: datetime
) -> None:
    stop = threading.Event()

    def busy() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            # Both or none: a backup with one of them would be torn.
            with database.transaction() as session:
                for half in "ab":
                    tickets.add(session, {"id": f"{number}{half}", "description": "x"}, now)

    writer = threading.Thread(target=busy)
    writer.start()
    try:
        for number in range(5):
            path = tmp_path / f"{number}.tar.gz"
            backup.create(path, database.url, home, now)
            target = tmp_path / f"home-{number}"
            backup.restore(path, url(target), target)
            found = [name for name in held(target) if name != "t1"]
            assert len(found) % 2 == 0
    finally:
        stop.set()
        writer.join()


def test_a_home_that_is_not_empty_needs_force(saved: Path, home: Path, tmp_path: Path, now: datetime) -> None:
    target = tmp_path / "used"
    (target / "models" / "other-1").mkdir(parents=True)
    (target / "index").mkdir()
    (target / "uploads").mkdir()
    for tail in ("", "-wal"):
        (target / f"triage.db{tail}").write_bytes(b"old")
    before = content(target)
    with pytest.raises(ConflictError, match="--force"):
        backup.restore(saved, url(target), target)
    assert content(target) == before
    backup.restore(saved, url(target), target, force=True)
    assert held(target) == ["t1"]
    assert not (target / "models" / "other-1").exists()
    assert not (target / "triage.db-wal").exists()
    assert not (target / "index").exists()
    assert (target / "uploads").is_dir()
    assert [path.name for path in target.iterdir() if path.name.startswith(".")] == []


def test_a_cache_alone_is_no_content(saved: Path, tmp_path: Path) -> None:
    target = tmp_path / "fresh"
    (target / "cache").mkdir(parents=True)
    backup.restore(saved, url(target), target)
    assert held(target) == ["t1"]


def test_a_home_that_another_process_has_is_left_alone(saved: Path, tmp_path: Path) -> None:
    target = tmp_path / "used"
    target.mkdir()
    (target / "triage.db").write_bytes(b"old")
    with FileLock(target / "index.lock"):
        before = content(target)
        with pytest.raises(ConflictError, match="another process"):
            backup.restore(saved, url(target), target, force=True)
        assert content(target) == before
    backup.restore(saved, url(target), target, force=True)
    assert held(target) == ["t1"]


def packed(path: Path, members: Iterable[Member | tarfile.TarInfo]) -> Path:
    with tarfile.open(path, "w:gz") as archive:
        for member in members:
            if isinstance(member, tarfile.TarInfo):
                archive.addfile(member)
            else:
                info = tarfile.TarInfo(member[0])
                info.size = len(member[1])
                archive.addfile(info, io.BytesIO(member[1]))
    return path


def members(saved: Path) -> dict[str, bytes]:
    with tarfile.open(saved) as archive:
        return {entry.name: archive.extractfile(entry).read() for entry in archive}  # type: ignore[union-attr]


def changed(saved: Path, change: Callable[[dict[str, bytes]], object]) -> Path:
    found = members(saved)
    change(found)
    return packed(saved.with_name("changed.tar.gz"), found.items())


def with_manifest(found: dict[str, bytes], **changes: object) -> None:
    found["manifest.json"] = json.dumps(json.loads(found["manifest.json"]) | changes).encode()


def refused(path: Path, folder: Path) -> str:
    """The reason, after checking that a used home and a missing one are as they were."""
    used, missing = folder / "kept", folder / "missing"
    (used / "models").mkdir(parents=True)
    (used / "triage.db").write_bytes(b"precious")
    before = content(folder)
    with pytest.raises(FileFormatError) as caught:
        backup.restore(path, url(used), used, force=True)
    with pytest.raises(FileFormatError):
        backup.restore(path, url(missing), missing)
    assert content(folder) == before
    assert not missing.exists()
    return caught.value.message


@pytest.mark.parametrize("share", [0.02, 0.5, 0.95])
def test_half_a_backup(saved: Path, tmp_path: Path, share: float) -> None:
    whole = saved.read_bytes()
    saved.write_bytes(whole[: int(len(whole) * share)])
    assert "half" in refused(saved, tmp_path)


@pytest.mark.parametrize(
    "data", [b"", b"hello", gzip.compress(b"no tar in here" * 99), b"PK\x03\x04", bytes(range(256)) * 20]
)
def test_a_foreign_file(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "foreign.tar.gz"
    path.write_bytes(data)
    assert "backup" in refused(path, tmp_path)


def test_no_file_at_all(tmp_path: Path) -> None:
    assert "no such file" in refused(tmp_path / "nothing.tar.gz", tmp_path)


def test_a_foreign_archive(tmp_path: Path) -> None:
    assert "manifest.json" in refused(packed(tmp_path / "a.tar.gz", [("readme", b"x")]), tmp_path)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda found: found.update({"models/current": b"shipped-9"}), "not what was saved"),
        (lambda found: found.update({"models/current": b"shipped-1 and more"}), "not what was saved"),
        (lambda found: found.pop("models/current"), "models/current is missing"),
        (lambda found: found.update({"models/extra": b"x"}), "not in its manifest"),
        (lambda found: found.update({"../../evil": b"x"}), "not in its manifest"),
        (lambda found: found.update({"manifest.json": b"{"}), "cannot be read"),
        (lambda found: found.update({"manifest.json": b"[]"}), "cannot be read"),
        (lambda found: with_manifest(found, format=9), "format 9"),
        (lambda found: with_manifest(found, files={}), "no backup has"),
    ],
)
def test_archives_that_were_tampered_with(
    saved: Path, tmp_path: Path, change: Callable[[dict[str, bytes]], object], words: str
) -> None:
    assert words in refused(changed(saved, change), tmp_path)


@pytest.mark.parametrize("name", ["../evil", "/tmp/evil", "models/../../evil", "models/.hidden", "C:\\evil"])
def test_no_path_leads_out(saved: Path, tmp_path: Path, name: str) -> None:
    def escape(found: dict[str, bytes]) -> None:
        files = json.loads(found["manifest.json"])["files"]
        found[name] = b"x"
        with_manifest(found, files=files | {name: {"size": 1, "sha256": "0"}})

    assert "no backup has" in refused(changed(saved, escape), tmp_path)


def test_no_link_is_followed(saved: Path, tmp_path: Path) -> None:
    found = members(saved)
    found.pop("models/current")
    link = tarfile.TarInfo("models/current")
    link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
    path = packed(tmp_path / "link.tar.gz", [*found.items(), link])
    assert "not in its manifest" in refused(path, tmp_path)


def test_a_backup_of_a_later_version(
    saved: Path, database: Database, home: Path, tmp_path: Path, now: datetime
) -> None:
    with closing(sqlite3.connect(database.url.removeprefix("sqlite:///"))) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.commit()
    path = tmp_path / "later.tar.gz"
    backup.create(path, database.url, home, now)
    assert "later version" in refused(path, tmp_path)


def test_what_cannot_be_backed_up(
    home: Path, tmp_path: Path, now: datetime, database: Database, saved: Path
) -> None:
    with pytest.raises(InputError, match="pg_dump"):
        backup.create(tmp_path / "a.tar.gz", "postgresql+psycopg://x@h/d", home, now)
    with pytest.raises(InputError, match="pg_dump"):
        backup.restore(saved, "postgresql+psycopg://x@h/d", tmp_path / "z")
    with pytest.raises(InputError, match="no database"):
        backup.create(tmp_path / "a.tar.gz", f"sqlite:///{tmp_path / 'none.db'}", home, now)
    with pytest.raises(ConflictError, match="exists"):
        backup.create(saved, database.url, home, now)
    assert not (tmp_path / "a.tar.gz").exists()
    assert not (tmp_path / "z").exists()


def test_whatever_fails_while_moving_puts_the_old_back(
    saved: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "used"
    (target / "models").mkdir(parents=True)
    (target / "models" / "current").write_text("old")
    (target / "triage.db").write_bytes(b"old")
    before = content(target)
    move = backup.shutil.move

    def failing(source: Path, place: Path) -> object:
        if source.parent.name == "new" and source.name == "models":
            raise OSError("disk full")
        return move(source, place)

    monkeypatch.setattr(backup.shutil, "move", failing)
    with pytest.raises(OSError, match="disk full"):
        backup.restore(saved, url(target), target, force=True)
    assert content(target) == before
