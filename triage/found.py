"""What a search found, and what it had to do without."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from kb.facets import Facets
from kb.search import Hit

MEANING = "meaning"
"""The vector index does not answer: cases were looked for by their words alone."""
FILLING = "filling"
"""The vector index lacks cases still: some may be found by their words alone."""


class Hits(list[Hit]):
    """The cases found, best first; ``degraded`` names what the search had to do without.

    ``facets`` are empty where they were not asked for.
    """

    def __init__(
        self, hits: Iterable[Hit] = (), degraded: Collection[str] = (), facets: Facets | None = None
    ) -> None:
        super().__init__(hits)
        self.degraded = tuple(dict.fromkeys(degraded))
        self.facets = facets or {}
