"""Exports: tickets and cases as rows of a file that an import reads back without change."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from kb.cases import PUBLISHED
from kb.cells import TARGETS
from kb.columns import FIELDS
from kb.dates import parse
from kb.tables import Case, Ticket
from kb.tickets import whole_text
from models.errors import InputError

SHEET = {
    "序号": "id", "客户名称": "customer", "联系人": "contact_person", "联系方式": "contact",
    "产品型号/服务名称": "product", "问题描述": "description", "问题分类": "category", "优先级": "priority",
    "反馈时间": "received_at", "责任人": "owner", "处理状态": "status", "预计完成时间": "due_at",
    "实际完成时间": "finished_at", "解决方案": "solution", "客户满意度": "satisfaction", "备注": "remark",
}  # fmt: skip
"""The columns of the tracking sheet that service teams keep -> our fields."""

OWN_COLUMNS, SHEET_COLUMNS = "own", "sheet"
_PAGE = 500

Labels = Mapping[str, Mapping[str, str]]
"""Target -> code -> the name that people read."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to export. ``since`` is the first moment, ``until`` the first one no longer wanted.

    They go by when a ticket was received, and when a case was archived.
    """

    kind: str
    columns: str = OWN_COLUMNS
    since: dt.datetime | None = None
    until: dt.datetime | None = None
    category: str = ""


def wanted(
    kind: str, timezone: dt.tzinfo, *, columns: str = "", since: str = "", until: str = "", category: str = ""
) -> Wanted:
    """What was asked for in texts. A day as ``until`` is meant whole.

    Raises:
        InputError: no such kind or columns, or a time that is none.
    """
    if kind not in FIELDS:
        raise InputError(f"the kind is one of {', '.join(FIELDS)}, not {kind!r}", field="kind")
    columns = columns or OWN_COLUMNS
    if columns not in (OWN_COLUMNS, SHEET_COLUMNS):
        raise InputError(
            f"the columns are {OWN_COLUMNS} or {SHEET_COLUMNS}, not {columns!r}", field="columns"
        )
    if columns == SHEET_COLUMNS and kind != "tickets":
        raise InputError("the tracking sheet has columns for tickets only", field="columns")
    end = _moment("until", until, timezone)
    if end is not None and end.astimezone(timezone).time() == dt.time() and ":" not in until:
        end += dt.timedelta(days=1)
    return Wanted(kind, columns, _moment("since", since, timezone), end, category)


def header(asked: Wanted) -> list[str]:
    """The columns of an export in order."""
    return list(SHEET) if asked.columns == SHEET_COLUMNS else list(FIELDS[asked.kind])


def rows(session: Session, asked: Wanted, timezone: dt.tzinfo, labels: Labels) -> Iterator[Sequence[object]]:
    """The rows wanted, in the order they were stored, a page of them in memory at a time."""
    table = Ticket if asked.kind == "tickets" else Case
    last = 0
    while page := session.scalars(
        _chosen(asked).where(table.pk > last).order_by(table.pk).limit(_PAGE)
    ).all():
        for item in page:
            if isinstance(item, Ticket) and asked.columns == SHEET_COLUMNS:
                yield _sheet_row(item, timezone, labels)
            else:
                yield [getattr(item, name) for name in FIELDS[asked.kind]]
        last = page[-1].pk
        session.expunge_all()


def _chosen(asked: Wanted) -> Any:
    moment = Ticket.received_at if asked.kind == "tickets" else Case.created_at
    category = Ticket.category if asked.kind == "tickets" else Case.category
    # An import publishes what it reads: drafts and what is no longer in force stay here.
    query = select(Ticket) if asked.kind == "tickets" else select(Case).where(Case.state == PUBLISHED)
    if asked.since is not None:
        query = query.where(moment >= asked.since)
    if asked.until is not None:
        query = query.where(moment < asked.until)
    return query.where(category == asked.category) if asked.category else query


def _sheet_row(ticket: Ticket, timezone: dt.tzinfo, labels: Labels) -> list[object]:
    row: list[object] = []
    for field in SHEET.values():
        value = getattr(ticket, field)
        if field == "description":
            # The sheet has one column for both; a subject that opens the description says nothing new.
            same = str(value).startswith(ticket.subject)
            value = value if same else whole_text(ticket.subject, ticket.description)
        elif isinstance(value, dt.datetime):
            value = value.astimezone(timezone).strftime("%Y-%m-%d %H:%M")
        elif isinstance(value, str):
            value = labels.get(TARGETS.get(field, field), {}).get(value, value)
        row.append(value)
    return row


def _moment(field: str, raw: str, timezone: dt.tzinfo) -> dt.datetime | None:
    if not raw:
        return None
    try:
        return parse(raw, timezone).astimezone(dt.UTC)
    except ValueError as error:
        raise InputError(f"{field}: {raw!r} {error}", field=field) from None
