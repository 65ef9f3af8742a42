"""A case as search sees it."""

from __future__ import annotations

import numpy as np
import pytest

from kb.documents import FIELDS, CaseText, apart, documents, fingerprint, hashed, hashes, lead, script
from models.encoder import Encoder


@pytest.mark.parametrize(
    ("whole", "first"),
    [
        ("打印机无法开机。按电源键没有反应。", "打印机无法开机。"),
        ("The printer is broken. It smokes.", "The printer is broken."),
        ("Version 2.3.1 fails at start. Then it ends.", "Version 2.3.1 fails at start."),
        ("你好！打印机坏了。请处理。", "你好！打印机坏了。"),
        ("只有一句话", "只有一句话"),
        ("标题要紧\n然后是正文", "标题要紧\n然后是正文"),
        ("", ""),
        ("\n\n", "\n\n"),
    ],
)
def test_the_first_sentence_stands_for_the_problem(whole: str, first: str) -> None:
    assert lead(whole) == first
    assert CaseText.of_one(whole) == CaseText(first, whole)


def test_documents_hold_a_vector_a_field_and_the_tokens_of_the_whole(encoder: Encoder) -> None:
    case = CaseText("打印机坏了", "打印机坏了。更换 HX-300 电源板")
    (made,) = documents([case], encoder)
    assert made.vectors.shape == (len(FIELDS), encoder.dimension)
    wanted = encoder.encode([case.problem, case.whole])
    np.testing.assert_allclose(made.vectors.astype(np.float32), wanted, atol=1e-3)
    words, pairs = hashed(case.whole)
    assert (made.words.tolist(), made.pairs.tolist()) == (words.tolist(), pairs.tolist())
    assert set(hashes(["hx-300", "打印机"])) <= set(words)


def test_no_cases_make_no_documents(encoder: Encoder) -> None:
    assert documents([], encoder) == []


def test_a_word_and_a_pair_of_the_same_characters_differ() -> None:
    words, pairs = hashed("打印")
    assert words.dtype == np.uint32
    assert not set(words.tolist()) & set(pairs.tolist())


def test_the_fingerprint_names_the_encoder_in_plain_letters(encoder: Encoder) -> None:
    class Other:
        identity = "BAAI/bge-m3@中文"
        dimension = encoder.dimension
        encode = encoder.encode

    made, other = fingerprint(encoder), fingerprint(Other())
    assert made.startswith("hashing-256-1-")
    assert made == fingerprint(encoder)
    assert other.startswith("baai-bge-m3-")
    assert other.isascii()
    assert made[-8:] != other[-8:]


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("打印机无法启动，指示灯不亮", 1),
        ("VPN 连不上，提示 error 809", 1),
        ("The printer is dead", -1),
        ("It says 系统错误 whenever I open the second page of the report in the new client of ours", 0),
        ("", -1),
    ],
)
def test_the_script_of_a_text(written: str, expected: int) -> None:
    words, pairs = hashed(written)
    assert script(len(words), len(pairs)) == expected


@pytest.mark.parametrize(
    ("question", "whole", "differs"),
    [
        ("打印机无法启动", "The printer is dead", True),
        ("打印机无法启动", "打印机无法启动，指示灯不亮", False),
        (
            "打印机无法启动",
            "请参考 https://docs.example.com/en/latest/guides/printer/setup/first-start.html",
            False,
        ),
        ("打印机 error 809 reset power cable and paper tray sensor twice", "The printer is dead", False),
        ("The printer is dead", "The printer does not start", False),
        ("The printer is dead", "打印机无法启动", True),
        ("The printer is dead", "VPN 连不上，提示 error 809", True),
    ],
)
def test_what_can_share_only_names_with_a_question(question: str, whole: str, differs: bool) -> None:
    words, pairs = hashed(question)
    asked = script(len(set(words.tolist())), len(set(pairs.tolist())))
    held = hashed(whole)
    assert bool(apart(asked, *(np.array([len(tokens)]) for tokens in held))[0]) is differs
