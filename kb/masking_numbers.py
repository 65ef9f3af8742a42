"""Numbers and addresses on the net that lead to a person: identity cards, bank cards, telephones, e-mail."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

Found = tuple[int, int, str]
"""Start, end, kind."""

_EMAIL_RE = re.compile(
    r"(?<![A-Za-z0-9._%+-])[A-Za-z0-9_][A-Za-z0-9._%+-]{0,63}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){0,4}"
    r"\.[A-Za-z]{2,24}(?![A-Za-z0-9-])"
)
_LONG_RE = re.compile(r"\d[\d -]{2}")
_ID_RE = re.compile(r"(?<!\d)[1-9](?:[ -]?\d){16}[ -]?[\dXx](?!\d)")
_ID_LABELLED_RE = re.compile(
    r"(?:身份证|證件|证件|\bID card\b|\bidentity card\b)[^\d\n]{0,8}?(\d{17}[\dXx]|\d{15})(?!\d)|"
    r"\b(?:SSN|social security)[^\d\n]{0,12}?(\d{3}-\d{2}-\d{4})(?!\d)",
    re.IGNORECASE,
)
_PASSPORT_RE = re.compile(
    r"(?:护照|護照|passport)(?:号码|號碼|号| no\.?| number)?(?: is|是|为)?[: ]{0,3}"
    r"([A-Z]{1,2}\d{7,8})(?![A-Za-z0-9])",
    re.IGNORECASE,
)
_CARD_RE = re.compile(
    r"(?<![A-Za-z0-9_])(?<!\d\.)"
    r"(?:\d{13,19}|\d{4}(?:[ -]\d{4}){3}(?:[ -]?\d{1,3})?|\d{6}[ -]\d{13}|\d{4}[ -]\d{6}[ -]\d{5})"
    r"(?![A-Za-z0-9_]|\.\d)"
)
_CARD_LABEL_RE = re.compile(
    r"(?:卡号|卡號|账号|帐号|帳號|银行卡|card(?: no\.?| number)?|account)\D{0,6}$", re.IGNORECASE
)
_ISSUED_RE = re.compile(
    r"(?:62|81|9558|60|65|68|64[4-9])\d{12,17}|4\d{15}(?:\d{3})?|5[1-5]\d{14}|"
    r"2(?:22[1-9]|2[3-9]\d|[3-6]\d\d|7[01]\d|720)\d{12}|3[47]\d{13}|35(?:2[89]|[3-8]\d)\d{12}|3(?:0[0-5]|[689]\d)\d{11}"
)
_MOBILE_RE = re.compile(
    r"(?:(?<![A-Za-z0-9_])(?<![A-Za-z][-_#])(?<!\d\.)|(?<=tel)|(?<=Tel)|(?<=phone))"
    r"(?:\(?(?:\+|00)?86\)?[ -]?)?1[3-9]\d[ -]?\d{4}[ -]?\d{4}(?![A-Za-z0-9_]|\.\d)"
)
_FIXED_RE = re.compile(
    r"(?<![A-Za-z0-9_.-])(?:\(?(?:\+|00)86\)?[ -]?)?(?:\(0(?:10|2\d|[3-9]\d\d)\) ?|0(?:10|2\d|[3-9]\d\d)[ -])"
    r"[2-8]\d{2,3}[ -]?\d{4}(?:(?:-|转|轉| ext\.? ?)\d{1,5})?(?![A-Za-z0-9_]|[-.]\d)"
)
_AMERICAN_RE = re.compile(
    r"(?<![A-Za-z0-9_.+-])(?:1[ -])?"
    r"(?:\([2-9]\d\d\) ?|(?!400|800|888|877|866|855|844|833)[2-9]\d\d-)[2-9]\d\d-\d{4}(?![A-Za-z0-9_]|[-.]\d)"
)
_ABROAD_RE = re.compile(
    r"(?<![A-Za-z0-9_.])(?:\+|\(\+)[1-9]\d{0,2}\)?(?:[ .-]?\(?\d{1,5}\)?){2,6}(?![A-Za-z0-9_]|[-.]\d)"
)
_CALL_RE = re.compile(
    r"(?:电话|電話|手机|手機|座机|座機|联系方式|聯繫方式|联系号码|传真|來電|来电|\b(?:tele)?phone|\bmobile|\btel|\bcell|"
    r"\bfax|\bwhatsapp|\bcall (?:me|us|him|her)(?: back)?)"
    r"(?: ?(?:号码|號碼|号|number|no\.?|at|on|is|是|为))?[:. ]{0,3}"
    r"((?:\+|\()?\d[\d ()-]{5,18}\d)(?![A-Za-z0-9_]|[.%]\d|%| ?(?:个|台|次|元|条|天|units|times|days))",
    re.IGNORECASE,
)
_ACCOUNT_RE = re.compile(
    r"(?:微信号?|微訊號|wechat(?: id)?)[:：] ?([A-Za-z][-\w]{5,19})(?![\w-])|"
    r"QQ(?:号码?)?(?:[:：] ?| ?)([1-9]\d{4,10})(?!\d)",
    re.ASCII | re.IGNORECASE,
)
_PLATE_RE = re.compile(
    r"(?:[京津沪渝冀豫辽黑湘皖鲁苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼]|(?<![\u4e00-\u9fff])[云新])"
    r"[A-HJ-NP-Z][· ]?(?=(?:[A-HJ-NP-Z]*\d){3})[A-HJ-NP-Z0-9]{5,6}(?![A-Za-z0-9])"
)
_HOTLINE_RE = re.compile(r"(?:400|800)\d{7}|9[56]\d{3,6}|1[012]\d{3,4}")
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def find(content: str) -> Iterator[Found]:
    """Numbers and e-mail of a person in a text of half-width signs; the first ones go before later ones."""
    if "@" in content:
        yield from ((*match.span(), "email") for match in _EMAIL_RE.finditer(content))
    if _LONG_RE.search(content) is None:
        return
    yield from _identity(content)
    yield from _cards(content)
    yield from ((*match.span(), "mobile") for match in _MOBILE_RE.finditer(content))
    yield from ((*match.span(), "phone") for match in _FIXED_RE.finditer(content))
    if "+" in content:
        yield from _abroad(content)
    if "-" in content:
        yield from ((*match.span(), "phone") for match in _AMERICAN_RE.finditer(content))
    for match in _CALL_RE.finditer(content):
        digits = compact(match[1])
        if 7 <= len(digits) <= 15 and not _HOTLINE_RE.fullmatch(digits) and not _is_day(digits):
            yield match.start(1), match.end(1), "phone"
    for match in _ACCOUNT_RE.finditer(content):
        yield (*match.span(match.lastindex or 0), "account")
    yield from ((*match.span(), "plate") for match in _PLATE_RE.finditer(content))


def is_identity(number: str) -> bool:
    """Whether 18 characters are a Chinese identity number: a day of birth, and the checksum of GB 11643."""
    try:
        born = date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return False
    total = sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, number, strict=False))
    return born.year >= 1850 and "10X98765432"[total % 11] == number[17].upper()


def is_card(number: str) -> bool:
    """Whether digits are a bank card's by the checksum of Luhn; who issued it is not asked."""
    digits = [int(digit) for digit in reversed(number)]
    doubled = sum(sum(divmod(2 * digit, 10)) for digit in digits[1::2])
    return (sum(digits[::2]) + doubled) % 10 == 0


