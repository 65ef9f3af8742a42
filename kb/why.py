"""What carried a case into the answer: the parts of its match, as log odds that add up."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kb.match import Floats, MatchCurve


@dataclass(frozen=True, slots=True)
class Why:
    """Log odds that a case is about the same problem, by what they come from; their sum is the match's.

    ``meaning``: likeness of the vectors; ``words`` and ``pairs``: words and pairs of Chinese characters in
    common; ``identifiers``: codes, part numbers and versions in common, which are not counted in ``words``;
    ``uses``: how the solution went for questions like this one; ``company``: how far the case stands out
    among the others found, less what is usual for a score. The last is mostly below 0.
    """

    meaning: float
    words: float
    pairs: float
    identifiers: float
    uses: float
    company: float


@dataclass(frozen=True, slots=True)
class Parts:
    """What the fused scores of all candidates are the sums of, each (candidates,)."""

    meaning: Floats
    words: Floats
    pairs: Floats
    identifiers: Floats
    crossing: NDArray[np.bool_]

    @property
    def scores(self) -> Floats:
        """The fused scores."""
        return self.meaning + self.words + self.pairs + self.identifiers

    def why(self, place: int, curve: MatchCurve, odds: float, uses: float) -> Why:
        """Of one candidate, whose log odds are known, uses among them."""
        side = curve.crossing if self.crossing[place] else curve.same
        weight = side.slope * curve.company.own
        meaning, words = weight * float(self.meaning[place]), weight * float(self.words[place])
        pairs, codes = weight * float(self.pairs[place]), weight * float(self.identifiers[place])
        company = odds - uses - meaning - words - pairs - codes
        return Why(meaning, words, pairs, codes, uses, company)
