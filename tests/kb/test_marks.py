"""Words of a query are marked where a person would look for them."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb.marks import spans
from kb.search import telling_words
from models.text import analyse


def marked(query: str, text: str) -> list[str]:
    return [text[begin:end] for begin, end in spans(telling_words(analyse(query)).values(), text)]


@pytest.mark.parametrize(
    ("query", "text", "expected"),
    [
        ("printer jam", "The printer has a Printer-Jam, no printers.", ["printer", "Printer", "Jam"]),
        ("软件闪退", "手機軟體安裝後閃退。", ["軟體", "閃退"]),
        ("軟體閃退", "软件又闪退了", ["软件", "闪退"]),
        ("error", "系统ＥＲＲＯＲ了", ["ＥＲＲＯＲ"]),
        ("vpn", "公司VPN连不上", ["VPN"]),
        ("HX-300", "那台ＨＸ－３００卡纸, HX-3000 not", ["ＨＸ－３００"]),
        ("0X80070005", "stops with 0x80070005!", ["0x80070005"]),
        ("打印机", "打印机的打印头", ["打印机", "打印"]),
        ("café", "the cafe\u0301 is shut", ["cafe\u0301"]),
        ("内存", "電腦記憶體不足", ["記憶體"]),
        ("nothing", "打印机", []),
        ("the and", "the and", []),
        ("", "text", []),
        ("text", "", []),
    ],
)
def test_marked_words(query: str, text: str, expected: list[str]) -> None:
    assert marked(query, text) == expected


@given(st.text(alphabet="aB1 -\u0301ＡｂÉ㎏ﬁ軟體软件打印机程式設計師İ\u200b", max_size=30))
def test_spans_are_ordered_apart_and_within_the_text(text: str) -> None:
    found = spans(["软件", "ab", "打印", "程序", "kg", "fi"], text)
    edges = [edge for span in found for edge in span]
    assert edges == sorted(edges)
    assert all(0 <= begin < end <= len(text) for begin, end in found)
    assert all(first[1] < second[0] for first, second in pairwise(found))
