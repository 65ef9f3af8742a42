"""Refusals in Chinese: every sentence that a page can show has one, with all its places."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from triage import refusals

ROOT = Path(refusals.__file__).parents[1]
CATALOGUE = tomllib.loads((ROOT / "triage/catalogue/refusals_zh.toml").read_text(encoding="utf-8"))
ASSEMBLED = ("7: 7", "7: '7' 7", "7 7 already, with other content")
"""Sentences that are put together of parts; tested below as wholes."""
ERRORS = re.compile(r"^(\w*Error|error|fail)$")
ELSEWHERE = (  # commands and the start, whose words are for a terminal; logs
    "api/server.py", "api/retrospective.py", "api/errors.py",
    "kb/backup.py", "kb/tablefiles.py", "kb/export.py",
    "models/encoder.py", "models/text.py",
    "triage/cli", "triage/evaluation.py", "triage/index_keeper.py", "triage/jobs.py",
    "triage/retrospect_keeper.py", "triage/seed.py", "triage/service.py", "triage/settings.py",
    "triage/wiring.py", "triage/worker.py", "triage/report/", "triage/accuracy.py",
)  # fmt: skip


def literal(node: ast.expr) -> str | None:
    """A sentence with ``7`` in its places, as a program would fill them in."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "7" for part in node.values)
    return None


def raised() -> Iterator[tuple[str, str]]:
    for package in ("api", "kb", "models", "triage"):
        for path in sorted((ROOT / package).glob("**/*.py")):
            name = path.relative_to(ROOT).as_posix()
            if name.startswith(ELSEWHERE):
                continue
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if not isinstance(node, ast.Call):
                    continue
                called = getattr(node.func, "id", getattr(node.func, "attr", ""))
                for argument in node.args[:3] if ERRORS.match(called) else ():
                    said = literal(argument)
                    if said and " " in said and said not in ASSEMBLED:
                        yield f"{name}:{node.lineno}", said


SENTENCES = dict(raised())


@pytest.mark.parametrize("where", SENTENCES)
def test_every_sentence_has_a_chinese_one(where: str) -> None:
    said = SENTENCES[where]
    if where.startswith(("kb/cells.py", "kb/dates.py", "kb/columns.py")) and said.startswith(("is ", "are ")):
        said = f"column: 'value' {said}"  # a cell's error begins with its column and value
    said = said.replace("date7", "date")  # a hint may follow
    found = refusals.told(said, "zh")
    assert re.search(r"[\u3400-\u9fff]", found.replace("是, 否", "")), said


def test_the_sentences_are_many() -> None:
    assert len(SENTENCES) > 120


@pytest.mark.parametrize("english", CATALOGUE)
def test_both_have_the_same_places(english: str) -> None:
    def places(sentence: str) -> set[str]:
        return set(re.findall(r"\{(\w+)\}", sentence))

    chinese = CATALOGUE[english]
    assert places(chinese) <= places(english)
    assert re.search(r"[\u3400-\u9fff]", chinese)


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        (
            "routing.toml:73: 'team' has the unknown value 'x'; did you mean 'y'?",
            "routing.toml:73：'team' 的取值 'x' 不存在；是否想写 'y'？",
        ),
        ("评: 'x' is not a satisfaction from 1 to 5 (or 满意)", "评：'x' 不是 1 到 5 的满意度（或 满意）"),
        ("a b.csv: line 3: a quote is opened and never closed", "a b.csv：第 3 行：引号打开后没有闭合"),
        ("the id 'a1' stands in row 4 already, with other content", "编号 'a1' 已出现在第 4 行，内容不同"),
        (
            "日期: '13/13' is not a date (the column's dates are read day-first)",
            "日期：'13/13' 不是日期（该列按 day-first 读取）",
        ),
        ("there is no case 'c-1'", "没有案例 'c-1'"),
        ("GET /x: there is no such address", "GET /x：没有这个地址"),
        ("nobody ever wrote this sentence", "nobody ever wrote this sentence"),
    ],
)  # fmt: skip
def test_sentences_are_told(said: str, meant: str) -> None:
    assert refusals.told(said, "zh") == meant
    assert refusals.told(said, "en") == said
