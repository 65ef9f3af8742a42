"""What every form of the report is made of: the findings, the words of a language, names and ticket texts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from triage import catalogue
from triage.findings import TOO_LITTLE, Group, Retrospective, Share, Trend
from triage.rules import Rules

Names = Mapping[str, Mapping[str, str]]
"""What people call each code, by kind: category, priority, status, team, cause, step."""

Texts = Mapping[str, "TicketLine"]

_KINDS = {
    "category": "category",
    "priority": "priority",
    "status": "status",
    "team": "team",
    "cause": "root_cause",
}


@dataclass(frozen=True, slots=True)
class TicketLine:
    """A ticket as a list shows it. ``received_at`` is aware; codes as they are stored."""

    id: str
    received_at: datetime
    subject: str
    excerpt: str
    category: str
    priority: str
    team: str
    status: str


def names_of(rules: Rules, language: str) -> Names:
    """What the data files call the codes in one language."""
    found = {
        kind: {term.code: term.names.get(language, term.names["en"]) for term in rules.taxonomy.terms(of)}
        for kind, of in _KINDS.items()
    }
    found["step"] = {step.code: rules.clocks.step_name(step.code, language) for step in rules.clocks.steps}
    return found


@dataclass(frozen=True)
class Material:
    """One report's content, and how its figures are said in words."""

    found: Retrospective
    language: str
    names: Names
    texts: Texts

    @property
    def words(self) -> Mapping[str, str]:
        """The words of the report's language."""
        return catalogue.words("report", self.language)

    @property
    def zone(self) -> ZoneInfo:
        """The time zone of all dates."""
        return ZoneInfo(self.found.timezone)

    def say(self, key: str, **values: object) -> str:
        """A sentence of the catalogue with its places filled."""
        return self.words[key].format(**values)

    def name(self, kind: str, code: str) -> str:
        """What people call a code; an unknown one as it is, an empty one "not known"."""
        if not code or (code == "unknown" and code not in self.names.get(kind, {})):
            return self.words["not_known"]
        if kind == "language":
            return self.words.get(f"language_{code}", code)
        return self.names.get(kind, {}).get(code, code)

    def period(self) -> str:
        """The first and the last day of the period."""
        last = self.found.period.end - timedelta(microseconds=1)
        return self.say("period", start=self.day(self.found.period.start), end=self.day(last))

    def local(self, at: datetime) -> datetime:
        """A time in the report's zone."""
        return at.astimezone(self.zone)

    def day(self, at: datetime) -> str:
        """The local day, as 2026-03-01."""
        return self.local(at).date().isoformat()

    def moment(self, at: datetime) -> str:
        """The local day and minute."""
        return f"{self.local(at):%Y-%m-%d %H:%M}"

    def number(self, value: float) -> str:
        """A count as it is, an estimate with one decimal below ten."""
        if isinstance(value, int) or float(value).is_integer() or abs(value) >= 10:
            return f"{value:,.0f}"
        return f"{value:.1f}"

    def hours(self, value: float | None) -> str:
        """A length of time."""
        return self.words["no_data"] if value is None else self.say("hours", n=self.number(value))

    def percent(self, value: float) -> str:
        """A share, 0..1, as a percentage."""
        return f"{100 * value:.0f}\u00a0%"

    def share(self, share: Share) -> str:
        """So many of so many, with the interval."""
        if share.share is None:
            return self.words["no_data"]
        told = {name: self.percent(getattr(share, name)) for name in ("share", "high")}
        low = f"{100 * share.low:.0f}"
        return self.say("share", hits=self.number(share.hits), n=self.number(share.n), low=low, **told)

    def trend(self, trend: Trend) -> str:
        """What was expected and what came."""
        if trend.verdict == TOO_LITTLE:
            return self.say("too_little_came", actual=self.number(trend.actual))
        return self.expectation(trend.expected, trend.low, trend.high, trend.actual)

    def expectation(self, expected: float, low: float, high: float, actual: int) -> str:
        """What was expected, with its interval, and what came."""
        told = {"expected": expected, "low": low, "high": high, "actual": actual}
        return self.say("expected", **{key: self.number(value) for key, value in told.items()})

    def counted(self, noun: str, n: int) -> str:
        """``noun`` is ``tickets`` or ``groups``."""
        return self.words[f"{noun}_one"] if n == 1 else self.say(f"{noun}_many", n=self.number(n))

    def listed(self, items: Sequence[str], most: int = 3, by: str = "semicolon") -> str:
        """The first items in a row, and how many more there are."""
        told = self.words[by].join(items[:most])
        return told + (self.say("and_more", n=len(items) - most) if len(items) > most else "")

    def counts(self, kind: str, counts: Iterable[tuple[str, int]], most: int = 4) -> str:
        """Codes with how often each."""
        told = [self.say("item_count", title=self.name(kind, code), n=n) for code, n in counts]
        return self.listed(told, most, "comma")

    def comments(self, group: Group) -> list[str]:
        """What was said of a group, each with who said it and when, as far as that is known."""
        return [
            self.say(
                "comment_by", text=row.text, by=row.by or self.words["not_known"], at=self.moment(row.at)
            )
            for row in group.comments
        ]

    def title(self, text: str, width: int = 48) -> str:
        """A title on one line, cut to ``width`` columns (a Chinese character takes two)."""
        return shortened(text, width) or self.words["not_known"]

    def too_little(self) -> tuple[str, ...]:
        """What there was too little data to say, as sentences."""
        return tuple(
            self.words.get(f"too_little_{code}") or self.say("too_little_other", code=code)
            for code in self.found.too_little
            if code != "no_tickets"  # said by the first sentence
        )


def _to_word_end(text: str) -> str:
    """Without a last word that is cut, where that is short and in a script with spaces."""
    kept, space, word = text.rpartition(" ")
    return kept.rstrip() if space and word.isascii() and 2 * len(kept) > len(text) else text.rstrip()


def shortened(text: str, width: int) -> str:
    """A text on one line, cut to ``width`` columns with an ellipsis; wide characters take two columns."""
    line = " ".join(text.split())
    columns = 0
    for place, character in enumerate(line):
        columns += 1 if ord(character) < 0x1100 else 2
        if columns > width:
            return _to_word_end(line[: max(place - 1, 1)]) + "…"
    return line
