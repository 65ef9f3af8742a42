"""Priority signals: what a text says about its urgency, word for word, and what that does to the priority.

A learned classifier sees tone; a signal sees a stated fact (someone is hurt, production is stopped). Each
signal is a list of phrases in ``data/signals.toml``. A hit in the reach of a negation or in a hypothetical
sentence does not count. The signals then shift the learned odds, and the label of least expected cost wins.
"""

from __future__ import annotations

import difflib
import functools
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from models import text as texts
from triage.datafile import LANGUAGES, Table, read, unique_codes
from triage.taxonomy import Names, Taxonomy

FILE = "signals.toml"
EFFECTS = ("at_least", "at_most", "none")

_SENTENCE_END = re.compile(r"[!?;。]|\n\s*\n|\.\s")
_CLAUSE_END = r"[,:、—()\"“”|]"
_PHRASE_PART = re.compile(r"(\.\.\.|[(|)]|\s+)")
_REGEX_RE = re.compile(r"[\[\]\\]|\)[?*+]")
_LATIN_RE = re.compile("[a-z]{2}")
_ALIGN_RE = re.compile(r"[\u3400-\u9fff]+|[^\u3400-\u9fff\s]+|\s+")
# A word of the other language may stand right beside an English one, so \b (Han counts as \w) will not do.
_WORD = {"zh": ("", ""), "en": (r"(?<![a-z0-9_])", r"(?![a-z0-9_])")}
# What `...` stands for in a phrase: a few words of the same sentence, none of them a negation.
_GAP = {
    "zh": r"(?:(?!没|未|不|无|并非)[^,.;!?。]){0,8}?",
    "en": r"(?:[\s,]+(?!not\b|no\b|never\b|without\b)(?!\w*n't)[^\s.,;!?]+){0,4}?[\s,]+",
}


@dataclass(frozen=True, slots=True)
class SignalRule:
    """One kind of signal. ``level`` belongs to the effects ``at_least`` and ``at_most``."""

    code: str
    names: Names
    effect: str
    level: str
    factor: float
    lift: int
    tiers: tuple[str, ...]
    patterns: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Context:
    """What makes a hit of one language not count."""

    reach: int
    borders: str
    negation: str
    negation_after: str
    hypothetical: str
    cancelled_after: str
    actual: str


@dataclass(frozen=True, slots=True)
class PriorityRules:
    """The signals, and how they and the learned probabilities become a priority.

    ``levels`` stand most urgent first; ``costs`` are by (true level, label given); ``floor`` is the least
    learned probability that a signal's own level is taken to have.
    """

    signals: tuple[SignalRule, ...]
    contexts: Mapping[str, Context]
    levels: tuple[str, ...]
    costs: Mapping[tuple[str, str], float]
    floor: float


@dataclass(frozen=True, slots=True)
class Signal:
    """A signal that was found.

    ``evidence`` is ``text[start:end]`` of the text as it was written. A signal from the customer's record
    has an empty range and the customer's tier as evidence.
    """

    code: str
    evidence: str
    start: int
    end: int
    effect: str
    level: str
    factor: float
    lift: int


@dataclass(frozen=True, slots=True)
class PriorityDecision:
    """A priority with its probabilities (they sum to 1).

    ``raised_by`` and ``lowered_by`` are the signals without which the label would be another; ``lift``
    orders tickets inside a level, highest first.
    """

    label: str
    probabilities: Mapping[str, float]
    raised_by: tuple[str, ...]
    lowered_by: tuple[str, ...]
    lift: int


