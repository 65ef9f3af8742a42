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
from triage import learning
from triage.learning import Labelled
from triage.pipeline import TicketText
from triage.setup import SHIPPED, prepare, shipped_examples
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
    assert parts.index().keys() == set(), "what waits for the index is the worker's: a start is not held up"


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


def test_a_new_category_is_known_from_what_the_taxonomy_says_of_it(
    started: tuple[Parts, str],
    make_parts: Callable[..., Parts],
    data_folder: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    started[0].close()
    file = data_folder / "taxonomy.toml"
    extended = (
        file.read_text(encoding="utf-8")
        + """
[[category]]
code = "parking"
names = { zh = "停车", en = "Parking" }
description = { zh = "停车场、车位与道闸", en = "Car park, spaces and barriers" }
examples = ["停车场车位满了", "停车月卡到期", "the car park is full", "the parking permit has expired"]
"""
    )
    file.write_text(extended, encoding="utf-8")

    later = make_parts(data=data_folder)
    prepare(later, _quiet)

    assert "training" in capsys.readouterr().err
    assert later.store.current() == f"{SHIPPED}-2"
    read = later.triager.assess(TicketText(description="停车月卡到期了，停车场车位"), now=later.now())
    assert read.category.label == "parking"


def test_a_taxonomy_of_ones_own_works_without_a_labelled_ticket(
    make_parts: Callable[..., Parts], data_folder: Path
) -> None:
    file = data_folder / "taxonomy.toml"
    shipped = file.read_text(encoding="utf-8")
    others = shipped.replace('code = "hardware"', 'code = "things"').replace(
        'code = "software"', 'code = "it"'
    )
    file.write_text(others.replace('code = "consult"', 'code = "questions"'), encoding="utf-8")
    routing = data_folder / "routing.toml"
    written = routing.read_text(encoding="utf-8")
    for old, new in (("hardware", "things"), ("software", "it"), ("consult", "questions")):
        written = written.replace(f'"{old}"', f'"{new}"')
    routing.write_text(written, encoding="utf-8")

    parts = make_parts(data=data_folder)
    prepare(parts, _quiet)

    assert set(parts.model.card.labels["category"]) == {"things", "it", "complaint", "questions", "other"}


def test_what_people_decided_is_never_forgotten_for_an_edited_taxonomy(
    home: Path, make_parts: Callable[..., Parts], data_folder: Path
) -> None:
    parts = make_parts(data=data_folder)
    prepare(parts, _quiet)
    rows = [*shipped_examples(parts), Labelled("own", "我们自己的工单", {"category": "other"})]
    targets = ("category", "priority")
    source = "seed tickets and confirmed decisions"
    model = learning.train(
        rows, targets, parts.encoder, parts.store, name=SHIPPED, source=source, now=parts.now()
    )
    parts.store.promote(model.card.version)

    prepare(parts, _quiet)

    assert parts.store.current() == model.card.version
