"""Backup and restore: database and models in one archive with a manifest; the index is not among them."""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import shutil
import sqlite3
import tarfile
import tempfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from filelock import FileLock, Timeout
from sqlalchemy.engine import make_url

from models.errors import ConflictError, FileFormatError, InputError, StorageError

MANIFEST, DATABASE, MODELS, LOCK = "manifest.json", "triage.db", "models", "index.lock"
FORMAT = 1

_CHUNK = 1 << 20
_LARGEST_MANIFEST = 10_000_000
_NAME_RE = re.compile(r"triage\.db|models(?:/[A-Za-z0-9_][A-Za-z0-9._-]*)+")
_OF_NO_WEIGHT = frozenset({"cache", LOCK})


@dataclass(frozen=True, slots=True)
class Manifest:
    """What an archive holds: when it was made, the shape of its database, and size and hash of each file."""

    format: int
    made_at: str
    revision: str
    files: dict[str, dict[str, Any]]


def create(file: Path, url: str, home: Path, now: datetime) -> Manifest:
    """Write a backup of the database at ``url`` and of the models; others may write to both meanwhile.

    The file appears whole or not at all.

    Raises:
        InputError: the database is not SQLite, or there is none yet.
        ConflictError: the file exists.
        StorageError: the database cannot be copied.
    """
    source = _sqlite_file(url)
    if not source.is_file():
        raise InputError(f"there is nothing to back up: no database at {source}", field="file")
    if file.exists():
        raise ConflictError(f"{file} exists already", field="file")
    with tempfile.TemporaryDirectory(prefix=".backup-", dir=file.resolve().parent) as folder:
        staging = Path(folder)
        revision = _copy_database(source, staging / DATABASE)
        paths = [staging / DATABASE]
        if (home / MODELS).is_dir():
            # Drafts begin with a dot; a version that is there is never changed.
            shutil.copytree(home / MODELS, staging / MODELS, ignore=shutil.ignore_patterns(".*"))
            paths += sorted(path for path in (staging / MODELS).rglob("*") if path.is_file())
        files = {path.relative_to(staging).as_posix(): _described(path) for path in paths}
        manifest = Manifest(FORMAT, now.isoformat(), revision, files)
        part = staging / "whole.tar.gz"
        with tarfile.open(part, "w:gz", compresslevel=6) as archive:
            content = json.dumps(asdict(manifest), indent=1).encode()
            entry = tarfile.TarInfo(MANIFEST)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
            for path in paths:
                archive.add(path, path.relative_to(staging).as_posix(), recursive=False)
        with part.open("rb") as written:
            os.fsync(written.fileno())
        # It holds what customers wrote.
        part.chmod(0o600)
        part.replace(file)
    return manifest


def restore(file: Path, url: str, home: Path, *, force: bool = False) -> Manifest:
    """Put a backup in place of what is in ``home``; nothing is changed before the whole of it is checked.

    Raises:
        InputError: the database to restore to is not SQLite.
        ConflictError: the home is not empty and ``force`` is not set, or another process has it.
        FileFormatError: the file is no backup, a damaged one, or one of a later version.
    """
    target = _sqlite_file(url)
    if not force and (_weighty(home) or target.exists()):
        raise ConflictError(f"{home} is not empty; --force replaces what it holds", field="force")
    with _alone(home):
        made = not home.exists()
        home.mkdir(parents=True, exist_ok=True)
        staging = Path(tempfile.mkdtemp(prefix=".restore-", dir=home))
        try:
            manifest = _unpack(file, staging / "new")
            _check_database(staging / "new" / DATABASE, file)
            _swap(staging, target, home)
        finally:
            shutil.rmtree(staging, ignore_errors=True)
            if made and not any(home.iterdir()):
                home.rmdir()
    return manifest


@contextmanager
def _alone(home: Path) -> Iterator[None]:
    """Hold the lock of the index, by which a service that is only starting can be seen already."""
    path = home / LOCK
    if not path.exists():
        yield
        return
    try:
        with FileLock(path, timeout=0):
            yield
    except Timeout:
        message = f"another process works on {home}, the service perhaps: stop it first"
        raise ConflictError(message, field="force") from None


def _sqlite_file(url: str) -> Path:
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite" or not parsed.database or parsed.database == ":memory:":
        raise InputError(
            f"the database is {parsed.get_backend_name()}: save it with its own tools (pg_dump, pg_restore), "
            "and copy the folder of models",
            field="TRIAGE_DATABASE_URL",
        )
    return Path(parsed.database)


def _copy_database(source: Path, target: Path) -> str:
    try:
        with closing(sqlite3.connect(source, timeout=30)) as old, closing(sqlite3.connect(target)) as new:
            # All pages in one step: one state of the database, while writers go on beside it.
            old.backup(new)
            new.execute("PRAGMA journal_mode=DELETE").close()
            return _revision(new)
    except sqlite3.Error as error:
        raise StorageError(f"the database cannot be copied: {error}") from error


