"""Labelled examples beside a suggestion."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from models.errors import ModelError
from models.examples import MOST, Examples

AXES = np.eye(4, dtype=np.float32)


def examples() -> Examples:
    labels = {
        "category": ["hardware", "software", "other", "software"],
        "priority": ["", "urgent", "", "normal"],
    }
    return Examples.sample(["t1", "t2", "t3", "t4"], labels, AXES)


def test_nearest_come_first_and_matches_are_never_negative() -> None:
    vector = np.array([0.8, 0.6, 0.0, -0.1], dtype=np.float32)
    found = examples().nearest(vector, "category", most=4)
    assert [(item.ticket_id, item.label) for item in found] == [
        ("t1", "hardware"),
        ("t2", "software"),
        ("t3", "other"),
        ("t4", "software"),
    ]
    assert [item.match for item in found] == [0.8, 0.6, 0.0, 0.0]


def test_texts_without_a_label_are_passed_over() -> None:
    found = examples().nearest(AXES[0], "priority")
    assert {item.ticket_id for item in found} == {"t2", "t4"}


def test_many_texts_without_a_label_do_not_hide_one_that_has_it() -> None:
    vectors = np.concatenate([np.tile(AXES[:1], (50, 1)), AXES[1:2]])
    many = Examples.sample([f"t{n}" for n in range(51)], {"priority": [""] * 50 + ["urgent"]}, vectors)
    assert [item.ticket_id for item in many.nearest(AXES[0], "priority")] == ["t50"]


def test_an_unknown_target_or_no_examples_give_nothing() -> None:
    assert examples().nearest(AXES[0], "mood") == []
    assert Examples.sample([], {"category": []}, AXES[:0]).nearest(AXES[0], "category") == []


def test_a_sample_keeps_rows_together_and_is_always_the_same() -> None:
    number = MOST + 10
    ids = [f"t{n}" for n in range(number)]
    # Half precision holds whole numbers up to 2048 only, so that each is split in two.
    vectors = np.stack(np.divmod(np.arange(number, dtype=np.float32), 1000), axis=1)
    first = Examples.sample(ids, {"category": ids}, vectors)
    second = Examples.sample(ids, {"category": ids}, vectors)
    assert len(first.ids) == MOST
    assert first.ids == second.ids == first.labels["category"]
    assert [f"t{int(1000 * high + low)}" for high, low in first.anchors.vectors] == first.ids


def test_what_is_saved_is_read_again(tmp_path: Path) -> None:
    examples().save(tmp_path / "examples.npz")
    again = Examples.load(tmp_path / "examples.npz")
    assert again.ids == ["t1", "t2", "t3", "t4"]
    assert again.nearest(AXES[1], "priority", most=1) == examples().nearest(AXES[1], "priority", most=1)


@pytest.mark.parametrize("size", [0, 10, 200, -30])
def test_a_damaged_file_is_explained(tmp_path: Path, size: int) -> None:
    path = tmp_path / "examples.npz"
    examples().save(path)
    path.write_bytes(path.read_bytes()[:size])
    with pytest.raises(ModelError, match="damaged"):
        Examples.load(path)


def test_a_missing_file_is_explained(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="damaged"):
        Examples.load(tmp_path / "examples.npz")
