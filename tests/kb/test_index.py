"""The vector index: everything in it comes from SQL and can come from there again."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import delete, func, select

from kb import cases
from kb.database import Database
from kb.documents import FIELDS, fingerprint
from kb.index import BATCH, VectorIndex, open_embedded
from kb.tables import Case, CaseDocument, IndexTask
from models.encoder import Encoder, Vectors
from models.errors import IndexUnavailableError

AXES = np.eye(6, 256, dtype=np.float32)


def pair(*rows: int) -> Vectors:
    """One case a row, both of its vectors along that axis."""
    return np.stack([np.stack([AXES[row], AXES[row]]) for row in rows])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "vectors"


@pytest.fixture
def index(folder: Path, encoder: Encoder) -> Iterator[VectorIndex]:
    opened = open_embedded(folder, fingerprint(encoder), encoder.dimension)
    yield opened
    opened.close()


def outstanding(database: Database) -> int:
    with database.reading() as session:
        return session.scalar(select(func.count()).select_from(IndexTask)) or 0


def test_the_nearest_come_first_each_once(index: VectorIndex) -> None:
    index.put([1, 2, 3], pair(0, 1, 2))
    asked = np.float32(0.9) * AXES[1] + np.float32(0.4) * AXES[2] + np.float32(0.1) * AXES[0]
    assert index.nearest(asked, 3) == [2, 3, 1]
    assert index.nearest(asked, 1) == [2]
    assert index.keys() == {1, 2, 3}


def test_either_vector_of_a_case_finds_it(index: VectorIndex) -> None:
    index.put([1, 2], np.stack([np.stack([AXES[0], AXES[3]]), np.stack([AXES[1], AXES[4]])]))
    assert index.nearest(AXES[3], 1) == [1]
    assert index.nearest(AXES[1], 1) == [2]


def test_putting_again_replaces_and_dropping_removes(index: VectorIndex) -> None:
    index.put([1, 2], pair(0, 1))
    index.put([1], pair(5))
    assert index.nearest(AXES[5], 1) == [1]
    index.drop([1, 77])
    assert index.keys() == {2}
    assert index.nearest(AXES[5], 5) == [2]


def test_an_empty_index_finds_nothing(index: VectorIndex) -> None:
    assert index.nearest(AXES[0], 5) == []
    assert index.keys() == set()


def test_outstanding_writes_are_applied_once(index: VectorIndex, archive: Database, encoder: Encoder) -> None:
    assert outstanding(archive) == 6
    assert index.apply(archive) == 6
    assert (outstanding(archive), index.apply(archive)) == (0, 0)
    assert index.verify(archive).none
    with archive.reading() as session:
        key = cases.get(session, "vpn").pk
    assert index.nearest(encoder.encode(["在家办公时公司的VPN连不上。"])[0], 1) == [key]


def test_a_full_batch_goes_in_at_once(index: VectorIndex) -> None:
    keys, rng = list(range(1, BATCH + 1)), np.random.default_rng(0)
    vectors = rng.standard_normal((BATCH, len(FIELDS), index.dimension)).astype(np.float32)
    index.put(keys, vectors)
    assert index.keys() == set(keys)


def test_a_case_that_is_gone_is_dropped(index: VectorIndex, archive: Database) -> None:
    index.apply(archive)
    with archive.transaction() as session:
        key = cases.get(session, "vpn").pk
        session.execute(delete(Case).where(Case.pk == key))
        session.add(IndexTask(case_pk=key))
    assert index.verify(archive).surplus == (key,)
    assert index.apply(archive) == 1
    assert index.verify(archive).none


def test_verify_names_what_is_missing_and_surplus_and_rebuild_mends_it(
    index: VectorIndex, archive: Database
) -> None:
    index.apply(archive)
    index.drop([2, 4])
    index.put([99], pair(0))
    difference = index.verify(archive)
    assert (difference.missing, difference.surplus, difference.none) == ((2, 4), (99,), False)
    steps: list[tuple[int, int]] = []
    assert index.rebuild(archive, lambda done, all_: steps.append((done, all_))) == 6
    assert index.verify(archive).none
    assert steps == [(6, 6)]


def test_rebuilding_does_outstanding_writes_too(index: VectorIndex, archive: Database) -> None:
    assert index.rebuild(archive) == 6
    assert outstanding(archive) == 0


def test_documents_of_another_encoder_stay_out(index: VectorIndex, archive: Database) -> None:
    with archive.transaction() as session:
        session.get_one(CaseDocument, 3).fingerprint = "other-1"
    index.apply(archive)
    assert index.keys() == {1, 2, 4, 5, 6}
    assert index.verify(archive).none


def test_what_was_put_is_there_after_opening_again(folder: Path, archive: Database, encoder: Encoder) -> None:
    first = open_embedded(folder, fingerprint(encoder), encoder.dimension)
    first.apply(archive)
    first.close()
    second = open_embedded(folder, fingerprint(encoder), encoder.dimension)
    assert second.verify(archive).none
    second.close()


def test_losing_the_folder_loses_nothing(folder: Path, archive: Database, encoder: Encoder) -> None:
    first = open_embedded(folder, fingerprint(encoder), encoder.dimension)
    first.apply(archive)
    wanted = first.nearest(encoder.encode(["打印机无法开机"])[0], 6)
    first.close()
    shutil.rmtree(folder)
    second = open_embedded(folder, fingerprint(encoder), encoder.dimension)
    assert len(second.verify(archive).missing) == 6
    second.rebuild(archive)
    assert second.nearest(encoder.encode(["打印机无法开机"])[0], 6) == wanted
    second.close()


def test_only_one_may_have_it_open(index: VectorIndex, folder: Path, encoder: Encoder) -> None:
    with pytest.raises(IndexUnavailableError, match="another running process"):
        open_embedded(folder, fingerprint(encoder), encoder.dimension)
    index.close()
    open_embedded(folder, fingerprint(encoder), encoder.dimension).close()


def test_vectors_of_a_wrong_length_are_explained(index: VectorIndex) -> None:
    index.put([1], pair(0))
    with pytest.raises(IndexUnavailableError, match="does not work"):
        index.nearest(np.ones(3, dtype=np.float32), 1)


def test_a_change_reaches_the_index(
    index: VectorIndex, archive: Database, encoder: Encoder, now: datetime
) -> None:
    index.apply(archive)
    with archive.transaction() as session:
        cases.write(session, [{"id": "vpn", "problem": "Monitor flickers"}], encoder, now)
        key = cases.get(session, "vpn").pk
    assert index.apply(archive) == 1
    assert index.nearest(encoder.encode(["Monitor flickers"])[0], 1) == [key]
