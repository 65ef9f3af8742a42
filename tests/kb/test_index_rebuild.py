"""A new collection beside the old: searches and writes go on, and no moment of dying loses anything."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import delete, select

from kb import cases, index_rebuild, index_state
from kb.database import Database
from kb.documents import FIELDS, fingerprint
from kb.index import GENTLE, VectorIndex, open_embedded
from kb.tables import Case, CaseDocument, IndexState, IndexTask
from models.encoder import Encoder, Vectors
from models.errors import ConflictError, IndexUnavailableError

MORE = 250
"""Cases beside the archive: three batches."""


class DiedError(Exception):
    """The process ends here."""


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """What may happen between two batches needs more than one of them."""
    monkeypatch.setattr("kb.index.BATCH", 100)


@pytest.fixture
def filled(archive: Database, encoder: Encoder, now: datetime) -> Database:
    rows = [{"id": f"more-{n}", "problem": f"设备 {n} 无法启动 error {n}"} for n in range(MORE)]
    with archive.transaction() as session:
        cases.write(session, rows, encoder, now)
    return archive


@pytest.fixture
def open_index(filled: Database, encoder: Encoder, tmp_path: Path) -> Iterator[Callable[[], VectorIndex]]:
    """Opens the index of the archive; one that is open is closed, as if its process had ended."""
    held: list[VectorIndex] = []
    made = fingerprint(encoder)

    def in_use() -> str:
        with filled.reading() as session:
            return index_state.in_use(session, made)

    def opened() -> VectorIndex:
        for index in held:
            index.close()
        held.append(open_embedded(tmp_path / "vectors", made, encoder.dimension, in_use=in_use))
        return held[-1]

    yield opened
    for index in held:
        index.close()


@pytest.fixture
def index(open_index: Callable[[], VectorIndex], filled: Database) -> VectorIndex:
    opened = open_index()
    opened.apply(filled)
    return opened


def write(database: Database, encoder: Encoder, now: datetime, case_id: str, problem: str) -> int:
    with database.transaction() as session:
        cases.write(session, [{"id": case_id, "problem": problem}], encoder, now)
        return cases.get(session, case_id).pk


def erase(database: Database, case_id: str) -> int:
    with database.transaction() as session:
        key = cases.get(session, case_id).pk
        session.execute(delete(Case).where(Case.pk == key))
        session.add(IndexTask(case_pk=key))
        return key


def tasks(database: Database) -> list[tuple[int, bool]]:
    with database.reading() as session:
        return [
            (row.case_pk, row.applied)
            for row in session.execute(select(IndexTask.case_pk, IndexTask.applied))
        ]


def state(database: Database) -> tuple[str, str, str]:
    with database.reading() as session:
        row = session.scalars(select(IndexState)).one()
        return row.collection, row.building, row.retired


def ones(index: VectorIndex, number: int) -> Vectors:
    """Vectors of so many cases, all the same."""
    return np.ones((number, len(FIELDS), index.dimension), dtype=np.float32)


def near(index: VectorIndex, encoder: Encoder, text: str) -> int:
    return index.nearest(encoder.encode([text])[0], 1)[0]


def test_the_new_one_takes_the_place_and_the_old_one_goes(
    index: VectorIndex, filled: Database, open_index: Callable[[], VectorIndex]
) -> None:
    old = index.name
    assert index.rebuild(filled) == MORE + 6
    assert index.name != old
    assert index.name.startswith(f"{index.fingerprint}-")
    assert index.store.names() == {index.name}
    assert state(filled) == (index.name, "", "")
    assert index.verify(filled).none
    again = open_index()
    assert (again.name, again.fresh) == (index.name, False)
    assert again.verify(filled).none


def test_the_old_one_is_searched_until_the_new_one_is_whole(
    index: VectorIndex, filled: Database, encoder: Encoder
) -> None:
    seen = []

    def look(_done: int, _all: int) -> None:
        seen.append((index.name, near(index, encoder, "在家办公时公司的VPN连不上。")))

    before = (index.name, near(index, encoder, "在家办公时公司的VPN连不上。"))
    index.rebuild(filled, look)
    assert seen == [before] * 3
    assert near(index, encoder, "在家办公时公司的VPN连不上。") == before[1]


def test_writes_during_a_rebuild_are_found_at_once_and_afterwards(
    index: VectorIndex, filled: Database, encoder: Encoder, now: datetime
) -> None:
    gone: list[int] = []
    keys: dict[str, int] = {}

    def happen(done: int, _all: int) -> None:
        if done == 100:  # what is behind and what is ahead of the copying is added, changed, erased
            keys["new"] = write(filled, encoder, now, "new", "全新的咖啡机漏水")
            keys["vpn"] = write(filled, encoder, now, "vpn", "Monitor flickers at night")
            keys["more-249"] = write(filled, encoder, now, "more-249", "Elevator stuck between floors")
            gone.extend([erase(filled, "printer"), erase(filled, "more-248")])
            index.apply(filled)
            assert near(index, encoder, "全新的咖啡机漏水") == keys["new"]
            assert near(index, encoder, "Monitor flickers at night") == keys["vpn"]
            assert {applied for _, applied in tasks(filled)} == {True}

    index.rebuild(filled, happen)
    assert tasks(filled) == []
    assert index.verify(filled).none
    assert near(index, encoder, "全新的咖啡机漏水") == keys["new"]
    assert near(index, encoder, "Monitor flickers at night") == keys["vpn"]
    assert near(index, encoder, "Elevator stuck between floors") == keys["more-249"]
    assert not index.keys() & set(gone)


def test_searches_in_a_loop_never_fail_during_rebuilds(
    index: VectorIndex, filled: Database, encoder: Encoder
) -> None:
    vector = encoder.encode(["在家办公时公司的VPN连不上。"])[0]
    wanted, over, wrong, rounds = index.nearest(vector, 1), threading.Event(), [], []

    def search() -> None:
        while not over.is_set():
            try:
                found = index.nearest(vector, 1)
            except Exception as error:
                wrong.append(repr(error))
            else:
                rounds.append(1)
                if found != wanted:
                    wrong.append(str(found))

    threads = [threading.Thread(target=search) for _ in range(3)]
    for thread in threads:
        thread.start()
    for _ in range(3):
        index.rebuild(filled)
    over.set()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert len(rounds) > 10


def die_before(monkeypatch: pytest.MonkeyPatch, module: Any, name: str) -> None:
    def die(*_: Any, **__: Any) -> None:
        raise DiedError

    monkeypatch.setattr(module, name, die)


@pytest.mark.parametrize(
    ("module", "name", "swapped"),
    [
        (index_rebuild, "_fill", False),
        (index_rebuild, "_take_over", False),
        (index_state, "swap", False),
        (index_state, "removed", True),
    ],
)
def test_dying_at_any_point_leaves_a_whole_index_and_no_rubbish(
    index: VectorIndex,
    filled: Database,
    open_index: Callable[[], VectorIndex],
    encoder: Encoder,
    now: datetime,
    monkeypatch: pytest.MonkeyPatch,
    module: Any,
    name: str,
    swapped: bool,
) -> None:
    old = index.name
    with monkeypatch.context() as patch:
        die_before(patch, module, name)
        # A killed process does not tidy up behind itself either.
        patch.setattr(index_rebuild, "_give_up", lambda *_: None)
        with pytest.raises(DiedError):
            index.rebuild(filled)
    late = write(filled, encoder, now, "late", "written after the death: 量子打印机")

    again = open_index()
    assert (again.name != old) == swapped
    assert not again.verify(filled).surplus
    assert again.verify(filled).missing == (late,)
    index_rebuild.tidy(again, filled)
    again.apply(filled)
    assert again.verify(filled).none
    assert again.store.names() == {again.name}
    assert state(filled) == (again.name, "", "")
    assert tasks(filled) == []
    assert near(again, encoder, "written after the death: 量子打印机") == late


def test_writes_applied_before_the_death_are_not_lost_with_it(
    index: VectorIndex,
    filled: Database,
    open_index: Callable[[], VectorIndex],
    encoder: Encoder,
    now: datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(index_rebuild, "_give_up", lambda *_: None)

    def happen(done: int, _all: int) -> None:
        write(filled, encoder, now, f"at-{done}", f"come in between {done}")
        index.apply(filled)
        raise DiedError

    with pytest.raises(DiedError):
        index.rebuild(filled, happen)
    again = open_index()
    assert again.verify(filled).none
    index_rebuild.tidy(again, filled)
    again.apply(filled)
    assert tasks(filled) == []
    assert again.verify(filled).none


def test_a_rebuild_that_fails_leaves_the_old_one_and_can_be_repeated(
    index: VectorIndex, filled: Database
) -> None:
    def stop(_done: int, _all: int) -> None:
        raise DiedError

    old = index.name
    with pytest.raises(DiedError):
        index.rebuild(filled, stop)
    assert state(filled) == (old, "", "")
    assert index.store.names() == {old}
    assert index.rebuild(filled) == MORE + 6


def test_one_that_another_process_is_building_is_left_to_it(index: VectorIndex, filled: Database) -> None:
    with filled.transaction() as session:
        name = index_state.begin(session, index.fingerprint)
    with filled.transaction() as session:
        assert index_state.leftovers(session, index.fingerprint, alone=False) == []
        with pytest.raises(ConflictError, match="already"):
            index_state.begin(session, index.fingerprint)
        assert index_state.leftovers(session, index.fingerprint, alone=True) == [name]


def test_a_builder_that_was_taken_for_dead_does_not_swap(index: VectorIndex, filled: Database) -> None:
    def taken(_done: int, _all: int) -> None:
        with filled.transaction() as session:
            session.execute(IndexState.__table__.update().values(building=""))

    old = index.name
    with pytest.raises(ConflictError, match="given up"):
        index.rebuild(filled, taken)
    assert state(filled)[0] == old
    assert index.verify(filled).none


def test_a_write_settled_by_another_process_at_the_same_time_is_done_again(
    index: VectorIndex, filled: Database, encoder: Encoder, now: datetime
) -> None:
    key = write(filled, encoder, now, "vpn", "changed once")
    with filled.reading() as session:
        found = index_state.outstanding(session, 10)
    with filled.transaction() as session:
        assert index_state.settle(session, index.fingerprint, index.name, found)
        # The second one cannot know whose vectors came last.
        assert not index_state.settle(session, index.fingerprint, index.name, found)
    assert tasks(filled) == [(key, False)]


def test_a_write_to_a_collection_that_was_replaced_stays_outstanding(
    index: VectorIndex, filled: Database, encoder: Encoder, now: datetime
) -> None:
    old = index.name
    index.rebuild(filled)
    key = write(filled, encoder, now, "vpn", "changed once")
    with filled.transaction() as session:
        assert not index_state.settle(session, index.fingerprint, old, index_state.outstanding(session, 10))
    assert tasks(filled) == [(key, False)]


def test_healing_notes_what_differs_and_applying_mends_it(index: VectorIndex, filled: Database) -> None:
    index.drop([2, 4])
    index.put([9999], ones(index, 1))
    assert index.heal(filled) == 3
    assert sorted(tasks(filled)) == [(2, False), (4, False), (9999, False)]
    assert index.heal(filled) == 3
    assert len(tasks(filled)) == 3, "noted once"
    index.apply(filled)
    assert index.verify(filled).none
    assert index.heal(filled) == 0


def test_a_graph_that_lost_vectors_is_found_out(index: VectorIndex, filled: Database) -> None:
    assert index.probe(filled)
    names = [f"{key}:{field}" for key in sorted(index.keys()) for field in FIELDS]
    # As if the graph had rotten: all ids are there, and no vector is what SQL says.
    index.store.put(index.name, names, ones(index, len(names) // 2).reshape(len(names), -1))
    assert index.verify(filled).none
    assert not index.probe(filled)
    index.rebuild(filled)
    assert index.probe(filled)


def test_collections_of_an_encoder_long_gone_are_removed(index: VectorIndex, filled: Database) -> None:
    with filled.transaction() as session:
        index_state.use(session, "older-1")
        index_state.use(session, "still-used-2")
        session.get_one(CaseDocument, 3).fingerprint = "still-used-2"
    for name in ("older-1", "still-used-2", "nobody-knows-3"):
        index.store.create(name)
    assert sorted(index_rebuild.tidy(index, filled)) == ["nobody-knows-3", "older-1"]
    assert index.store.names() == {index.name, "still-used-2"}


def test_a_lost_collection_is_explained_made_anew_and_filled(
    index: VectorIndex, filled: Database, encoder: Encoder
) -> None:
    index.store.remove(index.name)
    with pytest.raises(IndexUnavailableError, match="no collection"):
        near(index, encoder, "打印机")
    assert index.trouble
    assert index.check()
    assert len(index.verify(filled).missing) == MORE + 6
    assert index.heal(filled) == MORE + 6
    index.apply(filled)
    assert index.verify(filled).none
    near(index, encoder, "打印机")
    assert not index.trouble
    assert not index.check()


def test_beside_searches_it_writes_little_at_once(index: VectorIndex, filled: Database) -> None:
    steps: list[int] = []
    index.gentle = True
    index.rebuild(filled, lambda done, _all: steps.append(done))
    assert steps == [*range(GENTLE, MORE + 6, GENTLE), MORE + 6]
    assert index.verify(filled).none