def find_signals(text: str, rules: PriorityRules, *, customer_tier: str | None = None) -> tuple[Signal, ...]:
    """The signals in a text, in the order of the file, each with its first hit that counts."""
    folded = _fold(text)
    has = {"zh": texts.has_han(folded), "en": _LATIN_RE.search(folded) is not None}
    languages = [language for language in LANGUAGES if has[language]]
    offsets: list[int] | None = None
    found: list[Signal] = []
    for rule in rules.signals:
        span = next(_hits(folded, rule, rules.contexts, languages), None)
        if span is not None:
            offsets = offsets or _offsets(text, folded)
            start, end = offsets[span[0]], max(offsets[span[0]] + 1, offsets[span[1]])
            found.append(_signal(rule, text[start:end], start, end))
        elif customer_tier is not None and customer_tier in rule.tiers:
            found.append(_signal(rule, customer_tier, 0, 0))
    return tuple(found)


def decide_priority(
    learned: Mapping[str, float],
    signals: Iterable[Signal],
    rules: PriorityRules,
    costs: Mapping[tuple[str, str], float] | None = None,
) -> PriorityDecision:
    """Combine learned probabilities with signals and choose the label of least expected cost.

    Args:
        learned: probability by level; levels the model has never seen count as 0, unknown ones are ignored.
        signals: from ``find_signals``.
        rules: from ``load_rules``.
        costs: another cost matrix by (true level, label given), in place of the rules' own.
    """
    known = {level: max(0.0, learned.get(level, 0.0)) for level in rules.levels}
    total = sum(known.values())
    base = {level: value / total if total > 0 else 1 / len(known) for level, value in known.items()}
    signals = tuple(signals)
    raising = [signal for signal in signals if signal.effect == "at_least"]
    # A wish inside a ticket that tells of a danger does not make the danger smaller.
    lowering = [] if raising else [signal for signal in signals if signal.effect == "at_most"]
    shifted = _shift(base, raising + lowering, rules)
    matrix = rules.costs if costs is None else costs
    before, label = (_cheapest(each, rules.levels, matrix) for each in (base, shifted))
    change = rules.levels.index(label) - rules.levels.index(before)
    enough = [signal for signal in raising if rules.levels.index(signal.level) <= rules.levels.index(label)]
    return PriorityDecision(
        label=label,
        probabilities=shifted,
        raised_by=tuple(signal.code for signal in enough or raising) if change < 0 else (),
        lowered_by=tuple(signal.code for signal in lowering) if change > 0 else (),
        lift=sum(signal.lift for signal in signals),
    )


def load_rules(folder: Path, taxonomy: Taxonomy) -> PriorityRules:
    """Read ``signals.toml`` of a data folder.

    Raises:
        DataFileError: the file is wrong or names a level that the taxonomy lacks.
    """
    top = read(folder / FILE)
    top.allow("signal", "context", "costs", "floor")
    levels = taxonomy.priority_codes()
    tables = top.tables("signal")
    unique_codes(tables)
    contexts = top.table("context")
    contexts.allow(*LANGUAGES)
    return PriorityRules(
        signals=tuple(_rule(table, taxonomy) for table in tables),
        contexts={language: _context(contexts.table(language), language) for language in LANGUAGES},
        levels=levels,
        costs=_costs(top.table("costs", required=False), levels),
        floor=top.number("floor", 0.0),
    )


def _rule(table: Table, taxonomy: Taxonomy) -> SignalRule:
    table.allow("code", "names", "effect", "at_least", "at_most", "factor", "lift", "tiers", *LANGUAGES)
    levels = taxonomy.priority_codes()
    effects = [key for key in EFFECTS[:2] if key in table.values]
    if len(effects) > 1 or ("effect" in table.values and effects):
        raise table.error("only one of 'at_least', 'at_most' and effect = \"none\" is possible", effects[0])
    if not effects:
        table.choice("effect", ("none",))
    for key in effects:
        table.choice(key, levels)
    patterns = {language: _pattern(table, language, language) for language in LANGUAGES}
    return SignalRule(
        code=table.code(),
        names=table.bilingual("names"),
        effect=effects[0] if effects else "none",
        level=table.text(effects[0]) if effects else "",
        factor=table.number("factor", 1.0 if not effects else None, least=1.0),
        lift=int(table.number("lift", 0)),
        tiers=table.choices("tiers", [tier.code for tier in taxonomy.tiers]),
        patterns={language: pattern for language, pattern in patterns.items() if pattern},
    )


