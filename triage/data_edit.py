"""Edits of the data files through the service: checked as at the start, kept with what they replace."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from models.errors import ConflictError, DataFileError, InputError, NotFoundError, StorageError
from triage import mappings, rules
from triage.rules import Rules
from triage.settings import Settings

FILES = ("taxonomy.toml", "routing.toml", "clocks.toml", "holidays.toml", "signals.toml")
"""The files that an organisation edits here, in the order of the page."""
LONGEST = 500_000
"""Characters of a file."""
_KEPT = "data-history"
_STAMP = "%Y%m%dT%H%M%S%f"


@dataclass(frozen=True, slots=True)
class Text:
    """A file's text, and the hash that says which text it was."""

    file: str
    text: str
    hash: str


@dataclass(frozen=True, slots=True)
class Kept:
    """A text that was replaced: its name in the history, and when that was."""

    name: str
    at: datetime


def read(folder: Path, file: str) -> Text:
    """The text of a file as it is now.

    Raises:
        NotFoundError: there is no such file to edit.
        DataFileError: it cannot be read.
    """
    path = folder / _named(file)
    try:
        written = path.read_bytes().decode()
    except (OSError, UnicodeDecodeError) as error:
        raise DataFileError(file, None, f"cannot be read: {error}") from error
    return Text(file, written, _hash(written))


def editable(settings: Settings) -> bool:
    """Whether the files in force are the organisation's own, and can be written.

    The copy within an installed package is replaced with the next version: nothing is written there.
    """
    folder = settings.data_folder
    own = settings.data is not None or folder.name != "_data"
    return own and all(_writable(folder / file) for file in FILES)


def checked(folder: Path, file: str, text: str) -> Rules:
    """What the product would decide by, with this text in place of the file's.

    Raises:
        NotFoundError: there is no such file to edit.
        InputError: the text is far too long.
        DataFileError: the text is wrong; the message names file and line.
    """
    if len(text) > LONGEST:
        raise InputError(f"a data file has at most {LONGEST} characters", field="text")
    with tempfile.TemporaryDirectory(prefix="triage-data-") as made:
        copy = Path(made)
        for name in FILES:
            shutil.copyfile(folder / name, copy / name)
        if (folder / mappings.FOLDER).is_dir():
            shutil.copytree(folder / mappings.FOLDER, copy / mappings.FOLDER)
        (copy / _named(file)).write_bytes(_unix(text).encode())
        try:
            return rules.load(copy)
        except DataFileError as error:
            # The place of the copy says nothing to a person; the file's own name does.
            said = error.message.partition(": ")[2] or error.message
            raise DataFileError(Path(error.file).name, error.line, said) from error


def save(settings: Settings, file: str, text: str, began_with: str, now: datetime) -> tuple[Text, Rules]:
    """Check a text and put it in the place of the file's; what was there is kept in the state directory.

    Raises:
        ConflictError: the file is another one than the edit ``began_with``, or may not be written.
        DataFileError: the text is wrong.
        StorageError: the disk did not take it; the file is as it was.
    """
    folder = settings.data_folder
    if not editable(settings):
        raise ConflictError("the files in force came with the program: set TRIAGE_DATA to a copy of them")
    old = read(folder, file)
    if old.hash != began_with:
        raise ConflictError(f"{file} was changed meanwhile: look at it again before saving", field="text")
    found = checked(folder, file, text)
    path = folder / file
    draft = path.with_name(f".{file}.draft")
    kept = settings.home.resolve() / _KEPT
    try:
        kept.mkdir(parents=True, exist_ok=True)
        (kept / f"{file}.{now:{_STAMP}}").write_bytes(old.text.encode())
        draft.write_bytes(_unix(text).encode())
        shutil.copymode(path, draft)
        draft.replace(path)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise StorageError(f"{file} could not be written: {error.strerror}") from error
    return read(folder, file), found


def history(settings: Settings, file: str) -> list[Kept]:
    """The texts that a file had before, the last first."""
    found = []
    for path in (settings.home.resolve() / _KEPT).glob(f"{_named(file)}.*"):
        stamp = path.name.removeprefix(f"{file}.")
        try:
            at = datetime.strptime(f"{stamp}+0000", f"{_STAMP}%z")
        except ValueError:
            continue
        found.append(Kept(path.name, at))
    return sorted(found, key=lambda one: one.at, reverse=True)


def kept(settings: Settings, file: str, name: str) -> str:
    """A text of the history.

    Raises:
        NotFoundError: there is no such one.
    """
    if name not in {one.name for one in history(settings, file)}:
        raise NotFoundError(f"{file} never had a text {name!r}")
    return (settings.home.resolve() / _KEPT / name).read_bytes().decode()


def unknown_to(labels: dict[str, list[str]], found: Rules) -> dict[str, tuple[list[str], list[str]]]:
    """Where a model's labels and the rules differ, by target: those the rules lack, those the model lacks."""
    told = {}
    for target, codes in (
        ("category", found.taxonomy.codes()),
        ("priority", found.taxonomy.priority_codes()),
    ):
        own = labels.get(target, [])
        gone, new = sorted(set(own) - set(codes)), sorted(set(codes) - set(own))
        if own and (gone or new):
            told[target] = (gone, new)
    return told


def _named(file: str) -> str:
    if file not in FILES:
        raise NotFoundError(f"there is no data file {file!r} to edit; there are {', '.join(FILES)}")
    return file


def _unix(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _writable(path: Path) -> bool:
    return os.access(path, os.W_OK) and os.access(path.parent, os.W_OK)
