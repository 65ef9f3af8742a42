"""The service's background work: applies writes to the index, and finishes imports that were cut off."""

from __future__ import annotations

import threading
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from kb import case_life
from models.errors import IndexUnavailableError, StorageError, TriageError

if TYPE_CHECKING:
    from triage.wiring import Parts

log = structlog.get_logger(__name__)
_EVERY_SECONDS = 1.0


class Worker:
    """One thread beside the requests; ``wake`` makes it look at once."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._wake = threading.Event()
        self._stop = threading.Event()
        self._read = 0
        self._thread = threading.Thread(target=self._run, name="triage-worker", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def wake(self) -> None:
        """There is something to do."""
        self._wake.set()

    def stop(self) -> None:
        """Finish what is being done and end."""
        self._stop.set()
        self._wake.set()
        self._thread.join(timeout=30)

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                away = self._apply()
                self._finish_imports()
                self._read_tickets()
                self._expire()
                self._watch()
                if away is not None:
                    raise away
            except TriageError as error:
                # Nothing is lost: what is outstanding stands in SQL, and the next round tries again.
                log.warning("background work waits", code=error.code, reason=error.message)
            except Exception as error:
                log.error("background work failed", kind=type(error).__name__, place=place(error))
            self._wake.wait(_EVERY_SECONDS)
            self._wake.clear()

    def _read_tickets(self) -> None:
        """Analyse new tickets, so that the desk can compare the next one with them."""
        from kb import queue, ticket_documents
        from triage.beside import MOST, SINCE

        parts = self._parts
        with parts.database.reading() as session:
            newest = [key for key in queue.lately(session, parts.now() - SINCE, MOST) if key > self._read]
        if newest:
            ticket_documents.fill(parts.database, parts.encoder, sorted(newest))
            self._read = max(newest)

    def _watch(self) -> None:
        parts = self._parts
        if not parts.watch.due(parts.now()):
            return
        for surge in parts.watch.step(parts.retrospect_setting()):
            # The log must not hold the tickets' words: who looks for them has their ids.
            log.warning(
                "surge",
                first_ticket=surge.ticket_ids[0],
                tickets=len(surge.ticket_ids),
                expected=surge.expected,
                since=surge.since.isoformat(timespec="minutes"),
                sure=surge.sure,
            )

    def _expire(self) -> None:
        parts = self._parts
        today = parts.now().astimezone(parts.settings.zone).date()
        with parts.database.reading() as session:
            due = case_life.due(session, today)
        while due and not self._stop.is_set():
            with parts.database.transaction() as session:
                due = case_life.expire(session, today, parts.now()) > 0
            self._apply()

    def _apply(self) -> IndexUnavailableError | None:
        """Apply outstanding writes; where the index does not answer they wait, and nothing else does."""
        try:
            self._parts.index().apply(self._parts.database)
        except IndexUnavailableError as error:
            return error
        return None

    def _finish_imports(self) -> None:
        from kb import transfer
        from kb.tables import Import

        parts = self._parts
        with parts.database.reading() as session:
            waiting = transfer.unfinished(session)

        def after_batch(row: Import) -> None:
            if self._stop.is_set():
                raise _StopImportError
            self._apply()

        for import_id in waiting:
            try:
                row = transfer.run(
                    parts.database, import_id, parts.encoder, parts.source, parts.now, after_batch
                )
            except _StopImportError:
                return
            except StorageError:
                raise  # the surroundings fail, not the file: the next round goes on from the cursor
            except Exception as error:
                # Tried again, it would fail the same way and hold up every import behind it.
                log.error("import failed", kind=type(error).__name__, place=place(error))
                reason = error.message if isinstance(error, TriageError) else "it failed inside the service"
                row = transfer.fail(parts.database, import_id, f"{reason}; send the file again")
            self._apply()
            Path(row.stored_as).unlink(missing_ok=True)


def place(error: BaseException) -> str:
    """The way to where an error was raised, for a log that must not hold the error's own text."""
    frames = traceback.extract_tb(error.__traceback__)
    return " > ".join(f"{Path(frame.filename).name}:{frame.lineno}" for frame in frames[-8:])


class _StopImportError(Exception):
    """The service stops; the import goes on from its cursor at the next start."""
