"""The document: what a meeting's minutes hold, a Chinese font for Chinese text, charts with words."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import replace

import docx
import pytest
from docx.document import Document
from docx.oxml.ns import qn

from triage.findings import Comment, Retrospective
from triage.report import fonts, minutes
from triage.report.material import Material

Make = Callable[..., Material]


def opened(material: Material) -> Document:
    return docx.Document(io.BytesIO(minutes.render(material)))


def text_of(document: Document) -> str:
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    return "\n".join([*(part.text for part in document.paragraphs), *cells])


@pytest.fixture
def no_font(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(fonts, "chinese", lambda: None)
    yield


@pytest.mark.parametrize("language", ["zh", "en"])
def test_headings_in_the_order_of_the_meeting(material: Make, language: str) -> None:
    made = material(language)
    document = opened(made)
    words = made.words
    assert [part.text for part in document.paragraphs if part.style.name == "Heading 1"] == [
        words[key]
        for key in (
            "attendees", "section_summary", "section_groups", "section_pareto", "section_surges",
            "section_causes", "section_measures", "section_gaps", "decisions", "remarks",
        )
    ]  # fmt: skip
    text = text_of(document)
    assert made.period() in text
    for group in made.found.groups:
        assert made.title(group.title, 100) in text


def test_what_was_said_of_a_group_stands_below_the_table(material: Make) -> None:
    made = material("zh")
    (group,) = (group for group in made.found.groups if group.comments)
    (said,) = made.comments(group)
    number = made.found.groups.index(group) + 1
    told = [part.text for part in opened(made).paragraphs if part.style.name == "List Bullet"]
    assert told == [f"{number}. {made.title(group.title, 60)}：{said}"]


def test_decisions_and_attendees_have_empty_rows(material: Make) -> None:
    tables = {table.rows[0].cells[0].text: table for table in opened(material("en")).tables}
    for head, least in (("Name", 4), ("Decision", 5)):
        rows = [row for row in tables[head].rows if not any(cell.text for cell in row.cells)]
        assert len(rows) >= least


def test_every_style_names_a_chinese_font(material: Make) -> None:
    document = opened(material("zh"))
    for name in ("Normal", "Title", "Heading 1", "List Number", "Caption"):
        held = document.styles[name].element.rPr.find(qn("w:rFonts"))
        assert held.get(qn("w:eastAsia")) == minutes.CHINESE_FONT
        assert held.get(qn("w:eastAsiaTheme")) is None
    assert document.core_properties.language == "zh-CN"


def test_charts_are_pictures_with_words(material: Make) -> None:
    document = opened(material("en"))
    told = [shape._inline.docPr.get("descr") for shape in document.inline_shapes]
    assert len(told) == 3
    assert told[0].startswith("Bars in falling order") and "200 tickets in all" in told[2]
    page = document.sections[0]
    assert (round(page.page_width.cm), round(page.page_height.cm, 1)) == (21, 29.7)
    usable = page.page_width - page.left_margin - page.right_margin
    assert all(shape.width <= usable for shape in document.inline_shapes)


def test_without_a_chinese_font_the_document_says_so(material: Make, no_font: None) -> None:
    # A character that the font lacks would fail here: matplotlib warns, and warnings are errors.
    chinese, english = material("zh"), material("en")
    assert chinese.words["no_font"] in text_of(opened(chinese))
    assert english.words["no_font"] not in text_of(opened(english))


def test_with_a_chinese_font_every_character_is_drawn(material: Make) -> None:
    if fonts.chinese() is None:
        pytest.skip("no Chinese font is installed (Debian: apt-get install fonts-noto-cjk)")
    assert material("zh").words["no_font"] not in text_of(opened(material("zh")))


def test_only_the_twenty_largest_groups(material: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(minutes, "MOST_GROUPS", 5)
    document = opened(material("en"))
    assert "The 5 largest of 12 groups" in text_of(document)
    table = next(table for table in document.tables if table.rows[0].cells[1].text == "Problem")
    assert len(table.rows) == 6
    assert "w:tblHeader" in table.rows[0]._tr.xml


def test_titles_with_formulas_and_control_characters_are_drawn_as_text(material: Make) -> None:
    made = material("en")
    evil = "$\\frac{x$ \x00\x0b ${}^ \U0001f600 <b>"
    groups = tuple(
        replace(group, title=evil, comments=(Comment(1, evil, evil, made.found.made_at),))
        for group in made.found.groups
    )
    paretos = tuple(
        replace(pareto, bars=tuple(replace(bar, title=evil) for bar in pareto.bars))
        for pareto in made.found.paretos
    )
    assert "<b>" in text_of(opened(replace(made, found=replace(made.found, groups=groups, paretos=paretos))))


def test_empty_period(material: Make, empty: Retrospective) -> None:
    document = opened(material("en", empty))
    assert "No ticket was received in this period." in text_of(document)
    assert not document.inline_shapes
