"""The answer given last is not worked out again."""

from __future__ import annotations

from models.memo import Last


def test_only_a_new_question_is_worked_out() -> None:
    asked: list[str] = []
    last: Last[str, int] = Last()

    def length(of: str) -> int:
        return last.get(of, lambda: (asked.append(of), len(of))[1])

    assert [length(of) for of in ("one", "one", "three", "three", "one")] == [3, 3, 5, 5, 3]
    assert asked == ["one", "three", "one"]


def test_a_question_that_failed_is_asked_again() -> None:
    last: Last[str, float] = Last()
    values = iter([0, 4])
    for expected in (None, 0.25):
        try:
            found: float | None = last.get("same", lambda: 1 / next(values))
        except ZeroDivisionError:
            found = None
        assert found == expected
