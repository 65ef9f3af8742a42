"""Where settings come from, and what is said of those that cannot work."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import pytest

from models.errors import SettingsError
from triage import settings
from triage.settings import load_settings


def test_defaults_without_environment_or_file(clean_environment: Path) -> None:
    found = load_settings()

    assert found.home == Path("var")
    assert found.encoder == "use"
    assert (found.host, found.port) == ("127.0.0.1", 8000)
    assert str(found.zone) == "Asia/Shanghai"
    assert found.database == f"sqlite:///{clean_environment / 'var' / 'triage.db'}"


def test_environment_beats_the_file_which_beats_the_default(
    clean_environment: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = "TRIAGE_PORT=9001\nTRIAGE_TOP_K=7\nUNRELATED=1\n"
    (clean_environment / ".env").write_text(lines, encoding="utf-8")
    monkeypatch.setenv("TRIAGE_PORT", "9002")

    found = load_settings()

    assert (found.port, found.top_k) == (9002, 7)


def test_an_empty_value_is_the_default(clean_environment: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (clean_environment / ".env").write_text("TRIAGE_PORT=\n", encoding="utf-8")
    monkeypatch.setenv("TRIAGE_DATA", "")
    monkeypatch.setenv("TRIAGE_HOME", "")

    found = load_settings()

    assert found.port == 8000
    assert found.home == Path("var")
    assert (found.data_folder / "taxonomy.toml").is_file()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TRIAGE_TIMEZONE", "Mars/Olympus"),
        ("TRIAGE_TIMEZONE", "../etc/passwd"),
        ("TRIAGE_PORT", "70000"),
        ("TRIAGE_PORT", "http"),
        ("TRIAGE_MAX_TEXT", "-1"),
        ("TRIAGE_TOP_K", "0"),
    ],
)
def test_a_value_that_cannot_work_is_named(
    clean_environment: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)

    with pytest.raises(SettingsError, match=name) as raised:
        load_settings()

    assert raised.value.field == name


def test_a_wrong_line_of_the_file_is_named(clean_environment: Path) -> None:
    (clean_environment / ".env").write_text("TRIAGE_TIMEZONE=nowhere\n", encoding="utf-8")

    with pytest.raises(SettingsError, match="TRIAGE_TIMEZONE"):
        load_settings()


def test_a_file_that_is_no_text_is_an_error_of_ours(clean_environment: Path) -> None:
    (clean_environment / ".env").write_bytes(b"TRIAGE_HOST=\xff\xfe\n")

    with pytest.raises(SettingsError, match=r"\.env"):
        load_settings()


def test_own_data_comes_before_the_wheels_and_that_before_the_checkouts(
    clean_environment: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package, own = tmp_path / "package", tmp_path / "own"
    package.mkdir()
    own.mkdir()
    monkeypatch.setattr(resources, "files", lambda _: package)
    checkout = Path(settings.__file__).parents[1] / "data"

    assert load_settings().data_folder == checkout
    (package / "_data").mkdir()
    assert load_settings().data_folder == package / "_data"
    monkeypatch.setenv("TRIAGE_DATA", str(own))
    assert load_settings().data_folder == own


def test_own_data_that_is_no_folder_is_named(
    clean_environment: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRIAGE_DATA", "missing")

    with pytest.raises(SettingsError, match=r"TRIAGE_DATA.*missing"):
        _ = load_settings().data_folder
