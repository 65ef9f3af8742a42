"""Writing the report: the ending decides the form, a folder gets all, a failure leaves what was there."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from models.errors import InputError, StorageError
from triage import report
from triage.findings import Retrospective
from triage.report import Names, TicketLine

STARTS = {".html": b"<!doctype html>", ".xlsx": b"PK", ".docx": b"PK"}

Write = Callable[..., list[Path]]


@pytest.fixture
def write(
    sample: Callable[[str], Retrospective],
    names: Callable[[str], Names],
    lines: Callable[[str], dict[str, TicketLine]],
) -> Write:
    def written(path: Path, language: str = "en", name_language: str = "en") -> list[Path]:
        spoken = names(name_language)
        return report.write(sample("en"), path, language=language, names=spoken, texts=lines("en"))

    return written


@pytest.mark.parametrize("suffix", STARTS)
def test_ending_decides_the_form(write: Write, tmp_path: Path, suffix: str) -> None:
    target = tmp_path / "new" / f"report{suffix}"
    assert write(target) == [target]
    assert target.read_bytes().startswith(STARTS[suffix])
    assert [path.name for path in target.parent.iterdir()] == [target.name]


@pytest.mark.parametrize("there", [True, False])
def test_folder_gets_all_forms_named_by_the_local_day(write: Write, tmp_path: Path, there: bool) -> None:
    folder = tmp_path / "october"
    if there:
        folder.mkdir()
    written = write(folder, "zh", "zh")
    assert [path.name for path in written] == [f"retrospective-2026-10-01-zh{suffix}" for suffix in STARTS]
    assert all(path.is_file() for path in written)


@pytest.mark.parametrize(
    ("name", "language", "field"), [("a.pdf", "en", "out"), ("a.html", "fr", "language")]
)
def test_other_forms_and_languages_are_refused(
    write: Write, tmp_path: Path, name: str, language: str, field: str
) -> None:
    with pytest.raises(InputError) as refused:
        write(tmp_path / name, language)
    assert refused.value.field == field
    assert list(tmp_path.iterdir()) == []


def test_file_in_the_way_is_told_and_kept(write: Write, tmp_path: Path) -> None:
    (tmp_path / "held").write_text("mine", encoding="utf-8")
    with pytest.raises(StorageError, match=r"held.report\.html"):
        write(tmp_path / "held" / "report.html")
    assert (tmp_path / "held").read_text(encoding="utf-8") == "mine"


def test_names_come_from_the_data_files(names: Callable[[str], Names]) -> None:
    assert names("zh")["category"]["hardware"] == "硬件故障"
    assert names("en")["cause"]["part_failure"] == "Part failure"
    assert names("zh")["step"]["dispatch"] == "分类派单"
    assert set(names("en")) == {"category", "priority", "status", "team", "cause", "step"}
