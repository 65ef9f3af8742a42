"""Files that people send: kept in the state directory under names of ours until they are done with."""

from __future__ import annotations

import json
import re
import secrets
import shutil
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path, PurePosixPath

from fastapi import UploadFile

from kb import transfer
from models.errors import InputError, NotFoundError, TooLargeError
from models.text import clean
from triage.wiring import Parts

KEPT = timedelta(days=1)
"""So long a file waits between its preview and its import."""
_NOTE = "note.json"


@dataclass(frozen=True, slots=True)
class Held:
    """A file that waits to be imported: its token, where it is, what it was called, and its kind of rows."""

    token: str
    path: Path
    name: str
    kind: str


def store(file: UploadFile, kind: str, parts: Parts) -> tuple[Path, str]:
    """An upload in a file of ours, and the name it came with.

    Raises:
        InputError: the kind is none of ``transfer.KINDS``.
        TooLargeError: the file is larger than the setting allows.
    """
    return _stored(file, kind, parts, _folder(parts))


def hold(file: UploadFile, kind: str, parts: Parts) -> Held:
    """Keep an upload until it is imported; those that nobody came back for are thrown away.

    Raises:
        InputError: the kind is none of ``transfer.KINDS``.
        TooLargeError: the file is larger than the setting allows.
    """
    _throw_away(parts)
    token = secrets.token_hex(12)
    folder = _folder(parts) / "held" / token
    try:
        path, name = _stored(file, kind, parts, folder)
        note = {"file": path.name, "name": name, "kind": kind}
        (folder / _NOTE).write_text(json.dumps(note), encoding="utf-8")
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return Held(token, path, name, kind)


def held(token: str, parts: Parts) -> Held:
    """A file that waits.

    Raises:
        NotFoundError: it is not there any more.
    """
    folder = _folder(parts) / "held" / token
    if re.fullmatch(r"[0-9a-f]{24}", token) and (folder / _NOTE).is_file():
        note = json.loads((folder / _NOTE).read_text(encoding="utf-8"))
        return Held(token, folder / note["file"], note["name"], note["kind"])
    raise NotFoundError("this file is not kept any more: choose it again", field="file")


def release(one: Held, parts: Parts) -> Path:
    """Move a file that waited to where imports read from; ``drop`` it once its import has begun."""
    path = _folder(parts) / one.path.name
    one.path.replace(path)
    return path


def drop(one: Held) -> None:
    """Throw a file that waited away."""
    shutil.rmtree(one.path.parent, ignore_errors=True)


def named(message: str, path: Path, name: str) -> str:
    """What is said of a file of ours, said of the one that was sent: nobody knows our names."""
    return message.replace(path.name, name) if path.name else message


def _folder(parts: Parts) -> Path:
    return parts.settings.home.resolve() / "uploads"


def _stored(file: UploadFile, kind: str, parts: Parts, folder: Path) -> tuple[Path, str]:
    if kind not in transfer.KINDS:
        raise InputError(f"kind is one of {', '.join(transfer.KINDS)}, not {kind!r}", field="kind")
    name = PurePosixPath(clean(file.filename or "upload").replace("\\", "/")).name[-200:] or "upload"
    if file.size is not None and file.size > parts.settings.max_upload:
        raise TooLargeError(f"at most {parts.settings.max_upload} bytes are taken", field="file")
    folder.mkdir(parents=True, exist_ok=True)
    # The reader needs the ending; the rest of a name can be too long for the disk, or worse.
    ending = re.sub(r"[^A-Za-z0-9.]", "", "".join(PurePosixPath(name).suffixes[-2:]))[-20:]
    path = folder / (secrets.token_hex(8) + ending)
    try:
        with path.open("wb") as target:
            shutil.copyfileobj(file.file, target)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return path, name


def _throw_away(parts: Parts) -> None:
    before = (parts.now() - KEPT).timestamp()
    for folder in (_folder(parts) / "held").glob("*"):
        if folder.stat().st_mtime < before:
            shutil.rmtree(folder, ignore_errors=True)
