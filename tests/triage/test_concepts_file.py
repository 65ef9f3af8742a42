"""The lexicon's files: the shipped ones, and what is said of wrong ones."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from models import text
from models.errors import DataFileError
from triage.concepts import load_lexicon

DATA = Path(__file__).parents[2] / "data"


def test_the_shipped_lexicon_speaks_both_languages() -> None:
    lexicon = load_lexicon(DATA)
    for written, code in [
        ("打印机无法启动", "nostart"),
        ("the printer won't turn on", "nostart"),
        ("一直没有人联系我", "neglect"),
        ("nobody called me back", "neglect"),
        ("请问怎么导出", "howto"),
        ("how do I export this", "howto"),
        ("影响很大", ""),
    ]:
        mentions = lexicon.find(text.fold(written))
        codes = {lexicon.codes[place] for mention in mentions for place in mention.concepts}
        assert code in codes or (not code and not codes & {"misbehave", "damage"}), written


def test_both_languages_name_the_same_concepts() -> None:
    tables = [
        set(re.findall(r"^\[(\w+)\]$", path.read_text(encoding="utf-8"), re.MULTILINE))
        for path in sorted((DATA / "concepts").glob("*.toml"))
    ]
    assert len(tables) == 2
    assert tables[0] == tables[1]


def test_no_files_are_no_concepts(tmp_path: Path) -> None:
    assert load_lexicon(tmp_path).codes == ()


@pytest.mark.parametrize(
    ("written", "line", "said"),
    [
        ('[part]\nwords = ["screen"]\ncolour = "red"\n', 3, "unknown key 'colour'"),
        ('[part]\nwords = ["screen",\n  "…"]\n', 3, "holds no word"),
        ('[part]\nwords = ["screen", 3]\n', 2, "must be a list of texts"),
        ('part = "screen"\n', 1, "must be a table"),
        ("[part\n", 1, "not valid TOML"),
    ],
)
def test_a_wrong_file_is_told_with_its_line(tmp_path: Path, written: str, line: int, said: str) -> None:
    folder = tmp_path / "concepts"
    folder.mkdir()
    (folder / "own.toml").write_text(written, encoding="utf-8")
    with pytest.raises(DataFileError, match=said) as caught:
        load_lexicon(tmp_path)
    assert caught.value.line == line


def test_phrases_are_folded_and_joined_over_files(tmp_path: Path) -> None:
    folder = tmp_path / "concepts"
    folder.mkdir()
    (folder / "a.toml").write_text('[part]\nwords = ["螢幕", "Touch-Screen"]\n', encoding="utf-8")
    (folder / "b.toml").write_text('[part]\nwords = ["hinge", "touch screen"]\n', encoding="utf-8")
    assert load_lexicon(tmp_path).phrases["part"][1:] == ("touch screen", "hinge")
