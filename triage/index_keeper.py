"""The service's care for the vector index: compared with SQL, mended and rebuilt while searches go on."""

from __future__ import annotations

import threading
import time
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

import structlog

from kb import cases, index_files, index_state
from kb.index import VectorIndex
from kb.index_rebuild import tidy
from models.errors import IndexUnavailableError, TriageError

if TYPE_CHECKING:
    from triage.wiring import Parts

log = structlog.get_logger(__name__)
_EVERY_SECONDS = 1.0
_COUNT_SECONDS = 60.0
REENCODE = 50
"""Cases encoded anew in one transaction: others wait for it to write."""


@dataclass(frozen=True, slots=True)
class Rebuild:
    """How the last rebuild that was asked for goes: ``waiting``, ``running``, ``done`` or ``failed``."""

    state: str = "none"
    done: int = 0
    total: int = 0
    error: str = ""

    def as_json(self) -> dict[str, Any]:
        """The same for the command that asked."""
        return asdict(self)


class Keeper:
    """One thread beside the requests, beside the worker that applies ordinary writes."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._wake, self._stop = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="triage-index", daemon=True)
        self._turn = threading.Lock()
        self._rebuild = Rebuild()
        self._look = True
        self._counted = 0.0
        self._said = ""

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End soon; what is half done is taken up, or away, by the next start."""
        self._stop.set()
        self._wake.set()
        self._thread.join(timeout=30)

    def ask_rebuild(self) -> Rebuild:
        """Have the index rebuilt; a rebuild that is under way is joined."""
        with self._turn:
            if self._rebuild.state not in ("waiting", "running"):
                self._rebuild = Rebuild("waiting")
        self._wake.set()
        return self._rebuild

    @property
    def rebuild(self) -> Rebuild:
        """How the rebuild goes."""
        return self._rebuild

    def _run(self) -> None:
        from triage.worker import place

        while not self._stop.is_set():
            try:
                self._round()
                self._said = ""
            except _StoppedError:
                return
            except TriageError as error:
                # Nothing is lost: SQL holds it all. Said once, though it is tried every second.
                if self._said != error.message:
                    log.warning("the index waits", code=error.code, reason=error.message)
                self._said = error.message
            except Exception as error:
                log.error("the care for the index failed", kind=type(error).__name__, place=place(error))
            self._wake.wait(_EVERY_SECONDS)
            self._wake.clear()

    def _round(self) -> None:
        index = self._parts.index()
        index.gentle = True
        if self._rebuild.state == "waiting":
            self._do_rebuild(index)
        if self._look or index.trouble or index.fresh or self._miscounts(index):
            self._look = True
            self._mend(index)
            self._look = False

    def _miscounts(self, index: VectorIndex) -> bool:
        """Whether the index holds another number of cases than SQL; asked now and then."""
        from kb.documents import FIELDS

        if time.monotonic() - self._counted < _COUNT_SECONDS:
            return False
        self._counted = time.monotonic()
        held = index.store.count(index.name)
        with self._parts.database.reading() as session:
            wanted = index_state.documents(session, index.fingerprint)
            waiting = bool(index_state.outstanding(session, 1))
        return not waiting and held != len(FIELDS) * wanted

    def _mend(self, index: VectorIndex) -> None:
        """Bring the index in step with SQL; what is written down here the worker applies."""
        database = self._parts.database
        if index.damage:
            log.warning("the index was damaged and is made anew", reason=index.damage)
            index.damage = ""
        try:
            if differing := index.heal(database):
                log.warning("the index lacked cases, or had too many", cases=differing)
            tidy(index, database)
            self._reencode(index)
            sound = index.probe(database)
            index.trouble = ""
        except IndexUnavailableError as error:
            if not index.store.alone or self._no_room():
                raise
            log.warning("the index is thrown away and made anew", reason=error.message)
            index.store.reset()
            index.heal(database)
            return
        if not sound:
            log.warning("the index does not find what it holds: it is rebuilt")
            index.rebuild(database, self._progress)

    def _no_room(self) -> bool:
        return index_files.no_room(self._parts.settings.home)

    def _reencode(self, index: VectorIndex) -> None:
        """Encode cases anew whose vectors another encoder or analyser made; their mark is the cursor."""
        parts, first = self._parts, True
        while not self._stop.is_set():
            with parts.database.transaction() as session:
                number = cases.reindex(session, parts.encoder, REENCODE)
            if not number:
                if not first:
                    log.info("all cases are encoded anew")
                    tidy(index, parts.database)
                return
            if first:
                index.lacking += 1
                log.info("cases are encoded anew: another encoder or analyser made their vectors")
                first = False
        raise _StoppedError

    def _do_rebuild(self, index: VectorIndex) -> None:
        self._rebuild = Rebuild("running")
        try:
            self._reencode(index)
            number = index.rebuild(self._parts.database, self._progress)
            self._rebuild = Rebuild("done", number, number)
        except _StoppedError:
            raise
        except TriageError as error:
            self._rebuild = Rebuild("failed", error=error.message)
            raise
        except Exception:
            self._rebuild = Rebuild("failed", error="it failed inside the service; its log says more")
            raise

    def _progress(self, done: int, total: int) -> None:
        self._rebuild = replace(self._rebuild, done=done, total=total)
        if self._stop.is_set():
            raise _StoppedError


def state(parts: Parts) -> str:
    """What is to be said of the index: empty where it answers and lacks nothing."""
    said = parts.index(wait=0).check()
    filling = parts.index_watch.filling()
    if filling:
        said = said or f"filling: {filling[0]} of {filling[1]} cases; the others are found by their words"
    return said


class _StoppedError(Exception):
    """The service stops."""
