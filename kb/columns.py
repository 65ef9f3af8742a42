"""Which column of a table file is which of our fields, and a row's texts as typed values for the tables.

Known are our own names, the usual names of exports from other systems, and the Chinese tracking sheet's.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import functools
import json
import re
import unicodedata
from collections import abc
from dataclasses import dataclass

from sqlalchemy import String

from kb.tables import Base, Case, Ticket
from models import text
from models.errors import FileFormatError, InputError

Names = abc.Mapping[str, abc.Mapping[str, str]]
"""Target (``category priority status tier cause cause_kind team channel``) -> folded name -> code. A target
that is absent is not checked."""

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
created_at: created, created on, archived at, date, 创建时间, 创建日期, 归档时间, 归档日期, 反馈时间, 日期
"""


def _aliases(listing: str) -> dict[str, tuple[str, ...]]:
    fields = re.findall(r"^(\w+):(.*(?:\n .*)*)", listing, re.MULTILINE)
    return {field: (field, *re.split(r",\s+", names.strip())) for field, names in fields}


TICKET_FIELDS = _aliases(_TICKET_NAMES)
"""Field of a ticket -> the names its column may have, the better ones first."""

CASE_FIELDS = _aliases(_CASE_NAMES)
"""The same for a case."""

_REQUIRED = {"tickets": ("description", "subject"), "cases": ("problem",)}
_TARGETS = {"customer_tier": "tier", "cause_code": "cause"}
_CODES = ("channel", "customer_tier", "category", "priority", "team", "status", "cause_code", "cause_kind")
_LISTS = ("solution", "symptoms", "resources", "cause")
_CAUSE_KINDS = dict.fromkeys(("偶发", "偶然", "偶发性"), "accidental") | dict.fromkeys(
    ("系统性", "系统", "systematic"), "systemic"
)
_LANGUAGES = {"中文": "zh", "汉语": "zh", "chinese": "zh", "英文": "en", "英语": "en", "english": "en"}
_LANGUAGES |= {"混合": "mixed", "中英文": "mixed", "其他": "other", "mixed": "mixed", "other": "other"}
_YES = frozenset({"yes", "y", "true", "t", "1", "是", "有", "√"})
_NO = frozenset({"no", "n", "false", "f", "0", "否", "无", "×"})
_GRADES = {
    "非常满意": 5, "很满意": 5, "very satisfied": 5, "满意": 4, "satisfied": 4, "一般": 3, "neutral": 3,
    "不满意": 2, "dissatisfied": 2, "unsatisfied": 2, "非常不满意": 1, "很不满意": 1, "very dissatisfied": 1,
}  # fmt: skip
_GRADE_RE = re.compile(r"([1-5])(?:\.0+)?(?: ?(?:分|星|/ ?5|stars?))?")
_HOURS_RE = re.compile(r"(\d{1,7}(?:\.\d+)?) ?(?:h|hrs?|hours?|小时)?")
_ISO_RE = re.compile(r"\d{4}-\d\d-\d\d(?:[Tt ]\d\d:\d\d.*)?|\d{8}")
_CLOCK = (
    r"(?:(?:\s*T\s*|\s+|(?<=日)\s*)(上午|下午)?\s*(\d{1,2})[:时点]"
    r"(?:(\d{1,2})(?:[:分](\d{1,2})(?:\.\d+)?秒?|分)?)?\s*(am|pm)?)?"
)
_YEAR_FIRST_RE = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})日?" + _CLOCK, re.IGNORECASE)
_DAY_FIRST_RE = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})" + _CLOCK, re.IGNORECASE)
_SERIAL_RE = re.compile(r"[2-7]\d{4}(?:\.\d+)?")


@dataclass(frozen=True, slots=True)
class Mapping:
    """Our field -> the file's column, and the columns nothing was found for."""

    fields: dict[str, str]
    unknown: list[str]


def recognise(columns: abc.Sequence[str], kind: str) -> Mapping:
    """Say which column is which field; ``kind`` is ``tickets`` or ``cases``.

    Raises:
        FileFormatError: no column for what a ticket (description or subject) or a case (problem) must have.
        InputError: no such kind.
    """
    if kind not in _REQUIRED:
        raise InputError(f"'{kind}' cannot be imported, only tickets or cases", field="kind")
    free: dict[str, str] = {}
    # "客户满意度 (1-5)", "due date [UTC]": what stands in brackets only explains.
    for shorten in ("", r"[(\[（【].*"):
        for column in columns:
            free.setdefault(_key(re.sub(shorten, "", column)), column)
    fields: dict[str, str] = {}
    for field, aliases in (TICKET_FIELDS if kind == "tickets" else CASE_FIELDS).items():
        for alias in aliases:
            column = free.get(_key(alias), "")
            if column and column not in fields.values():
                fields[field] = column
                break
    needed = _REQUIRED[kind]
    if not any(field in fields for field in needed):
        found = ", ".join(columns[:30]) + (", ..." if len(columns) > 30 else "")
        message = f"no column for {' or '.join(needed)} (问题描述) among the columns found: {found[:1000]}"
        raise FileFormatError(message, field=needed[0])
    return Mapping(fields, [column for column in columns if column not in fields.values()])


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
    code = names.get("cause", {}).get(_folded(str(row.get("cause", ""))[:80]))
    if code:
        row.setdefault("cause_code", code)
    return row


def _key(name: str) -> str:
    return re.sub(r"[\W_]+", "", text.fold(name))


