"""The taxonomy: every code that tickets carry, with its names in Chinese and English.

Nothing in the product knows a category or priority by heart: an organisation replaces or extends
``data/taxonomy.toml``. Codes are what is stored and spoken; names are what people see.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from models.errors import NotFoundError
from triage.datafile import Table, read, unique_codes

FILE = "taxonomy.toml"

Names = Mapping[str, str]
"""One text in both languages, by ``zh`` and ``en``."""

TERM_KINDS = ("status", "channel", "tier", "team", "root_cause")


@dataclass(frozen=True, slots=True)
class Term:
    """A code with its names: a status, channel, tier, team, root cause or sub-category."""

    code: str
    names: Names


@dataclass(frozen=True, slots=True)
class Category:
    """What a ticket can be about; ``examples`` are short sentences in both languages."""

    code: str
    names: Names
    description: Names
    examples: tuple[str, ...]
    subcategories: tuple[Term, ...]


@dataclass(frozen=True, slots=True)
class Level:
    """A priority; rank 0 is the most urgent."""

    code: str
    names: Names
    description: Names
    rank: int


@dataclass(frozen=True, slots=True)
class Taxonomy:
    """All codes of an organisation. ``priorities`` stand most urgent first."""

    categories: tuple[Category, ...]
    priorities: tuple[Level, ...]
    tie_rules: tuple[Names, ...]
    statuses: tuple[Term, ...]
    channels: tuple[Term, ...]
    tiers: tuple[Term, ...]
    teams: tuple[Term, ...]
    root_causes: tuple[Term, ...]

    def codes(self) -> tuple[str, ...]:
        """The codes of the categories, in the order of the file."""
        return tuple(category.code for category in self.categories)

    def priority_codes(self) -> tuple[str, ...]:
        """The codes of the priorities, most urgent first."""
        return tuple(level.code for level in self.priorities)

    def category(self, code: str) -> Category:
        """The category of that code; raises ``NotFoundError``."""
        for category in self.categories:
            if category.code == code:
                return category
        raise NotFoundError(f"There is no category {code!r}; there are {', '.join(self.codes())}.")

    def level(self, code: str) -> Level:
        """The priority of that code; raises ``NotFoundError``."""
        for level in self.priorities:
            if level.code == code:
                return level
        raise NotFoundError(f"There is no priority {code!r}; there are {', '.join(self.priority_codes())}.")

    def terms(self, kind: str) -> tuple[Term | Category | Level, ...]:
        """Everything of one kind: ``category``, ``priority`` or one of ``TERM_KINDS``.

        Raises:
            NotFoundError: there is no such kind.
        """
        kinds: dict[str, tuple[Term | Category | Level, ...]] = {
            "category": self.categories,
            "priority": self.priorities,
            "status": self.statuses,
            "channel": self.channels,
            "tier": self.tiers,
            "team": self.teams,
            "root_cause": self.root_causes,
        }
        if kind not in kinds:
            raise NotFoundError(f"There is no kind {kind!r} in the taxonomy; there are {', '.join(kinds)}.")
        return kinds[kind]

    def name(self, code: str, language: str, kind: str | None = None) -> str:
        """The name to show for a code, in English where there is none in ``language``.

        ``kind`` (as in ``terms``) tells apart a category and a team of the same code. An unknown code is
        given back as it is: old tickets keep codes that the organisation has dropped since.
        """
        for one in (kind,) if kind else ("category", "priority", *TERM_KINDS):
            for term in self.terms(one):
                if term.code == code:
                    return term.names.get(language, term.names["en"])
        for category in self.categories if kind in (None, "category") else ():
            for term in category.subcategories:
                if term.code == code:
                    return term.names.get(language, term.names["en"])
        return code


def load_taxonomy(folder: Path) -> Taxonomy:
    """Read ``taxonomy.toml`` of a data folder.

    Raises:
        DataFileError: the file is missing or wrong; the message names the line.
    """
    top = read(folder / FILE)
    top.allow("category", "priority", "tie_rule", *TERM_KINDS)
    categories = top.tables("category", least=2)
    priorities = top.tables("priority", least=2)
    for tables in (categories, priorities):
        unique_codes(tables)
    tie_rules = top.tables("tie_rule")
    for rule in tie_rules:
        rule.allow("zh", "en")
    terms = {kind: _terms(top.tables(kind, least=1)) for kind in TERM_KINDS}
    return Taxonomy(
        categories=tuple(_category(table) for table in categories),
        priorities=tuple(_level(table, rank) for rank, table in enumerate(priorities)),
        tie_rules=tuple({"zh": rule.text("zh"), "en": rule.text("en")} for rule in tie_rules),
        statuses=terms["status"],
        channels=terms["channel"],
        tiers=terms["tier"],
        teams=terms["team"],
        root_causes=terms["root_cause"],
    )


def _category(table: Table) -> Category:
    table.allow("code", "names", "description", "examples", "subcategory")
    return Category(
        code=table.code(),
        names=table.bilingual("names"),
        description=table.bilingual("description"),
        examples=table.texts("examples"),
        subcategories=_terms(table.tables("subcategory")),
    )


def _level(table: Table, rank: int) -> Level:
    table.allow("code", "names", "description")
    return Level(table.code(), table.bilingual("names"), table.bilingual("description"), rank)


def _terms(tables: list[Table]) -> tuple[Term, ...]:
    unique_codes(tables)
    for table in tables:
        table.allow("code", "names")
    return tuple(Term(table.code(), table.bilingual("names")) for table in tables)
