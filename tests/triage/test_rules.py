"""All data files together, and the names that imports know."""

from __future__ import annotations

from pathlib import Path

import pytest

from models.errors import DataFileError
from triage import rules
from triage.rules import Rules


def test_a_folder_is_loaded_whole(data_folder: Path) -> None:
    found = rules.load(data_folder)

    assert found.taxonomy.codes() == ("hardware", "software", "complaint", "consult", "other")
    assert found.priority.levels == found.taxonomy.priority_codes()
    assert found.routing.role_name("agent", "en") == "First-line agent"
    assert found.clocks.step_name("first_response", "en")


@pytest.mark.parametrize("name", ["taxonomy.toml", "signals.toml", "routing.toml", "clocks.toml"])
def test_a_missing_file_is_named(data_folder: Path, name: str) -> None:
    (data_folder / name).unlink()

    with pytest.raises(DataFileError, match=name):
        rules.load(data_folder)


def test_files_are_checked_against_the_taxonomy(data_folder: Path) -> None:
    path = data_folder / "routing.toml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace('team = "engineering"', 'team = "enginering"'), encoding="utf-8")
    line = next(n for n, line in enumerate(path.read_text("utf-8").splitlines(), 1) if "enginering" in line)

    with pytest.raises(DataFileError, match="engineering") as raised:
        rules.load(data_folder)

    assert raised.value.line == line


def test_names_give_the_code_for_code_and_both_names(shipped_rules: Rules) -> None:
    known = rules.names(shipped_rules.taxonomy)

    assert {known["priority"][name] for name in ("urgent", "紧急")} == {"urgent"}
    assert known["category"]["硬件故障"] == known["category"]["hardware fault"] == "hardware"
    assert set(known) == {"category", "priority", "status", "channel", "tier", "team", "cause"}
    assert known["status"]["closed"] == "closed"
    assert known["tier"]["vip"] == "vip"
