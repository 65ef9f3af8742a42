"""Files of an embedded index that were cut short are seen before Chroma opens them, sound ones are left."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from kb import index_files
from kb.index import VectorIndex, open_embedded

WIDTH = 16
CASES = 700
"""Enough that Chroma writes the graph to its files, which it does every thousand vectors."""

Open = Callable[[Path], VectorIndex]


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A closed index with a graph on disk."""
    folder = tmp_path_factory.mktemp("written") / "index"
    index = open_embedded(folder, "made-with-nothing", WIDTH)
    vectors = np.random.default_rng(0).normal(size=(CASES, 2, WIDTH)).astype(np.float32)
    for begin in range(0, CASES, 100):
        index.put(list(range(begin, begin + 100)), vectors[begin : begin + 100])
    index.nearest(vectors[0, 0], 1)
    index.close()
    return folder


@pytest.fixture
def folder(written: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(written, tmp_path / "index"))


@pytest.fixture
def opened(folder: Path) -> Iterator[Callable[[], VectorIndex]]:
    held: list[VectorIndex] = []

    def open_it() -> VectorIndex:
        held.append(open_embedded(folder, "made-with-nothing", WIDTH))
        return held[-1]

    yield open_it
    for index in held:
        index.close()


def graph(folder: Path) -> Path:
    return next(place for place in folder.iterdir() if place.is_dir())


def test_a_sound_index_is_left_alone(folder: Path, opened: Callable[[], VectorIndex]) -> None:
    assert index_files.damage(folder) == ""
    index = opened()
    assert (index.damage, index.fresh) == ("", False)
    assert index.keys() == set(range(CASES))


def test_nothing_at_all_is_no_damage(tmp_path: Path) -> None:
    assert index_files.damage(tmp_path) == ""
    assert index_files.damage(tmp_path / "missing") == ""


@pytest.mark.parametrize("share", [0.0, 0.5, 0.97])
@pytest.mark.parametrize("name", ["header.bin", "data_level0.bin", "length.bin", "link_lists.bin"])
def test_a_graph_cut_short_is_thrown_away_and_said(
    folder: Path, opened: Callable[[], VectorIndex], name: str, share: float
) -> None:
    path = graph(folder) / name
    os.truncate(path, int(path.stat().st_size * share))
    assert name in index_files.damage(folder)

    index = opened()

    assert name in index.damage
    assert index.fresh
    assert index.keys() == set()
    index.put([1], np.ones((1, 2, WIDTH), dtype=np.float32))
    assert index.nearest(np.ones(WIDTH, dtype=np.float32), 1) == [1]


@pytest.mark.parametrize("share", [0.0, 0.5, 0.97])
def test_a_broken_list_of_ids_is_thrown_away_and_said(
    folder: Path, opened: Callable[[], VectorIndex], share: float
) -> None:
    path = folder / "chroma.sqlite3"
    os.truncate(path, int(path.stat().st_size * share))

    index = opened()

    assert "chroma.sqlite3" in index.damage
    assert index.keys() == set()


def test_a_lost_graph_is_seen(folder: Path, opened: Callable[[], VectorIndex]) -> None:
    shutil.rmtree(graph(folder))
    assert "is gone" in opened().damage


def test_a_list_of_ids_that_is_no_database_is_seen(folder: Path, opened: Callable[[], VectorIndex]) -> None:
    (folder / "chroma.sqlite3").write_bytes(b"x" * 4096)
    assert "not a database" in opened().damage


def test_graphs_of_removed_collections_are_swept_away(
    folder: Path, opened: Callable[[], VectorIndex]
) -> None:
    index = opened()
    left = graph(folder)
    index.store.remove("made-with-nothing")
    index.close()
    assert left.is_dir()
    opened()
    assert not left.exists()
