"""Long work beside the requests: one piece at a time, its progress and its end."""

from __future__ import annotations

import threading
from datetime import UTC, datetime

import pytest

from models.errors import ConflictError, InputError
from triage.jobs import Jobs
from triage.learning import Progress


@pytest.fixture
def jobs() -> Jobs:
    return Jobs(lambda: datetime(2026, 3, 11, tzinfo=UTC))


def test_progress_and_end_can_be_asked_for(jobs: Jobs) -> None:
    gate, told = threading.Event(), threading.Event()

    def work(progress: Progress) -> int:
        progress("reading", 2, 5)
        told.set()
        assert gate.wait(30)
        return 7

    job = jobs.begin("count", work, by="ada", subject="things")
    assert told.wait(30)
    assert (job.going_on, job.step, job.done, job.total) == (True, "reading", 2, 5)
    assert jobs.going_on() is job
    with pytest.raises(ConflictError, match="count is going on, begun by ada"):
        jobs.begin("other", work, by="bob")
    gate.set()
    jobs.wait(job, 30)
    assert (job.going_on, job.found, job.failed) == (False, 7, "")
    assert jobs.going_on() is None
    assert jobs.last("count") is jobs.newest() is job
    assert jobs.last("other") is None


def test_a_failure_is_kept_without_what_customers_wrote(jobs: Jobs) -> None:
    def refused(_: Progress) -> None:
        raise InputError("there is too little")

    def broken(_: Progress) -> None:
        raise ValueError("a customer's words")

    job = jobs.begin("a", refused, by="ada")
    jobs.wait(job, 30)
    assert job.failed == "there is too little"
    job = jobs.begin("a", broken, by="ada")
    jobs.wait(job, 30)
    assert job.failed == "ValueError"
