"""The analyser: languages, folding, cutting, and that nothing makes it fail."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models import text

ANY_TEXT = st.text(st.characters(codec=None), max_size=200)


@pytest.mark.parametrize(
    ("written", "language"),
    [
        ("打印机无法开机，请尽快处理", "zh"),
        ("The printer does not start", "en"),
        ("我们的 VPN connection timeout after login 之后一直断开", "mixed"),
        ("VPN 连不上，昨天还可以正常使用，今天就不行了", "zh"),
        ("Принтер не работает совсем", "other"),
        ("プリンターがうごきません", "other"),
        ("", "other"),
        ("12345 !!", "other"),
        ("😀😀", "other"),
    ],
)
def test_language(written: str, language: str) -> None:
    assert text.language(written) == language
    assert text.analyse(written).language == language


@pytest.mark.parametrize(
    ("written", "folded"),
    [
        ("軟體ＥＲＲＯＲ", "软件error"),
        ("印表機無法列印", "打印机无法打印"),
        ("ＨＸ－３００　Ａ１", "hx-300 a1"),
        ("Wi\u200bFi", "wi fi"),
        ("a\x00b\ud800c", "a b c"),
        ("ﬁle №", "file no"),
    ],
)
def test_folding(written: str, folded: str) -> None:
    assert text.fold(written) == folded


@pytest.mark.parametrize(
    ("written", "token"),
    [
        ("公司的VPN连不上", "vpn"),
        ("办公室打印机卡纸了", "打印机"),
        ("軟體當機", "软件"),
        ("HX-300不工作", "hx-300"),
        ("HX-300不工作", "hx"),
        ("HX-300不工作", "300"),
        ("报错0x80070005请处理", "0x80070005"),
        ("升级到v2.3.1以后", "v2.3.1"),
        ("ping 10.0.0.7 失败", "10.0.0.7"),
        ("ORA-12154: could not resolve", "ora-12154"),
        ("ORA-12154: could not resolve", "12154"),
        ("the user's laptop", "user"),
        ("Ｅ５０３", "e503"),
        ("naïve Übergabe", "übergabe"),
    ],
)
def test_a_token_is_found(written: str, token: str) -> None:
    assert token in text.words(written)


def test_tokens_keep_their_order_and_repetitions() -> None:
    assert text.words("error again error") == ["error", "again", "error"]


def test_pairs_overlap_and_stop_at_other_scripts() -> None:
    assert text.pairs("打印机VPN断") == ["打印", "印机", "断"]
    assert text.pairs("no Han here") == []


@pytest.mark.parametrize("written", ["", " \n\t", "\x00\x01", "😀🎉", "？！…", "\ud83d"])
def test_nothing_readable_gives_no_tokens(written: str) -> None:
    analysis = text.analyse(written)
    assert (analysis.words, analysis.pairs) == ((), ())


def test_clean_keeps_lines_and_drops_what_nobody_sees() -> None:
    assert text.clean("a\tb\nc\x00d\u200be") == "a\tb\nc d e"


def test_has_han() -> None:
    assert text.has_han("vpn断")
    assert not text.has_han("vpn ")


@given(ANY_TEXT)
@settings(max_examples=200, deadline=None)
def test_never_fails_and_tokens_hold_no_space(written: str) -> None:
    analysis = text.analyse(written)
    assert analysis.language in ("zh", "en", "mixed", "other")
    assert all(token and token.split() == [token] for token in (*analysis.words, *analysis.pairs))
    for token in analysis.words:
        token.encode()


@given(st.text(alphabet="打印机卡纸VPNabc019.-_/:# ", max_size=60))
@settings(max_examples=150, deadline=None)
def test_folding_twice_changes_nothing_and_analysis_agrees(written: str) -> None:
    assert text.fold(text.fold(written)) == text.fold(written)
    analysis = text.analyse(written)
    assert list(analysis.words) == text.words(written)
    assert list(analysis.pairs) == text.pairs(written)


@pytest.mark.parametrize("piece", ["a.", "-", "1-", "a-", "a1", "字", "é_", "://"])
def test_a_long_row_of_one_thing_takes_no_time(piece: str) -> None:
    text.words("热身")
    begun = time.process_time()
    text.words(piece * 20_000)
    assert time.process_time() - begun < 2.0


def test_the_dictionary_cache_is_kept_where_it_was_told(analyser_folder: Path) -> None:
    assert text.words("打印机") == ["打印", "印机", "打印机"]
    assert [path.name for path in analyser_folder.iterdir()] == ["jieba.cache"]
