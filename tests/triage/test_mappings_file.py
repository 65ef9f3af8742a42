"""The mapping files that ship: checked with file and line, right for what those systems write."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from kb import mappings
from kb.preview import Preview, preview
from kb.transfer import Source
from models.errors import DataFileError, InputError
from triage import rules
from triage.rules import Rules

ZENDESK = (
    '"Summation column","Id","Requester","Requester id","Requester email","Submitter","Assignee","Group",'
    '"Subject","Tags","Status","Priority","Via","Ticket type","Created at","Updated at","Organization",'
    '"Due date",'
    '"Solved at","Resolution time","Satisfaction Score","Reopens"\n'
    '"1","35","Wang Min","77","w@example.org","Wang Min","Li","Support","Printer does not start",'
    '"hw printer",'
    '"Solved","High","Mail","Incident","2026-03-11 10:30","2026-03-12 09:00","ACME","","2026-03-12 08:00",'
    '"22.5","Good","0"\n'
    '"1","36","Zhao","78","","Zhao","-","Support","How to export?","","Hold","-","Web form","Question",'
    '"2026-03-11 11:30","2026-03-12 09:00","","","","","Offered","0"\n'
)
JIRA = (
    "Summary,Issue key,Issue id,Issue Type,Status,Project key,Project name,Priority,Resolution,Assignee,"
    "Reporter,"
    "Created,Updated,Resolved,Labels,Labels,Description,Comment,Comment\n"
    "Login fails,HD-1,10001,Bug,Waiting for support,HD,Portal,Highest,,li,wang,14/Jul/25 3:42 PM,"
    '15/Jul/25 9:00 AM,,sso,login,"Error 500\nsince noon",first,second\n'
    "Colour,HD-2,10002,Task,Done,HD,Portal,Lowest,Fixed,li,wang,15/Jul/25 9:00 AM,,16/Jul/25 9:00 AM,,,,,\n"
)
SERVICENOW = (
    "number,short_description,description,caller_id,opened_at,priority,state,category,assignment_group,"
    "assigned_to,contact_type,resolved_at,closed_at,close_notes,close_code\n"
    "INC0010001,VPN down,Nobody can connect,Abel Tuter,11-03-2026 10:30:00,1 - Critical,Resolved,Network,"
    "Network,Beth Anglin,self-service,13-03-2026 09:00:00,14-03-2026 09:00:00,Certificate renewed,Solved\n"
    "INC0010002,Question,,Abel Tuter,12-03-2026 10:30:00,5 - Planning,On Hold,Inquiry / Help,,,,,,,\n"
)
ZAMMAD = (
    "#;Title;State;Priority;Group;Owner;Customer;Organization;Create Channel;Sender;Tags;Time Units Total;"
    "Created At;Updated At;Closed At;Close In Min;Article Count\n"
    "36003;Drucker druckt nicht;pending reminder;3 high;Users;Li;Wang;ACME;web;Customer;a,b;;"
    "2026-03-11 02:30:00 UTC;2026-03-12 02:30:00 UTC;;;3\n"
)


def looked(folder: Path, content: str, found: Rules, kind: str = "tickets", **chosen: str) -> Preview:
    path = folder / "export.csv"
    path.write_text(content, encoding="utf-8")
    source = Source(ZoneInfo("Asia/Shanghai"), rules.names(found.taxonomy), found.mappings)
    return preview(path, kind, source, mappings.choice(**chosen))  # type: ignore[arg-type]


def as_text(row: dict[str, Any]) -> dict[str, str]:
    return {
        key: value.isoformat() if hasattr(value, "isoformat") else str(value) for key, value in row.items()
    }


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        (
            "zendesk",
            ZENDESK,
            {
                "id": "35", "received_at": "2026-03-11T02:30:00+00:00", "subject": "Printer does not start",
                "channel": "email", "customer": "ACME", "contact_person": "Wang Min",
                "contact": "w@example.org",
                "priority": "important", "owner": "Li", "status": "solved",
                "finished_at": "2026-03-12T00:00:00+00:00", "satisfaction": "4", "description": "",
            },
        ),
        (
            "jira",
            JIRA,
            {
                "id": "HD-1", "received_at": "2025-07-14T07:42:00+00:00", "subject": "Login fails",
                "description": "Error 500\nsince noon", "product": "Portal", "contact_person": "wang",
                "priority": "urgent", "owner": "li", "status": "in_progress", "remark": "first\nsecond",
            },
        ),
        (
            "servicenow",
            SERVICENOW,
            {
                "id": "INC0010001", "received_at": "2026-03-11T02:30:00+00:00", "subject": "VPN down",
                "description": "Nobody can connect", "channel": "form", "contact_person": "Abel Tuter",
                "category": "software", "priority": "urgent", "owner": "Beth Anglin", "status": "solved",
                "finished_at": "2026-03-13T01:00:00+00:00", "solution": "Certificate renewed",
            },
        ),
        (
            "zammad",
            ZAMMAD,
            {
                "id": "36003", "received_at": "2026-03-11T02:30:00+00:00", "subject": "Drucker druckt nicht",
                "channel": "form", "customer": "ACME", "contact_person": "Wang", "priority": "important",
                "owner": "Li", "status": "in_progress", "description": "",
            },
        ),
    ],
)  # fmt: skip
def test_exports_of_other_systems(
    shipped_rules: Rules, tmp_path: Path, name: str, content: str, expected: dict[str, str]
) -> None:
    found = looked(tmp_path, content, shipped_rules)
    assert found.mapping.ready == name
    assert (found.bad, found.error) == ([], "")
    assert as_text(found.rows[0]) == expected


def test_what_says_nothing_is_left_empty(shipped_rules: Rules, tmp_path: Path) -> None:
    row = looked(tmp_path, ZENDESK, shipped_rules).rows[1]
    assert (row["status"], row["channel"]) == ("in_progress", "form")
    assert not {"priority", "satisfaction"} & set(row)


def test_a_mapping_can_be_forced_or_refused(shipped_rules: Rules, tmp_path: Path) -> None:
    content = "Id,Subject,Status\n1,a,hold\n"
    assert looked(tmp_path, content, shipped_rules).mapping.ready == ""
    forced = looked(tmp_path, content, shipped_rules, ready="zendesk")
    assert forced.rows[0]["status"] == "in_progress"
    refused = looked(tmp_path, JIRA, shipped_rules, ready="none")
    assert refused.mapping.ready == ""
    assert refused.mapping.fields["solution"] == "Resolution"


def test_cases_of_another_system(shipped_rules: Rules, tmp_path: Path) -> None:
    row = looked(tmp_path, JIRA, shipped_rules, "cases").rows[0]
    assert (row["problem"], row["keywords"], row["id"]) == ("Login fails", ["sso", "login"], "HD-1")
    assert "solution" not in row


def test_their_names_are_those_of_the_files(shipped_rules: Rules) -> None:
    assert [one.name for one in shipped_rules.mappings] == ["jira", "servicenow", "zammad", "zendesk"]


def test_a_replaced_category_is_told_where_the_mapping_is_used(data_folder: Path, tmp_path: Path) -> None:
    path = data_folder / "mappings" / "servicenow.toml"
    source = path.read_text(encoding="utf-8").replace('"network" = "software"', '"network" = "netz"')
    path.write_text(source, encoding="utf-8")
    found = rules.load(data_folder)
    assert looked(tmp_path, JIRA, found).mapping.ready == "jira"
    with pytest.raises(InputError, match=r"servicenow\.toml:\d+: 'network' has the unknown value 'netz'"):
        looked(tmp_path, SERVICENOW, found)
    assert looked(tmp_path, SERVICENOW, found, ready="none").mapping.ready == ""


def test_a_copy_without_mappings_has_none(data_folder: Path) -> None:
    shutil.rmtree(data_folder / "mappings")
    assert rules.load(data_folder).mappings == ()


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('"Id" = "id"', '"Id" = "identity"', "'Id' has the unknown value 'identity'"),
        ('"new" = "received"', '"new" = "recieved"', "did you mean 'received'"),
        ('"urgent" = "urgent"', '"urgent" = 1', "'urgent' must be a text"),
        ("[values.status]", "[values.state]", "unknown key 'state'"),
        ('title = "', 'titel = "', "unknown key 'titel'"),
        (r"recognised_by = [^\n]*", "recognised_by = []", "'recognised_by' lists column names"),
        ("recognised_by = ", 'dates = "odd"\nrecognised_by = ', "'dates' has the unknown value 'odd'"),
        ("[tickets]", "[tickets", "not valid TOML"),
    ],
)
def test_a_mistake_is_told_with_file_and_line(data_folder: Path, old: str, new: str, words: str) -> None:
    path = data_folder / "mappings" / "zendesk.toml"
    source = path.read_text(encoding="utf-8")
    pattern = old if old.endswith("*") else re.escape(old)
    changed = re.sub(pattern, new, source, count=1)
    assert changed != source
    path.write_text(changed, encoding="utf-8")
    with pytest.raises(DataFileError) as caught:
        rules.load(data_folder)
    assert words in caught.value.message
    assert re.match(r".*zendesk\.toml(:\d+)?: ", caught.value.message)