@functools.lru_cache(maxsize=4096)
def _folded(value: str) -> str:
    return text.fold(value).strip()


def _empty(mapping: Mapping, *fields: str) -> InputError:
    there = [field for field in fields if field in mapping.fields]
    return InputError(f"{' and '.join(mapping.fields[field] for field in there)}: empty", field=there[0])


def _typed(
    values: abc.Mapping[str, str], mapping: Mapping, table: type[Base], timezone: dt.tzinfo, names: Names
) -> dict[str, object]:
    row: dict[str, object] = {}
    for field, column in mapping.fields.items():
        raw = text.clean(values.get(column, "")).replace("\r\n", "\n").strip()
        if not raw:
            continue
        try:
            value = _value(field, raw, timezone, names)
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


def _value(field: str, raw: str, timezone: dt.tzinfo, names: Names) -> object:
    """A field's value; None where it says nothing. A ValueError's words follow the quoted value."""
    if field in _CODES:
        return _code(_TARGETS.get(field, field), raw, names)
    if field.endswith("_at"):
        return _time(raw, timezone).astimezone(dt.UTC)
    if field == "closed_on":
        return _time(raw, timezone).astimezone(timezone).date()
    if field == "satisfaction":
        return _grade(raw)
    if field == "hours":
        if not (match := _HOURS_RE.fullmatch(_folded(raw))):
            raise ValueError("is not a number of hours")
        return float(match[1])
    if field == "reopened":
        return _flag(raw)
    if field == "keywords":
        listed = _json_list(raw)
        parts = re.split(r"[,;\n，；、]", raw) if listed is None else listed
        return list(dict.fromkeys(word for part in parts if (word := part.strip()))) or None
    if field == "language":
        # One we have no code for is found from the text instead.
        folded = _folded(raw)
        return _LANGUAGES.get(folded) or {"zh": "zh", "en": "en"}.get(re.split("[-_]", folded)[0])
    if field in _LISTS:
        steps = _json_list(raw)
        return raw if steps is None else "\n".join(step.strip() for step in steps) or None
    return raw


def _code(target: str, raw: str, names: Names) -> str:
    folded = _folded(raw)
    known = names.get(target)
    if target == "cause_kind":
        known = {"accidental": "accidental", "systemic": "systemic"} | _CAUSE_KINDS | dict(known or {})
    if known is None:
        return raw
    code = known.get(folded)
    if code is None:
        by_code = {_key(code): code for code in known.values()}
        code = by_code.get(_key(raw))
    if code is None:
        raise ValueError(f"is not a known {target.replace('_', ' ')}")
    return code


def _json_list(raw: str) -> list[str] | None:
    """The texts of a JSON list of texts; None for anything else, such as ``[1] see below``."""
    if not raw.startswith("["):
        return None
    try:
        found = json.loads(raw)
        if not isinstance(found, list) or not all(isinstance(part, str) for part in found):
            return None
        "".join(found).encode()  # half a character, which JSON can spell, is none that can be stored
    except (ValueError, RecursionError):
        return None
    return [text.clean(part) for part in found]


def _grade(raw: str) -> int:
    folded = _folded(raw)
    if match := _GRADE_RE.fullmatch(folded):
        return int(match[1])
    if folded in _GRADES:
        return _GRADES[folded]
    raise ValueError("is not a satisfaction from 1 to 5 (or 非常满意, 满意, 一般, 不满意, 非常不满意)")


def _flag(raw: str) -> bool:
    folded = _folded(raw)
    if folded in _YES | _NO:
        return folded in _YES
    raise ValueError("is neither yes nor no (是, 否)")


def _time(raw: str, timezone: dt.tzinfo) -> dt.datetime:
    try:
        found = _parsed(unicodedata.normalize("NFKC", raw))
    except ValueError:
        found = None
    # Outside these years it is a slip of the pen, and the first and last years overflow in other zones.
    if found is None or not 1900 <= found.year <= 2200:
        raise ValueError("is not a date")
    return found if found.tzinfo else found.replace(tzinfo=timezone)


def _parsed(raw: str) -> dt.datetime | None:
    iso = re.sub(r"\s*(?:UTC|GMT|Z)$", "+00:00", raw)
    iso = re.sub(r"\s+([+-]\d\d:?\d\d)$", r"\1", iso)
    if _ISO_RE.fullmatch(iso):
        with contextlib.suppress(ValueError):
            return dt.datetime.fromisoformat(iso)
    if _SERIAL_RE.fullmatch(raw):
        # A date that a spreadsheet lost the format of: days since the end of 1899.
        days = dt.timedelta(seconds=round(float(raw) * 86400))
        return dt.datetime(1899, 12, 30) + days  # noqa: DTZ001 - the caller gives it its zone
    if match := _YEAR_FIRST_RE.fullmatch(raw):
        year, month, day = match[1], match[2], match[3]
    elif match := _DAY_FIRST_RE.fullmatch(raw):
        year, month, day = match[3], match[2], match[1]
    else:
        return None
    hour = int(match[5] or 0)
    half = (match[4] or match[8] or "").lower()
    if half and not 1 <= hour <= 12:
        # 下午15:20 means what it says; 0 in the morning likewise.
        half = ""
    if half in ("下午", "pm"):
        hour = hour % 12 + 12
    elif half:
        hour %= 12
    clock = dt.time(hour, int(match[6] or 0), int(match[7] or 0))
    return dt.datetime.combine(dt.date(int(year), int(month), int(day)), clock)
