"""Which cases a search may answer with: conditions on their fields, asked in SQL and never in Python."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, String, and_, cast, exists, func, select, true
from sqlalchemy.orm import Session

from kb.tables import Case, CaseUse
from models.errors import InputError

_EQUAL = ("category", "product", "version", "team", "language")
_AT_ONCE = 5_000
"""Keys written into one statement at most."""


@dataclass(frozen=True, slots=True)
class Filters:
    """What a case must be to be answered; nothing is asked where a field is not set.

    The dates include both their days; a case without a date is outside of every span. ``proven_only`` asks
    for a use that worked and was not reopened.

    Raises:
        InputError: the last day is before the first.
    """

    category: str | None = None
    product: str | None = None
    version: str | None = None
    team: str | None = None
    closed_from: date | None = None
    closed_to: date | None = None
    language: str | None = None
    proven_only: bool = False

    def __post_init__(self) -> None:
        if self.closed_from and self.closed_to and self.closed_to < self.closed_from:
            raise InputError(
                f"closed_to {self.closed_to} is before closed_from {self.closed_from}", field="closed_to"
            )

    @property
    def none(self) -> bool:
        """Whether every case passes."""
        return self == NO_FILTERS

    def without(self, name: str) -> Filters:
        """The same, one of them not set.

        Raises:
            KeyError: there is no filter of that name.
        """
        kept = {field.name: getattr(self, field.name) for field in fields(self)}
        del kept[name]
        return Filters(**kept)

    def condition(self) -> ColumnElement[bool]:
        """The same for the WHERE of a query on ``Case``. A further filter needs its line here alone."""
        wanted = [
            getattr(Case, name) == value for name in _EQUAL if (value := getattr(self, name)) is not None
        ]
        if self.closed_from is not None:
            wanted.append(Case.closed_on >= self.closed_from)
        if self.closed_to is not None:
            wanted.append(Case.closed_on <= self.closed_to)
        if self.proven_only:
            worked = (CaseUse.case_pk == Case.pk) & CaseUse.worked & ~CaseUse.reopened
            wanted.append(exists().where(worked))
        return and_(true(), *wanted)


NO_FILTERS = Filters()


def passing(session: Session, filters: Filters, keys: Sequence[int]) -> list[int]:
    """Those of these cases that pass, in the order given."""
    if filters.none or not keys:
        return list(keys)
    condition, allowed = filters.condition(), set[int]()
    for begin in range(0, len(keys), _AT_ONCE):
        part = Case.pk.in_(keys[begin : begin + _AT_ONCE])
        allowed |= set(session.scalars(select(Case.pk).where(part, condition)))
    return [key for key in keys if key in allowed]


def first(session: Session, filters: Filters, most: int | None = None) -> NDArray[np.int64]:
    """The keys of cases that pass, ascending; ``most`` of them at most, which counts them as well.

    They come as one string: a row for each would take seven times as long.
    """
    some = select(Case.pk).where(filters.condition()).limit(most).subquery()
    said = session.scalar(select(func.aggregate_strings(cast(some.c.pk, String), ",")))
    return np.sort(np.fromstring(said, dtype=np.int64, sep=",")) if said else np.zeros(0, dtype=np.int64)
