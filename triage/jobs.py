"""Long work beside the requests: one piece at a time, with its progress and its end kept to be asked for."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog

from models.errors import ConflictError, TriageError
from triage.learning import Progress
from triage.worker import place

log = structlog.get_logger(__name__)


@dataclass
class Job:
    """One piece of work: ``found`` is what it came to, ``failed`` says why it came to nothing.

    ``step``, ``done`` and ``total`` are its progress, as ``triage.learning.Progress`` tells it.
    """

    kind: str
    subject: str
    by: str
    begun_at: datetime
    step: str = ""
    done: int = 0
    total: int = 0
    found: Any = None
    failed: str = ""
    ended_at: datetime | None = None

    @property
    def going_on(self) -> bool:
        """Whether it still works."""
        return self.ended_at is None


class Jobs:
    """The work of one service; the last job of each kind is kept."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._held: dict[str, Job] = {}
        self._turn = threading.Condition()

    def begin(self, kind: str, work: Callable[[Progress], Any], *, by: str, subject: str = "") -> Job:
        """Begin work in a thread of its own.

        Raises:
            ConflictError: other work is going on.
        """
        with self._turn:
            busy = next((job for job in self._held.values() if job.going_on), None)
            if busy is not None:
                raise ConflictError(f"{busy.kind} is going on, begun by {busy.by}: wait until it has ended")
            self._held.pop(kind, None)
            job = self._held[kind] = Job(kind, subject, by, self._now())
        threading.Thread(target=self._run, args=(job, work), name=f"triage-{kind}", daemon=True).start()
        return job

    def last(self, kind: str) -> Job | None:
        """The last job of a kind."""
        with self._turn:
            return self._held.get(kind)

    def going_on(self) -> Job | None:
        """The job that works now."""
        with self._turn:
            return next((job for job in self._held.values() if job.going_on), None)

    def newest(self) -> Job | None:
        """The job that began last, over or not."""
        with self._turn:
            return next(reversed(self._held.values()), None)

    def wait(self, job: Job, seconds: float) -> None:
        """Wait until a job has ended, or so long at most."""
        with self._turn:
            self._turn.wait_for(lambda: not job.going_on, seconds)

    def _run(self, job: Job, work: Callable[[Progress], Any]) -> None:
        def progress(step: str, done: int, total: int) -> None:
            job.step, job.done, job.total = step, done, total

        found, failed = None, ""
        try:
            found = work(progress)
        except TriageError as error:
            failed = error.message
        except Exception as error:
            # The log names the kind of error and the place, never what the customers wrote.
            log.error("job failed", job=job.kind, kind=type(error).__name__, place=place(error))
            failed = type(error).__name__
        with self._turn:
            job.found, job.failed, job.ended_at = found, failed, self._now()
            self._turn.notify_all()