def _context(table: Table, language: str) -> Context:
    kinds = ("borders", "negation", "negation_after", "hypothetical", "cancelled_after", "actual")
    table.allow("reach", *kinds)
    return Context(int(table.number("reach", least=1)), *(_pattern(table, kind, language) for kind in kinds))


def _costs(table: Table, levels: tuple[str, ...]) -> dict[tuple[str, str], float]:
    table.allow("wrong", *levels)
    wrong = table.number("wrong", 1.0)
    costs = {(true, said): 0.0 if true == said else wrong for true in levels for said in levels}
    for true in levels:
        row = table.table(true, required=False)
        row.allow(*levels)
        costs |= {(true, said): row.number(said) for said in row.values}
    return costs


def _pattern(table: Table, key: str, language: str) -> str:
    """One alternation of all phrases of a list, so that a text is searched once for all of them."""
    plain: list[str] = []
    written: list[str] = []
    firsts: set[str] = set()
    for phrase in table.texts(key):
        try:
            if phrase.startswith("re:"):
                re.compile(phrase[3:])
                written.append(f"(?:{phrase[3:]})")
                continue
            folded = re.sub(r"\s*\.\.\.\s*", "...", _fold(phrase).strip())
            firsts |= _firsts(folded)
            plain.append(_expression(folded, language))
        except (re.error, ValueError) as error:
            raise table.error(f"the phrase {phrase!r} cannot be understood: {error}", key, phrase) from None
    if plain:
        # Most places of a text begin no phrase at all; one look at the next character says so.
        letters = "".join(re.escape(letter) for letter in sorted(firsts))
        written.insert(0, f"(?=[{letters}])(?:{'|'.join(plain)})")
    before, after = _WORD[language]
    return f"{before}(?:{'|'.join(written)}){after}" if written else ""


def _expression(phrase: str, language: str) -> str:
    marks = {"(": "(?:", ")": ")", "|": "|", "...": _GAP[language]}
    parts = _PHRASE_PART.split(phrase)
    if _REGEX_RE.search(phrase):
        raise ValueError("only after 're:' may it hold [ ] \\ or a repetition")
    if parts.count("(") != parts.count(")"):
        raise ValueError("a bracket is missing")
    return "".join(marks.get(part) or (r"\s+" if part.isspace() else re.escape(part)) for part in parts)


def _firsts(phrase: str) -> set[str]:
    """The characters a phrase can begin with."""
    if not phrase or phrase[0] in ".|)":
        raise ValueError("it must begin and go on with words")
    if phrase[0] != "(":
        return {phrase[0]}
    depth, begun, options = 0, 1, []
    for at, char in enumerate(phrase):
        depth += (char == "(") - (char == ")")
        if (char == "|" and depth == 1) or (char == ")" and depth == 0):
            options.append(phrase[begun:at])
            begun = at + 1
        if depth == 0:
            rest = phrase[at + 1 :]
            return set().union(*(_firsts(option or rest) for option in options))
    raise ValueError("a bracket is missing")


@functools.cache
def _compiled(expression: str) -> re.Pattern[str]:
    # Compiling all of them takes longer than reading the files, and a command may need none.
    return re.compile(expression)


def _hits(
    folded: str, rule: SignalRule, contexts: Mapping[str, Context], languages: Iterable[str]
) -> Iterator[tuple[int, int]]:
    for language in languages:
        expression = rule.patterns.get(language)
        for match in _compiled(expression).finditer(folded) if expression else ():
            if _counts(folded, match.start(), match.end(), contexts[language]):
                yield match.span()


