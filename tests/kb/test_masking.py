"""Personal data in texts: what is found, what is left, what stands in its place."""

from __future__ import annotations

import string
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb import masking
from kb.masking_names import is_name
from kb.masking_numbers import is_card, is_identity

GAPS = st.sampled_from(["", "。", "，", " ", "\n", "的", "：", "(", "号码是", " is "])


@st.composite
def identities(draw: st.DrawFn) -> str:
    """A valid identity number of China."""
    born = draw(st.dates(date(1900, 1, 1), date(2025, 12, 31)))
    region = draw(st.integers(110000, 659999))
    head = f"{region}{born:%Y%m%d}{draw(st.integers(0, 999)):03}"
    tail = next(sign for sign in "0123456789X" if is_identity(head + sign))
    return head + draw(st.sampled_from([tail, tail.lower()]))


@st.composite
def cards(draw: st.DrawFn) -> str:
    """A valid bank card's number of an issuer that exists."""
    head, size = draw(
        st.sampled_from([(head, 16) for head in ("62", "4", "51", "55", "2221", "3530")])
        | st.sampled_from([("62", 17), ("62", 19), ("9558", 19), ("34", 15)])
    )
    rest = size - len(head) - 1
    body = head + "".join(
        str(digit) for digit in draw(st.lists(st.integers(0, 9), min_size=rest, max_size=rest))
    )
    return body + next(sign for sign in string.digits if is_card(body + sign))


@pytest.mark.parametrize(
    ("content", "masked"),
    [
        ("请联系张先生13800138000", "请联系[姓名]先生[手机号]"),
        ("联系人：李雷，电话：010-62345678转801", "联系人：[姓名]，电话：[电话]"),
        ("手机 +86 138 0013 8000", "手机 [手机号]"),
        ("座机(0755)26543210", "座机[电话]"),
        ("电话：62345678", "电话：[电话]"),
        ("身份证11010519491231002X", "身份证[证件号]"),
        ("身份证号 110105 19491231 002X。", "身份证号 [证件号]。"),
        ("身份证号码：110105491231002", "身份证号码：[证件号]"),
        ("护照号：E12345678", "护照号：[证件号]"),
        ("卡号 6222 0212 3456 7890 128", "卡号 [银行卡号]"),
        ("付款 4111-1111-1111-1111 123 元", "付款 [银行卡号] 123 元"),
        ("邮箱是li.lei+a@mail.example.com。", "邮箱是[邮箱]。"),
        ("手机１３８００１３８０００，ａ＠ｂ．ｃｏｍ", "手机[手机号]，[邮箱]"),
        ("身份证校验失败：110105194912310021", "身份证校验失败：[证件号]"),
        ("车牌粤B·12345", "车牌[车牌号]"),
        ("微信：wx_lilei QQ:12345678", "微信：[账号] QQ:[账号]"),
        ("寄到北京市海淀区中关村大街27号院3号楼501室", "寄到[地址]"),
        ("我住阳光花园3栋2单元501室", "我住[地址]"),
        ("王小明經理和欧阳女士来电", "[姓名]經理和[姓名]女士来电"),
        ("我叫韩梅梅，报修", "我叫[姓名]，报修"),
        ("联系人：张三，我是王芳，客户：李四", "联系人：[姓名]，我是[姓名]，客户：[姓名]"),
        ("住址：朝阳区建国路88号现代城A座1203", "住址：[地址]"),
        ("social security number 123-45-6789", "social security number [id number]"),
        ("Mr. Smith, 12 Elm Street, Apt 4B, Boston, MA 02110", "Mr. [name], [address]"),
        ("My name is Mary-Jane O'Neil.", "My name is [name]."),
        ("call me at 020 7946 0958 or +44 20 7946 0958", "call me at [phone] or [phone]"),
        ("(212) 555-0123 / 212-555-0123", "[phone] / [phone]"),
        ("Best regards,\nJane Roe\n", "Best regards,\n[name]\n"),
        ("P.O. Box 1234, mail a@b.org", "[address], mail [email]"),
        ("打印机 VPN for Mr. Smith", "打印机 VPN for Mr. [姓名]"),
    ],
)
def test_personal_data_are_replaced_in_the_language_of_the_text(content: str, masked: str) -> None:
    assert masking.mask(content).text == masked


