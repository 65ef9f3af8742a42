"""When each step is due."""

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from models.errors import DataFileError, InputError
from triage.clocks import Clocks, Due, due_times, load_clocks
from triage.taxonomy import load_taxonomy

DATA = Path(__file__).parents[2] / "data"
CLOCKS = load_clocks(DATA, load_taxonomy(DATA))
ZONE = ZoneInfo("Asia/Shanghai")
MONDAY = datetime(2026, 9, 28, 9, 0, tzinfo=ZONE)
OWN = """
[working_hours]
monday = ["09:00-17:00"]
[[step]]
code = "reply"
names = { zh = "回复", en = "Reply" }
limit = { p1 = "10 min", other = "1.5 h" }
runs = { p1 = "always", other = "working" }
[[step]]
code = "call"
names = { zh = "回访", en = "Call" }
after = "solved"
categories = ["crane"]
limit = "1 d"
latest = "3 d"
runs = "always"
"""


def due(clocks: Clocks = CLOCKS, **more: object) -> dict[str, Due]:
    facts: dict[str, object] = {
        "received_at": MONDAY,
        "category": "software",
        "priority": "normal",
        "timezone": ZONE,
    }
    return {one.step: one for one in due_times(clocks, **{**facts, **more})}  # type: ignore[arg-type]  # mixed keywords


def own_folder(tmp_path: Path, source: str = OWN) -> Path:
    taxonomy = (DATA / "taxonomy.toml").read_text("utf-8")
    for old, new in (("urgent", "p1"), ("important", "p2"), ("normal", "p3"), ("complaint", "crane")):
        taxonomy = taxonomy.replace(f'code = "{old}"', f'code = "{new}"')
    (tmp_path / "taxonomy.toml").write_text(taxonomy, "utf-8")
    (tmp_path / "clocks.toml").write_text(source, "utf-8")
    shutil.copy(DATA / "holidays.toml", tmp_path)
    return tmp_path


def test_an_urgent_ticket_at_night_runs_round_the_clock() -> None:
    night = datetime(2026, 10, 2, 3, 7, tzinfo=ZONE)
    found = due(received_at=night, priority="urgent")
    assert found["first_response"].due_at == night + timedelta(minutes=5)
    assert found["dispatch"].due_at == night + timedelta(hours=1)
    assert found["plan_ready"].due_at == night + timedelta(hours=8)


@pytest.mark.parametrize("priority", ["important", "normal"])
def test_others_wait_for_working_hours(priority: str) -> None:
    found = due(received_at=datetime(2026, 9, 30, 17, 45, tzinfo=ZONE), priority=priority)
    assert found["first_response"].due_at == datetime(2026, 10, 8, 9, 15, tzinfo=ZONE)
    assert due(priority=priority)["contact"].due_at == MONDAY + timedelta(hours=2)


def test_only_complaints_have_a_day_to_be_handled() -> None:
    assert due(category="complaint")["complaint_handled"].due_at == MONDAY + timedelta(hours=24)
    assert "complaint_handled" not in due()
    assert "complaint_handled" not in due(category=None)


def test_a_step_waits_for_its_event() -> None:
    assert not {"plan_told", "approval", "result_told", "satisfaction_call"} & set(due())
    solved = MONDAY + timedelta(days=1)
    found = due(events={"solved": solved, "diagnosed": MONDAY}, priority="urgent")
    assert found["result_told"].due_at == solved + timedelta(hours=2)
    assert found["plan_told"].due_at == MONDAY + timedelta(hours=2)
    assert found["satisfaction_call"].due_at == solved + timedelta(hours=24)
    assert found["satisfaction_call"].latest_at == solved + timedelta(hours=72)
    assert "approval" not in found
    assert due(events={"diagnosed": MONDAY})["plan_told"].due_at == MONDAY + timedelta(hours=24)


def test_times_are_given_in_the_zone_that_was_asked_for() -> None:
    found = due(received_at=MONDAY.astimezone(UTC))
    assert found["first_response"].due_at.utcoffset() == timedelta(hours=8)
    assert found["first_response"].due_at == MONDAY + timedelta(minutes=30)


