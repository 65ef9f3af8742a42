"""Which column of a table file is which of our fields, and a row's texts as typed values for the tables.

Known are our own names, the usual names of exports from other systems, and the Chinese tracking sheet's.
"""

from __future__ import annotations

import datetime as dt
import functools
import re
from collections import abc

from sqlalchemy import String

from kb import cells
from kb.mappings import LEFT_OUT, Mapping, Names, Ready, key
from kb.rowfiles import JOINT
from kb.tables import Base, Case, Ticket
from models import text
from models.errors import FileFormatError, InputError

# A field takes the first of its names that the file has and no earlier field took, its own name before all.
# Spelling is compared without case, width, spaces and joints. A name is left out here where it often heads
# a column of other systems whose values would be refused: "type", "group", "state", "severity".
_TICKET_NAMES = """
id: ticket id, ticket number, ticket no, ticket, case id, case number, number, no, key, 序号, 工单号,
    工单编号, 编号
received_at: received, feedback time, created at, created, created on, created time, creation date,
    opened at, opened, submitted at, reported at, date, time, timestamp, 反馈时间, 受理时间, 接收时间,
    提交时间, 创建时间, 反馈日期, 日期, 时间
subject: title, short description, summary, headline, 标题, 主题, 问题标题, 摘要
description: problem description, body, text, content, message, details, detail, long description, issue,
    problem, complaint, summary, title, 问题描述, 描述, 内容, 问题内容, 正文, 详情, 反馈内容, 问题
language: lang, language code, 语言, 语种
channel: contact channel, contact type, 渠道, 反馈渠道, 受理渠道, 来源渠道
product: product name, product or service, service, model, 产品型号/服务名称, 产品/服务, 产品型号,
    产品名称, 产品, 服务名称, 型号
version: product version, software version, firmware version, 版本, 版本号, 产品版本, 软件版本
customer: customer name, client, client name, company, account, account name, 客户名称, 客户, 公司名称,
    客户单位, 单位名称
contact_person: contact name, requester, requester name, caller, 联系人, 联系人姓名
contact: contact information, contact details, email, e-mail, phone, phone number, telephone, 联系方式,
    联系电话, 电话, 手机, 邮箱
customer_tier: tier, customer level, customer type, 客户等级, 客户级别, 客户类型
category: category code, problem type, 问题分类, 问题类别, 问题类型, 分类, 类别
priority: priority level, 优先级, 优先级别, 紧急程度
team: department, 责任部门, 处理部门, 部门, 团队, 班组
owner: assignee, assigned to, agent, responsible, person in charge, 责任人, 负责人, 处理人, 主责人
status: ticket status, 处理状态, 状态, 工单状态
due_at: due, due date, deadline, expected finish, 预计完成时间, 预计完成日期, 计划完成时间, 截止时间
finished_at: finished, resolved at, resolved, solved at, completed at, closed at, actual finish,
    实际完成时间, 实际完成日期, 完成时间, 解决时间
solution: resolution, answer, fix, resolution notes, close notes, 解决方案, 解决办法, 解决方法, 处理结果,
    处理方案
satisfaction: satisfaction score, customer satisfaction, csat, 客户满意度, 满意度, 满意度评分
remark: remarks, note, notes, comment, comments, 备注, 说明
"""
_CASE_NAMES = """
id: case id, case number, case no, number, no, key, 序号, 案例编号, 案例号, 编号
problem: problem description, title, question, subject, summary, short description, description, issue,
    text, content, body, 问题, 问题描述, 标题, 案例标题, 主题, 描述
symptoms: symptom, phenomenon, details, description, text, content, body, 症状, 现象, 故障现象, 问题现象,
    问题描述, 描述
product: product name, product or service, service, model, 产品型号/服务名称, 产品/服务, 产品型号,
    产品名称, 产品, 服务名称, 型号
version: product version, software version, firmware version, 版本, 版本号, 产品版本, 软件版本
language: lang, language code, 语言, 语种
category: category code, problem type, 问题分类, 问题类别, 问题类型, 分类, 类别
cause_code: root cause code, root cause category, cause category, 原因分类, 原因类别, 根因分类, 原因代码
cause_kind: cause nature, 原因性质, 根因性质, 偶发/系统性
cause: root cause, reason, cause description, root cause analysis, 根本原因, 原因, 根因, 原因分析,
    问题原因
solution: solution steps, resolution, answer, steps, fix, workaround, 解决方案, 解决步骤, 解决办法,
    解决方法, 处理步骤, 答案
resources: resources used, 所需资源, 资源, 使用资源, 资源消耗
team: department, 责任部门, 处理部门, 部门, 团队, 班组, responsible team, 责任团队
hours: time to solve, hours to solve, resolution hours, 解决时长, 解决耗时, 耗时,
    处理时长, 用时
satisfaction: satisfaction score, customer satisfaction, csat, 客户满意度, 满意度, 满意度评分
reopened: reopen, was reopened, 是否重开, 重开, 是否复发
keywords: keyword, tags, labels, 关键词, 关键字, 标签
closed_on: closed at, closed, closed date, resolved at, resolved, solved at, 关闭日期, 关闭时间, 解决日期,
    解决时间, 实际完成时间, 完成时间
expires_on: expires, expiry date, valid until, 有效期至, 失效日期, 到期日期
created_at: created, created on, archived at, date, 创建时间, 创建日期, 归档时间, 归档日期, 反馈时间, 日期
"""