@pytest.mark.parametrize(
    "content",
    [
        "报错 0x80070005，版本 v3.2.1，型号 HX-300，订单 20230512123456789，数量 1500 台",
        "IP 192.168.10.100:8080, mask 255.255.255.0, part 123-456-789, SN 5CG1234ABC",
        "单据校验失败：110105194912310021",
        "流水号 6222021234567891 校验不对，时间 1700000000000，条码 6901234567892",
        "值 3.1380013800012 或 HX-13800138000，金额 13800138000.50",
        "热线 400-810-8888、95588，电话 400-810-8888",
        "通道1号、线路3号、地铁2号线、6栋180户、1号机，路由器在回路2号",
        "项目经理、高级经理、由于经理没来、施工、汇总、工作总结、大部分女士、安装师傅",
        "联系人：客服部；我是新用户；客户：华为；负责人：待定；姓名 字段为空",
        "Dear Support, thanks, 2 Hard Drive, 3 Way, the Contact: Support Team",
        "npm install @angular/core@12.0.1, git@host, user@localhost",
        "电话无法接通 20230501，手机 5 台，电话 3 次",
        "",
    ],
)
def test_what_is_no_personal_data_is_left(content: str) -> None:
    assert masking.mask(content) == masking.Masked(content)


def test_spans_say_where_it_stood() -> None:
    content = "请张先生回电13800138000"

    found = masking.mask(content).spans

    assert [(content[one.start : one.end], one.kind) for one in found] == [
        ("张", "name"),
        ("13800138000", "mobile"),
    ]


@given(identities(), GAPS, GAPS, st.sampled_from(["", " ", "-"]))
def test_a_valid_identity_number_never_survives(number: str, before: str, after: str, joint: str) -> None:
    written = f"{number[:6]}{joint}{number[6:14]}{joint}{number[14:]}"

    masked = masking.mask(f"客户身份{before}{written}{after}已登记").text

    assert written not in masked
    assert number not in masked


@given(cards(), GAPS, GAPS, st.sampled_from(["", " ", "-"]))
def test_a_valid_bank_card_never_survives(number: str, before: str, after: str, joint: str) -> None:
    groups = [number[start : start + 4] for start in range(0, len(number), 4)]
    written = joint.join(groups) if len(number) in (16, 17, 19) else number

    masked = masking.mask(f"付款{before}{written}{after}失败").text

    assert written not in masked


@given(st.from_regex(r"\A1[3-9][0-9]{9}\Z"), GAPS, GAPS)
def test_a_mobile_never_survives(number: str, before: str, after: str) -> None:
    assert number not in masking.mask(f"联系{before}{number}{after}谢谢").text


@given(
    st.one_of(
        st.integers(0, 9_999_999).map(str),
        st.from_regex(r"\A[A-Z]{2,4}-[0-9]{2,6}\Z"),
        st.from_regex(r"\Av?[0-9]{1,2}\.[0-9]{1,3}\.[0-9]{1,4}\Z"),
        st.from_regex(r"\A0x[0-9A-F]{8}\Z"),
        st.ip_addresses(v=4).map(str),
        st.dates().map(date.isoformat),
        st.from_regex(r"\A20[0-9]{14}\Z").filter(lambda number: not is_identity(number.ljust(18, "0"))),
    )
)
def test_ordinary_numbers_stay(number: str) -> None:
    content = f"设备报错 {number}，请处理。Order {number} failed"

    assert masking.mask(content).text == content


@given(st.text(alphabet="张先生经理13800- @a.com号路室转Mr Smith[]手机身份证0123456789Xx", max_size=60))
def test_any_text_is_taken_and_its_spans_are_in_order(content: str) -> None:
    done = masking.mask(content)

    assert all(one.start < one.end for one in done.spans)
    assert all(one.end <= other.start for one, other in zip(done.spans, done.spans[1:], strict=False))
    assert masking.mask("".join(content.split("0"))) is not None


def test_a_case_is_masked_in_all_its_texts_and_counted() -> None:
    row = {
        "id": "c1",
        "problem": "张先生的打印机坏了",
        "solution": "Call 13800138000",
        "keywords": ["a@b.com", "打印机"],
        "product": "HX-300",
        "hours": 2.5,
    }

    masked, found = masking.mask_case(row)

    assert masked == row | {
        "problem": "[姓名]先生的打印机坏了",
        "solution": "Call [手机号]",
        "keywords": ["[邮箱]", "打印机"],
    }
    assert found == {"name": 1, "mobile": 1, "email": 1}


@pytest.mark.parametrize(
    ("content", "person"),
    [
        ("李雷", True),
        ("欧阳修文", True),
        ("Tom Lee", True),
        ("前台", False),
        ("IT", False),
        ("客服中心", False),
    ],
)
def test_what_can_be_a_persons_name(content: str, person: bool) -> None:
    assert is_name(content) is person