def _counts(folded: str, start: int, end: int, context: Context) -> bool:
    """Whether a hit is stated as a fact."""
    sentence = max((match.end() for match in _SENTENCE_END.finditer(folded, 0, start)), default=0)
    closing = _SENTENCE_END.search(folded, end)
    stop = closing.end() if closing else len(folded)
    supposed = _last(context.hypothetical, folded, sentence, start)
    if supposed is not None and not _found(context.actual, folded, supposed, start):
        return False
    clause = _last(_CLAUSE_END, folded, sentence, start) or sentence
    clause = _last(context.borders, folded, clause, start) or clause
    if _found(context.negation, folded, max(clause, start - context.reach), start):
        return False
    comma = _compiled(_CLAUSE_END).search(folded, end, stop)
    nearby = min(stop, end + context.reach)
    if _found(context.negation_after, folded, end, min(nearby, comma.start()) if comma else nearby):
        return False
    return not _found(context.cancelled_after, folded, end, nearby)


def _found(expression: str, folded: str, start: int, end: int) -> bool:
    return bool(expression) and _compiled(expression).search(folded, start, end) is not None


def _last(expression: str, folded: str, start: int, end: int) -> int | None:
    """The end of the last match, if there is one."""
    found = None
    for match in _compiled(expression).finditer(folded, start, end) if expression else ():
        found = match.end()
    return found


def _signal(rule: SignalRule, evidence: str, start: int, end: int) -> Signal:
    return Signal(rule.code, evidence, start, end, rule.effect, rule.level, rule.factor, rule.lift)


def _shift(base: Mapping[str, float], signals: Iterable[Signal], rules: PriorityRules) -> dict[str, float]:
    # Phrases of one kind of news come together, so only the strongest signal of an effect is counted.
    strongest: dict[tuple[str, str], float] = {}
    for signal in signals:
        key = (signal.effect, signal.level)
        strongest[key] = max(signal.factor, strongest.get(key, 1.0))
    shifted = dict(base)
    for (effect, level), factor in strongest.items():
        at = rules.levels.index(level)
        shifted[level] = max(shifted[level], rules.floor)
        for favoured in rules.levels[: at + 1] if effect == "at_least" else rules.levels[at:]:
            shifted[favoured] *= factor
    total = sum(shifted.values())
    return {level: value / total for level, value in shifted.items()}


def _cheapest(
    probabilities: Mapping[str, float], levels: tuple[str, ...], costs: Mapping[tuple[str, str], float]
) -> str:
    """The label of least expected cost; of two equal ones the more urgent."""

    def expected(said: str) -> float:
        return sum(share * costs[true, said] for true, share in probabilities.items())

    return min(levels, key=lambda said: round(expected(said), 12))


def _offsets(text: str, folded: str) -> list[int]:
    """For each place in the folded text (and its end) the place in the text as it was written."""
    places: list[int] = []
    parts: list[str] = []
    for at, char in enumerate(texts.clean(text)):
        part = unicodedata.normalize("NFKC", char).lower().replace("’", "'")
        parts.append(part)
        places.extend([at] * len(part))
    if "".join(parts) == folded:
        return [*places, len(text)]
    # Folding changed what no single character shows: traditional words, combining marks.
    places = []
    for match in _ALIGN_RE.finditer(text):
        written = "".join(parts[match.start() : match.end()])
        starts = [at for at in range(match.start(), match.end()) for _ in parts[at]]
        matcher = difflib.SequenceMatcher(None, written, _fold(match.group()), autojunk=False)
        for tag, a, b, c, d in matcher.get_opcodes():
            same = tag == "equal" or b - a == d - c
            places.extend(starts[a + i] if same else starts[min(a, len(starts) - 1)] for i in range(d - c))
    # Folding each part by itself may differ from folding the whole where a phrase crosses a border.
    places = (places + [len(text)] * len(folded))[: len(folded)]
    return [*places, len(text)]


def _fold(text: str) -> str:
    return texts.fold(text).replace("’", "'")