def _aliases(listing: str) -> dict[str, tuple[str, ...]]:
    fields = re.findall(r"^(\w+):(.*(?:\n .*)*)", listing, re.MULTILINE)
    return {field: (field, *re.split(r",\s+", names.strip())) for field, names in fields}


TICKET_FIELDS = _aliases(_TICKET_NAMES)
"""Field of a ticket -> the names its column may have, the better ones first."""

CASE_FIELDS = _aliases(_CASE_NAMES)
"""The same for a case."""

FIELDS = {"tickets": TICKET_FIELDS, "cases": CASE_FIELDS}
"""Kind of row -> its fields and their names."""

_REQUIRED = {"tickets": ("description", "subject"), "cases": ("problem",)}


def recognise(
    columns: abc.Sequence[str],
    kind: str,
    *,
    chosen: abc.Mapping[str, str] | None = None,
    ready: Ready | None = None,
) -> Mapping:
    """Say which column is which field; ``kind`` is ``tickets`` or ``cases``.

    What a person ``chosen`` (column -> field, ``-`` for none) goes first, then the ``ready`` mapping of
    another system, then the names that columns usually have.

    Raises:
        FileFormatError: no column for what a ticket (description or subject) or a case (problem) must have.
        InputError: no such kind, or what was chosen names a column or field that is not there.
    """
    if kind not in _REQUIRED:
        raise InputError(f"'{kind}' cannot be imported, only tickets or cases", field="kind")
    free: dict[str, str] = {}
    # "客户满意度 (1-5)", "due date [UTC]": what stands in brackets only explains.
    for shorten in ("", r"[(\[（【].*"):
        for column in columns:
            free.setdefault(key(re.sub(shorten, "", column)), column)
    fields: dict[str, str] = {}
    spoken_for: set[str] = set()
    for column, field in _checked(chosen or {}, columns, free, kind).items():
        spoken_for.add(column)
        if field:
            fields[field] = column
    for name, field in (ready.fields.get(kind, {}) if ready else {}).items():
        # A name such as "#" has nothing but its own spelling.
        column = free.get(key(name), "") if key(name) else name
        if column in columns and column not in spoken_for:
            if field not in fields:
                spoken_for.add(column)
            if field != LEFT_OUT:
                fields.setdefault(field, column)
    for field, aliases in FIELDS[kind].items():
        for alias in aliases if field not in fields else ():
            column = free.get(key(alias), "")
            if column and column not in spoken_for:
                fields[field] = column
                spoken_for.add(column)
                break
    needed = _REQUIRED[kind]
    if not any(field in fields for field in needed):
        message = f"no column for {' or '.join(needed)} (问题描述) among the columns found: {_some(columns)}"
        raise FileFormatError(message, field=needed[0])
    ordered = {field: fields[field] for field in FIELDS[kind] if field in fields}
    taken = set(ordered.values())
    return Mapping(
        ordered,
        [column for column in columns if column not in taken],
        {field: table for field, table in ready.values.items() if field in ordered} if ready else {},
        ready=ready.name if ready else "",
    )


