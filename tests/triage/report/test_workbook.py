"""The workbook: a sheet for each table, real dates and numbers, and no text that becomes a formula."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

import openpyxl
import pytest
from openpyxl import Workbook

from triage.findings import Comment, Retrospective
from triage.report import workbook
from triage.report.material import Material

Make = Callable[..., Material]


def opened(material: Material) -> Workbook:
    return openpyxl.load_workbook(io.BytesIO(workbook.render(material)))


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_table_has_its_sheet(material: Make, language: str) -> None:
    made = material(language)
    book, found = opened(made), made.found
    rows = {
        "groups": len(found.groups),
        "group_tickets": sum(group.size for group in found.groups),
        "pareto": sum(len(pareto.bars) for pareto in found.paretos),
        "days": sum(len(day.by_category) for day in found.days),
        "surges": len(found.surges),
        "causes": len(found.causes),
        "steps": len(found.steps),
        "measures": len(found.measures),
        "gaps": len(found.gaps),
        "outside": len(found.outside),
    }
    assert book.sheetnames == [made.words[f"sheet_{key}"] for key in ("summary", *rows)]
    for key, n in rows.items():
        sheet = book[made.words[f"sheet_{key}"]]
        assert sheet.max_row == n + 1, key
        assert sheet.freeze_panes == "A2"
        assert all(cell.value for cell in sheet[1])
        assert all(sheet.column_dimensions[cell.column_letter].width >= 8 for cell in sheet[1])


def test_cells_are_dates_numbers_and_shares(material: Make) -> None:
    made = material("en")
    book, group = opened(made), made.found.groups[0]
    heads = [cell.value for cell in book["Groups"][1]]
    row = dict(zip(heads, book["Groups"][2], strict=True))
    assert row["Tickets"].value == group.size and row["Satisfied, share"].value == group.satisfied.share
    assert row["Satisfied, share"].number_format == "0 %"
    assert row["First seen"].value == datetime.fromisoformat("2026-08-22")  # local, without a zone
    assert row["First seen"].number_format == "yyyy-mm-dd hh:mm"
    last = dict(zip(heads, book["Groups"][13], strict=True))
    assert last["Expected"].value is None and last["Median hours"].value is None
    assert isinstance(book["Days"]["A2"].value, datetime)
    ticket = made.texts[group.ticket_ids[0]]
    assert book["Group tickets"]["D2"].value == made.local(ticket.received_at).replace(tzinfo=None)


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t=", "\r="])
def test_no_text_becomes_a_formula(material: Make, start: str) -> None:
    made = material("en")
    evil = f'{start}HYPERLINK("x","y")'
    groups = (
        replace(made.found.groups[0], title=evil, comments=(Comment(1, evil, evil, made.found.made_at),)),
        *made.found.groups[1:],
    )
    texts = {key: replace(line, subject=evil, excerpt=evil) for key, line in made.texts.items()}
    book = opened(Material(replace(made.found, groups=groups), "en", made.names, texts))
    shown = 0
    for sheet in book.worksheets:
        for row in sheet.iter_rows():
            for cell in row:
                assert cell.data_type != "f"
                if isinstance(cell.value, str):
                    assert not cell.value.startswith(("=", "+", "-", "@", "\t", "\r")), cell.coordinate
                    shown += "HYPERLINK" in cell.value
    assert shown > 2 * len(made.found.ticket_ids)


def test_control_characters_and_long_texts_fit_a_cell() -> None:
    assert workbook.safe("a\x00b\x0bc\ud800") == "abc"
    assert len(workbook.safe("x" * 40_000)) == workbook.MOST_TEXT
    assert workbook.safe("2026-10 =1") == "2026-10 =1"


def test_empty_period_has_all_sheets(material: Make, empty: Retrospective) -> None:
    book = opened(material("zh", empty))
    assert book["要点"]["B3"].value == "本期没有收到工单。"
    assert {sheet.max_row for sheet in book.worksheets[1:]} == {1}