def compact(number: str) -> str:
    """Its digits alone."""
    return "".join(sign for sign in number if sign.isdigit())


def _identity(content: str) -> Iterator[Found]:
    for match in _ID_RE.finditer(content):
        if is_identity(match[0].replace(" ", "").replace("-", "")):
            yield (*match.span(), "id_number")
    for pattern in (_ID_LABELLED_RE, _PASSPORT_RE):
        yield from ((*match.span(match.lastindex or 0), "id_number") for match in pattern.finditer(content))


def _cards(content: str) -> Iterator[Found]:
    for match in _CARD_RE.finditer(content):
        digits = compact(match[0])
        labelled = _CARD_LABEL_RE.search(content, max(0, match.start() - 24), match.start()) is not None
        if _is_issued(digits, labelled):
            yield (*match.span(), "bank_card")
        elif match[0][4] in " -" and _is_issued(digits[:16], labelled):
            yield match.start(), match.start() + 19, "bank_card"  # the last group is another number


def _is_issued(digits: str, labelled: bool) -> bool:
    return is_card(digits) and (labelled or _ISSUED_RE.fullmatch(digits) is not None)


def _abroad(content: str) -> Iterator[Found]:
    for match in _ABROAD_RE.finditer(content):
        if 8 <= len(compact(match[0])) <= 15:
            yield (*match.span(), "phone")


def _is_day(digits: str) -> bool:
    return len(digits) == 8 and digits[:2] in ("19", "20") and digits[4:6] <= "12" and digits[6:] <= "31"
