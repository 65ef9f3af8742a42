"""The words that set a group apart."""

from __future__ import annotations

from kb import naming
from kb.documents import Hashes, hashed

GROUP = [
    "万科魅力之城小区半夜施工扰民",
    "万科魅力之城的工地噪音很大",
    "投诉万科魅力之城夜间施工",
    "万科魅力之城施工到凌晨",
]
REST = [
    "小区停车费太高",
    "医保卡怎么补办",
    "工地拖欠工资",
    "公交车班次太少",
    "小区物业不作为",
    "学校食堂卫生差",
]


def words(texts: list[str]) -> list[Hashes]:
    return [hashed(text)[0] for text in texts]


def named(group: list[str], rest: list[str]) -> tuple[str, ...]:
    held = naming.frequencies(words(group + rest))
    return naming.terms(group, words(group), held, len(group) + len(rest))


def test_a_name_that_is_cut_into_words_is_read_whole() -> None:
    assert "万科魅力之城" in named(GROUP, REST)[0]


def test_what_all_texts_have_sets_nothing_apart() -> None:
    everywhere = [f"{text} printer" for text in GROUP + REST]

    assert "printer" not in named(everywhere[: len(GROUP)], everywhere[len(GROUP) :])


def test_a_word_of_a_single_member_is_no_name() -> None:
    assert "凌晨" not in named(GROUP, REST)


def test_both_languages_name_a_bilingual_group() -> None:
    group = ["VPN连接总是断开", "VPN断开无法办公", "the VPN disconnects all day", "VPN disconnects again"]

    assert named(group, REST)[0] == "vpn"


def test_no_texts_have_no_name() -> None:
    assert naming.terms([], [], {}, 0) == ()
    assert naming.frequencies([]) == {}
