"""Does the retrospective find the issues that people who read the messages found?

``python -m benchmarks.recurring FILE``: imports a year of messages with their own dates into a database of
its own, makes the retrospective of the year, of its third quarter and month by month, and looks for each
issue of ``recurring_zh_gov.toml`` among the groups: the one that holds most of its messages, with precision
and recall. Doubtful messages count neither way. Month by month, an issue counts in the months that have four
or more of it.
"""

from __future__ import annotations

import argparse
import tomllib
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from zoneinfo import ZoneInfo

from kb import tickets
from kb.columns import recognise, to_ticket
from kb.database import Database
from kb.rowfiles import Row, columns, read_rows
from models.encoder import load_encoder
from triage import rules
from triage.findings import Period, Retrospective
from triage.retrospective import Setting, retrospect
from triage.settings import load_settings

ZONE = ZoneInfo("Asia/Shanghai")
GOOD = 0.8
LEAST_A_MONTH = 4
LIST = Path(__file__).with_name("recurring_zh_gov.toml")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    file = parser.parse_args().file
    issues = tomllib.loads(LIST.read_text(encoding="utf-8"))["issue"]
    with TemporaryDirectory() as folder:
        setting = imported(file, Path(folder))
        for name, period in (
            ("2019", Period(day(2019, 1), day(2020, 1))),
            ("third quarter", Period(day(2019, 7), day(2019, 10))),
        ):
            found = retrospect(setting, period)
            outside = len(found.outside) / len(found.ticket_ids)
            print(
                f"\n{name}: {len(found.ticket_ids)} messages, {len(found.groups)} groups, {outside:.0%} alone"
            )
            rows = [row for issue in issues if (row := check(found, issue, 2))]
            for key, size, precision, recall in rows:
                good = "yes" if min(precision, recall) >= GOOD else "no"
                print(
                    f"  {key:<26} {size:>3} messages  precision {precision:.2f}  recall {recall:.2f}  {good}"
                )
            print(f"  {sum(min(row[2:]) >= GOOD for row in rows)} of {len(rows)} are groups of their own")
        good = total = 0
        for month in range(1, 13):
            found = retrospect(setting, Period(day(2019, month), day(2019 + month // 12, month % 12 + 1)))
            for issue in issues:
                row = check(found, issue, LEAST_A_MONTH)
                if row:
                    total += 1
                    good += min(row[2:]) >= GOOD
        print(f"\nmonth by month: {good} of {total} are groups of their own")
        setting.database.close()


def imported(file: Path, folder: Path) -> Setting:
    """A database with the messages of a file, and what a retrospective on it is made with."""
    mapping = recognise(columns(file), "tickets")
    rows = [
        to_ticket(row.values, mapping, timezone=ZONE, names={})
        for row in read_rows(file)
        if isinstance(row, Row)
    ]
    database = Database(f"sqlite:///{folder}/triage.db")
    database.upgrade()
    with database.transaction() as session:
        tickets.write(session, rows, datetime.now(UTC))
    clocks = rules.load(load_settings().data_folder).clocks
    return Setting(database, load_encoder("use"), clocks, ZONE, lambda _: (), datetime.now(UTC))


def check(found: Retrospective, issue: dict[str, Any], least: int) -> tuple[str, int, float, float] | None:
    """Key, size, precision and recall of the group that holds most of an issue; None if too little of it is
    in the period."""
    within = set(found.ticket_ids)
    wanted = within & set(issue["ids"])
    if len(wanted) < least:
        return None
    doubtful = set(issue.get("doubtful", ()))
    best = max(
        (set(group.ticket_ids) - doubtful for group in found.groups), key=lambda held: len(held & wanted)
    )
    hits = len(best & wanted)
    return issue["key"], len(wanted), hits / max(len(best), 1), hits / len(wanted)


def day(year: int, month: int) -> datetime:
    """The first of a month."""
    return datetime(year, month, 1, tzinfo=ZONE)


if __name__ == "__main__":
    main()
