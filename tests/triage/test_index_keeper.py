"""The care for the index beside the service: filled after a loss, encoded anew, rebuilt; and what is said."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from structlog.testing import capture_logs

from kb import candidates, cases
from kb.documents import fingerprint
from kb.tables import CaseDocument
from models.encoder import Encoder
from models.errors import IndexUnavailableError, StorageError
from models.text import analyse
from triage import index_keeper, index_watch
from triage.found import FILLING, MEANING, Hits
from triage.index_keeper import Keeper, state
from triage.wiring import Parts

PROBLEMS = {"printer": "打印机开不了机，指示灯不亮", "login": "the login page crashes after the update"}


@pytest.fixture
def parts(make_parts: Callable[..., Parts], monkeypatch: pytest.MonkeyPatch) -> Parts:
    """An archive of two cases, in SQL and index."""
    monkeypatch.setattr(index_watch, "_EVERY_SECONDS", 0.0)
    monkeypatch.setattr(index_keeper, "_EVERY_SECONDS", 0.02)
    made = make_parts()
    rows = [{"id": name, "problem": problem, "solution": "换 replace"} for name, problem in PROBLEMS.items()]
    with made.database.transaction() as session:
        cases.write(session, rows, made.encoder, made.now())
    made.index().apply(made.database)
    made.index().heal(made.database)
    return made


@pytest.fixture
def keep(parts: Parts) -> Iterator[Callable[[], Keeper]]:
    """Starts a keeper; it is stopped at the end."""
    running: list[Keeper] = []

    def start() -> Keeper:
        running.append(Keeper(parts))
        running[-1].start()
        return running[-1]

    yield start
    for one in running:
        one.stop()


def wait(reached: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not reached():
        assert time.monotonic() < end, "it did not get there"
        time.sleep(0.01)


def search(parts: Parts, text: str, **wanted: Any) -> Hits:
    return parts.find_cases(analyse(text), parts.encoder.encode([text])[0], 2, **wanted)


def ids(hits: Hits) -> list[str]:
    return [hit.case_id for hit in hits]


def refuse(error: Exception) -> Callable[..., Any]:
    def refusing(*_: Any, **__: Any) -> Any:
        raise error

    return refusing


def test_nothing_is_said_of_a_whole_index(parts: Parts) -> None:
    assert search(parts, PROBLEMS["printer"]).degraded == ()
    assert state(parts) == ""


@pytest.mark.parametrize("error", [IndexUnavailableError("gone"), StorageError("the disk is full")])
@pytest.mark.parametrize("wanted", [{}, {"category": ""}])
def test_without_the_index_words_are_searched_and_that_is_said(
    parts: Parts, monkeypatch: pytest.MonkeyPatch, error: Exception, wanted: dict[str, str]
) -> None:
    whole = search(parts, PROBLEMS["printer"])
    monkeypatch.setattr(parts.index().store, "query", refuse(error))
    monkeypatch.setattr(candidates, "EXACT", 0)  # as where a filter lets many cases through

    found = search(parts, PROBLEMS["printer"], **wanted)

    assert found[0] == whole[0], "the match is exact whichever way the case was found"
    assert found.degraded == (MEANING,)
    assert state(parts) == str(error)
    near = parts.look_near(parts.encoder.encode(["x"])[0], 2)
    looked = parts.look_up(analyse(PROBLEMS["login"]), 2)
    vector = parts.encoder.encode([PROBLEMS["login"]])[0]
    again = parts.find_cases(analyse(PROBLEMS["login"]), vector, 2, looked, near)
    assert (ids(again)[0], again.degraded) == ("login", (MEANING,))


def test_a_filter_that_lets_few_cases_through_needs_no_index(
    parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parts.index().store, "query", refuse(IndexUnavailableError("gone")))
    found = search(parts, PROBLEMS["printer"], category="")
    assert (ids(found)[0], found.degraded) == ("printer", ())


def test_an_index_that_was_lost_is_filled_by_itself(parts: Parts, keep: Callable[[], Keeper]) -> None:
    index = parts.index()
    index.store.remove(index.name)
    index.ensure()
    assert search(parts, PROBLEMS["login"]).degraded == (FILLING,)
    assert state(parts) == "filling: 0 of 2 cases; the others are found by their words"

    with capture_logs() as logs:
        keep()
        wait(lambda: not index.fresh)
    index.apply(parts.database)

    assert index.verify(parts.database).none
    assert search(parts, PROBLEMS["login"]).degraded == ()
    assert logs[0]["cases"] == 2


def test_a_failed_search_has_the_index_looked_after(parts: Parts, keep: Callable[[], Keeper]) -> None:
    index, keeper = parts.index(), keep()
    wait(lambda: not keeper._look)
    index.store.remove(index.name)
    assert search(parts, PROBLEMS["login"]).degraded == (MEANING,)

    wait(lambda: not index.trouble and not index.fresh)
    index.apply(parts.database)

    assert search(parts, PROBLEMS["login"]).degraded == ()


def test_trouble_is_logged_once_however_often_it_is_tried(
    parts: Parts, keep: Callable[[], Keeper], monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[int] = []

    def away(*_: Any) -> None:
        tried.append(1)
        raise StorageError("the disk of the search index is full")

    with capture_logs() as logs, monkeypatch.context() as patch:
        patch.setattr(parts.index(), "heal", away)
        keep()
        wait(lambda: len(tried) > 3)
    assert [entry["event"] for entry in logs] == ["the index waits"]


def test_an_embedded_index_that_cannot_be_read_is_thrown_away(
    parts: Parts, keep: Callable[[], Keeper], monkeypatch: pytest.MonkeyPatch
) -> None:
    index, failures = parts.index(), 1
    real = index.store.ids

    def broken(name: str) -> Any:
        nonlocal failures
        if failures:
            failures -= 1
            raise IndexUnavailableError("database disk image is malformed")
        return real(name)

    monkeypatch.setattr(index.store, "ids", broken)
    with capture_logs() as logs:
        keep()
        wait(lambda: index.apply(parts.database) == 2)
    assert "thrown away" in str(logs)
    assert index.verify(parts.database).none


def test_a_miscount_is_noticed_by_itself(
    parts: Parts, keep: Callable[[], Keeper], monkeypatch: pytest.MonkeyPatch
) -> None:
    index = parts.index()
    keep()
    wait(lambda: not index.fresh)
    monkeypatch.setattr(index_keeper, "_COUNT_SECONDS", 0.0)
    index.drop([1])
    wait(lambda: search(parts, "x").degraded == (FILLING,))
    index.apply(parts.database)
    assert index.verify(parts.database).none


def test_another_encoder_fills_a_collection_of_its_own_batch_by_batch(
    parts: Parts,
    keep: Callable[[], Keeper],
    monkeypatch: pytest.MonkeyPatch,
    make_parts: Callable[..., Parts],
) -> None:
    old = parts.index().name
    with parts.database.transaction() as session:
        for key in (1, 2):
            session.get_one(CaseDocument, key).fingerprint = "another-1"
    parts.close()
    parts = make_parts()
    found = search(parts, PROBLEMS["printer"])
    assert (ids(found)[0], found.degraded) == ("printer", (FILLING,)), "by its words"
    assert found[0].match < 1

    monkeypatch.setattr(index_keeper, "REENCODE", 1)
    index = parts.index()
    with parts.database.transaction() as session:
        assert cases.reindex(session, parts.encoder, 1) == 1
    index.apply(parts.database)
    assert parts.index_watch.filling() == (1, 2), "cut off, it goes on from here"
    keeper = Keeper(parts)
    keeper.start()
    wait(lambda: index.apply(parts.database) >= 0 and parts.index_watch.filling() is None)
    keeper.stop()

    assert index.name == old == fingerprint(parts.encoder)
    assert index.verify(parts.database).none
    assert search(parts, PROBLEMS["printer"]).degraded == ()


def test_vectors_of_another_encoder_are_not_compared(parts: Parts, encoder: Encoder) -> None:
    class Other:
        identity = "other@2"
        dimension = encoder.dimension
        encode = encoder.encode

    whole = search(parts, PROBLEMS["printer"])[0]
    with parts.database.transaction() as session:
        cases.enter(session, [cases.get(session, "printer")], Other())
    mixed = next(hit for hit in search(parts, PROBLEMS["printer"]) if hit.case_id == "printer")
    assert mixed.match < whole.match


def test_a_rebuild_is_done_when_asked_for_and_told(parts: Parts, keep: Callable[[], Keeper]) -> None:
    keeper, old = keep(), parts.index().name
    assert keeper.rebuild.state == "none"
    keeper.ask_rebuild()
    wait(lambda: keeper.rebuild.state == "done")
    assert keeper.rebuild.as_json() == {"state": "done", "done": 2, "total": 2, "error": ""}
    assert parts.index().name != old
    assert parts.index().verify(parts.database).none


def test_a_rebuild_that_fails_says_why(
    parts: Parts, keep: Callable[[], Keeper], monkeypatch: pytest.MonkeyPatch
) -> None:
    keeper, old = keep(), parts.index().name
    with monkeypatch.context() as patch, capture_logs():
        patch.setattr(parts.index().store, "put", refuse(StorageError("the disk is full")))
        keeper.ask_rebuild()
        wait(lambda: keeper.rebuild.state == "failed")
    assert keeper.rebuild.error == "the disk is full"
    assert parts.index().name == old
    keeper.ask_rebuild()
    wait(lambda: keeper.rebuild.state == "done")


def test_stopping_in_the_middle_of_a_rebuild_leaves_the_old_one(
    parts: Parts, keep: Callable[[], Keeper], monkeypatch: pytest.MonkeyPatch
) -> None:
    keeper, old = keep(), parts.index().name
    wait(lambda: not keeper._look)
    monkeypatch.setattr(keeper._stop, "is_set", lambda: keeper.rebuild.total > 0)
    keeper.ask_rebuild()
    keeper._thread.join(timeout=20)
    assert not keeper._thread.is_alive()
    assert parts.index().name == old
    assert parts.index().store.names() == {old}


def test_what_is_noticed_while_sql_is_asked_is_not_forgotten(
    parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    index, watch = parts.index(), parts.index_watch
    index.fresh, index.lacking = False, 1

    def meanwhile(*_: object) -> tuple[int, int]:
        index.lacking += 1
        return 3, 3

    monkeypatch.setattr("triage.index_watch.index_state.progress", meanwhile)
    watch.filling()
    assert index.lacking == 2
    monkeypatch.setattr("triage.index_watch.index_state.progress", lambda *_: (3, 3))
    watch.filling()
    assert index.lacking == 0
