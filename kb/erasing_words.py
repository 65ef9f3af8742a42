"""What names one customer in a text: the name in its spellings, people, telephones and addresses."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from kb import masking, masking_names
from models import text

_CONTACT_PARTS = re.compile(r"[,;，；、|/\n]+|\s{2,}")
_NUMBER_RE = re.compile(r"\+?[\d() -]*\d[\d() -]*")
_HELD = {
    "customer": ("[客户]", "[customer]"),
    "name": ("[姓名]", "[name]"),
    "contact": ("[联系方式]", "[contact]"),
}
_FEWEST_DIGITS = 6


def spelled_alike(one: str, other: str) -> bool:
    """Whether two names differ in case, width and spaces at the most."""
    return _key(one) == _key(other)


def _key(name: str) -> str:
    return "".join(text.fold(name).split())


@dataclass(frozen=True, slots=True)
class Words:
    """Patterns by what stands in their place: for all texts, and for those of the customer's own tickets.

    ``literals`` are the texts themselves, to look for in files.
    """

    everywhere: tuple[tuple[str, re.Pattern[str]], ...]
    own: tuple[tuple[str, re.Pattern[str]], ...]
    names: tuple[str, ...]
    literals: tuple[str, ...]

    @classmethod
    def of(cls, names: Sequence[str], people: Sequence[str], contacts: Sequence[str]) -> Words:
        """The patterns for these.

        A contact person that is no person's name ("前台", "IT") is looked for in the own tickets alone: in
        others it is a word.
        """
        parts = [part.strip() for contact in contacts for part in _CONTACT_PARTS.split(contact)]
        telling = [part for part in parts if "@" in part or _digits(part) >= _FEWEST_DIGITS]
        person = [one for one in people if masking_names.is_name(one)]
        vague = [
            one for one in [*people, *parts] if one not in person and one not in telling and len(one) > 1
        ]
        names = [*names, *(text.fold(name) for name in names)]
        clear = _patterns(customer=names, contact=telling, name=person)
        own = (*clear, *_patterns(name=vague))
        return cls(clear, own, tuple(names), tuple(sorted({*names, *telling, *person})))

    def clear(self, content: str) -> str:
        """A text without what names the customer."""
        return _replaced(content, self.everywhere)

    def clear_contact(self, content: str) -> str:
        """A contact field without the customer's name and numbers; other people's names stay."""
        return _replaced(content, [(kind, pattern) for kind, pattern in self.everywhere if kind != "name"])

    def clear_own(self, content: str) -> str:
        """A text of the customer's own: personal data that nobody listed goes as well."""
        return masking.mask(_replaced(content, self.own)).text

    def is_row_of(self, cells: Iterable[object]) -> bool:
        """Whether a row of a table has the customer's name in a cell of its own."""
        return any(spelled_alike(str(cell), name) for cell in cells for name in self.names)


def _replaced(content: str, patterns: Sequence[tuple[str, re.Pattern[str]]]) -> str:
    if not content:
        return content
    chinese = None
    folded = _folded(content)
    for kind, pattern in patterns:
        found = list(pattern.finditer(folded))
        if not found:
            continue
        chinese = text.has_han(content) if chinese is None else chinese
        stand_in = _HELD[kind][0 if chinese else 1]
        parts, last = [], 0
        for match in found:
            parts += [content[last : match.start()], stand_in]
            last = match.end()
        content = "".join([*parts, content[last:]])
        folded = _folded(content)
    return content


def _folded(content: str) -> str:
    """A text without what case and width make of it, of the same length. Patterns that need not fold by
    themselves find several times as fast."""
    narrow = masking.narrow(content)
    lower = narrow.lower()
    if len(lower) == len(narrow):
        return lower
    return "".join(sign.lower() if len(sign.lower()) == 1 else sign for sign in narrow)


def _patterns(**wanted: Sequence[str]) -> tuple[tuple[str, re.Pattern[str]], ...]:
    made = []
    for kind, literals in wanted.items():
        # The longest first: a short name may be the beginning of a long one.
        told = [_pattern(one) for one in sorted({*literals}, key=len, reverse=True) if one.strip()]
        if told:
            made.append((kind, re.compile("|".join(told))))
    return tuple(made)


def _pattern(literal: str) -> str:
    """A name however it is spaced, a number however it is grouped; Latin ones as whole words."""
    folded = _folded(literal).strip()
    if _NUMBER_RE.fullmatch(folded):
        digits = r"[ ().-]{0,2}".join(sign for sign in folded if sign.isdigit())
        return rf"(?<!\d)(?:\+|\()?{digits}(?!\d)"
    written = r"\s*".join(re.escape(sign) for sign in folded.split())
    before = r"(?<![a-z0-9])" if folded[0].isascii() and folded[0].isalnum() else ""
    after = r"(?![a-z0-9])" if folded[-1].isascii() and folded[-1].isalnum() else ""
    return f"{before}{written}{after}"


def _digits(part: str) -> int:
    return sum(sign.isdigit() for sign in part)
