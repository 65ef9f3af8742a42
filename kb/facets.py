"""How many cases a search could answer, by category, product, language and team."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from kb.filters import Filters
from kb.tables import Case

NAMES = ("category", "product", "language", "team")
MOST = 20
"""Values told of each facet, those of most cases first."""

Facets = dict[str, dict[str, int]]
"""By facet: how many cases have each value."""


def count(session: Session, keys: Sequence[int], filters: Filters) -> Facets:
    """Count each facet among candidates that pass the filters, as if its own filter were not set.

    It is counted over these keys, the cases that hold words of the query or are near it, and not over the
    archive: a few hundred at most, so that it costs little and says what else this question could find.
    Empty values are not told.
    """
    found: Facets = {}
    for name in NAMES:
        column = getattr(Case, name)
        rows = session.execute(
            select(column, func.count())
            .where(Case.pk.in_(keys), filters.without(name).condition(), column != "")
            .group_by(column)
            .order_by(func.count().desc(), column)
            .limit(MOST)
        )
        found[name] = {row[0]: row[1] for row in rows}
    return found
