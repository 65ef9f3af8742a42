"""The match curve of the seed archive."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from kb.match import probability
from models.encoder import Encoder
from models.errors import DataFileError
from triage import matching


@pytest.mark.parametrize("name", ["tickets_zh.jsonl", "cases_zh.jsonl"])
def test_a_missing_file_is_named(data_folder: Path, encoder: Encoder, name: str) -> None:
    (data_folder / "seed" / name).unlink()

    with pytest.raises(DataFileError, match=f"{name}: the file is missing"):
        matching.match_curve(data_folder, encoder)


def test_the_match_curve_rises_and_knows_where_it_comes_from(data_folder: Path, encoder: Encoder) -> None:
    curve = matching.match_curve(data_folder, encoder)

    assert curve.fitted_on == "seed archive, 18 tickets, alone and among 6 others"
    assert curve.same.slope > 0
    assert curve == matching.match_curve(data_folder, encoder)
    # A ticket and its own case in one language share nearly all words; two problems share next to none.
    within = np.zeros(30, dtype=np.bool_)
    chances = probability(curve.odds(np.array([2.5, *np.linspace(0.4, 0.1, 29)]), within))
    assert chances[0] > 0.5 > chances[1] >= chances[-1]
