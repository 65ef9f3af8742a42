"""Addresses that lead to a door: a street with its number, a house with its room. A town alone is none."""

from __future__ import annotations

import re
from collections.abc import Iterator

from kb.masking_numbers import Found

_HAN = r"\u4e00-\u9fff"
_NUMBER = r"(?:[0-9]{1,5}(?:[-之][0-9]{1,4})?|[一二三四五六七八九十百]{1,5})"
_SMALL = r"[0-9A-Za-z一二三四五六七八九十]"
_DOOR = (
    rf"(?:院|附[0-9]{{1,3}}号)?"
    rf"(?:[{_HAN}A-Za-z]{{0,10}}?{_SMALL}{{1,4}}(?:号楼|栋|幢|座|单元|层|楼|室|房))*"
    r"(?:(?<=[座栋幢楼层元])[0-9]{3,4}(?![0-9]))?"
)
_STREET_RE = re.compile(
    r"(?:大道|[路街巷弄]|胡同|[镇乡村屯](?:[0-9一二三四五六七八九十]{1,3}[组队社])?)[东南西北中]?段? ?"
    rf"{_NUMBER}(?:号(?!线|机|楼?门禁|公告|文|令)|弄){_DOOR}"
)
_HOUSE_RE = re.compile(
    r"[0-9A-Za-z一二三四五六七八九十]{1,4}(?:号楼|栋|幢|座)(?:[0-9A-Za-z一二三四五六七八九十]{1,3}(?:单元|门))?(?:[0-9]{1,2}[层楼])?"
    r"[0-9]{3,4}(?:室|房|号)"
)
_UNITS = re.compile(rf"[{_HAN}A-Za-z0-9]+$")
_TECHNICAL_RE = re.compile(r"(?:[线電电回支网链油气水光通短断开思旁铁半引母弱强管风]路|[车货]?通路)$")
_STOPS = re.compile(
    r"在|到|至|于|是|为|址|送|寄|住|从|往|自|去|我家|我们|公司|单位|门店|客户|用户|地点|投诉|举报|请|将|，|。"
)
_ENGLISH_RE = re.compile(
    r"(?<![\w.-])\d{1,5}[A-Z]? (?:[NSEW]\.? )?(?:[A-Z0-9][A-Za-z0-9'.]{1,20} ){1,4}?"
    r"(?:Street|St|Avenue|Ave|Road|Rd|Boulevard|Blvd|Lane|Ln|Drive|Dr|Court|Square|Parkway|Pkwy|Terrace|Crescent|Way)"
    r"\b\.?(?:,? (?:Apt|Apartment|Suite|Ste|Unit|Floor|Flat|#)\.? ?#?\w{1,6})?"
    r"(?:, [A-Z][a-z]+(?: [A-Z][a-z]+){0,2})?(?:,? [A-Z]{2} \d{5}(?:-\d{4})?)?"
)
_NO_STREET_RE = re.compile(
    r"\b(?:Hard|Disk|Flash|USB|Tape|Optical|Google|Thumb|State|Network|Two|Three|Four) \w+\.?(?=$|,| )"
)
_BOX_RE = re.compile(r"\bP\. ?O\. Box \d{1,6}|\bPO Box \d{1,6}")
_REACH = 24


def find(content: str) -> Iterator[Found]:
    """Addresses in a text of half-width signs."""
    if content.isascii():
        yield from _english(content)
        return
    if any(sign in content for sign in "号弄"):
        for match in _STREET_RE.finditer(content):
            start = _begin(content, match.start())
            street = content[start : match.start() + 1]
            if start < match.start() and not _TECHNICAL_RE.search(street):
                yield start, match.end(), "address"
    if any(sign in content for sign in "室房号"):
        for match in _HOUSE_RE.finditer(content):
            yield _begin(content, match.start()), match.end(), "address"
    yield from _english(content)


def _begin(content: str, place: int) -> int:
    """Where an address begins whose street or house is at ``place``: after the last word that leads to it."""
    before = _UNITS.search(content, max(0, place - _REACH), place)
    if before is None:
        return place
    start = before.start()
    for stop in _STOPS.finditer(content, start, place - 1):
        start = stop.end()
    return start


def _english(content: str) -> Iterator[Found]:
    for match in _ENGLISH_RE.finditer(content):
        if not _NO_STREET_RE.search(match[0]):
            yield (*match.span(), "address")
    if "Box" in content:
        yield from ((*match.span(), "address") for match in _BOX_RE.finditer(content))
