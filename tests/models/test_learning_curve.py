"""The learning curve: parts that hold every label, and a forecast checked against a law that is known."""

from __future__ import annotations

import numpy as np
import pytest

from models.errors import InputError
from models.learning_curve import Places, Point, foresee, measure, nested

LABELS = ["a"] * 120 + ["b"] * 60 + ["c"] * 20


def test_the_first_so_many_hold_every_label_by_its_share() -> None:
    order = nested(np.array(LABELS), 1)
    assert sorted(order.tolist()) == list(range(200))
    first = [LABELS[i] for i in order[:50]]
    assert [first.count(label) for label in "abc"] == [30, 15, 5]


def test_every_draw_is_another_and_always_the_same() -> None:
    labels = np.array(LABELS)
    assert nested(labels, 0).tolist() == nested(labels, 0).tolist() != nested(labels, 1).tolist()


@pytest.mark.parametrize(("floor", "fall", "speed"), [(0.0, 0.1, 0.5), (0.05, 0.1, 0.4), (0.2, 0.05, 1.0)])
def test_a_known_law_is_foreseen(floor: float, fall: float, speed: float) -> None:
    sizes = (625, 1250, 2500, 5000, 10_000)
    points = [Point(size, 1 - floor - fall * (size / 10_000) ** -speed, {}) for size in sizes]
    ahead = foresee(points, [3, 3, 3, 1, 1], 3000)
    truth = 1 - floor - fall * 2**-speed
    assert ahead.texts == 20_000
    assert ahead.accuracy == pytest.approx(truth, abs=0.01)
    assert ahead.interval[0] <= truth <= ahead.interval[1]


def test_more_test_texts_make_a_surer_forecast() -> None:
    points = [Point(size, 0.9 - (size / 1000) ** -0.5 / 10, {}) for size in (250, 500, 1000)]
    few, many = (foresee(points, [1, 1, 1], tested).interval for tested in (50, 5000))
    assert few[1] - few[0] > 3 * (many[1] - many[0])


def test_the_label_that_still_learns_gains_most() -> None:
    truth = ["a"] * 100 + ["b"] * 100 + ["c"] * 100

    def learn(places: Places) -> list[str]:
        """All of a is known at once, c never learned, and b found the more the more of it was seen."""
        found = round(8 * sum(LABELS[i] == "b" for i in places) ** 0.5)
        return ["a"] * 100 + ["b"] * found + ["a"] * (100 - found) + ["a"] * 100

    found = measure(LABELS, truth, learn)
    assert [point.texts for point in found.points] == [12, 25, 50, 100, 200]
    assert found.gains[0].label == "b"
    by_label = {gain.label: gain for gain in found.gains}
    assert by_label["a"].gain == 0.0
    assert by_label["b"].recall == 0.62
    assert by_label["b"].texts == 60
    assert 0 <= by_label["c"].gain < by_label["b"].gain <= 0.38
    assert found.forecast.accuracy > found.points[-1].accuracy


def test_small_parts_are_drawn_several_times_and_progress_is_told() -> None:
    drawn: list[int] = []
    told: list[tuple[int, int]] = []

    def learn(places: Places) -> list[str]:
        drawn.append(len(places))
        return ["a"]

    measure(LABELS, ["a"], learn, lambda done, total: told.append((done, total)))
    assert drawn == [12] * 3 + [25] * 3 + [50] * 3 + [100, 200]
    assert told[-1] == (11, 11)


@pytest.mark.parametrize(("labels", "truth"), [(["a", "b"] * 8, ["a"]), (LABELS, [])])
def test_too_few_texts_are_refused(labels: list[str], truth: list[str]) -> None:
    with pytest.raises(InputError, match="a learning curve needs"):
        measure(labels, truth, lambda _: truth)
