"""The report as a document for the minutes of a meeting, with room for attendees and decisions."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from triage.report import charts, fonts, pictures, summary
from triage.report.material import Material

if TYPE_CHECKING:
    from docx.document import Document

MOST_GROUPS = 20

CHINESE_FONT = "Microsoft YaHei"
"""Named for Chinese text; where it is not installed, office programs take their own Chinese font."""

_LATIN_FONT = "Calibri"
_EMPTY_ROWS = 6
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def render(material: Material) -> bytes:
    """The whole file."""
    import docx

    document = docx.Document()
    _set_up(document, material)
    words, found = material.words, material.found
    document.add_heading(words["title"], 0)
    _paragraph(document, material.period(), bold=True)
    _paragraph(document, material.say("made", at=material.moment(found.made_at), zone=found.timezone))
    _heading(document, words["attendees"])
    _table(document, material, ("name", "department", "comment"), [("", "", "")] * 4, (5, 6, 6))
    _heading(document, words["section_summary"])
    for sentence in summary.sentences(material):
        document.add_paragraph(_clean(sentence.text), style="List Number")
    _table(document, material, (), _key_figures(material), (8, 9))
    _groups(document, material)
    _charts(document, material)
    _others(document, material)
    _heading(document, words["decisions"])
    _table(document, material, ("decision", "who", "due"), [("", "", "")] * _EMPTY_ROWS, (10, 4, 3))
    _heading(document, words["remarks"])
    for _ in range(3):
        document.add_paragraph()
    held = io.BytesIO()
    document.save(held)
    return held.getvalue()


def _key_figures(m: Material) -> list[tuple[str, str]]:
    found, words = m.found, m.words
    return [
        (words["kpi_tickets"], m.number(len(found.ticket_ids))),
        (words["kpi_groups"], m.number(len(found.groups))),
        (words["kpi_outside"], m.number(len(found.outside))),
        (words["kpi_satisfied"], m.share(found.satisfied)),
        (words["kpi_reopened"], m.share(found.reopened)),
        (words["kpi_complaints"], m.share(found.complaints_in_time)),
    ]


def _groups(document: Document, m: Material) -> None:
    _heading(document, m.words["section_groups"])
    groups = m.found.groups
    if not groups:
        _paragraph(document, m.words["none_found"])
        return
    if len(groups) > MOST_GROUPS:
        _paragraph(document, m.say("top_groups", shown=MOST_GROUPS, n=len(groups)))
    rows = []
    for number, group in enumerate(groups[:MOST_GROUPS], start=1):
        said = m.words["cause_guessed" if group.cause_guessed else "cause_recorded"]
        cause = (
            f"{m.name('cause', group.cause)}{m.say('item_count', title='', n=said)}" if group.cause else ""
        )
        trend = f"{m.words[group.trend.verdict]}{m.words['semicolon']}{m.trend(group.trend)}"
        title = m.title(group.title, 100)
        median = m.hours(group.median_hours)
        rows.append((str(number), title, str(group.size), trend, median, m.share(group.satisfied), cause))
    keys = ("rank", "problem", "tickets", "trend", "median", "satisfied", "cause")
    _table(document, m, keys, rows, (0.9, 4.6, 1.6, 3.4, 1.7, 2.5, 2.3))
    _paragraph(document, m.words["interval_note"])
    for number, group in enumerate(groups[:MOST_GROUPS], start=1):
        for said in m.comments(group):
            document.add_paragraph(
                _clean(f"{number}. {m.title(group.title, 60)}{m.words['colon']}{said}"), style="List Bullet"
            )


def _charts(document: Document, m: Material) -> None:
    by_day = charts.days(m)
    drawn = [charts.bars(m, pareto) for pareto in m.found.paretos if pareto.by == "count" and pareto.bars]
    if drawn or by_day.stacks:
        _heading(document, m.words["section_pareto"] if drawn else m.words["section_days"])
    shown = [text for bars in drawn for text in (*bars.labels, bars.axis)]
    if fonts.chinese() is None and pictures.needs_chinese(*shown, *(stack.label for stack in by_day.stacks)):
        _paragraph(document, m.words["no_font"])
    for bars in drawn:
        caption = m.say("chart_pareto", title=bars.title, verdict=bars.verdict)
        _picture(document, pictures.pareto(bars), caption, bars.alt)
    if by_day.stacks:
        title = m.say("chart_days", unit=m.words[f"days_unit_{by_day.unit}"])
        _picture(document, pictures.days(by_day), title, by_day.alt)


def _others(document: Document, m: Material) -> None:
    found = m.found
    tables: list[tuple[str, tuple[str, ...], list[tuple[str, ...]], tuple[float, ...]]] = [
        (
            "surges",
            ("problem", "since", "until", "observed", "expected"),
            [
                (m.title(item.title, 100), m.moment(item.since), m.moment(item.until), str(item.observed),
                 m.number(item.expected))
                for item in found.surges
            ],
            (6.4, 3.4, 3.4, 1.7, 2.1),
        ),
        (
            "causes",
            ("cause", "tickets", "recorded", "guessed", "systemic", "hours", "dissatisfied"),
            [
                (m.name("cause", item.code), str(item.size), str(item.size - item.guessed), str(item.guessed),
                 str(item.systemic), m.hours(item.hours), str(item.dissatisfied))
                for item in found.causes
            ],
            (3.6, 1.9, 2.1, 2.1, 2.1, 2.6, 2.6),
        ),
        (
            "measures",
            ("what", "who", "since", "target", "trend", "verdict"),
            [
                (item.what, item.who, m.day(item.since), m.title(item.target_title, 80),
                 m.expectation(item.expected, item.low, item.high, item.actual), m.words[item.verdict])
                for item in found.measures
            ],
            (4.2, 1.9, 2.5, 3.4, 3.2, 1.8),
        ),
        (
            "gaps",
            ("problem", "kind", "tickets"),
            [
                (m.title(item.title, 120), m.words[item.kind], str(item.count))
                for item in found.gaps[:MOST_GROUPS]
            ],
            (10, 5, 2),
        ),
    ]  # fmt: skip
    for key, columns, rows, widths in tables:
        _heading(document, m.words[f"section_{key}"])
        if rows:
            _table(document, m, columns, rows, widths)
        else:
            _paragraph(document, m.words["none_found"])
        if key == "causes" and rows:
            _paragraph(document, m.words["cause_note"])


def _set_up(document: Document, m: Material) -> None:
    """A4, the fonts of all styles, the language of the text, a title."""
    from docx.oxml.ns import qn
    from docx.shared import Cm, Pt, RGBColor

    section = document.sections[0]
    section.page_width, section.page_height = Cm(21), Cm(29.7)
    section.left_margin = section.right_margin = Cm(2)
    section.top_margin = section.bottom_margin = Cm(1.8)
    for name in ("Normal", "Title", "Heading 1", "List Number", "List Bullet", "Caption"):
        style: Any = document.styles[name]
        style.font.name = _LATIN_FONT
        fonts_of = style.element.get_or_add_rPr().get_or_add_rFonts()
        for kind in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
            # A theme's font would win over the one that is named.
            fonts_of.attrib.pop(qn(f"w:{kind}"), None)
        fonts_of.set(qn("w:hAnsi"), _LATIN_FONT)
        fonts_of.set(qn("w:eastAsia"), CHINESE_FONT)
    normal: Any = document.styles["Normal"]
    normal.font.size = Pt(10)
    normal.paragraph_format.space_after = Pt(4)
    language = normal.element.rPr.makeelement(
        qn("w:lang"), {qn("w:val"): "zh-CN" if m.language == "zh" else "en-GB", qn("w:eastAsia"): "zh-CN"}
    )
    normal.element.rPr.append(language)
    for name, size in (("Title", 22), ("Heading 1", 14)):
        heading: Any = document.styles[name]
        heading.font.size = Pt(size)
        heading.font.color.rgb = RGBColor(0x1B, 0x23, 0x30)
    document.core_properties.title = f"{m.words['title']} {m.period()}"
    document.core_properties.author = ""
    document.core_properties.comments = ""
    document.core_properties.language = "zh-CN" if m.language == "zh" else "en"
    document.core_properties.created = document.core_properties.modified = m.found.made_at


def _heading(document: Document, text: str) -> None:
    document.add_heading(text, 1)


def _paragraph(document: Document, text: str, *, bold: bool = False) -> None:
    document.add_paragraph().add_run(_clean(text)).bold = bold


def _picture(document: Document, png: bytes, caption: str, alt: str) -> None:
    from docx.shared import Inches

    document.add_picture(io.BytesIO(png), width=Inches(pictures.WIDTH))
    document.paragraphs[-1].paragraph_format.keep_with_next = True
    document.inline_shapes[len(document.inline_shapes) - 1]._inline.docPr.set("descr", _clean(alt))
    document.add_paragraph(_clean(caption), style="Caption")


def _table(
    document: Document,
    m: Material,
    keys: Sequence[str],
    rows: Sequence[Sequence[str]],
    widths: Sequence[float],
) -> None:
    """A table with a heading that is repeated on every page; ``widths`` in cm."""
    from docx.oxml import OxmlElement
    from docx.shared import Cm, Pt

    table = document.add_table(rows=0, cols=len(widths), style="Table Grid")
    table.autofit = False
    for column, width in zip(table.columns, widths, strict=True):
        column.width = Cm(width)  # LibreOffice goes by the columns, Word by the cells
    head = [m.words[f"col_{key}"] for key in keys]
    for number, row in enumerate([head, *rows] if keys else rows):
        line = table.add_row()
        properties = line._tr.get_or_add_trPr()
        properties.append(OxmlElement("w:cantSplit"))
        if keys and not number:
            properties.append(OxmlElement("w:tblHeader"))
        for place, (value, width) in enumerate(zip(row, widths, strict=True)):
            cell = line.cells[place]
            cell.width = Cm(width)
            paragraph = cell.paragraphs[0]
            paragraph.paragraph_format.space_after = Pt(1)
            run = paragraph.add_run(_clean(value))
            run.font.size = Pt(9 if number or not keys else 8)
            run.bold = bool(keys and not number) or (not keys and not place)
    document.add_paragraph()


def _clean(text: str) -> str:
    return _CONTROLS.sub("", text)
