"""The shipped seed: enough of everything, varied, consistent, in both languages."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import sparse

from kb.rowfiles import Row, read_rows
from models import text
from triage import seed
from triage.seed import SeedTicket
from triage.taxonomy import Taxonomy, load_taxonomy

DATA = Path(__file__).parents[1] / "data"
SHORTEST = 12
"""A text with fewer characters is compared for equality only."""
FILLED = (
    *("id", "problem", "symptoms", "product", "category", "cause_code", "cause_kind", "cause", "solution"),
    *("resources", "team", "hours", "satisfaction", "reopened", "keywords", "closed_on"),
)
"""What every case has; a service or a policy may have no version."""


@pytest.fixture(scope="module")
def tickets() -> list[SeedTicket]:
    return seed.tickets(DATA)


@pytest.fixture(scope="module")
def cases() -> list[dict[str, str]]:
    rows = [row for name in seed.LANGUAGES for row in read_rows(DATA / "seed" / f"cases_{name}.jsonl")]
    assert all(isinstance(row, Row) for row in rows)
    return [row.values for row in rows if isinstance(row, Row)]


@pytest.fixture(scope="module")
def taxonomy() -> Taxonomy:
    return load_taxonomy(DATA)


@pytest.fixture(scope="module")
def shared(tickets: list[SeedTicket]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """How many 3-grams each two texts share, each pair once, and how many each text has."""
    numbers: dict[str, int] = {}
    rows, columns = [], []
    for place, ticket in enumerate(tickets):
        folded = text.fold(ticket.text)
        if len(folded) >= SHORTEST:
            grams = {folded[at : at + 3] for at in range(len(folded) - 2)}
            columns += [numbers.setdefault(gram, len(numbers)) for gram in grams]
            rows += [place] * len(grams)
    ones = np.ones(len(rows), dtype=np.int32)
    table = sparse.csr_matrix((ones, (rows, columns)), shape=(len(tickets), len(numbers)))
    common = (table @ table.T).toarray()
    return np.triu(common, 1), common.diagonal()


def _near(tickets: list[SeedTicket], pairs: NDArray[np.bool_]) -> list[str]:
    return [f"{tickets[a].id} {tickets[b].id}" for a, b in np.argwhere(pairs)]


def test_there_are_enough_tickets_of_every_kind(tickets: list[SeedTicket], taxonomy: Taxonomy) -> None:
    languages = Counter(ticket.id.split("-")[1] for ticket in tickets)
    categories = Counter(ticket.category for ticket in tickets)
    priorities = Counter(ticket.priority for ticket in tickets)

    assert len(tickets) >= 1200
    assert min(languages[name] for name in seed.LANGUAGES) >= 600
    assert min(categories[code] for code in taxonomy.codes()) >= 180
    assert min(priorities[code] for code in taxonomy.priority_codes()) >= 200


def test_the_tickets_of_a_file_are_in_its_language(tickets: list[SeedTicket]) -> None:
    for name in seed.LANGUAGES:
        found = Counter(text.language(ticket.text) for ticket in tickets if f"-{name}-" in ticket.id)
        assert found[name] + found["mixed"] >= 0.98 * found.total()


def test_every_label_is_in_the_taxonomy(
    tickets: list[SeedTicket], cases: list[dict[str, str]], taxonomy: Taxonomy
) -> None:
    assert {ticket.category for ticket in tickets} <= set(taxonomy.codes())
    assert {ticket.priority for ticket in tickets} <= set(taxonomy.priority_codes())
    assert {case["category"] for case in cases} <= set(taxonomy.codes())
    assert {case["team"] for case in cases} <= {term.code for term in taxonomy.teams}
    assert {case["cause_code"] for case in cases} <= {term.code for term in taxonomy.root_causes}
    assert {case["cause_kind"] for case in cases} == {"accidental", "systemic"}


def test_ids_are_unique(tickets: list[SeedTicket], cases: list[dict[str, str]]) -> None:
    for ids in ([ticket.id for ticket in tickets], [case["id"] for case in cases]):
        assert [name for name, count in Counter(ids).items() if count > 1] == []


def test_no_two_tickets_have_the_same_text(tickets: list[SeedTicket]) -> None:
    counts = Counter(text.fold(ticket.text).strip() for ticket in tickets)

    assert [found for found, count in counts.items() if count > 1] == []


def test_no_two_tickets_share_more_than_60_percent_of_the_smaller(
    tickets: list[SeedTicket], shared: tuple[NDArray[np.int32], NDArray[np.int32]]
) -> None:
    common, sizes = shared
    smaller = np.minimum.outer(sizes, sizes)

    assert _near(tickets, common > 0.6 * smaller) == []


def test_no_two_tickets_of_like_length_are_alike(
    tickets: list[SeedTicket], shared: tuple[NDArray[np.int32], NDArray[np.int32]]
) -> None:
    common, sizes = shared
    smaller, larger = np.minimum.outer(sizes, sizes), np.maximum.outer(sizes, sizes)

    assert _near(tickets, (common > 0.6 * smaller) & (2 * larger <= 3 * smaller)) == []


def test_no_ticket_stands_within_another(
    tickets: list[SeedTicket], shared: tuple[NDArray[np.int32], NDArray[np.int32]]
) -> None:
    common, sizes = shared
    smaller = np.minimum.outer(sizes, sizes)

    assert _near(tickets, common > 0.8 * smaller) == []


def test_tickets_begin_in_many_ways(tickets: list[SeedTicket]) -> None:
    begins = Counter(tuple(text.words(ticket.text[:200])[:5]) for ticket in tickets)
    words, count = begins.most_common(1)[0]

    assert count <= 0.01 * len(tickets), words


def test_there_are_enough_cases_with_everything_filled_in(cases: list[dict[str, str]]) -> None:
    empty = [f"{case['id']}: {name}" for case in cases for name in FILLED if case.get(name, "") in ("", "[]")]

    assert empty == []
    assert len(cases) >= 160


def test_every_problem_has_a_case_in_both_languages(
    tickets: list[SeedTicket], cases: list[dict[str, str]]
) -> None:
    problems = {ticket.problem for ticket in tickets if ticket.problem}
    have = {case["id"] for case in cases}
    wanted = {f"case-{problem}-{language}" for problem in problems for language in seed.LANGUAGES}

    assert len(problems) >= 80
    assert sorted(wanted - have) == []
    assert {text.language(case["problem"]) for case in cases if case["id"].endswith("-en")} == {"en"}


def test_a_ticket_and_its_case_agree_on_the_category(
    tickets: list[SeedTicket], cases: list[dict[str, str]]
) -> None:
    category = {case["id"]: case["category"] for case in cases}
    asked = [ticket for ticket in tickets if ticket.problem]
    same = [category[f"case-{ticket.problem}-zh"] == ticket.category for ticket in asked]

    # A complaint about a fault is a complaint, while its case is the fault.
    assert np.mean(same) >= 0.8
    assert all(category[f"case-{ticket.problem}-{name}"] for ticket in asked for name in seed.LANGUAGES)
