"""The report as a workbook: one sheet for each table, with real dates and numbers."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from triage.findings import Gap, Group, Share
from triage.report import summary
from triage.report.material import Material

if TYPE_CHECKING:
    from openpyxl import Workbook
    from openpyxl.worksheet.worksheet import Worksheet

Cell = str | int | float | datetime | None

MOST_TEXT = 32_000
"""A cell holds no more than 32,767 characters."""

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_FORMATS = {"date": "yyyy-mm-dd hh:mm", "share": "0 %", "hours": "0.0", "figure": "0.0"}


@dataclass(frozen=True, slots=True)
class Column:
    """One column: the key of its heading, its width in characters and its kind (``_FORMATS`` or text)."""

    key: str
    width: int = 12
    kind: str = ""


def render(material: Material) -> bytes:
    """The whole file."""
    from openpyxl import Workbook

    book = Workbook()
    book.remove(book.worksheets[0])
    _summary(book, material)
    for key, columns, rows in _tables(material):
        _sheet(book, material, key, columns, rows)
    held = io.BytesIO()
    book.save(held)
    return held.getvalue()


def safe(text: str) -> str:
    """Text that no spreadsheet takes for a formula and that a cell can hold."""
    clean = _CONTROLS.sub("", text)
    clean = clean if len(clean) <= MOST_TEXT else clean[: MOST_TEXT - 1] + "…"
    return f"'{clean}" if clean.startswith(_FORMULA) else clean


_TICKET = (
    Column("date", 17, "date"), Column("subject", 44), Column("excerpt", 60), Column("category", 14),
    Column("priority", 12), Column("team", 18), Column("status", 14),
)  # fmt: skip


def _tables(m: Material) -> Iterator[tuple[str, tuple[Column, ...], Iterable[Sequence[Cell]]]]:
    found = m.found
    group_columns = (
        Column("id", 14), Column("problem", 48), Column("named", 10), Column("terms", 30), Column("tickets"),
        Column("verdict", 14), Column("expected", 12, "figure"), Column("low", 10, "figure"),
        Column("high", 10, "figure"), Column("urgent"), Column("customers"),
        Column("median_hours", 14, "hours"), Column("satisfied_share", 14, "share"),
        Column("reopened_share", 14, "share"), Column("cause", 18), Column("guessed", 10),
        Column("category", 24), Column("team", 24), Column("products", 24), Column("versions", 18),
        Column("languages", 18), Column("first_seen", 17, "date"), Column("last_seen", 17, "date"),
        Column("proven", 14), Column("cases", 24), Column("comment", 30),
    )  # fmt: skip
    yield "groups", group_columns, (_group(m, group) for group in found.groups)
    yield (
        "group_tickets",
        (Column("groups", 14), Column("problem", 40), Column("id", 16), *_TICKET),
        (
            (group.id, group.title, ticket_id, *_ticket(m, ticket_id))
            for group in found.groups
            for ticket_id in group.ticket_ids
        ),
    )
    pareto = (
        Column("of", 14), Column("by", 20), Column("rank", 8), Column("problem", 48),
        Column("value", 12, "figure"), Column("cumulative", 16, "share"), Column("id", 40),
    )  # fmt: skip
    yield "pareto", pareto, (
        (
            m.words[f"pareto_{item.of}"], m.words[f"pareto_{item.by}"], rank,
            m.name("cause", bar.key) if item.of == "cause" else bar.title,
            bar.value, bar.cumulative, _ids(bar.ticket_ids),
        )
        for item in found.paretos
        for rank, bar in enumerate(item.bars, start=1)
    )  # fmt: skip
    yield (
        "days",
        (Column("date", 12), Column("category", 20), Column("tickets")),
        (
            (_midnight(day.date), m.name("category", code), n)
            for day in found.days
            for code, n in day.by_category
        ),
    )
    surges = (
        Column("problem", 48), Column("since", 17, "date"), Column("until", 17, "date"), Column("observed"),
        Column("expected", 12, "figure"), Column("sure", 10, "share"), Column("groups", 14),
        Column("id", 40),
    )  # fmt: skip
    yield "surges", surges, (
        (
            item.title, _when(m, item.since), _when(m, item.until), item.observed, item.expected, item.sure,
            item.group_id, _ids(item.ticket_ids),
        )
        for item in found.surges
    )  # fmt: skip
    causes = (
        Column("cause", 20), Column("tickets"), Column("recorded"), Column("guessed"), Column("systemic"),
        Column("hours", 14, "hours"), Column("dissatisfied", 14), Column("groups", 30), Column("id", 40),
    )  # fmt: skip
    yield "causes", causes, (
        (
            m.name("cause", item.code), item.size, item.size - item.guessed, item.guessed, item.systemic,
            item.hours, item.dissatisfied, _ids(item.group_ids), _ids(item.ticket_ids),
        )
        for item in found.causes
    )  # fmt: skip
    steps = (
        Column("step", 24), Column("category", 16), Column("team", 20), Column("tickets"),
        Column("median_hours", 14, "hours"), Column("p90_hours", 18, "hours"),
        Column("in_time_share", 14, "share"), Column("low", 10, "share"), Column("high", 10, "share"),
        Column("late"), Column("id", 40),
    )  # fmt: skip
    yield "steps", steps, (
        (
            m.name("step", item.step), m.name("category", item.category), m.name("team", item.team), item.n,
            item.median_hours, item.p90_hours, item.in_time.share, *_interval(item.in_time),
            len(item.late_ids), _ids(item.late_ids),
        )
        for item in found.steps
    )  # fmt: skip
    measures = (
        Column("what", 40), Column("who", 14), Column("since", 17, "date"), Column("target", 40),
        Column("expected", 12, "figure"), Column("low", 10, "figure"), Column("high", 10, "figure"),
        Column("observed"), Column("verdict", 14), Column("id", 40),
    )  # fmt: skip
    yield "measures", measures, (
        (
            item.what, item.who, _when(m, item.since), item.target_title, item.expected, item.low, item.high,
            item.actual, m.words[item.verdict], _ids(item.ticket_ids),
        )
        for item in found.measures
    )  # fmt: skip
    gaps = (
        Column("kind", 26),
        Column("problem", 48),
        Column("tickets"),
        Column("cases", 24),
        Column("id", 40),
    )
    yield (
        "gaps",
        gaps,
        (
            (m.words[item.kind], _gap(m, item), item.count, _ids(item.case_ids), _ids(item.ticket_ids))
            for item in found.gaps
        ),
    )
    yield (
        "outside",
        (Column("id", 16), *_TICKET),
        ((ticket_id, *_ticket(m, ticket_id)) for ticket_id in found.outside),
    )


def _group(m: Material, group: Group) -> tuple[Cell, ...]:
    trend, known = group.trend, group.trend.verdict != "too_little"
    return (
        group.id, group.title, m.words["yes" if group.named else "no"], m.words["comma"].join(group.terms),
        group.size, m.words[trend.verdict], trend.expected if known else None, trend.low if known else None,
        trend.high if known else None, group.urgent, group.customers, group.median_hours,
        group.satisfied.share, group.reopened.share, m.name("cause", group.cause),
        m.words["yes" if group.cause_guessed else "no"], m.counts("category", group.categories),
        m.counts("team", group.teams), m.counts("product", group.products),
        m.counts("version", group.versions), m.counts("language", group.languages),
        _when(m, group.first_seen), _when(m, group.last_seen), group.proven_case, _ids(group.case_ids),
        "\n".join(m.comments(group)),
    )  # fmt: skip


def _ticket(m: Material, ticket_id: str) -> tuple[Cell, ...]:
    line = m.texts.get(ticket_id)
    if line is None:
        return (None, m.words["gone"], None, None, None, None, None)
    return (
        _when(m, line.received_at), line.subject, line.excerpt, m.name("category", line.category),
        m.name("priority", line.priority), m.name("team", line.team), m.name("status", line.status),
    )  # fmt: skip


def _gap(m: Material, gap: Gap) -> str:
    return (
        f"{m.name('category', gap.key)}{m.words['colon']}{gap.title}"
        if gap.kind == "mixed_class"
        else gap.title
    )


def _interval(share: Share) -> tuple[Cell, Cell]:
    return (share.low, share.high) if share.n else (None, None)


def _ids(ids: Sequence[str]) -> str:
    return ", ".join(ids)


def _when(m: Material, at: datetime) -> datetime:
    # A cell knows no time zone: what people read is the local time, and the first sheet names the zone.
    return m.local(at).replace(tzinfo=None, microsecond=0)


def _midnight(day: str) -> datetime:
    return datetime.fromisoformat(day)


def _summary(book: Workbook, m: Material) -> None:
    from openpyxl.styles import Alignment, Font

    sheet: Worksheet = book.create_sheet(m.words["sheet_summary"])
    sheet.column_dimensions["A"].width = 34
    sheet.column_dimensions["B"].width = 100
    found = m.found
    lines: list[tuple[Cell, Cell]] = [
        (m.words["title"], m.period()),
        ("", m.say("made", at=m.moment(found.made_at), zone=found.timezone)),
        *(
            ("" if n else m.words["section_summary"], item.text)
            for n, item in enumerate(summary.sentences(m))
        ),
        (m.words["kpi_tickets"], len(found.ticket_ids)),
        (m.words["kpi_groups"], len(found.groups)),
        (m.words["kpi_outside"], len(found.outside)),
        (m.words["kpi_satisfied"], m.share(found.satisfied)),
        (m.words["kpi_reopened"], m.share(found.reopened)),
        (m.words["kpi_complaints"], m.share(found.complaints_in_time)),
    ]
    for row, values in enumerate(lines, start=1):
        for column, value in enumerate(values, start=1):
            cell = sheet.cell(row, column, safe(value) if isinstance(value, str) else value)
            cell.alignment = Alignment(wrap_text=True, vertical="top", horizontal="left")
            cell.font = Font(bold=column == 1 or row == 1, size=14 if row == 1 else 11)
    _one_page_wide(sheet)


def _one_page_wide(sheet: Worksheet) -> None:
    from openpyxl.worksheet.properties import PageSetupProperties

    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.paperSize = 9  # A4
    sheet.page_setup.fitToHeight = 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)


def _sheet(
    book: Workbook, m: Material, key: str, columns: Sequence[Column], rows: Iterable[Sequence[Cell]]
) -> None:
    from openpyxl.styles import Alignment, Font, PatternFill
    from openpyxl.utils import get_column_letter

    sheet: Worksheet = book.create_sheet(m.words[f"sheet_{key}"])
    sheet.append([m.words[f"col_{column.key}"] for column in columns])
    for place, column in enumerate(columns, start=1):
        sheet.column_dimensions[get_column_letter(place)].width = column.width
        head = sheet.cell(1, place)
        head.font = Font(bold=True)
        head.fill = PatternFill("solid", fgColor="E3E9F1")
        head.alignment = Alignment(wrap_text=True, vertical="center")
    last = 1
    for last, row in enumerate(rows, start=2):
        sheet.append([safe(value) if isinstance(value, str) else value for value in row])
        for place, column in enumerate(columns, start=1):
            cell = sheet.cell(last, place)
            if isinstance(cell.value, datetime):
                cell.number_format = _FORMATS["date"] if column.kind == "date" else "yyyy-mm-dd"
            elif column.kind in _FORMATS:
                cell.number_format = _FORMATS[column.kind]
            text = isinstance(cell.value, str)
            cell.alignment = Alignment(
                wrap_text=text and column.width >= 40 and column.key != "id",
                vertical="top",
                horizontal="left" if text else None,
                indent=int(text),
            )
    sheet.freeze_panes = "A2"
    sheet.print_title_rows = "1:1"
    sheet.print_area = f"A1:{get_column_letter(len(columns))}{last}"
    _one_page_wide(sheet)
    sheet.auto_filter.ref = f"A1:{get_column_letter(len(columns))}{last}"
