"""The life of a case: which state follows which, what search finds of it, expiry and merges."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from kb import case_life, case_versions, cases, ledger
from kb.case_tables import CaseEvent
from kb.database import Database
from kb.documents import fingerprint
from kb.index import VectorIndex, open_embedded
from kb.search import Hit
from kb.tables import CaseDocument, CaseUse, CorpusSize
from models.encoder import Encoder
from models.errors import ConflictError, InputError, NotFoundError

TODAY = date(2026, 3, 11)
Move = Callable[..., None]
Ask = Callable[..., list[Hit]]


@pytest.fixture
def move(archive: Database, encoder: Encoder, now: datetime) -> Move:
    """Brings a case of the archive through states, one after the other."""

    def moved(case_id: str, *states: str, **more: Any) -> None:
        for state in states:
            with archive.transaction() as session:
                case_life.move(session, case_id, state, encoder, now, today=TODAY, **more)

    return moved


@pytest.fixture
def index(archive: Database, encoder: Encoder, tmp_path: Path) -> Iterator[VectorIndex]:
    opened = open_embedded(tmp_path / "index", fingerprint(encoder), encoder.dimension)
    opened.apply(archive)
    yield opened
    opened.close()


def state(database: Database, case_id: str) -> str:
    with database.reading() as session:
        return cases.get(session, case_id).state


def corpus(session: Session) -> tuple[int, int, int]:
    size = session.scalars(select(CorpusSize)).one()
    return size.documents, size.words, size.pairs


def events(database: Database, case_id: str) -> list[tuple[str, str, str]]:
    with database.reading() as session:
        found = case_versions.history(session, cases.get(session, case_id))
        return [(event.kind, event.before, event.after) for event in found]


@pytest.mark.parametrize("away", ["review", "expired", "withdrawn"])
def test_only_published_cases_are_found_and_the_counts_stay_in_step(
    archive: Database, move: Move, ask: Ask, index: VectorIndex, encoder: Encoder, away: str
) -> None:
    with archive.reading() as session:
        before = corpus(session)
    first = ask("打印机无法开机")
    assert first[0].case_id == "printer"
    others = [hit for hit in ask("VPN连不上") if hit.case_id != "printer"]

    move("printer", away)
    assert "printer" not in {hit.case_id for hit in ask("打印机无法开机", limit=50)}
    with archive.reading() as session:
        assert corpus(session)[0] == before[0] - 1
        assert corpus(session)[1] < before[1]
        assert cases.get(session, "printer").problem, "it is still read"
    assert index.apply(archive) == 1
    assert index.verify(archive).none
    with archive.transaction() as session:
        assert cases.reindex(session, encoder, 100) == 0, "a case that is not published is not indexed anew"

    move("printer", *{"review": ["published"], "expired": ["review", "published"]}.get(
        away, ["draft", "review", "published"]
    ))  # fmt: skip
    with archive.reading() as session:
        assert corpus(session) == before
    assert index.apply(archive) >= 1
    assert index.verify(archive).none
    assert ask("打印机无法开机")[0] == first[0]
    assert [hit for hit in ask("VPN连不上") if hit.case_id != "printer"] == others


def test_a_draft_is_found_once_it_is_published(
    archive: Database, move: Move, ask: Ask, encoder: Encoder, now: datetime
) -> None:
    with archive.transaction() as session:
        row = {"id": "new", "problem": "咖啡机漏水"}
        cases.write(session, [row], encoder, now, state="draft", by="li")
        documents = session.scalar(select(func.count()).select_from(CaseDocument))
    assert documents == 6
    assert "new" not in {hit.case_id for hit in ask("咖啡机漏水", limit=50)}
    move("new", "review", "published", by="wang", note="checked")
    assert ask("咖啡机漏水")[0].case_id == "new"
    assert events(archive, "new") == [
        ("state", "", "draft"),
        ("state", "draft", "review"),
        ("state", "review", "published"),
    ]
    with archive.reading() as session:
        last = session.scalars(select(CaseEvent).order_by(CaseEvent.pk.desc()).limit(1)).one()
    assert (last.by, last.note, last.at, last.number) == ("wang", "checked", now, 1)


@pytest.mark.parametrize("before", case_life.STATES)
@pytest.mark.parametrize("after", case_life.STATES)
def test_only_the_transitions_of_the_table_are_allowed(
    archive: Database, encoder: Encoder, now: datetime, before: str, after: str
) -> None:
    with archive.transaction() as session:
        case = cases.get(session, "jam")
        case.state = before
    more = {"replaced_by": "printer"} if after == "replaced" else {}

    def go() -> None:
        with archive.transaction() as session:
            case_life.move(session, "jam", after, encoder, now, today=TODAY, **more)

    if after in case_life.NEXT[before]:
        go()
        assert state(archive, "jam") == after
    else:
        allowed = ", ".join(case_life.NEXT[before])
        with pytest.raises(ConflictError, match=f"is {before} can become {allowed}, not {after}"):
            go()
        assert state(archive, "jam") == before
        assert events(archive, "jam") == [("state", "", "published")]


def test_an_unknown_state_is_named_with_those_there_are(move: Move) -> None:
    with pytest.raises(InputError, match="draft, review, published") as caught:
        move("jam", "lost")
    assert caught.value.field == "to"


@pytest.mark.parametrize(
    ("to", "by", "kind"),
    [
        ("replaced", "", InputError),
        ("withdrawn", "vpn", InputError),
        ("replaced", "nobody", NotFoundError),
        ("replaced", "jam", ConflictError),
    ],
    ids=["by none", "by one where it means nothing", "by one that is not there", "by one not published"],
)
def test_what_replaces_a_case_must_be_published(
    archive: Database, move: Move, to: str, by: str, kind: type[Exception]
) -> None:
    move("jam", "review")
    with pytest.raises(kind):
        move("printer", to, replaced_by=by)
    assert state(archive, "printer") == "published"


def test_a_case_does_not_replace_itself(archive: Database, move: Move) -> None:
    with pytest.raises(InputError, match="by itself"):
        move("printer", "replaced", replaced_by="printer")
    assert state(archive, "printer") == "published"


def test_a_replaced_case_names_its_successor_until_it_is_taken_up_again(
    archive: Database, move: Move
) -> None:
    move("jam", "replaced", replaced_by="printer")
    with archive.reading() as session:
        assert cases.get(session, "jam").replaced_by == "printer"
    move("jam", "review")
    with archive.reading() as session:
        assert cases.get(session, "jam").replaced_by == ""


def test_cases_expire_on_their_day(archive: Database, encoder: Encoder, now: datetime, ask: Ask) -> None:
    days = {"jam": TODAY, "vpn": TODAY + timedelta(days=1), "app": TODAY - timedelta(days=9)}
    with archive.transaction() as session:
        for case_id, day in days.items():
            cases.get(session, case_id).expires_on = day
    with archive.reading() as session:
        assert case_life.due(session, TODAY)
    with archive.transaction() as session:
        assert case_life.expire(session, TODAY, now, most=1) == 1
    with archive.transaction() as session:
        assert case_life.expire(session, TODAY, now) == 1
        assert case_life.expire(session, TODAY, now) == 0
        assert not case_life.due(session, TODAY)
    assert [state(archive, one) for one in days] == ["expired", "published", "expired"]
    assert "jam" not in {hit.case_id for hit in ask("HX-300 paper jams", limit=50)}
    assert events(archive, "jam")[-1] == ("state", "published", "expired")


def test_what_would_expire_at_once_is_not_published(archive: Database, move: Move) -> None:
    with archive.transaction() as session:
        cases.get(session, "jam").expires_on = TODAY
    move("jam", "expired", "review")
    with pytest.raises(ConflictError, match="expired on 2026-03-11"):
        move("jam", "published")


@pytest.fixture
def used(archive: Database, now: datetime) -> Database:
    """The archive with three uses of one case and two of another, one of them the same."""
    with archive.transaction() as session:
        for number in range(3):
            ledger.record(session, "jam", worked=True, used_at=now, ticket_id=f"t{number}")
        ledger.record(session, "printer", worked=False, used_at=now, ticket_id="t0")
        ledger.record(session, "printer", worked=True, used_at=now + timedelta(hours=1), ticket_id="t0")
    return archive


def proof(database: Database, case_id: str) -> tuple[int, int]:
    with database.reading() as session:
        key = cases.get(session, case_id).pk
        found = ledger.proofs(session, [key]).get(key, ledger.NO_PROOF)
    return found.used, found.worked


def merge(database: Database, now: datetime, one: str = "jam", into: str = "printer") -> case_life.Merged:
    with database.transaction() as session:
        return case_life.merge(session, one, into, now, by="li", note="the same")


def test_a_merge_moves_the_proof_and_replaces_the_case(
    used: Database, now: datetime, ask: Ask, index: VectorIndex
) -> None:
    assert merge(used, now) == case_life.Merged(moved=2, left=1)
    assert proof(used, "printer") == (4, 3)
    assert proof(used, "jam") == (1, 1), "the same ticket at the same time is one use"
    with used.reading() as session:
        case = cases.get(session, "jam")
        assert (case.state, case.replaced_by) == ("replaced", "printer")
        assert session.scalar(select(func.count()).select_from(CaseUse)) == 5
    assert events(used, "jam")[1:] == [("state", "published", "replaced"), ("merge", "jam", "printer")]
    assert events(used, "printer")[1:] == [("merge", "jam", "printer")]
    assert "jam" not in {hit.case_id for hit in ask("HX-300 paper jams", limit=50)}
    index.apply(used)
    assert index.verify(used).none


def test_a_merge_done_again_does_nothing(used: Database, now: datetime) -> None:
    merge(used, now)
    before = events(used, "jam"), events(used, "printer"), proof(used, "printer")
    assert merge(used, now) == case_life.Merged(0, 0)
    assert (events(used, "jam"), events(used, "printer"), proof(used, "printer")) == before


@pytest.mark.parametrize(
    ("one", "into", "kind", "said"),
    [
        ("jam", "jam", InputError, "into itself"),
        ("jam", "nobody", NotFoundError, "nobody"),
        ("nobody", "jam", NotFoundError, "nobody"),
        ("jam", "app", ConflictError, "'app' is withdrawn, not published"),
        ("app", "jam", ConflictError, "withdrawn cannot be merged"),
        ("error", "jam", ConflictError, "replaced by 'printer' cannot be merged"),
    ],
)
def test_a_merge_that_cannot_be_changes_nothing(
    used: Database, move: Move, now: datetime, one: str, into: str, kind: type[Exception], said: str
) -> None:
    move("app", "withdrawn")
    move("error", "replaced", replaced_by="printer")
    with pytest.raises(kind, match=said):
        merge(used, now, one, into)
    assert (proof(used, "jam"), proof(used, "printer")) == ((3, 3), (2, 1))
    assert state(used, "jam") == "published"


def test_a_change_is_refused_to_who_has_not_seen_the_latest(
    archive: Database, encoder: Encoder, now: datetime
) -> None:
    def change(number: int, problem: str) -> None:
        with archive.transaction() as session:
            case_life.change(session, "jam", {"problem": problem}, number, encoder, now, by="li")

    change(1, "first")
    with pytest.raises(ConflictError, match="at version 2, not 1") as caught:
        change(1, "second")
    assert caught.value.field == "version_number"
    with archive.reading() as session:
        case = cases.get(session, "jam")
        assert (case.problem, case.solution, case.version_number) == ("first", "Clean the feed roller", 2)


@pytest.mark.parametrize("ended", ["expired", "withdrawn"])
def test_what_is_no_longer_in_force_is_not_changed(
    archive: Database, encoder: Encoder, now: datetime, move: Move, ended: str
) -> None:
    move("jam", ended)
    with pytest.raises(ConflictError, match=f"{ended} is not changed"), archive.transaction() as session:
        case_life.change(session, "jam", {"problem": "other"}, 1, encoder, now)


def test_pages_of_cases(archive: Database, move: Move) -> None:
    move("jam", "review")
    move("vpn", "review")

    def ids(**wanted: Any) -> tuple[list[str], int | None]:
        with archive.reading() as session:
            found = case_life.page(session, **wanted)
            return [case.id for case in found.cases], found.next_cursor

    assert ids(state="review")[0] == ["jam", "vpn"]
    first, cursor = ids(limit=4)
    second, end = ids(limit=4, before=cursor)
    assert (len(first), len(second), end) == (4, 2, None)
    assert len({*first, *second}) == 6
    assert ids(state="review", category="hardware")[0] == ["jam"]
    with pytest.raises(InputError, match="state is one of"):
        ids(state="lost")
