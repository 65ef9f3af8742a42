"""Personal data in a text, replaced by placeholders: an archive needs the problem, not the person.

Found are mobile and fixed telephones, identity numbers with a right checksum, bank cards with a right
checksum, e-mail, number plates, addresses that lead to a door, accounts of messengers after their label, and
names beside a title or a label. Left as they are: error codes, versions, part and order numbers, quantities,
IP addresses, hotlines (400, 95...), places without a door, and a name that nothing marks as one.

Pure: a text goes in, and places or a text come out.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kb import masking_names, masking_numbers, masking_places
from models import text

PLACEHOLDERS: Mapping[str, tuple[str, str]] = {
    "id_number": ("[证件号]", "[id number]"),
    "bank_card": ("[银行卡号]", "[bank card]"),
    "email": ("[邮箱]", "[email]"),
    "mobile": ("[手机号]", "[phone]"),
    "phone": ("[电话]", "[phone]"),
    "plate": ("[车牌号]", "[plate]"),
    "address": ("[地址]", "[address]"),
    "account": ("[账号]", "[account]"),
    "name": ("[姓名]", "[name]"),
}
"""Kind -> what stands in its place in Chinese and in other languages."""

CASE_FIELDS = ("problem", "symptoms", "cause", "solution", "resources", "keywords")
"""The fields of a case that people write freely; product and version hold part numbers."""

_NARROW = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20, 0xA0: 0x20}
_FINDERS = (masking_numbers.find, masking_places.find, masking_names.find)


@dataclass(frozen=True, slots=True)
class Span:
    """A place of personal data: characters from ``start`` to before ``end``."""

    start: int
    end: int
    kind: str


@dataclass(frozen=True, slots=True)
class Masked:
    """A text without personal data, and where it stood in the text before, in order."""

    text: str
    spans: tuple[Span, ...] = ()


def narrow(content: str) -> str:
    """Full-width letters, digits and signs as half-width ones; the text keeps its length."""
    return content if content.isascii() else content.translate(_NARROW)


def find(content: str) -> list[Span]:
    """The places of personal data in a text, in order; they do not overlap."""
    folded = narrow(content)
    taken: list[Span] = []
    for finder in _FINDERS:
        for start, end, kind in finder(folded):
            place = bisect_left(taken, start, key=lambda span: span.start)
            free = place == 0 or taken[place - 1].end <= start
            if free and (place == len(taken) or end <= taken[place].start):
                taken.insert(place, Span(start, end, kind))
    return taken


def mask(content: str, *, chinese: bool | None = None) -> Masked:
    """Replace what ``find`` finds; the placeholders are Chinese where the text has any Chinese character."""
    spans = find(content)
    if not spans:
        return Masked(content)
    column = 0 if (text.has_han(content) if chinese is None else chinese) else 1
    parts, last = [], 0
    for span in spans:
        parts += [content[last : span.start], PLACEHOLDERS[span.kind][column]]
        last = span.end
    return Masked("".join([*parts, content[last:]]), tuple(spans))


def mask_case(row: Mapping[str, Any]) -> tuple[dict[str, Any], Counter[str]]:
    """A case as it may be archived, and how many places of each kind were masked.

    The placeholders of all fields are in one language, that of the whole case.
    """
    found: Counter[str] = Counter()
    masked = dict(row)
    chinese = text.has_han("\n".join(_texts(row)))

    def clear(content: str) -> str:
        done = mask(content, chinese=chinese)
        found.update(span.kind for span in done.spans)
        return done.text

    for name in CASE_FIELDS:
        value = row.get(name)
        if isinstance(value, str):
            masked[name] = clear(value)
        elif isinstance(value, Sequence):
            masked[name] = [clear(str(item)) for item in value]
    return masked, found


def _texts(row: Mapping[str, Any]) -> Iterator[str]:
    for name in CASE_FIELDS:
        value = row.get(name)
        yield from (value,) if isinstance(value, str) else map(str, value or ())
