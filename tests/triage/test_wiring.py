"""The parts: what is said when they do not fit, what is picked up, and what is let go of."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from kb import cases
from kb.match import Logistic, MatchCurve
from models.encoder import Encoder
from models.errors import IndexUnavailableError, ModelError, SettingsError
from models.text import analyse
from triage import learning, wiring
from triage.learning import Labelled
from triage.pipeline import TicketText
from triage.settings import Settings
from triage.wiring import Parts


def _archive(parts: Parts) -> None:
    rows = [
        {"id": "printer", "problem": "打印机开不了机", "solution": "换电源", "category": "hardware"},
        {"id": "login", "problem": "the login page crashes", "solution": "restart", "category": "software"},
    ]
    with parts.database.transaction() as session:
        cases.write(session, rows, parts.encoder, parts.now())
    parts.index().apply(parts.database)


def test_without_a_promoted_model_it_says_what_to_do(make_parts: Callable[..., Parts]) -> None:
    with pytest.raises(ModelError, match="triage demo") as raised:
        _ = make_parts().triager

    assert "triage train --promote" in raised.value.message


@pytest.mark.parametrize("key", ["encoder", "analyser"])
def test_a_model_of_another_making_is_refused(home: Path, make_parts: Callable[..., Parts], key: str) -> None:
    path = home / "models" / "small-1" / "card.json"
    card = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(card | {key: "another"}), encoding="utf-8")

    with pytest.raises(ModelError, match=r"small-1 was made with .*another.*train it again"):
        _ = make_parts().model


def test_a_damaged_model_is_an_error_of_ours(home: Path, make_parts: Callable[..., Parts]) -> None:
    (home / "models" / "small-1" / "category.skops").write_bytes(b"not a model")

    with pytest.raises(ModelError, match="small-1 is damaged"):
        _ = make_parts().model


def test_another_promoted_model_is_picked_up_and_given_back(
    home: Path, make_parts: Callable[..., Parts], labelled: list[Labelled], encoder: Encoder
) -> None:
    parts = make_parts()
    first = parts.model
    assert parts.model is first

    # Another process trains and promotes.
    store = make_parts().store
    learning.train(
        labelled, ("category",), encoder, store, name="next", source="", now=datetime(2026, 4, 1, tzinfo=UTC)
    )
    assert parts.model is first
    store.promote("next-1")
    assert parts.triager.model.card.version == "next-1"
    store.rollback()
    assert parts.triager.model.card.version == "small-1"


def test_an_assessment_with_everything_real_but_the_encoder(
    home: Path, make_parts: Callable[..., Parts], now: datetime
) -> None:
    parts = make_parts()
    _archive(parts)

    found = parts.triager.assess(TicketText(description="你好，打印机开不了机 1"), now=now)

    assert found.category.label == "hardware"
    assert found.similar_cases[0].case_id == "printer"
    assert "打印机" in found.similar_cases[0].shared_terms


def test_searches_can_be_narrowed(make_parts: Callable[..., Parts], encoder: Encoder) -> None:
    parts = make_parts()
    _archive(parts)
    asked, vector = analyse("打印机开不了机"), encoder.encode(["打印机开不了机"])[0]

    assert [hit.case_id for hit in parts.find_cases(asked, vector, 1)] == ["printer"]
    assert [hit.case_id for hit in parts.find_cases(asked, vector, 5, category="software")] == ["login"]
    assert [hit.case_id for hit in parts.find_cases(asked, vector, 5, language="en")] == ["login"]


def test_the_index_belongs_to_one_until_it_is_closed(make_parts: Callable[..., Parts]) -> None:
    first, second = make_parts(), make_parts()
    _archive(first)

    with pytest.raises(IndexUnavailableError, match="another running process"):
        second.index(wait=0)
    first.close()

    assert len(second.index(wait=0).keys()) == 2
    second.close()
    second.close()


def test_closed_parts_can_open_the_index_again(make_parts: Callable[..., Parts]) -> None:
    parts = make_parts()
    _archive(parts)
    parts.close()

    assert len(parts.index(wait=0).keys()) == 2


def test_the_curve_is_read_from_its_file(home: Path, make_parts: Callable[..., Parts]) -> None:
    assert make_parts().curve == MatchCurve()
    fitted = MatchCurve(Logistic(3.0, 0.5), Logistic(4.0, 0.4), "tests")
    fitted.save(make_parts().match_file)

    assert make_parts().curve == fitted
    make_parts().match_file.write_text("{", encoding="utf-8")
    with pytest.raises(ModelError, match="damaged"):
        _ = make_parts().curve


@pytest.mark.parametrize("url", ["nonsense", "foo://x/y", "mssql+nodriver://x"])
def test_an_address_that_is_none_is_named(make_parts: Callable[..., Parts], url: str) -> None:
    with pytest.raises(SettingsError, match="TRIAGE_DATABASE_URL"):
        _ = make_parts(database_url=url).database


def test_parts_are_built_from_the_environment(
    clean_environment: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRIAGE_HOME", "elsewhere")

    assert wiring.build().settings.home == Path("elsewhere")
    assert wiring.build(Settings(home=Path("given"))).settings.home == Path("given")


def test_imports_know_the_zone_and_the_names(make_parts: Callable[..., Parts]) -> None:
    source = make_parts(timezone="Europe/Berlin").source

    assert str(source.timezone) == "Europe/Berlin"
    assert source.names["priority"]["紧急"] == "urgent"
