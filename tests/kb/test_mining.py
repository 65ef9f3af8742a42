"""Problem groups: likeness of pairs, average linkage over neighbours, the most central ticket."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from kb import likeness, linkage, mining, neighbours
from kb.likeness import Space, Weights
from kb.ticket_documents import Documents, read
from models.encoder import Encoder

PROBLEMS = {
    "heating": [
        "阳光小区三号楼暖气不热，室温只有十二度",
        "暖气不热，阳光小区三号楼的老人受不了",
        "阳光小区暖气不热没人修",
    ],
    "noise": [
        "人民路工地半夜施工噪音扰民",
        "半夜施工，人民路工地噪音太大睡不着",
        "人民路工地噪音扰民多次投诉无果",
    ],
    "printer": [
        "The HX-300 printer on floor two jams on every page",
        "Paper jams on every page in the HX-300 printer",
        "HX-300 printer jams again, floor two",
    ],
}
ALONE = ["发票抬头写错了怎么改", "Please add a dark theme to the calendar", "护照办理需要多长时间"]


def documents(texts: Sequence[str], encoder: Encoder) -> Documents:
    return Documents(np.arange(len(texts), dtype=np.int64) + 100, read(texts, encoder), None)


@pytest.fixture
def texts() -> list[str]:
    return [text for held in PROBLEMS.values() for text in held] + ALONE


@pytest.mark.real
def test_tickets_about_one_problem_are_one_group(texts: list[str], real_encoder: Encoder) -> None:
    found = mining.group(documents(texts, real_encoder))

    groups = {frozenset(cluster.places.tolist()) for cluster in found.clusters}
    assert groups == {frozenset({0, 1, 2}), frozenset({3, 4, 5}), frozenset({6, 7, 8})}
    assert found.outside.tolist() == [9, 10, 11]


@pytest.mark.real
def test_one_fault_in_two_languages_is_one_group(real_encoder: Encoder) -> None:
    texts = [
        "VPN每隔几分钟就断开，无法远程办公",
        "The VPN disconnects every few minutes, remote work is impossible",
        "VPN一直断线，远程办公没法进行",
        "VPN drops every couple of minutes, I cannot work from home",
        *ALONE,
    ]

    found = mining.group(documents(texts, real_encoder))

    assert [sorted(cluster.places.tolist()) for cluster in found.clusters] == [[0, 1, 2, 3]]


def random_space(count: int, seed: int) -> Space:
    rng = np.random.default_rng(seed)
    vectors = rng.normal(size=(count, 6)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    words = likeness.weigh([rng.integers(0, 12, 4).astype(np.uint32) for _ in range(count)])
    return Space(vectors, words, rng.choice([-1, 0, 1], count).astype(np.int8), Weights(4, 3, -2.5, 6, -2))


def all_pairs(count: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    pairs = np.array(list(itertools.combinations(range(count), 2)), dtype=np.intp)
    return pairs[:, 0], pairs[:, 1]


def by_definition(space: Space) -> set[frozenset[int]]:
    """Average linkage as in a textbook: every pair of groups by the mean over all their pairs."""
    count = len(space)
    odds = np.zeros((count, count))
    left, right = all_pairs(count)
    odds[left, right] = odds[right, left] = space.of_pairs(left, right)
    groups = [[text] for text in range(count)]
    while len(groups) > 1:
        value, one, other = max(
            (float(odds[np.ix_(groups[a], groups[b])].mean()), a, b)
            for a, b in itertools.combinations(range(len(groups)), 2)
        )
        if value <= 0:
            break
        groups[one] += groups.pop(other)
    return {frozenset(group) for group in groups}


@pytest.mark.parametrize("seed", range(5))
def test_linkage_is_the_textbooks_where_all_pairs_are_promising(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(linkage, "PROMISING", -1e9)
    monkeypatch.setattr(linkage, "HOPELESS", -1e9)
    monkeypatch.setattr(linkage, "MOST", 1000)
    space = random_space(14, seed)

    owner = linkage.groups(space, all_pairs(14), 0.0)

    found = {frozenset(np.flatnonzero(owner == name).tolist()) for name in set(owner.tolist())}
    assert found == by_definition(space)
    assert len(found) < 14


def test_the_log_odds_of_a_pair_go_by_its_scripts() -> None:
    meanings = np.array([[1, 0], [0.8, 0.6], [0.8, 0.6], [0.8, 0.6]], dtype=np.float32)
    words = likeness.weigh([np.array([code], dtype=np.uint32) for code in (1, 1, 2, 2)])
    space = Space(meanings, words, np.array([1, 1, -1, 0], dtype=np.int8))

    odds = space.of_pairs(np.array([0, 0, 0]), np.array([1, 2, 3]))

    weights = Weights()
    assert odds[0] == pytest.approx(0.8 * weights.meaning + weights.words + weights.base, abs=1e-4)
    assert odds[1] == pytest.approx(0.8 * weights.meaning_across + weights.base_across, abs=1e-4)
    assert odds[2] == pytest.approx(0.8 * weights.meaning + weights.base, abs=1e-4)


def test_a_word_of_one_text_alone_says_nothing() -> None:
    words = likeness.weigh([np.array(codes, dtype=np.uint32) for codes in ([7, 8], [8, 9], [5])])

    assert words.shape == (3, 1)
    assert words.toarray().ravel().tolist() == pytest.approx([1, 1, 0])


def codes(*texts: Sequence[int]) -> list[NDArray[np.uint32]]:
    return [np.array(held, dtype=np.uint32) for held in texts]


def test_a_name_in_one_subject_meets_the_same_in_the_text_of_another() -> None:
    whole = codes([1, 2, 3], [1, 4, 5], [6, 2, 3], [6, 4, 5])
    subjects = codes([1], [4], [3], [4])

    words, texts, apart = likeness.weigh(whole, subjects), likeness.weigh(whole), likeness.weigh(subjects)
    shared = (words @ words.T).toarray()

    # Compared subject with subject and text with text, the two would share half of what their texts share.
    side_by_side = (texts @ texts.T + apart @ apart.T).toarray() / 2
    assert shared[0, 1] > 1.5 * side_by_side[0, 1]
    np.testing.assert_allclose(shared.diagonal(), 1, atol=1e-5)


def test_the_rarity_of_a_word_is_that_among_the_whole_texts() -> None:
    words = likeness.weigh(codes([1, 2], [1, 3], [4, 3]), codes([2], [2], [9]))

    # 2 stands in one whole text alone, and 9 in none.
    assert words.shape == (3, 2)


def test_groups_with_subjects_lie_in_one_space(texts: list[str], encoder: Encoder) -> None:
    found = documents(texts, encoder)
    subjects = read([text[:6] for text in texts], encoder)

    alone, both = likeness.space(found.whole), likeness.space(found.whole, subjects)

    assert both.meanings.shape == alone.meanings.shape
    np.testing.assert_allclose(np.linalg.norm(both.meanings, axis=1), 1, atol=1e-5)


def test_few_texts_of_a_script_keep_what_they_have_in_common(encoder: Encoder) -> None:
    chinese = [f"第{number}号设备的读数不对，需要校准" for number in range(300)]
    english = ["The gate at the north entrance does not open"] * 5
    found = documents(chinese + english, encoder)

    space = likeness.space(found.whole)

    assert space.of_pairs(np.array([300]), np.array([304]))[0] > 0


def test_the_nearest_in_cells_are_mostly_the_nearest(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    centres = rng.normal(size=(40, 16))
    vectors = (np.repeat(centres, 50, axis=0) + 0.4 * rng.normal(size=(2000, 16))).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    none = likeness.weigh([np.zeros(0, dtype=np.uint32)] * 2000)
    space = Space(vectors, none, np.ones(2000, dtype=np.int8))

    exact = set(zip(*(part.tolist() for part in neighbours.candidates(space)), strict=True))
    monkeypatch.setattr(neighbours, "EXACT", 100)
    by_cells = set(zip(*(part.tolist() for part in neighbours.candidates(space)), strict=True))

    assert len(exact & by_cells) > 0.9 * len(exact)


def test_texts_that_share_a_rare_word_are_candidates() -> None:
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(200, 8)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    words = [np.array([1, 1000 + number], dtype=np.uint32) for number in range(200)]
    words[3] = words[150] = np.array([1, 77], dtype=np.uint32)
    space = Space(vectors, likeness.weigh(words), np.ones(200, dtype=np.int8))

    left, right = neighbours.candidates(space)

    assert (3, 150) in set(zip(left.tolist(), right.tolist(), strict=True))
    assert (left < right).all()


def test_the_same_tickets_in_any_order_give_the_same_groups(texts: list[str], encoder: Encoder) -> None:
    several = [f"{text} {number}" for text in texts for number in range(6)]
    found = documents(several, encoder)
    order = np.random.default_rng(1).permutation(len(several))
    shuffled = found.part(order)

    def groups(grouping: mining.Grouping) -> set[frozenset[int]]:
        return {frozenset(grouping.keys[cluster.places].tolist()) for cluster in grouping.clusters}

    assert groups(mining.group(found)) == groups(mining.group(shuffled))
    assert len(groups(mining.group(found))) > 1


def test_the_most_central_ticket_comes_first() -> None:
    meanings = np.array([[1, 0], [0.9, 0.436], [0.6, 0.8]], dtype=np.float32)
    space = Space(meanings, likeness.weigh([np.zeros(0, dtype=np.uint32)] * 3), np.ones(3, dtype=np.int8))

    assert mining.by_centrality(space, np.array([0, 1, 2]))[0] == 1


@pytest.mark.parametrize("count", [0, 1, 2])
def test_hardly_any_tickets_are_no_problem(count: int, encoder: Encoder) -> None:
    found = mining.group(documents([f"打印机坏了 {number}" for number in range(count)], encoder))

    assert len(found.outside) + sum(len(cluster.places) for cluster in found.clusters) == count


def test_nearness_to_a_side_is_the_mean_over_its_pairs() -> None:
    space = random_space(40, 3)
    side = np.array([1, 4, 9, 16, 25, 36])
    texts = np.array([0, 2, 3, 30])

    pairs = [space.of_pairs(np.full(len(side), text), side).mean() for text in texts]

    np.testing.assert_allclose(space.towards(texts, side), pairs, rtol=1e-3, atol=1e-3)


def test_a_text_is_nearest_to_the_side_that_speaks_of_the_same(texts: list[str], encoder: Encoder) -> None:
    found = mining.group(documents(texts, encoder))

    assert found.nearest([102, 105, 108], [[100, 101], [103, 104], [106, 107]]) == [0, 1, 2]


def test_what_two_of_few_texts_share_by_chance_does_not_outweigh_what_they_are_about() -> None:
    printer, sign_in = range(10, 20), range(20, 30)
    words = likeness.weigh(
        codes(*([*printer, number] for number in range(6)), *([*sign_in, number] for number in range(6)))
    )

    same, by_number = (words[[0]] @ words.T).toarray()[0, [1, 6]]

    assert same > by_number
