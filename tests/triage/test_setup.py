"""The first start makes ready what is missing; the second finds all there."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import func, select

from kb.match import WEIGHTS
from kb.tables import Case
from models.card import FORM
from models.errors import ModelError
from triage.setup import SHIPPED, prepare
from triage.wiring import Parts


def _quiet(_what: str, _done: int, _total: int) -> None:
    return None


@pytest.fixture
def started(
    make_parts: Callable[..., Parts], data_folder: Path, capsys: pytest.CaptureFixture[str]
) -> tuple[Parts, str]:
    """After the first start: the parts, and what it said."""
    parts = make_parts(data=data_folder)
    prepare(parts, _quiet)
    return parts, capsys.readouterr().err


def _state(home: Path) -> dict[str, int]:
    return {str(path): path.stat().st_mtime_ns for path in (home / "models").rglob("*") if path.is_file()}


def test_the_first_start_makes_all_ready_and_the_second_does_nothing(
    started: tuple[Parts, str], bare_home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    parts, said = started
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


def test_a_shipped_model_of_an_earlier_form_is_made_anew(
    started: tuple[Parts, str],
    make_parts: Callable[..., Parts],
    bare_home: Path,
    data_folder: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    parts, _ = started
    card = bare_home / "models" / f"{SHIPPED}-1" / "card.json"
    card.write_text(card.read_text().replace(f'"form": {FORM}', '"form": 1'))
    curve = json.loads(parts.match_file.read_text())
    del curve["weights"]
    parts.match_file.write_text(json.dumps(curve))
    parts.close()

    later = make_parts(data=data_folder)
    with pytest.raises(ModelError, match="train it again"):
        _ = later.model
    prepare(later, _quiet)

    said = capsys.readouterr().err
    assert "training" in said and "match probability" in said and "loading" not in said
    assert later.store.current() == f"{SHIPPED}-2"
    assert later.curve.weights == WEIGHTS
    assert later.model.card.form == FORM
