"""The background thread: index writes, imports that were cut off, and errors it survives."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from kb import cases, transfer
from kb.tables import Import
from models.errors import IndexUnavailableError
from triage import worker
from triage.wiring import Parts
from triage.worker import Worker


@pytest.fixture
def parts(make_parts: Callable[..., Parts]) -> Parts:
    return make_parts()


@pytest.fixture
def started(parts: Parts, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], Worker]]:
    """Starts a worker that looks often; it is stopped at the end."""
    monkeypatch.setattr(worker, "_EVERY_SECONDS", 0.02)
    running: list[Worker] = []

    def start() -> Worker:
        running.append(Worker(parts))
        running[-1].start()
        return running[-1]

    yield start
    for one in running:
        one.stop()


def _wait(reached: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not reached():
        assert time.monotonic() < end, "the worker did not get there"
        time.sleep(0.01)


def _write(parts: Parts, name: str) -> None:
    with parts.database.transaction() as session:
        cases.write(session, [{"id": name, "problem": f"the {name} is broken"}], parts.encoder, parts.now())


def _import(parts: Parts, import_id: str) -> Import:
    with parts.database.reading() as session:
        return transfer.get(session, import_id)


def _begin(parts: Parts, path: Path, runner: str) -> str:
    return transfer.start(parts.database, path, "cases", parts.now(), runner=runner)


@pytest.fixture
def upload(tmp_path: Path) -> Path:
    path = tmp_path / "upload.csv"
    lines = [f"c{number},problem number {number}" for number in range(130)]
    path.write_text("\n".join(["id,problem", *lines]) + "\n", encoding="utf-8")
    return path


def test_outstanding_writes_reach_the_index(parts: Parts, started: Callable[[], Worker]) -> None:
    _write(parts, "printer")
    started()
    _wait(lambda: len(parts.index().keys()) == 1)
    _write(parts, "screen")
    _wait(lambda: len(parts.index().keys()) == 2)

    assert parts.index().verify(parts.database).none


def test_waking_it_does_not_wait_for_the_next_round(
    parts: Parts, started: Callable[[], Worker], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "_EVERY_SECONDS", 3600.0)
    _write(parts, "printer")
    running = started()
    _wait(lambda: len(parts.index().keys()) == 1)
    _write(parts, "screen")

    running.wake()

    _wait(lambda: len(parts.index().keys()) == 2)


def test_an_import_of_the_service_goes_on_from_its_cursor(
    parts: Parts, started: Callable[[], Worker], upload: Path
) -> None:
    import_id = _begin(parts, upload, transfer.SERVICE)

    class CutError(Exception):
        pass

    def cut(_: Import) -> None:
        raise CutError

    with pytest.raises(CutError):
        transfer.run(parts.database, import_id, parts.encoder, parts.source, parts.now, cut)
    assert _import(parts, import_id).cursor == 100

    started()
    _wait(lambda: not upload.exists())

    row = _import(parts, import_id)
    assert (row.state, row.added, row.cursor, row.batches) == ("done", 130, 130, 2)
    assert len(parts.index().keys()) == 130


def test_an_import_of_a_command_is_left_to_it(
    parts: Parts, started: Callable[[], Worker], upload: Path
) -> None:
    import_id = _begin(parts, upload, transfer.COMMAND)
    _write(parts, "printer")
    started()
    _wait(lambda: len(parts.index().keys()) == 1)

    assert _import(parts, import_id).cursor == 0
    assert upload.exists()


def test_an_import_that_cannot_succeed_is_given_up_and_the_next_one_done(
    parts: Parts, started: Callable[[], Worker], upload: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "broken.csv"
    broken.write_text("id,problem\nb1,broken on purpose\n", encoding="utf-8")
    first, second = _begin(parts, broken, transfer.SERVICE), _begin(parts, upload, transfer.SERVICE)
    write = cases.write

    def refuse(session: Any, rows: Any, *rest: Any, **more: Any) -> Any:
        if any(row["id"] == "b1" for row in rows):
            raise RuntimeError("a customer's words")
        return write(session, rows, *rest, **more)

    monkeypatch.setattr(cases, "write", refuse)
    with capture_logs() as logs:
        started()
        _wait(lambda: _import(parts, second).state == "done")

    row = _import(parts, first)
    assert (row.state, row.error) == ("failed", "it failed inside the service; send the file again")
    assert "a customer's words" not in str(logs)


@pytest.mark.parametrize(
    ("error", "event"),
    [
        (IndexUnavailableError("not now"), "background work waits"),
        (RuntimeError("a customer's words"), "background work failed"),
    ],
)
def test_it_survives_an_error_and_tries_again(
    parts: Parts,
    started: Callable[[], Worker],
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
    event: str,
) -> None:
    real, failures = parts.index, 3

    def failing(wait: float = 20.0) -> object:
        nonlocal failures
        if failures:
            failures -= 1
            raise error
        return real(wait)

    _write(parts, "printer")
    monkeypatch.setattr(parts, "index", failing)
    with capture_logs() as logs:
        started()
        _wait(lambda: not failures and not parts.index().verify(parts.database).missing)

    assert [entry["event"] for entry in logs] == [event] * 3
    assert "customer" not in str(logs)


def test_a_damaged_upload_fails_and_the_next_one_is_done(
    parts: Parts, started: Callable[[], Worker], upload: Path, tmp_path: Path
) -> None:
    damaged = tmp_path / "damaged.csv"
    damaged.write_text('id,problem\na,fine\nb,"never closed\n', encoding="utf-8")
    first, second = (_begin(parts, path, transfer.SERVICE) for path in (damaged, upload))
    started()
    _wait(lambda: _import(parts, second).state == "done")

    row = _import(parts, first)
    assert (row.state, row.added) == ("failed", 1)
    assert "never closed" in row.error


def test_stopping_ends_the_thread(started: Callable[[], Worker]) -> None:
    running = started()
    assert "triage-worker" in {thread.name for thread in threading.enumerate()}

    running.stop()

    assert "triage-worker" not in {thread.name for thread in threading.enumerate()}


def test_cases_expire_on_their_day_where_people_work(
    parts: Parts, started: Callable[[], Worker], monkeypatch: pytest.MonkeyPatch
) -> None:
    # 17:00 UTC is the next day in Shanghai.
    moment = datetime(2026, 3, 11, 17, tzinfo=UTC)
    monkeypatch.setattr(Parts, "now", property(lambda _: lambda: moment))
    with parts.database.transaction() as session:
        rows = [
            {"id": f"d{day}", "problem": f"problem {day}", "expires_on": date(2026, 3, day)}
            for day in (12, 13)
        ]
        cases.write(session, rows, parts.encoder, moment)
    started()

    def states() -> list[str]:
        with parts.database.reading() as session:
            return [cases.get(session, name).state for name in ("d12", "d13")]

    _wait(lambda: states()[0] == "expired")
    _wait(lambda: len(parts.index().keys()) == 1)
    assert states() == ["expired", "published"]
    assert parts.index().verify(parts.database).none
