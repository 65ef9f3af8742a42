"""Edits of data files: checked as at the start, what they replace is kept, nothing half written."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from models.errors import ConflictError, DataFileError, InputError, NotFoundError
from triage import data_edit
from triage.settings import Settings

DATA = Path(__file__).parents[2] / "data"
NOW = datetime(2026, 3, 11, 8, tzinfo=UTC)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    folder = tmp_path / "data"
    shutil.copytree(DATA, folder, ignore=shutil.ignore_patterns("seed"))
    return Settings(home=tmp_path / "home", data=folder, _env_file=None)


def edited(settings: Settings, file: str, old: str, new: str) -> tuple[str, str]:
    now = data_edit.read(settings.data_folder, file)
    assert old in now.text
    return now.text.replace(old, new, 1), now.hash


def test_a_right_text_takes_the_files_place_and_the_old_one_is_kept(settings: Settings) -> None:
    text, began = edited(settings, "clocks.toml", "#", "# ours\n#")
    before = data_edit.read(settings.data_folder, "clocks.toml").text
    made, found = data_edit.save(settings, "clocks.toml", text.replace("\n", "\r\n"), began, NOW)
    assert made.text == text
    assert found.clocks.steps
    assert (settings.data_folder / "clocks.toml").read_text(encoding="utf-8") == text
    (kept,) = data_edit.history(settings, "clocks.toml")
    assert kept.at == NOW
    assert data_edit.kept(settings, "clocks.toml", kept.name) == before
    data_edit.save(settings, "clocks.toml", before, made.hash, NOW + timedelta(hours=1))
    assert [one.at.hour for one in data_edit.history(settings, "clocks.toml")] == [9, 8]
    assert not data_edit.history(settings, "routing.toml")


def test_a_wrong_text_is_refused_with_its_line_and_changes_nothing(settings: Settings) -> None:
    text, began = edited(settings, "routing.toml", '\nteam = "', '\nteam = "x')
    with pytest.raises(DataFileError) as raised:
        data_edit.save(settings, "routing.toml", text, began, NOW)
    assert raised.value.file == "routing.toml"
    line = raised.value.line
    assert line is not None
    assert 'team = "x' in text.splitlines()[line - 1]
    assert raised.value.message.startswith(f"routing.toml:{line}: 'team' has the unknown value")
    assert data_edit.read(settings.data_folder, "routing.toml").hash == began
    assert not data_edit.history(settings, "routing.toml")


def test_a_file_that_breaks_another_one_is_refused(settings: Settings) -> None:
    """A team that routing sends to cannot vanish from the taxonomy."""
    text, _ = edited(settings, "taxonomy.toml", 'code = "engineering"', 'code = "engineers"')
    with pytest.raises(DataFileError, match="engineering"):
        data_edit.checked(settings.data_folder, "taxonomy.toml", text)


def test_an_edit_of_an_older_text_is_refused(settings: Settings) -> None:
    text, began = edited(settings, "clocks.toml", "#", "# one\n#")
    data_edit.save(settings, "clocks.toml", text, began, NOW)
    with pytest.raises(ConflictError, match="changed meanwhile"):
        data_edit.save(settings, "clocks.toml", text + "# two\n", began, NOW)


def test_only_data_files_are_edited(settings: Settings) -> None:
    for name in ("../secret.toml", "seed/tickets_en.jsonl", "mappings/jira.toml", ""):
        with pytest.raises(NotFoundError):
            data_edit.read(settings.data_folder, name)
    with pytest.raises(NotFoundError):
        data_edit.kept(settings, "clocks.toml", "../../etc/passwd")
    with pytest.raises(InputError):
        data_edit.checked(settings.data_folder, "clocks.toml", "#" * 600_000)


def test_what_came_with_the_program_is_not_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "_data"
    shutil.copytree(DATA, folder, ignore=shutil.ignore_patterns("seed"))
    monkeypatch.setattr(Settings, "data_folder", property(lambda self: folder))
    settings = Settings(home=tmp_path / "home", _env_file=None)
    assert not data_edit.editable(settings)
    text = data_edit.read(folder, "clocks.toml")
    with pytest.raises(ConflictError, match="TRIAGE_DATA"):
        data_edit.save(settings, "clocks.toml", text.text, text.hash, NOW)


def test_a_models_labels_and_the_rules_are_compared(settings: Settings) -> None:
    found = data_edit.checked(
        settings.data_folder, "taxonomy.toml", data_edit.read(settings.data_folder, "taxonomy.toml").text
    )
    codes = found.taxonomy.codes()
    assert data_edit.unknown_to({"category": codes}, found) == {}
    assert data_edit.unknown_to({"category": [*codes[1:], "gone"]}, found) == {
        "category": (["gone"], [codes[0]])
    }
