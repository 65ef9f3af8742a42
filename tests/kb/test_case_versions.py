"""Versions of a case: each content stays readable, and nothing else makes one."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from kb import case_life, case_versions, cases
from kb.database import Database
from models.encoder import Encoder
from models.errors import NotFoundError

ROW: dict[str, Any] = {
    "id": "c1",
    "problem": "打印机无法开机",
    "solution": "更换电源板",
    "keywords": ["产品故障"],
    "closed_on": date(2026, 3, 1),
    "hours": 2.5,
}


def write(database: Database, encoder: Encoder, now: datetime, row: dict[str, Any]) -> cases.Written:
    with database.transaction() as session:
        return cases.write(session, [row], encoder, now, by="li", note="why")


def versions(database: Database) -> list[case_versions.Version]:
    with database.reading() as session:
        return case_versions.versions(session, cases.get(session, "c1"))


def test_a_case_never_changed_has_one_version(database: Database, encoder: Encoder, now: datetime) -> None:
    write(database, encoder, now, ROW)
    write(database, encoder, now, ROW)
    [only] = versions(database)
    assert (only.number, only.at) == (1, now)
    wanted = {name: value for name, value in ROW.items() if name != "id"} | {"closed_on": "2026-03-01"}
    assert {name: only.content[name] for name in wanted} == wanted


def test_each_change_is_a_version_and_the_old_ones_stay(
    database: Database, encoder: Encoder, now: datetime
) -> None:
    later = now + timedelta(days=1)
    write(database, encoder, now, ROW)
    write(database, encoder, later, ROW | {"solution": "换保险管"})
    write(database, encoder, later, ROW | {"keywords": ["电源"]})
    found = versions(database)
    assert [(one.number, one.content["solution"], one.content["keywords"]) for one in found] == [
        (1, "更换电源板", ["产品故障"]),
        (2, "换保险管", ["产品故障"]),
        (3, "更换电源板", ["电源"]),
    ]
    assert [(one.at, one.by, one.note) for one in found] == [(now, "", ""), *[(later, "li", "why")] * 2]
    with database.reading() as session:
        case = cases.get(session, "c1")
        assert case.version_number == 3
        assert case_versions.content(case) == found[-1].content
        assert case_versions.version(session, case, 2) == found[1]
        events = case_versions.history(session, case)
        with pytest.raises(NotFoundError, match="versions 1 to 3, not 4"):
            case_versions.version(session, case, 4)
    assert [(event.kind, event.number) for event in events] == [
        ("state", 1),
        ("version", 2),
        ("version", 3),
    ]


def test_fewer_fields_that_say_the_same_are_no_version(
    database: Database, encoder: Encoder, now: datetime
) -> None:
    write(database, encoder, now, ROW)
    same = {"id": "c1", "problem": ROW["problem"]}
    assert write(database, encoder, now, same) == cases.Written(0, 0, 1, ("c1",))
    assert len(versions(database)) == 1


def test_a_whole_content_empties_what_it_leaves_out(
    database: Database, encoder: Encoder, now: datetime
) -> None:
    write(database, encoder, now, ROW)
    with database.transaction() as session:
        case_life.change(session, "c1", {"problem": ROW["problem"], "solution": ""}, 1, encoder, now)
    last = versions(database)[-1]
    assert (last.content["hours"], last.content["closed_on"], last.content["solution"]) == (None, None, "")
