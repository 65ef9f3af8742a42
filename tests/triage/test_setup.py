"""The first start makes ready what is missing; the second finds all there."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import func, select

from kb.tables import Case
from triage.setup import SHIPPED, prepare
from triage.wiring import Parts


def _quiet(_what: str, _done: int, _total: int) -> None:
    return None


def _state(home: Path) -> dict[str, int]:
    return {str(path): path.stat().st_mtime_ns for path in (home / "models").rglob("*") if path.is_file()}


def test_the_first_start_makes_all_ready_and_the_second_does_nothing(
    make_parts: Callable[..., Parts],
    bare_home: Path,
    data_folder: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    parts = make_parts(data=data_folder)

    prepare(parts, _quiet)

    said = capsys.readouterr().err
    assert all(word in said for word in ("training", "match probability", "loading"))
    assert parts.store.current() == f"{SHIPPED}-1"
    assert parts.curve.fitted_on.startswith("seed archive")
    assert parts.index().verify(parts.database).none
    assert len(parts.index().keys()) == 6
    before = _state(bare_home)

    prepare(parts, _quiet)

    assert capsys.readouterr().err == ""
    assert _state(bare_home) == before


def test_a_filled_archive_and_a_promoted_model_are_left_alone(
    home: Path, make_parts: Callable[..., Parts], data_folder: Path
) -> None:
    parts = make_parts(data=data_folder)
    with parts.database.transaction() as session:
        from kb import cases

        cases.write(session, [{"id": "own", "problem": "our own case"}], parts.encoder, parts.now())

    prepare(parts, _quiet)

    assert parts.store.current() == "small-1"
    assert [card.version for card in parts.store.versions()] == ["small-1"]
    with parts.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Case)) == 1
    assert len(parts.index().keys()) == 1
