"""Files of the state directory that hold a text which was erased from the database."""

from __future__ import annotations

import gzip
import json
import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO

_CHUNK = 1 << 22
_OVERLAP = 1 << 10
_FEWEST_BYTES = 5
"""Shorter ones stand by chance in any large file."""


def holding(folder: Path, literals: Sequence[str], leave: Iterable[Path] = ()) -> list[str]:
    """The files below a folder that hold one of these texts in any usual encoding, packed ones as well.

    Names are relative to the folder. ``leave`` are files that are not looked into; one that cannot be read
    is passed over.
    """
    pattern = _pattern(literals)
    if pattern is None or not folder.is_dir():
        return []
    left = {path.resolve() for path in leave}
    found = []
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.resolve() not in left and _holds(path, pattern):
            found.append(path.relative_to(folder).as_posix())
    return found


def _holds(path: Path, pattern: re.Pattern[bytes]) -> bool:
    try:
        if any(_within(stream, pattern) for stream in _plain(path)):
            return True
        return any(_within(stream, pattern) for stream in _unpacked(path))
    except (OSError, EOFError, zlib.error, zipfile.BadZipFile, NotImplementedError, RuntimeError):
        return False


def _plain(path: Path) -> Iterator[IO[bytes]]:
    with path.open("rb") as stream:
        yield stream


def _unpacked(path: Path) -> Iterator[IO[bytes]]:
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            for name in archive.namelist():
                with archive.open(name) as stream:
                    yield stream
    elif path.suffix == ".gz":
        with gzip.open(path) as packed:
            yield packed  # type: ignore[misc]  # it reads, which is all that is asked of it


def _within(stream: IO[bytes], pattern: re.Pattern[bytes]) -> bool:
    kept = b""
    while chunk := stream.read(_CHUNK):
        if pattern.search(kept + chunk):
            return True
        kept = chunk[-_OVERLAP:]
    return False


def _pattern(literals: Sequence[str]) -> re.Pattern[bytes] | None:
    forms = set()
    for literal in {form for one in literals for form in (one, one.lower())}:
        for encoding in ("utf-8", "utf-16-le", "utf-32-le", "gb18030"):
            forms.add(literal.encode(encoding, "replace"))
        forms.add(json.dumps(literal)[1:-1].encode())
    told = sorted(form for form in forms if len(form) >= _FEWEST_BYTES)
    return re.compile(b"|".join(map(re.escape, told))) if told else None
