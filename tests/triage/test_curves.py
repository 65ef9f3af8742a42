"""The learning curve of labelled rows: what is kept back, and that only labelled rows count."""

from __future__ import annotations

from models.encoder import Encoder
from triage import learning
from triage.curves import curve, kept_back
from triage.learning import Labelled

SOUNDS = {"hw": "printer paper jam fan", "sw": "login error crash app", "ot": "invoice parcel refund"}
ROWS = [
    Labelled(f"{label}-{i}", f"{words} {'abcdefgh'[i % 8]}{i}", {"category": label}, f"group {i % 10}")
    for label, words in SOUNDS.items()
    for i in range(40)
]


def test_whole_groups_are_kept_back() -> None:
    known, tested = kept_back(ROWS, "category")
    assert {row.group for row in tested} == {"group 0", "group 5"}
    assert not {row.group for row in known} & {row.group for row in tested}
    assert len(known) + len(tested) == len(ROWS)


def test_what_the_taxonomy_says_is_never_a_test() -> None:
    said = [Labelled("t", "the printer", {"category": "hw"}, learning.TAXONOMY)]
    known, _ = kept_back([*ROWS, *said], "category")
    assert said[0] in known


def test_without_groups_a_fifth_of_each_label_is_kept_back() -> None:
    rows = [Labelled(row.id, row.text, row.labels) for row in ROWS]
    known, tested = kept_back(rows, "category")
    labels = [row.labels["category"] for row in tested]
    assert [labels.count(label) for label in SOUNDS] == [8, 8, 8]
    assert len(known) == 96


def test_a_curve_of_labelled_rows(encoder: Encoder) -> None:
    unlabelled = Labelled("x", "who knows", {"category": ""})
    told: list[str] = []
    found = curve(encoder, [*ROWS, unlabelled], None, "category", lambda what, *_: told.append(what))
    assert found.points[-1].texts == 96
    assert found.points[-1].accuracy == 1.0
    assert {gain.label for gain in found.gains} == set(SOUNDS)
    assert told[-1] == "drawing the curve"


def test_other_texts_can_be_tested_on(encoder: Encoder) -> None:
    wrong = [Labelled("y", "printer paper jam", {"category": "sw"}), Labelled("z", "no label", {})]
    found = curve(encoder, ROWS, wrong, "category")
    assert found.points[-1].texts == 120
    assert found.points[-1].accuracy == 0.0
