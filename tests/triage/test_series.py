"""Tickets by day or week of a period, beside what its past lets expect."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from kb.history import Past
from triage.findings import Period, Surge
from triage.movement import Flow
from triage.series import cut, series
from triage.trend_chart import BOTTOM, LEFT, RIGHT, TOP, WIDTH, chart

ZONE = ZoneInfo("Asia/Shanghai")
QUARTER = Period(datetime(2026, 4, 1, tzinfo=ZONE), datetime(2026, 7, 1, tzinfo=ZONE))
MAY = Period(datetime(2026, 5, 1, tzinfo=ZONE), datetime(2026, 6, 1, tzinfo=ZONE))


def ticket(number: int, at: datetime) -> Past:
    return Past(
        number, f"t{number}", at, "s", "d", "zh", "", "", "", "", "", "", "closed", None, None
    )  # fmt: skip


@pytest.fixture
def past() -> list[Past]:
    """Half a year of two tickets a working day and one on other days; nine a day in one week of June."""
    found: list[Past] = []
    for day in range(211):
        at = datetime(2025, 12, 1, 20, tzinfo=UTC) + timedelta(days=day)  # before dawn of the next
        local = at.astimezone(ZONE)
        many = 9 if date(2026, 6, 8) <= local.date() <= date(2026, 6, 14) else 2 if local.weekday() < 5 else 1
        found += [ticket(len(found) + number, at) for number in range(many)]
    return found


def test_a_month_is_cut_into_days_and_a_quarter_into_weeks() -> None:
    first = date(2026, 5, 1).toordinal()
    month = cut(first, first + 31)
    quarter = cut(date(2026, 4, 1).toordinal(), date(2026, 7, 1).toordinal())

    assert (month.step, len(month.starts)) == (1, 31)
    assert quarter.step == 7
    assert [str(date.fromordinal(day)) for day in quarter.starts[:3]] == [
        "2026-04-01",
        "2026-04-06",
        "2026-04-13",
    ]
    assert quarter.ends == (*quarter.starts[1:], date(2026, 7, 1).toordinal())
    assert (
        cut(date(2026, 6, 1).toordinal(), date(2026, 7, 12).toordinal()).starts[1]
        == date(2026, 6, 8).toordinal()
    )


def test_every_ticket_of_the_period_is_in_one_span_by_its_local_day(past: list[Past]) -> None:
    (found,) = series(Flow(QUARTER, ZONE, past), [past])

    held = [ticket_id for span in found for ticket_id in span.ticket_ids]
    within = [item.id for item in past if QUARTER.holds(item.received_at)]
    assert sorted(held) == sorted(within) and len(set(held)) == len(held)
    assert found[0].start == "2026-04-01" and found[-1].end == "2026-06-30"
    assert [len(span.ticket_ids) for span in found[1:4]] == [12, 12, 12]


def test_spans_expect_what_came_before_and_the_peak_stands_out(past: list[Past]) -> None:
    flow = Flow(QUARTER, ZONE, past)
    (found,) = series(flow, [past])

    (whole,) = flow.trends([[item.received_at for item in past]])
    assert sum(span.expected or 0 for span in found) == pytest.approx(whole.expected, abs=0.1)
    week = found[2]
    assert week.low is not None and week.high is not None
    assert week.low <= len(week.ticket_ids) <= week.high
    peak = next(span for span in found if span.start == "2026-06-08")
    assert len(peak.ticket_ids) == 63 > (peak.high or 0)


def test_a_weekday_expects_more_than_a_sunday(past: list[Past]) -> None:
    (found,) = series(Flow(MAY, ZONE, past), [past])

    by_day = {span.start: span.expected or 0 for span in found}
    assert by_day["2026-05-04"] > 1.3 * by_day["2026-05-10"]


def test_a_short_past_expects_nothing(past: list[Past]) -> None:
    late = [item for item in past if item.received_at >= MAY.start]
    (found,) = series(Flow(MAY, ZONE, late), [late])

    assert {(span.expected, span.low, span.high) for span in found} == {(None, None, None)}
    drawn = chart(found, (), ZONE)
    assert drawn is not None and not drawn.expects and drawn.band == ""
    assert series(Flow(MAY, ZONE, late), []) == []


def test_the_drawing_stays_in_its_frame_and_marks_surges(past: list[Past]) -> None:
    (found,) = series(Flow(QUARTER, ZONE, past), [past])
    begun = datetime(2026, 6, 8, 9, tzinfo=ZONE)
    surge = Surge("g-1", "x", begun, begun + timedelta(days=7), 63, 12.0, 0.99, ("t1",))

    drawn = chart(found, [surge], ZONE)

    assert drawn is not None and drawn.unit == "week" and drawn.expects
    assert [column.span.start for column in drawn.columns if column.surge] == ["2026-06-08", "2026-06-15"]
    points = [tuple(map(float, point.split(","))) for point in f"{drawn.line} {drawn.band}".split()]
    assert all(LEFT <= x <= WIDTH - RIGHT + 0.1 and TOP - 0.1 <= y <= BOTTOM for x, y in points)
    tallest = max(drawn.columns, key=lambda column: column.height)
    assert tallest.number == 63 <= drawn.most
    assert tallest.height == pytest.approx((BOTTOM - TOP) * 63 / drawn.most, abs=0.1)
    assert all(column.y + column.height == pytest.approx(BOTTOM) for column in drawn.columns)
    assert len(drawn.dates) <= 8
    assert chart((), (), ZONE) is None
