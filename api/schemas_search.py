"""A search of the archive on the wire: what is asked, and what is answered."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import BaseModel, Field

from api.schemas import DEGRADED, Answer, SimilarCase
from kb.filters import Filters

Spans = list[tuple[int, int]]


class SearchQuery(BaseModel):
    """What is searched for, and which cases may be answered."""

    q: str = Field(description="What the problem is, in either language.")
    limit: int = Field(5, ge=1, le=100)
    category: str | None = None
    product: str | None = None
    version: str | None = None
    team: str | None = None
    closed_from: date | None = Field(None, description="The first day on which a case was closed.")
    closed_to: date | None = Field(None, description="The last day on which a case was closed.")
    language: str | None = None
    proven_only: bool = Field(False, description="Only cases whose solution worked and was not reopened.")

    def filters(self) -> Filters:
        """Which cases pass."""
        return Filters(**self.model_dump(exclude={"q", "limit"}))


class Marks(Answer):
    """Where words of the query stand: first character and the one after the last, in code points."""

    problem: Spans
    solution: Spans


class WhyFound(Answer):
    """Log odds of the match, by what they come from; their sum is that of the match."""

    meaning: float
    words: float = Field(description="Words in common that are no identifiers.")
    pairs: float = Field(description="Pairs of Chinese characters in common.")
    identifiers: float = Field(description="Error codes, part numbers and versions in common.")
    uses: float = Field(description="How the solution went for questions like this one.")
    company: float = Field(description="How far it stands out among the others, less what is usual.")


class FoundCase(SimilarCase):
    marks: Marks
    why: WhyFound | None


class SearchAnswer(Answer):
    cases: list[FoundCase]
    found: bool = Field(
        description="Whether one is likely about the same problem; else they are only the nearest."
    )
    facets: dict[str, dict[str, int]] = Field(
        description="Cases that this question could find by category, product, language and team, each as if "
        "its own filter were not set; counted over the nearest cases and those that hold its words."
    )
    degraded: list[Literal["meaning", "filling"]] = Field(default=[], description=DEGRADED)
