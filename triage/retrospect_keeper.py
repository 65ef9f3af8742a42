"""Computes retrospectives beside the requests, one at a time, and keeps what it found for a while."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from models.errors import TriageError
from triage.findings import Period, Retrospective
from triage.retrospective import Setting, retrospect
from triage.worker import place

KEPT = timedelta(hours=1)
"""So long what was found is shown again; then it is computed anew."""
_MOST = 6
log = structlog.get_logger(__name__)


@dataclass
class Work:
    """One period's retrospective: ``found`` once it is done, ``failed`` says why it is not."""

    period: Period
    asked_at: datetime
    found: Retrospective | None = None
    failed: str = ""
    done_at: datetime | None = None

    @property
    def going_on(self) -> bool:
        """Whether it is still computed, or waits to be."""
        return self.done_at is None


class RetrospectKeeper:
    """One thread that ends when there is nothing to do."""

    def __init__(self, setting: Callable[[], Setting], now: Callable[[], datetime]) -> None:
        self._setting, self._now = setting, now
        self._held: dict[Period, Work] = {}
        self._turn = threading.Condition()
        self._thread: threading.Thread | None = None

    def ask(self, period: Period, *, anew: bool = False) -> Work:
        """The work on a period: what is kept of it, or new work that has been begun."""
        with self._turn:
            work = self._held.get(period)
            old = work is not None and not work.going_on and self._now() - work.asked_at > KEPT
            if work is None or old or (anew and not work.going_on):
                work = self._held[period] = Work(period, self._now())
                self._forget()
                if self._thread is None:
                    self._thread = threading.Thread(target=self._run, name="triage-retrospect", daemon=True)
                    self._thread.start()
            return work

    def forget(self) -> None:
        """Somebody changed what retrospectives are made of: the next question is computed anew."""
        with self._turn:
            self._held = {period: work for period, work in self._held.items() if work.going_on}

    def wait(self, work: Work, seconds: float) -> None:
        """Wait until work is done, or so long at most."""
        with self._turn:
            self._turn.wait_for(lambda: not work.going_on, seconds)

    def _forget(self) -> None:
        done = [period for period, work in self._held.items() if not work.going_on]
        for period in done[: max(len(self._held) - _MOST, 0)]:
            del self._held[period]

    def _next(self) -> Work | None:
        with self._turn:
            for work in self._held.values():
                if work.going_on:
                    return work
            self._thread = None
            return None

    def _run(self) -> None:
        while (work := self._next()) is not None:
            found, failed = None, ""
            try:
                found = retrospect(self._setting(), work.period)
            except TriageError as error:
                failed = error.message
            except Exception as error:
                # The log names the kind of error and the place, never what the customers wrote.
                log.error("retrospective failed", kind=type(error).__name__, place=place(error))
                failed = type(error).__name__
            with self._turn:
                work.found, work.failed, work.done_at = found, failed, self._now()
                self._turn.notify_all()
