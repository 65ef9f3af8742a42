"""Working days and hours: holidays, make-up days, unknown years, time zones."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from models.errors import DataFileError, InputError
from triage.workcalendar import Holidays, WorkCalendar, add_working_time, hours_of, is_known, load_holidays

DATA = Path(__file__).parents[2] / "data"
DAY = ((540, 720), (780, 1080))
SHANGHAI = ZoneInfo("Asia/Shanghai")
NEW_YORK = ZoneInfo("America/New_York")


def holidays(**more: object) -> Holidays:
    base: dict[str, object] = {
        "calendar": "china",
        "off": frozenset(),
        "work": frozenset(),
        "complete_years": frozenset(),
    }
    return Holidays(**{**base, **more})  # type: ignore[arg-type]  # mixed keywords


def calendar(**more: object) -> WorkCalendar:
    return WorkCalendar((DAY,) * 5 + ((), ()), DAY, holidays(**more))


def at(
    month: int, day: int, hour: int, minute: int = 0, zone: ZoneInfo = SHANGHAI, year: int = 2026
) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=zone)


@pytest.mark.parametrize(
    ("day", "works"),
    [
        (date(2026, 9, 30), True),
        (date(2026, 10, 1), False),  # National Day
        (date(2026, 10, 7), False),
        (date(2026, 10, 10), True),  # a Saturday worked to make up
        (date(2026, 10, 17), False),  # an ordinary Saturday
        (date(2026, 2, 14), True),  # before Spring Festival
        (date(2026, 2, 17), False),
        (date(2026, 2, 28), True),
    ],
)
def test_statutory_holidays_and_make_up_days(day: date, works: bool) -> None:
    assert bool(hours_of(calendar(), day)) is works


def test_the_own_file_wins_in_both_directions() -> None:
    own = calendar(off=frozenset({date(2026, 10, 10)}), work=frozenset({date(2026, 10, 1)}))
    assert hours_of(own, date(2026, 10, 10)) == ()
    assert hours_of(own, date(2026, 10, 1)) == DAY


def test_a_week_with_saturdays_keeps_them_except_on_holidays() -> None:
    saturdays = WorkCalendar((DAY,) * 5 + (((600, 660),), ()), DAY, holidays())
    assert hours_of(saturdays, date(2026, 10, 17)) == ((600, 660),)
    assert hours_of(saturdays, date(2026, 10, 3)) == ()


def test_without_a_calendar_only_the_week_counts() -> None:
    plain = calendar(calendar="none")
    assert hours_of(plain, date(2026, 10, 1)) == DAY
    assert hours_of(plain, date(2026, 10, 10)) == ()
    assert is_known(plain, date(2099, 1, 1))


def test_an_unknown_year_has_plain_weekdays_and_says_so() -> None:
    thursday = date(2099, 10, 1)
    assert hours_of(calendar(), thursday) == DAY
    assert not is_known(calendar(), thursday)
    assert is_known(calendar(complete_years=frozenset({2099})), thursday)
    assert is_known(calendar(off=frozenset({thursday})), thursday)
    _, known = add_working_time(calendar(), at(10, 1, 9, year=2099), timedelta(hours=1), SHANGHAI)
    assert not known


@pytest.mark.parametrize(
    ("start", "minutes", "end"),
    [
        (at(9, 28, 10), 30, at(9, 28, 10, 30)),
        (at(9, 28, 11, 45), 30, at(9, 28, 13, 15)),  # over the lunch break
        (at(9, 28, 11, 30), 30, at(9, 28, 12)),  # ends as the break begins
        (at(9, 28, 12, 20), 1, at(9, 28, 13, 1)),
        (at(9, 28, 3), 60, at(9, 28, 10)),
        (at(9, 28, 18), 1, at(9, 29, 9, 1)),
        (at(9, 28, 17, 59), 2, at(9, 29, 9, 1)),
        (at(9, 30, 17, 50), 30, at(10, 8, 9, 20)),  # over National Day
        (at(10, 9, 17, 50), 30, at(10, 10, 9, 20)),  # into a make-up Saturday
        (at(10, 16, 17, 30), 60, at(10, 19, 9, 30)),  # over a weekend
        (at(9, 28, 9), 16 * 60, at(9, 29, 18)),
    ],
)
def test_working_time_to_the_minute(start: datetime, minutes: int, end: datetime) -> None:
    moment, known = add_working_time(calendar(), start, timedelta(minutes=minutes), SHANGHAI)
    assert (moment, known) == (end, True)
    assert moment.tzinfo is SHANGHAI


def test_the_start_may_be_in_another_zone() -> None:
    start = datetime(2026, 9, 28, 1, 30, tzinfo=UTC)  # 9:30 in Shanghai
    assert add_working_time(calendar(), start, timedelta(minutes=15), SHANGHAI)[0] == at(9, 28, 9, 45)


def test_a_night_when_the_clocks_change_is_an_hour_shorter_or_longer() -> None:
    always = WorkCalendar((((0, 1440),),) * 7, (), holidays(calendar="none"))
    for month, day in ((3, 8), (11, 1)):
        start = at(month, day, 0, zone=NEW_YORK)
        moment, _ = add_working_time(always, start, timedelta(hours=6), NEW_YORK)
        assert moment.astimezone(UTC) - start.astimezone(UTC) == timedelta(hours=6)
        assert moment.hour == (7 if month == 3 else 5)


def test_hours_stay_by_the_wall_clock_over_a_change() -> None:
    plain = calendar(calendar="none")
    start = at(3, 6, 17, 30, NEW_YORK)
    assert add_working_time(plain, start, timedelta(hours=1), NEW_YORK)[0] == at(3, 9, 9, 30, NEW_YORK)


def test_no_working_hours_at_all_is_an_error_and_no_endless_loop() -> None:
    never = WorkCalendar(((),) * 7, (), holidays(calendar="none"))
    with pytest.raises(InputError, match="no working hours"):
        add_working_time(never, at(9, 28, 9), timedelta(hours=1), SHANGHAI)


def test_the_shipped_file() -> None:
    assert load_holidays(DATA).calendar == "china"


def test_days_and_spans_of_days(tmp_path: Path) -> None:
    source = "off = [2027-01-01, { from = 2027-02-05, to = 2027-02-07 }]\n"
    source += "work = [2027-02-14]\ncomplete_years = [2027]"
    (tmp_path / "holidays.toml").write_text(source, "utf-8")
    found = load_holidays(tmp_path)
    assert sorted(day.day for day in found.off) == [1, 5, 6, 7]
    assert found.work == {date(2027, 2, 14)}
    assert found.complete_years == {2027}


@pytest.mark.parametrize(
    ("source", "line", "message"),
    [
        ('off = [\n"2027-01-01"]', 2, "without quotation marks"),
        ("\noff = [5]", 2, "is no day"),
        ("off = [2027-01-01T00:00:00]", 1, "is no day"),
        ("off = [{ from = 2027-01-02, to = 2027-01-01 }]", 1, "no span of days"),
        ("off = 2027-01-01", 1, "must be a list of days"),
        ("off = [2027-01-01]\nwork = [2027-01-01]", 2, "both a day off and a working day"),
        ("complete_years = ['2027']", 1, "list of years"),
        ("complete_years = [true]", 1, "list of years"),
        ("\n\ncalendar = 'chna'", 3, "did you mean 'china'"),
        ("offf = []", 1, "did you mean 'off'"),
    ],
)
def test_a_wrong_file_is_told_with_its_line(tmp_path: Path, source: str, line: int, message: str) -> None:
    (tmp_path / "holidays.toml").write_text(source, "utf-8")
    with pytest.raises(DataFileError) as caught:
        load_holidays(tmp_path)
    assert caught.value.message.startswith(f"{tmp_path / 'holidays.toml'}:{line}: "), caught.value.message
    assert message in caught.value.message
