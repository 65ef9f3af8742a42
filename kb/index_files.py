"""The files of an embedded index, looked at before Chroma opens them: a truncated one can end the process.

Chroma keeps ids in ``chroma.sqlite3`` and each collection's graph in a folder of five files, whose lengths
follow from the first. Measured with Chroma 1.5: half a ``data_level0.bin`` or a lost folder is opened
without a word and finds the wrong cases; half a ``header.bin`` ends the process at the next write.
"""

from __future__ import annotations

import shutil
import sqlite3
import struct
from contextlib import closing
from pathlib import Path

_HEADER = struct.Struct("<iQQQQQQiiQQQdQ")
"""Chroma's hnswlib: version, offset, capacity, count, bytes an element, ..."""
_NAMES = ("header.bin", "data_level0.bin", "length.bin", "link_lists.bin", "index_metadata.pickle")
_ROOM = 4_000_000


def damage(folder: Path) -> str:
    """What is wrong with the files of an index; empty where nothing is, or nothing is there."""
    if not (folder / "chroma.sqlite3").is_file():
        return ""
    try:
        segments = _segments(folder)
    except sqlite3.Error as error:
        return f"chroma.sqlite3: {error}"
    for segment, written in segments.items():
        place = folder / segment
        if not written:  # everything in it is still in the queue of chroma.sqlite3
            continue
        if not place.is_dir():
            return f"the folder {segment} is gone"
        if wrong := _graph(place):
            return f"{segment}/{wrong} is too short"
    return ""


def sweep(folder: Path) -> None:
    """Remove the graphs of collections that are no more: Chroma forgets them, but leaves their folders."""
    try:
        known = _segments(folder)
    except sqlite3.Error:
        return
    for place in folder.iterdir():
        if place.is_dir() and place.name not in known and (place / _NAMES[0]).exists():
            shutil.rmtree(place, ignore_errors=True)


def no_room(folder: Path) -> bool:
    """Whether the disk is full, so that an error says nothing about the files."""
    return shutil.disk_usage(folder if folder.exists() else folder.parent).free < _ROOM


def _segments(folder: Path) -> dict[str, bool]:
    """The folders of graphs, and whether each has been written at least once."""
    address = f"file:{folder / 'chroma.sqlite3'}?mode=ro"
    with closing(sqlite3.connect(address, uri=True, timeout=5)) as connection:
        rows = connection.execute(
            "SELECT segments.id, max_seq_id.seq_id IS NOT NULL FROM segments "
            "LEFT JOIN max_seq_id ON max_seq_id.segment_id = segments.id WHERE segments.scope = 'VECTOR'"
        ).fetchall()
    return {str(name): bool(written) for name, written in rows}


def _graph(place: Path) -> str:
    """The first file of a graph that is shorter than it must be."""
    sizes = {name: (place / name).stat().st_size if (place / name).is_file() else -1 for name in _NAMES}
    if sizes["header.bin"] != _HEADER.size:
        return "header.bin"
    _, _, _, count, each, *_ = _HEADER.unpack((place / "header.bin").read_bytes())
    for name, size in (("data_level0.bin", count * each), ("length.bin", 4 * count)):
        if sizes[name] < size:
            return name
    if not _lists_whole(place / "link_lists.bin", count):
        return "link_lists.bin"
    return "" if sizes["index_metadata.pickle"] > 0 else "index_metadata.pickle"


def _lists_whole(path: Path, count: int) -> bool:
    """Whether a file holds so many lists, each behind its own length."""
    data = path.read_bytes() if path.is_file() else b""
    place = 0
    for _ in range(count):
        if place + 4 > len(data):
            return False
        place += 4 + int.from_bytes(data[place : place + 4], "little")
    return place <= len(data)
