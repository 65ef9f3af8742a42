"""The answer given last: category and priority ask the same of one text, one after the other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

Question = TypeVar("Question")
Answer = TypeVar("Answer")


class Last(Generic[Question, Answer]):
    """Remembers one answer. Threads may share it: at worst each works out its own."""

    def __init__(self) -> None:
        self._held: tuple[Question, Answer] | None = None

    def get(self, question: Question, work_out: Callable[[], Answer]) -> Answer:
        """The answer to this question, worked out unless it was asked last."""
        held = self._held
        if held is None or held[0] != question:
            held = self._held = (question, work_out())
        return held[1]
