"""The words that people see: both languages have the same, and the report uses all of them."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from triage import catalogue, report

FOLDER = Path(catalogue.__file__).parent
REPORT = Path(report.__file__).parent
HAN = re.compile(r"[\u3400-\u9fff]")
FAMILIES = ("section_", "col_", "pareto_", "sheet_", "kpi_", "language_", "sum_", "too_little_", "days_unit_")
COMPUTED = {
    "tickets_one", "tickets_many", "groups_one", "groups_many",  # by how many
    "steady", "fell", "worked", "did_not_work", "too_early",  # verdicts
    "no_proven_case", "failing_case", "mixed_class", "label_conflict",  # kinds of gaps
    "language_zh", "language_en", "language_mixed", "language_other",
    "pareto_count", "pareto_hours", "pareto_dissatisfied",
    "too_little_few_tickets", "too_little_no_satisfaction", "too_little_no_finish_times",
    "too_little_short_history", "too_little_no_causes",
}  # fmt: skip


def read(language: str) -> dict[str, dict[str, str]]:
    return tomllib.loads((FOLDER / f"{language}.toml").read_text(encoding="utf-8"))


def test_languages_have_the_same_tables_keys_and_places() -> None:
    chinese, english = read("zh"), read("en")
    assert list(chinese) == list(english)
    for table, words in english.items():
        assert list(chinese[table]) == list(words), table
        for key, text in words.items():
            assert text.strip() and chinese[table][key].strip(), key
            assert set(re.findall(r"\{\w+\}", text)) == set(re.findall(r"\{\w+\}", chinese[table][key])), key


def test_report_has_no_word_of_the_other_language() -> None:
    assert not [key for key, text in read("en")["report"].items() if HAN.search(text)]
    foreign = {
        key: re.sub(r"\{\w+\}|Debian|fonts-noto-cjk", "", text) for key, text in read("zh")["report"].items()
    }
    assert not [key for key, text in foreign.items() if re.search(r"[A-Za-z]{2}", text)]


def test_every_word_of_the_report_is_used() -> None:
    sources = "\n".join(
        path.read_text(encoding="utf-8") for path in REPORT.rglob("*") if path.suffix in (".py", ".html")
    )
    spoken = set(re.findall(r"\w+", sources))
    unused = []
    for key in read("en")["report"]:
        bare = next((key.removeprefix(family) for family in FAMILIES if key.startswith(family)), key)
        if key not in spoken and bare not in spoken and key not in COMPUTED:
            unused.append(key)
    assert unused == []


@pytest.mark.parametrize("language", catalogue.LANGUAGES)
def test_words_cannot_be_changed(language: str) -> None:
    words = catalogue.words("report", language)
    with pytest.raises(TypeError):
        words["title"] = ""  # type: ignore[index]
