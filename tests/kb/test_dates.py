"""Dates: which of day and month comes first, months by their names, and what stays undecided."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest

from kb.dates import DAY_FIRST, MONTH_FIRST, orders_of, parse

SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.mark.parametrize(
    ("written", "order", "expected"),
    [
        ("03/04/2026", DAY_FIRST, "2026-04-03T00:00"),
        ("03/04/2026", MONTH_FIRST, "2026-03-04T00:00"),
        ("3-4-2026 9:05", DAY_FIRST, "2026-04-03T09:05"),
        ("6/21/2025 16:14", MONTH_FIRST, "2025-06-21T16:14"),
        ("05/05/2026", "", "2026-05-05T00:00"),
        ("14/Jul/25 3:42 PM", "", "2025-07-14T15:42"),
        ("14 July 2025", "", "2025-07-14T00:00"),
        ("Jul 14, 2025 09:10", "", "2025-07-14T09:10"),
        ("2026-03-04", DAY_FIRST, "2026-03-04T00:00"),
        ("3.4.2026", MONTH_FIRST, "2026-04-03T00:00"),
    ],
)
def test_written_dates(written: str, order: str, expected: str) -> None:
    assert parse(written, SHANGHAI, order) == dt.datetime.fromisoformat(expected).replace(tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("written", "order"),
    [
        ("03/04/2026", ""),
        ("13/04/2026", MONTH_FIRST),
        ("04/13/2026", DAY_FIRST),
        ("14/Foo/25", ""),
        ("1/2/26", ""),
    ],
)
def test_dates_that_are_none(written: str, order: str) -> None:
    with pytest.raises(ValueError, match="is not a date"):
        parse(written, SHANGHAI, order)


@pytest.mark.parametrize(
    ("written", "orders"),
    [
        ("03/04/2026", {DAY_FIRST, MONTH_FIRST}),
        ("13/04/2026", {DAY_FIRST}),
        ("04/13/2026 10:00", {MONTH_FIRST}),
        ("04/04/2026", set()),
        ("2026-03-04", set()),
        ("14/Jul/25", set()),
        ("", set()),
    ],
)
def test_what_a_date_leaves_open(written: str, orders: set[str]) -> None:
    assert orders_of(written) == orders
