"""Routing: which team takes a ticket, in which role, who helps and who is told.

``data/routing.toml`` holds ordered rules; the first whose conditions all hold decides. Extras then add
helpers, people to tell, or another role to whatever rule decided, so that "urgent" or "VIP" need not be
written once per category. The last rule has no conditions: no ticket is left without a team.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from models.text import fold
from triage.datafile import Table, read, unique_codes
from triage.taxonomy import Names, Taxonomy

FILE = "routing.toml"
CONDITIONS = ("category", "priority", "product", "customer_tier", "language", "channel")
LANGUAGES = ("zh", "en", "mixed", "other")


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule or extra. ``when`` maps a condition to the values that satisfy it; an extra has no team.

    Products are compared as folded text: a value with ``*`` or ``?`` must match the whole product, any
    other must occur in it.
    """

    id: str
    when: Mapping[str, tuple[str, ...]]
    team: str
    role: str
    helpers: tuple[str, ...]
    notify: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Routing:
    """The table of rules. ``roles`` are the names of the roles by code."""

    rules: tuple[Rule, ...]
    extras: tuple[Rule, ...]
    roles: Mapping[str, Names]

    def role_name(self, role: str, language: str) -> str:
        """The name to show for a role; an unknown code is given back as it is."""
        names = self.roles.get(role)
        return names.get(language, names["en"]) if names else role


@dataclass(frozen=True, slots=True)
class Route:
    """Where a ticket goes. ``helpers`` (协责) and ``notify`` hold codes of teams and roles; ``extras`` are
    the ids of the extras that added to the rule."""

    team: str
    role: str
    rule: str
    helpers: tuple[str, ...]
    notify: tuple[str, ...]
    extras: tuple[str, ...]


def route(
    routing: Routing,
    *,
    category: str | None,
    priority: str | None,
    product: str | None = None,
    customer_tier: str | None = None,
    language: str | None = None,
    channel: str | None = None,
) -> Route:
    """Find the team for a ticket.

    What is not known is None and satisfies no condition. Give the category as None when the classifier
    would rather ask a person: the ticket then goes where unmatched tickets go.
    """
    facts = {
        "category": category,
        "priority": priority,
        "product": fold(product) if product else None,
        "customer_tier": customer_tier,
        "language": language,
        "channel": channel,
    }
    rule = next(rule for rule in routing.rules if _matches(rule, facts))
    extras = [extra for extra in routing.extras if _matches(extra, facts)]
    roles = [extra.role for extra in extras if extra.role]
    return Route(
        team=rule.team,
        role=roles[0] if roles else rule.role,
        rule=rule.id,
        # The lead is no helper of itself.
        helpers=_once(one for each in (rule, *extras) for one in each.helpers if one != rule.team),
        notify=_once(one for each in (rule, *extras) for one in each.notify),
        extras=tuple(extra.id for extra in extras),
    )


def load_routing(folder: Path, taxonomy: Taxonomy) -> Routing:
    """Read ``routing.toml`` of a data folder.

    Raises:
        DataFileError: the file is wrong, names what the taxonomy lacks, or leaves tickets without a team.
    """
    top = read(folder / FILE)
    top.allow("role", "rule", "extra")
    roles = {}
    role_tables = top.tables("role", least=1)
    unique_codes(role_tables)
    for table in role_tables:
        table.allow("code", "names")
        roles[table.code()] = table.bilingual("names")
    rules = top.tables("rule", least=1)
    extras = top.tables("extra")
    unique_codes([*rules, *extras], "id")
    routing = Routing(
        rules=tuple(_rule(table, taxonomy, roles) for table in rules),
        extras=tuple(_rule(table, taxonomy, roles, extra=True) for table in extras),
        roles=roles,
    )
    _check_complete(routing, rules, taxonomy)
    return routing


def _rule(table: Table, taxonomy: Taxonomy, roles: Mapping[str, Names], *, extra: bool = False) -> Rule:
    table.allow("id", "when", "team", "role", "helpers", "notify")
    teams = [team.code for team in taxonomy.teams]
    people = [*teams, *roles]
    if extra and "team" in table.values:
        raise table.error("an extra adds to a rule and has no 'team'; write a [[rule]] instead", "team")
    return Rule(
        id=table.text("id"),
        when=_conditions(table.table("when", required=False), taxonomy),
        team="" if extra else table.choice("team", teams),
        role="" if extra and "role" not in table.values else table.choice("role", list(roles)),
        helpers=table.choices("helpers", people),
        notify=table.choices("notify", people),
    )


def _conditions(table: Table, taxonomy: Taxonomy) -> dict[str, tuple[str, ...]]:
    table.allow(*CONDITIONS)
    allowed = {
        "category": taxonomy.codes(),
        "priority": taxonomy.priority_codes(),
        "customer_tier": tuple(term.code for term in taxonomy.tiers),
        "language": LANGUAGES,
        "channel": tuple(term.code for term in taxonomy.channels),
    }
    conditions = {}
    for key in table.values:
        values = table.texts(key) if key == "product" else table.choices(key, allowed[key])
        if not values:
            raise table.error(f"{key!r} is an empty list, so that the rule would never apply", key)
        conditions[key] = tuple(fold(value) for value in values) if key == "product" else values
    return conditions


def _check_complete(routing: Routing, tables: list[Table], taxonomy: Taxonomy) -> None:
    for at, (rule, table) in enumerate(zip(routing.rules, tables, strict=True)):
        last = at == len(tables) - 1
        if not rule.when and not last:
            raise table.error(f"the rule {rule.id!r} has no 'when', so that no rule after it ever applies")
        if last and rule.when:
            plain = [each.when["category"] for each in routing.rules if set(each.when) == {"category"}]
            covered = {code for codes in plain for code in codes}
            open_codes = [code for code in taxonomy.codes() if code not in covered]
            left = f"tickets of {', '.join(open_codes)}" if open_codes else "tickets of an unknown category"
            raise table.error(f"{left} may match no rule; end the list with a [[rule]] that has no 'when'")


def _matches(rule: Rule, facts: Mapping[str, str | None]) -> bool:
    for condition, values in rule.when.items():
        fact = facts[condition]
        if fact is None:
            return False
        if condition == "product":
            if not any(_is_product(fact, value) for value in values):
                return False
        elif fact not in values:
            return False
    return True


def _is_product(product: str, value: str) -> bool:
    return fnmatchcase(product, value) if "*" in value or "?" in value else value in product


def _once(codes: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(codes))
