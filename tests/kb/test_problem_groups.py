"""Groups that people know: their id stays, names, merging, splitting."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

import pytest

from kb import group_comments, measures, problem_groups, tickets
from kb.database import Database
from kb.problem_groups import Known
from models.errors import ConflictError, InputError, NotFoundError

Settle = Callable[[list[list[int]]], list[Known]]


@pytest.fixture
def stored(database: Database, now: datetime) -> Database:
    rows = [
        {"id": f"t{number}", "description": f"问题 {number}", "received_at": now} for number in range(1, 21)
    ]
    with database.transaction() as session:
        tickets.write(session, rows, now)
    return database


@pytest.fixture
def settle(stored: Database, now: datetime) -> Settle:
    """Settle clusters in a transaction of their own; tickets 1 to 20 were looked at."""

    def settled(clusters: list[list[int]]) -> list[Known]:
        with stored.transaction() as session:
            return problem_groups.settle(session, clusters, range(1, 21), now)

    return settled


def members(found: list[Known]) -> dict[str, set[int]]:
    return {known.id: set(known.members) for known in found}


def test_a_group_keeps_its_id_as_tickets_come_and_go(settle: Settle) -> None:
    first = settle([[1, 2, 3], [4, 5]])
    second = settle([[4, 5, 6], [2, 3, 7, 8]])

    assert [known.id for known in second] == [first[1].id, first[0].id]


def test_the_same_first_ticket_gives_the_same_id_anywhere(settle: Settle, stored: Database) -> None:
    first = settle([[3, 4]])
    with stored.transaction() as session:
        session.connection().exec_driver_sql("DELETE FROM problem_groups")
    again = settle([[3, 4, 5]])

    assert again[0].id == first[0].id


def test_of_two_halves_the_larger_keeps_the_id(settle: Settle) -> None:
    whole = settle([[1, 2, 3, 4, 5]])
    halves = settle([[1, 2], [3, 4, 5]])

    assert halves[1].id == whole[0].id
    assert halves[0].id != whole[0].id


def test_two_that_grow_together_are_the_larger_one(settle: Settle) -> None:
    first = settle([[1, 2, 3], [4, 5]])

    assert [known.id for known in settle([[1, 2, 3, 4, 5]])] == [first[0].id]


def test_a_few_tickets_in_common_do_not_make_it_the_same(settle: Settle) -> None:
    first = settle([[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]])

    assert settle([[10, 11, 12, 13, 14, 15, 16, 17, 18, 19]])[0].id != first[0].id


def test_a_name_and_comments_stay(settle: Settle, stored: Database, now: datetime) -> None:
    first = settle([[1, 2, 3]])[0]
    with stored.transaction() as session:
        problem_groups.rename(session, first.id, " 暖气不热 ")
        group_comments.add(session, first.id, " 等供热公司答复 ", by="王敏", now=now)
        group_comments.add(session, first.id, "答复了", by="李强", now=now)

    again = settle([[2, 3, 4]])[0]

    assert again.name == "暖气不热"
    assert [(row.text, row.by) for row in again.comments] == [("等供热公司答复", "王敏"), ("答复了", "李强")]


def test_merged_groups_are_one_from_then_on(settle: Settle, stored: Database) -> None:
    one, other = settle([[1, 2, 3], [4, 5, 6]])
    with stored.transaction() as session:
        problem_groups.merge(session, other.id, one.id)

    again = settle([[1, 2, 3], [4, 5, 6, 7]])

    assert members(again) == {one.id: {1, 2, 3, 4, 5, 6, 7}}
    with stored.transaction() as session, pytest.raises(ConflictError):
        problem_groups.merge(session, one.id, other.id)


def test_tickets_split_off_stay_apart(settle: Settle, stored: Database, now: datetime) -> None:
    whole = settle([[1, 2, 3, 4]])[0]
    with stored.transaction() as session:
        apart = problem_groups.split(session, whole.id, ["t3", "t4"], name="另一件事", now=now).id

    again = settle([[1, 2, 3, 4, 5]])

    assert members(again) == {whole.id: {1, 2, 5}, apart: {3, 4}}


def test_a_later_ticket_goes_to_the_side_it_is_nearer_to_and_stays_there(
    stored: Database, now: datetime
) -> None:
    asked: list[tuple[list[int], list[list[int]]]] = []

    def even(keys: Sequence[int], sides: Sequence[Sequence[int]]) -> list[int]:
        asked.append((list(keys), [sorted(side) for side in sides]))
        return [int(key % 2 == 0) for key in keys]

    with stored.transaction() as session:
        whole = problem_groups.settle(session, [[1, 2, 3, 4]], range(1, 21), now, even)[0]
        apart = problem_groups.split(session, whole.id, ["t2"], name="", now=now).id
        second = problem_groups.settle(session, [[1, 2, 3, 4, 5, 6, 8, 10]], range(1, 21), now, even)
        # By now the side that was split off is the larger one, and it may come as a cluster of its own.
        third = problem_groups.settle(session, [[2, 6, 8, 10, 12], [1, 3, 4, 5]], range(1, 21), now, even)
        last = problem_groups.settle(
            session, [[6, 8, 10, 12, 1, 3, 4, 5, 7, 14]], [*range(3, 21), 1], now, even
        )

    assert asked == [([5, 6, 8, 10], [[1, 3, 4], [2]]), ([7, 14], [[1, 3, 4, 5], [6, 8, 10, 12]])]
    assert members(second) == {whole.id: {1, 3, 4, 5}, apart: {2, 6, 8, 10}}
    assert members(third) == {whole.id: {1, 3, 4, 5}, apart: {2, 6, 8, 10, 12}}
    assert members(last) == {whole.id: {1, 3, 4, 5, 7}, apart: {6, 8, 10, 12, 14}}
    assert {known.id: known.split_from for known in last} == {whole.id: "", apart: whole.id}


def test_what_was_split_is_put_back_together(settle: Settle, stored: Database, now: datetime) -> None:
    whole = settle([[1, 2, 3, 4]])[0]
    with stored.transaction() as session:
        apart = problem_groups.split(session, whole.id, ["t3", "t4"], name="另一件事", now=now).id
        deeper = problem_groups.split(session, apart, ["t4"], name="", now=now).id
        group_comments.add(session, apart, "同一个原因", by="王敏", now=now)
    assert members(settle([[1, 2, 3, 4]])) == {whole.id: {1, 2}, apart: {3}, deeper: {4}}

    with stored.transaction() as session:
        assert problem_groups.rejoin(session, apart).id == whole.id
    again = settle([[1, 2, 3, 4, 5]])

    assert members(again) == {whole.id: {1, 2, 3, 5}, deeper: {4}}
    assert [row.text for row in again[0].comments] == ["同一个原因"]
    assert again[1].split_from == whole.id
    with stored.transaction() as session:
        problem_groups.rejoin(session, deeper)
        for refused in (apart, deeper, whole.id):
            with pytest.raises(ConflictError, match="not split off"):
                problem_groups.rejoin(session, refused)
    assert members(settle([[1, 2, 3, 4, 5]])) == {whole.id: {1, 2, 3, 4, 5}}


def test_a_part_merged_elsewhere_is_split_all_the_same(
    settle: Settle, stored: Database, now: datetime
) -> None:
    one, other = settle([[1, 2, 3], [4, 5, 6]])
    with stored.transaction() as session:
        problem_groups.merge(session, other.id, one.id)
        apart = problem_groups.split(session, one.id, ["t5"], name="", now=now).id
    assert members(settle([[1, 2, 3], [4, 5, 6]])) == {one.id: {1, 2, 3, 4, 6}, apart: {5}}
    with stored.transaction() as session:
        problem_groups.merge(session, one.id, apart)
    assert members(settle([[1, 2, 3, 4, 5, 6]])) == {apart: {1, 2, 3, 4, 5, 6}}


def test_comments_are_taken_back_and_an_empty_one_is_refused(
    settle: Settle, stored: Database, now: datetime
) -> None:
    one, other = settle([[1, 2, 3], [4, 5, 6]])
    with stored.transaction() as session:
        number = group_comments.add(session, one.id, "写错了", by="王敏", now=now).pk
        with pytest.raises(InputError, match="empty"):
            group_comments.add(session, one.id, "  ", by="王敏", now=now)
        with pytest.raises(NotFoundError):
            group_comments.remove(session, other.id, number)
        group_comments.remove(session, one.id, number)
        assert group_comments.listed(session, one.id) == []


def test_a_split_names_its_tickets(settle: Settle, stored: Database, now: datetime) -> None:
    whole = settle([[1, 2, 3]])[0]
    with stored.transaction() as session:
        with pytest.raises(InputError, match="name the tickets"):
            problem_groups.split(session, whole.id, [], name="", now=now)
        with pytest.raises(InputError, match="t9"):
            problem_groups.split(session, whole.id, ["t1", "t9"], name="", now=now)
        with pytest.raises(InputError, match="stays"):
            problem_groups.split(session, whole.id, ["t1", "t2", "t3"], name="", now=now)


def test_an_unknown_group_is_told(stored: Database) -> None:
    with stored.transaction() as session, pytest.raises(NotFoundError, match="g-nothing"):
        problem_groups.rename(session, "g-nothing", "x")


def test_empty_groups_that_nobody_named_or_acted_against_go(
    settle: Settle, stored: Database, now: datetime
) -> None:
    nameless, named, acted = settle([[1, 2], [3, 4], [5, 6]])
    with stored.transaction() as session:
        problem_groups.rename(session, named.id, "有名字")
        measures.note(session, what="换轮", who="", target_kind="group", target=acted.id, since=now, now=now)
    settle([])
    with stored.transaction() as session:
        problem_groups.forget_empty(session)
        assert problem_groups.get(session, named.id).name == "有名字"
        assert problem_groups.get(session, acted.id).id == acted.id
        with pytest.raises(NotFoundError):
            problem_groups.get(session, nameless.id)


def test_tickets_not_looked_at_stay_where_they_were(stored: Database, now: datetime) -> None:
    with stored.transaction() as session:
        first = problem_groups.settle(session, [[1, 2], [3, 4]], [1, 2, 3, 4], now)
        problem_groups.settle(session, [[1, 2]], [1, 2], now)
        again = problem_groups.settle(session, [[3, 4, 5]], [3, 4, 5], now)

    assert again[0].id == first[1].id