def _checked(
    chosen: abc.Mapping[str, str], columns: abc.Sequence[str], by_key: abc.Mapping[str, str], kind: str
) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, field in chosen.items():
        column = name if name in columns else by_key.get(key(name), "")
        if not column:
            raise InputError(
                f"the mapping names the column {name!r}; the file has {_some(columns)}", field="mapping"
            )
        if field not in ("", LEFT_OUT) and field not in FIELDS[kind]:
            raise InputError(
                f"the mapping gives {name!r} the unknown field {field!r}; the fields of {kind} are "
                f"{', '.join(FIELDS[kind])}, and - for none",
                field="mapping",
            )
        wanted = "" if field == LEFT_OUT else field
        if wanted and wanted in found.values():
            raise InputError(f"the mapping gives two columns the field {field!r}", field="mapping")
        found[column] = wanted
    return found


def _some(columns: abc.Sequence[str]) -> str:
    return (", ".join(columns[:30]) + (", ..." if len(columns) > 30 else ""))[:1000]


def to_ticket(
    values: abc.Mapping[str, str], mapping: Mapping, *, timezone: dt.tzinfo, names: Names
) -> dict[str, object]:
    """A row as values of ``kb.tables.Ticket``; what is empty is left out, but for ``description``.

    Raises:
        InputError: a value cannot be used, or the row has neither description nor subject.
    """
    row = _typed(values, mapping, Ticket, timezone, names)
    if "description" not in row and "subject" not in row:
        raise _empty(mapping, "description", "subject")
    row.setdefault("description", "")
    return row


def to_case(
    values: abc.Mapping[str, str], mapping: Mapping, *, timezone: dt.tzinfo, names: Names
) -> dict[str, object]:
    """A row as values of ``kb.tables.Case``; what is empty is left out.

    A cause that is just the name of a code (软件缺陷) also sets ``cause_code``.

    Raises:
        InputError: a value cannot be used, or the row has no problem.
    """
    row = _typed(values, mapping, Case, timezone, names)
    if "problem" not in row:
        raise _empty(mapping, "problem")
    code = names.get("cause", {}).get(cells.folded_once(str(row.get("cause", ""))[:80]))
    if code:
        row.setdefault("cause_code", code)
    return row


def _empty(mapping: Mapping, *fields: str) -> InputError:
    there = [field for field in fields if field in mapping.fields]
    return InputError(f"{' and '.join(mapping.fields[field] for field in there)}: empty", field=there[0])


def _typed(
    values: abc.Mapping[str, str], mapping: Mapping, table: type[Base], timezone: dt.tzinfo, names: Names
) -> dict[str, object]:
    row: dict[str, object] = {}
    for field, column in mapping.fields.items():
        found = values.get(column, "")
        joined = found.replace(JOINT, "\n") if JOINT in found else found
        raw = text.clean(joined).replace("\r\n", "\n").strip()
        if not raw:
            continue
        try:
            if joined != found and field not in cells.JOINED:
                raise ValueError("are several values: the column stands in the header more than once")
            value = cells.value(field, raw, mapping, timezone, names)
            limit = _limits(table).get(field)
            if limit and isinstance(value, str) and len(value := " ".join(value.split())) > limit:
                raise ValueError(f"is longer than {limit} characters")
        except ValueError as error:
            shown = raw if len(raw) <= 60 else raw[:60] + "..."
            raise InputError(f"{column}: '{shown}' {error}", field=field) from None
        if value is not None:
            row[field] = value
    return row


@functools.cache
def _limits(table: type[Base]) -> dict[str, int]:
    types = {column.name: column.type for column in table.__table__.columns}
    return {name: kind.length for name, kind in types.items() if isinstance(kind, String) and kind.length}