def test_a_day_is_twenty_four_hours_also_when_the_clocks_change() -> None:
    zone = ZoneInfo("Europe/Berlin")
    received = datetime(2026, 3, 28, 12, 0, tzinfo=zone)
    found = due(received_at=received, category="complaint", timezone=zone)
    assert found["complaint_handled"].due_at == datetime(2026, 3, 29, 13, 0, tzinfo=zone)


def test_a_year_without_known_holidays_is_marked() -> None:
    found = due(received_at=datetime(2099, 3, 2, 9, 0, tzinfo=ZONE), category="complaint")
    assert not found["first_response"].sure
    assert found["complaint_handled"].sure
    assert due()["first_response"].sure


def test_a_time_without_zone_and_an_unknown_priority_are_refused() -> None:
    with pytest.raises(InputError, match="time zone"):
        due(received_at=MONDAY.replace(tzinfo=None))
    with pytest.raises(InputError, match="time zone"):
        due(events={"solved": MONDAY.replace(tzinfo=None)})
    with pytest.raises(InputError, match="no priority 'p9'"):
        due(priority="p9")


def test_names_and_the_promise_about_delays() -> None:
    assert CLOCKS.step_name("first_response", "zh") == "首次响应"
    assert CLOCKS.step_name("first_response", "fr").startswith("First response")
    assert CLOCKS.step_name("gone", "zh") == "gone"
    assert CLOCKS.delay_told_ahead == timedelta(hours=24)
    steps = "first_response dispatch owner_confirm contact analysis plan_told plan_ready approval result_told"
    assert [step.code for step in CLOCKS.steps] == [*steps.split(), "complaint_handled", "satisfaction_call"]


def test_an_organisations_own_steps_and_levels(tmp_path: Path) -> None:
    folder = own_folder(tmp_path)
    clocks = load_clocks(folder, load_taxonomy(folder))
    found = due(clocks, priority="p1", category="crane", events={"solved": MONDAY})
    assert found["reply"].due_at == MONDAY + timedelta(minutes=10)
    assert found["call"].latest_at == MONDAY + timedelta(days=3)
    assert due(clocks, priority="p3")["reply"].due_at == MONDAY + timedelta(minutes=90)


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        ('"09:00-17:00"', '"9-17"', 3, "no span of hours"),
        ('"09:00-17:00"', '"09:00-12:00", "11:00-17:00"', 3, "begins before"),
        ('"09:00-17:00"', '"17:00-09:00"', 3, "must end after it begins"),
        ('"09:00-17:00"', '"09:00-24:01"', 3, "must end after it begins"),
        ('"09:00-17:00"', '"09:60-17:00"', 3, "must end after it begins"),
        ("monday", "mondey", 3, "did you mean 'monday'"),
        ('monday = ["09:00-17:00"]', "monday = []", 8, "[working_hours] has none"),
        ('"10 min"', '"ten min"', 7, "no length of time"),
        ('"10 min"', '"0 min"', 7, "no length of time"),
        (', other = "1.5 h"', "", 7, "says nothing about the priority 'p2'"),
        ('p1 = "10 min"', 'p9 = "10 min"', 7, "unknown key 'p9'"),
        ('limit = "1 d"', "limit = 5", 14, "'limit' must be a text"),
        ('limit = "1 d"\n', "", 9, "'limit' is missing"),
        ('latest = "3 d"', 'latest = "3 h"', 15, "'latest' is before 'limit'"),
        ('after = "solved"', 'after = "sloved"', 12, "did you mean 'solved'"),
        ('"crane"', '"complaint"', 13, "unknown value 'complaint'"),
        ('runs = "always"', 'runs = "allways"', 16, "did you mean 'always'"),
        ('p1 = "always"', 'p1 = "allways"', 8, "did you mean 'always'"),
        ('code = "call"', 'code = "reply"', 10, "stands twice"),
    ],
)
def test_a_wrong_file_is_told_with_its_line(
    tmp_path: Path, old: str, new: str, line: int, message: str
) -> None:
    assert old in OWN
    folder = own_folder(tmp_path, OWN.replace(old, new, 1))
    with pytest.raises(DataFileError) as caught:
        load_clocks(folder, load_taxonomy(folder))
    assert caught.value.message.startswith(f"{folder / 'clocks.toml'}:{line}: "), caught.value.message
    assert message in caught.value.message
