"""Columns found under their many names, and a row's texts made into values for the tables."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from zoneinfo import ZoneInfo

import openpyxl
import pytest

from kb.columns import CASE_FIELDS, TICKET_FIELDS, Mapping, recognise, to_case, to_ticket
from kb.rowfiles import Row, columns, read_rows
from kb.tables import Case, Ticket
from models.errors import FileFormatError, InputError

SHANGHAI = ZoneInfo("Asia/Shanghai")
NAMES = {
    "category": {"hardware": "hardware", "硬件故障": "hardware", "hardware fault": "hardware"},
    "priority": {"紧急": "urgent", "important": "important", "重要": "important"},
    "status": {"已关闭": "closed", "处理中": "in_progress"},
    "tier": {"vip": "vip", "普通": "ordinary"},
    "cause": {"软件缺陷": "software_bug", "part failure": "part_failure"},
    "team": {"研发部": "engineering", "engineering": "engineering"},
}
SHEET = {
    "序号": "id",
    "客户名称": "customer",
    "联系人": "contact_person",
    "联系方式": "contact",
    "产品型号/服务名称": "product",
    "问题描述": "description",
    "问题分类": "category",
    "优先级": "priority",
    "反馈时间": "received_at",
    "责任人": "owner",
    "处理状态": "status",
    "预计完成时间": "due_at",
    "实际完成时间": "finished_at",
    "解决方案": "solution",
    "客户满意度": "satisfaction",
    "备注": "remark",
}


def ticket(**values: str) -> dict[str, object]:
    """A ticket of columns named like the fields."""
    row = {"description": "x", **values}
    return to_ticket(row, recognise(list(row), "tickets"), timezone=SHANGHAI, names=NAMES)


def case(**values: str) -> dict[str, object]:
    row = {"problem": "x", **values}
    return to_case(row, recognise(list(row), "cases"), timezone=SHANGHAI, names=NAMES)


def refused(**values: str) -> InputError:
    make = ticket if set(values) <= set(TICKET_FIELDS) else case
    with pytest.raises(InputError) as caught:
        make(**values)
    assert not isinstance(caught.value, FileFormatError)
    return caught.value


def test_the_fields_are_those_of_the_tables() -> None:
    ours = {"pk", "content_hash"}
    assert set(TICKET_FIELDS) == set(Ticket.__table__.columns.keys()) - ours
    ours |= {"state", "version_number", "replaced_by", "from_ticket"}
    assert set(CASE_FIELDS) == set(Case.__table__.columns.keys()) - ours


@pytest.mark.parametrize("fields", [TICKET_FIELDS, CASE_FIELDS])
def test_no_alias_is_another_field_and_none_is_empty(fields: dict[str, tuple[str, ...]]) -> None:
    for field, aliases in fields.items():
        assert aliases[0] == field
        assert all(alias == alias.strip() != "" for alias in aliases)
        assert not {alias.replace(" ", "_") for alias in aliases} & (set(fields) - {field})


@pytest.mark.parametrize(("fields", "kind"), [(TICKET_FIELDS, "tickets"), (CASE_FIELDS, "cases")])
def test_each_alias_alone_is_recognised(fields: dict[str, tuple[str, ...]], kind: str) -> None:
    own = "description" if kind == "tickets" else "problem"
    for field, aliases in fields.items():
        for alias in aliases:
            found = recognise([alias] if field == own else [own, alias], kind).fields
            assert alias in found.values()


def test_the_tracking_sheet_end_to_end(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.append(["客户问题跟踪表"])
    sheet.append(list(SHEET))
    sheet.append(
        [
            17,
            "华东 精工\n有限公司",
            "王敏",
            13800138000,
            "HX-300",
            "设备无法开机\n指示灯不亮",
            "硬件故障",
            "紧急",
            dt.datetime(2019, 7, 1, 10, 20),  # noqa: DTZ001 - a sheet knows no zones
            "李工",
            "已关闭",
            dt.date(2019, 7, 2),
            "2019年7月1日 下午3:05",
            "更换电源模块",
            "非常满意",
            None,
        ]
    )
    path = tmp_path / "跟踪表.xlsx"
    book.save(path)
    book.close()
    mapping = recognise(columns(path), "tickets")
    assert mapping == Mapping({field: column for column, field in SHEET.items()}, [])
    (row,) = read_rows(path)
    assert isinstance(row, Row)
    assert to_ticket(row.values, mapping, timezone=SHANGHAI, names=NAMES) == {
        "id": "17",
        "customer": "华东 精工 有限公司",
        "contact_person": "王敏",
        "contact": "13800138000",
        "product": "HX-300",
        "description": "设备无法开机\n指示灯不亮",
        "category": "hardware",
        "priority": "urgent",
        "received_at": dt.datetime(2019, 7, 1, 2, 20, tzinfo=dt.UTC),
        "owner": "李工",
        "status": "closed",
        "due_at": dt.datetime(2019, 7, 1, 16, 0, tzinfo=dt.UTC),
        "finished_at": dt.datetime(2019, 7, 1, 7, 5, tzinfo=dt.UTC),
        "solution": "更换电源模块",
        "satisfaction": 5,
    }


@pytest.mark.parametrize(
    ("found", "kind", "fields", "unknown"),
    [
        (["id", "text"], "cases", {"id": "id", "problem": "text"}, []),
        (["Question", "Answer"], "cases", {"problem": "Question", "solution": "Answer"}, []),
        (["title", "Description"], "cases", {"problem": "title", "symptoms": "Description"}, []),
        (
            ["问题", "根本原因", "关键词"],
            "cases",
            {"problem": "问题", "cause": "根本原因", "keywords": "关键词"},
            [],
        ),
        (["TITLE", "body", "x"], "tickets", {"subject": "TITLE", "description": "body"}, ["x"]),
        (["Short Description"], "tickets", {"subject": "Short Description"}, []),
        (["text", "ID", "id"], "tickets", {"id": "ID", "description": "text"}, ["id"]),
        (["text", "id (old)", "id"], "tickets", {"id": "id", "description": "text"}, ["id (old)"]),
        (["Ｔｅｘｔ", "Created_At"], "tickets", {"description": "Ｔｅｘｔ", "received_at": "Created_At"}, []),
        (
            ["問題描述", "满意度（1-5分）"],
            "tickets",
            {"description": "問題描述", "satisfaction": "满意度（1-5分）"},
            [],
        ),
        (["summary", "title"], "tickets", {"subject": "title", "description": "summary"}, []),
    ],
)
def test_recognised(found: list[str], kind: str, fields: dict[str, str], unknown: list[str]) -> None:
    assert recognise(found, kind) == Mapping(fields, unknown)


def test_what_a_file_must_have() -> None:
    with pytest.raises(
        FileFormatError, match=r"no column for description or subject .*: id, wishes"
    ) as caught:
        recognise(["id", "wishes"], "tickets")
    assert caught.value.field == "description"
    with pytest.raises(FileFormatError, match=r"no column for problem .*, \.\.\.$"):
        recognise([f"c{n}" for n in range(40)], "cases")
    with pytest.raises(InputError, match="'users' cannot be imported"):
        recognise(["id"], "users")


@pytest.mark.parametrize(
    ("written", "utc"),
    [
        ("2019-07-01T10:20:00Z", "2019-07-01T10:20:00"),
        ("2019-07-01T10:20:00.123456+02:00", "2019-07-01T08:20:00.123456"),
        ("2019-07-01 10:20:00 UTC", "2019-07-01T10:20:00"),
        ("2019-07-01 10:20:00 +0800", "2019-07-01T02:20:00"),
        ("2019-07-01 10:20", "2019-07-01T02:20:00"),
        ("2019-7-1 9:20", "2019-07-01T01:20:00"),
        ("2019/7/1 10:20:05", "2019-07-01T02:20:05"),
        ("2019-07-01", "2019-06-30T16:00:00"),
        ("20190701", "2019-06-30T16:00:00"),
        ("2019年7月1日", "2019-06-30T16:00:00"),
        ("2019年7月1日10时20分05秒", "2019-07-01T02:20:05"),
        ("2019年7月1日 9点", "2019-07-01T01:00:00"),
        ("2019/7/1 下午3:20", "2019-07-01T07:20:00"),
        ("2019/7/1 上午12:20", "2019-06-30T16:20:00"),
        ("2019/7/1 下午15:20", "2019-07-01T07:20:00"),
        ("2019-07-01 3:20 PM", "2019-07-01T07:20:00"),
        ("2019-07-01 12:20 pm", "2019-07-01T04:20:00"),
        ("01.07.2019", "2019-06-30T16:00:00"),
        ("1.7.2019 10:20", "2019-07-01T02:20:00"),
        ("２０１９／７／１　１０：２０", "2019-07-01T02:20:00"),
        ("43647.43055555556", "2019-07-01T02:20:00"),
    ],
)
def test_dates(written: str, utc: str) -> None:
    assert ticket(received_at=written)["received_at"] == dt.datetime.fromisoformat(utc).replace(tzinfo=dt.UTC)


@pytest.mark.parametrize(
    "written",
    ["昨天", "2019-13-01", "2019-02-30 10:00", "7/1/2019", "1512051234507", "12", "0001-01-01", "9999-12-31",
     "2019-07-01 25:00", "2019-7-110:20", "31.02.2019"],
)  # fmt: skip
def test_no_dates(written: str) -> None:
    error = refused(received_at=written)
    assert error.message == f"received_at: '{written}' is not a date"
    assert error.field == "received_at"


def test_an_error_names_the_column_of_the_file() -> None:
    mapping = recognise(["问题描述", "反馈时间"], "tickets")
    with pytest.raises(InputError) as caught:
        to_ticket({"问题描述": "x", "反馈时间": "昨天"}, mapping, timezone=SHANGHAI, names=NAMES)
    assert caught.value.message == "反馈时间: '昨天' is not a date"
    assert caught.value.field == "received_at"


@pytest.mark.parametrize(
    ("written", "grade"),
    [("5", 5), ("4.0", 4), ("３", 3), ("2分", 2), ("1 / 5", 1), ("4 stars", 4), ("非常满意", 5), ("满意", 4),
     ("一般", 3), ("不满意", 2), ("非常不满意", 1), ("Very satisfied", 5), ("Neutral", 3)],
)  # fmt: skip
def test_satisfaction(written: str, grade: int) -> None:
    assert ticket(satisfaction=written)["satisfaction"] == grade
    assert case(satisfaction=written)["satisfaction"] == grade


@pytest.mark.parametrize("written", ["0", "6", "4.5", "好", "-1"])
def test_no_satisfaction(written: str) -> None:
    assert refused(satisfaction=written).message.startswith(
        f"satisfaction: '{written}' is not a satisfaction"
    )


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"category": "Hardware Fault"}, {"category": "hardware"}),
        ({"category": "硬體故障"}, {"category": "hardware"}),
        ({"priority": "重要"}, {"priority": "important"}),
        ({"priority": "URGENT"}, {"priority": "urgent"}),
        ({"status": "In Progress"}, {"status": "in_progress"}),
        ({"customer_tier": "ＶＩＰ"}, {"customer_tier": "vip"}),
        ({"team": "研發部"}, {"team": "engineering"}),
        ({"channel": "微信"}, {"channel": "微信"}),
        ({"language": "zh-CN"}, {"language": "zh"}),
        ({"language": "English"}, {"language": "en"}),
        ({"language": "fr"}, {}),
        ({"id": " A\u200b-1\x07 "}, {"id": "A -1"}),
        ({"remark": "", "owner": " \u3000"}, {}),
        ({"description": "一\r\n二"}, {"description": "一\n二"}),
    ],
)
def test_ticket_values(values: dict[str, str], expected: dict[str, object]) -> None:
    assert ticket(**values) == {"description": "x"} | expected


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"keywords": "登录, VPN；打印、登录;"}, {"keywords": ["登录", "VPN", "打印"]}),
        ({"keywords": '["a, b", " c "]'}, {"keywords": ["a, b", "c"]}),
        ({"keywords": "[]"}, {}),
        ({"solution": '["重启", "升级固件"]'}, {"solution": "重启\n升级固件"}),
        ({"solution": "[]"}, {}),
        ({"solution": "[1] see below"}, {"solution": "[1] see below"}),
        ({"solution": "[1, 2]"}, {"solution": "[1, 2]"}),
        ({"solution": r'["\ud800"]'}, {"solution": r'["\ud800"]'}),
        ({"reopened": "是"}, {"reopened": True}),
        ({"reopened": "No"}, {"reopened": False}),
        ({"hours": "3.5 小时"}, {"hours": 3.5}),
        ({"hours": "4h"}, {"hours": 4.0}),
        ({"closed_on": "2019-07-01"}, {"closed_on": dt.date(2019, 7, 1)}),
        ({"closed_on": "2019-07-01T20:00:00Z"}, {"closed_on": dt.date(2019, 7, 2)}),
        ({"cause": "软件缺陷"}, {"cause": "软件缺陷", "cause_code": "software_bug"}),
        (
            {"cause": "软件缺陷", "cause_code": "part_failure"},
            {"cause": "软件缺陷", "cause_code": "part_failure"},
        ),
        ({"cause": "会话未释放"}, {"cause": "会话未释放"}),
        ({"cause_kind": "系统性"}, {"cause_kind": "systemic"}),
        ({"created_at": "2019-07-01T00:00Z"}, {"created_at": dt.datetime(2019, 7, 1, tzinfo=dt.UTC)}),
    ],
)
def test_case_values(values: dict[str, str], expected: dict[str, object]) -> None:
    assert case(**values) == {"problem": "x"} | expected


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"category": "水果"}, "category: '水果' is not a known category"),
        ({"customer_tier": "gold"}, "customer_tier: 'gold' is not a known tier"),
        ({"cause_code": "fate"}, "cause_code: 'fate' is not a known cause"),
        ({"cause_kind": "sometimes"}, "cause_kind: 'sometimes' is not a known cause kind"),
        ({"reopened": "maybe"}, "reopened: 'maybe' is neither yes nor no"),
        ({"hours": "nan"}, "hours: 'nan' is not a number of hours"),
        ({"hours": "-1"}, "hours: '-1' is not a number of hours"),
        ({"id": "x" * 81}, f"id: '{'x' * 60}...' is longer than 80 characters"),
        ({"channel": "c" * 21}, f"channel: '{'c' * 21}' is longer than 20 characters"),
    ],
)
def test_refused_values(values: dict[str, str], message: str) -> None:
    assert refused(**values).message.startswith(message)


def test_a_row_without_any_text() -> None:
    mapping = recognise(["标题", "内容"], "tickets")
    with pytest.raises(InputError, match="内容 and 标题: empty") as caught:
        to_ticket({"标题": " ", "内容": ""}, mapping, timezone=SHANGHAI, names={})
    assert caught.value.field == "description"
    with pytest.raises(InputError, match="text: empty"):
        to_case({"text": "\u200b"}, recognise(["text"], "cases"), timezone=SHANGHAI, names={})


def test_a_subject_alone_is_a_ticket() -> None:
    row = to_ticket({"title": "Printer"}, recognise(["title"], "tickets"), timezone=SHANGHAI, names={})
    assert row == {"subject": "Printer", "description": ""}


def test_targets_without_names_are_not_checked() -> None:
    mapping = recognise(["text", "category"], "tickets")
    row = to_ticket({"text": "x", "category": "Anything"}, mapping, timezone=SHANGHAI, names={})
    assert row["category"] == "Anything"