def _revision(connection: sqlite3.Connection) -> str:
    found = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    return str(found[0]) if found else ""


def _described(path: Path) -> dict[str, Any]:
    with path.open("rb") as content:
        digest = hashlib.file_digest(content, "sha256").hexdigest()
    return {"size": path.stat().st_size, "sha256": digest}


def _unpack(file: Path, folder: Path) -> Manifest:
    try:
        with tarfile.open(file, "r:gz") as archive:
            manifest = _manifest(archive, file)
            left = dict(manifest.files)
            while entry := archive.next():
                wanted = left.pop(entry.name, None)
                # Only names of the manifest are written, and those are checked: no link, no way out.
                if wanted is None or not entry.isreg():
                    raise FileFormatError(f"{file.name}: holds {entry.name!r}, which is not in its manifest")
                content = archive.extractfile(entry)
                if content is not None:
                    _write(content, folder / entry.name, wanted, file)
    except FileNotFoundError:
        raise FileFormatError(f"{file.name}: there is no such file", field="file") from None
    except (tarfile.TarError, EOFError, OSError, zlib.error) as error:
        raise FileFormatError(f"{file.name}: no backup, or damaged or only half of one ({error})") from error
    if left:
        raise FileFormatError(f"{file.name}: only half a backup: {sorted(left)[0]} is missing")
    return manifest


def _manifest(archive: tarfile.TarFile, file: Path) -> Manifest:
    first = archive.next()
    if first is None or first.name != MANIFEST or not first.isreg() or first.size > _LARGEST_MANIFEST:
        raise FileFormatError(f"{file.name}: no backup of triage: it does not begin with {MANIFEST}")
    content = archive.extractfile(first)
    try:
        manifest = Manifest(**json.loads(content.read() if content else b""))
        files = {str(name): (int(one["size"]), str(one["sha256"])) for name, one in manifest.files.items()}
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise FileFormatError(f"{file.name}: its {MANIFEST} cannot be read") from error
    if manifest.format != FORMAT:
        raise FileFormatError(f"{file.name}: a backup of format {manifest.format}, which is not known here")
    if DATABASE not in files or not all(_NAME_RE.fullmatch(name) for name in files):
        raise FileFormatError(f"{file.name}: its {MANIFEST} lists files that no backup has")
    return manifest


def _write(content: IO[bytes], target: Path, wanted: dict[str, Any], file: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    digest, left = hashlib.sha256(), int(wanted["size"])
    with target.open("xb") as out:
        while chunk := content.read(min(_CHUNK, left + 1)):
            left -= len(chunk)
            if left < 0:
                break
            digest.update(chunk)
            out.write(chunk)
        out.flush()
        os.fsync(out.fileno())
    if left or digest.hexdigest() != wanted["sha256"]:
        raise FileFormatError(f"{file.name}: {target.name} is not what was saved: the backup is damaged")


def _check_database(path: Path, file: Path) -> None:
    from alembic.script import ScriptDirectory
    from alembic.util import CommandError

    from kb.database import alembic_config

    try:
        with closing(sqlite3.connect(path)) as connection:
            sound = connection.execute("PRAGMA quick_check").fetchone()[0] == "ok"
            revision = _revision(connection)
    except sqlite3.Error as error:
        raise FileFormatError(f"{file.name}: its database is damaged ({error})") from error
    if not sound:
        raise FileFormatError(f"{file.name}: its database is damaged")
    try:
        ScriptDirectory.from_config(alembic_config()).get_revision(revision)
    except CommandError as error:
        raise FileFormatError(f"{file.name}: of a later version of this program; update it first") from error


def _weighty(home: Path) -> bool:
    return home.is_dir() and any(path.name not in _OF_NO_WEIGHT for path in home.iterdir())


def _swap(staging: Path, target: Path, home: Path) -> None:
    """Move the old things out and the new ones in; whatever goes wrong puts the old ones back."""
    new, old = staging / "new", staging / "old"
    old.mkdir()
    undo: list[Callable[[], object]] = []
    target.parent.mkdir(parents=True, exist_ok=True)
    # The index belongs to the old database, and so do its journals.
    leaving = [target, *(target.with_name(target.name + tail) for tail in ("-wal", "-shm", "-journal"))]
    leaving += [home / MODELS, home / "index"]
    try:
        for path in leaving:
            if path.exists():
                kept = old / path.name
                shutil.move(path, kept)
                undo.append(lambda path=path, kept=kept: shutil.move(kept, path))  # type: ignore[misc]  # mypy gives lambdas with defaults no type
        for path, place in ((new / DATABASE, target), (new / MODELS, home / MODELS)):
            if path.exists():
                shutil.move(path, place)
                undo.append(lambda path=path, place=place: shutil.move(place, path))  # type: ignore[misc]  # mypy gives lambdas with defaults no type
    except BaseException:
        for step in reversed(undo):
            step()
        raise
