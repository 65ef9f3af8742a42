"""The sentences at the top: what is said, in which order, and what is not said without data."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from triage.findings import Retrospective
from triage.report import summary
from triage.report.material import Material, shortened

Make = Callable[..., Material]


def told(material: Material) -> list[str]:
    return [sentence.text.replace("\u00a0", " ") for sentence in summary.sentences(material)]


def test_most_pressing_first_in_english(material: Make) -> None:
    found = summary.sentences(material("en"))
    assert [sentence.section for sentence in found] == [
        "groups", "groups", "surges", "measures", "steps", "gaps", "summary",
    ]  # fmt: skip
    first, rose, surge, measures, late, unproven, too_little = told(material("en"))
    assert first.startswith("200 tickets came in, 23 of them in no group. The largest of 12 groups:")
    assert "(expected 17 (10–26), came 42)" in rose and "(expected 6 (3.8–9.4), came 15)" in rose
    assert "17 from 2026-10-12 09:00 to 2026-10-12 15:00, where 0.8 were to be expected" in surge
    assert measures.index("did not work") < measures.index("“Renew the VPN certificate”")
    assert measures.index("Measures that worked") < measures.index("“Replace the power adapters”")
    assert measures.endswith("Too early to say of 1 of the measures.")
    assert late.startswith(
        "Steps past their limit: 126 in all, most at Classified and dispatched (42 of 200)"
    )
    assert late.endswith("Complaints solved within 24 hours: 11 of 15, 73 % (61–85 %).")
    assert unproven.startswith("No proven case yet for ")
    assert too_little == "Too little data: the past is too short to say what was to be expected."


def test_chinese(material: Make) -> None:
    found = told(material("zh"))
    assert "预期 17（10–26），实际 42" in found[1]
    assert len(found) == summary.MOST


def test_what_rose_by_most_stands_first(material: Make) -> None:
    rose = told(material("en"))[1]
    assert rose.index("came 42") < rose.index("came 15")


def test_empty_period_is_one_sentence(material: Make, empty: Retrospective) -> None:
    assert told(material("en", empty)) == ["No ticket was received in this period."]
    assert told(material("zh", empty)) == ["本期没有收到工单。"]


def test_nothing_is_made_up_where_nothing_was_found(
    material: Make, sample: Callable[[str], Retrospective], empty: Retrospective
) -> None:
    quiet = replace(empty, ticket_ids=("T-13-001",), outside=("T-13-001",), too_little=("few_tickets", "odd"))
    assert told(material("en", quiet)) == [
        "1 ticket came in; none of them form a group.",
        "Too little data: shares and medians rest on few tickets. odd.",
    ]


def test_figures_without_data_say_so(material: Make, empty: Retrospective) -> None:
    made = material("en")
    unsure = next(group for group in made.found.groups if group.trend.verdict == "too_little")
    assert made.trend(unsure.trend) == "came 5; too little data to say more"
    assert made.share(empty.satisfied) == made.hours(None) == "no data"


@pytest.mark.parametrize(
    ("text", "width", "expected"),
    [
        ("short", 10, "short"),
        ("a\n b", 10, "a b"),
        ("登录失败", 8, "登录失败"),
        ("登录失败了", 8, "登录失…"),
        ("the printer reacts", 14, "the printer…"),
        ("x" * 30, 10, "x" * 9 + "…"),
        ("", 10, ""),
    ],
)
def test_titles_are_cut_by_columns(text: str, width: int, expected: str) -> None:
    assert shortened(text, width) == expected
