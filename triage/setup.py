"""The first start: trains the shipped model and loads the seed archive, where they are missing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from kb.match import WEIGHTS
from models.errors import IndexUnavailableError
from triage import learning, matching, seed
from triage.learning import Labelled
from triage.progress import Progress, note
from triage.wiring import Parts

SHIPPED = "shipped"
SHIPPED_SOURCE = "seed tickets"
MOST_IMPORTED = 20_000
"""Imported tickets that a model learns from, the newest ones: some minutes of learning."""


def prepare(parts: Parts, progress: Progress) -> None:
    """Make ready what is missing; where all is there, nothing happens."""
    folder = parts.settings.data_folder
    rows = shipped_examples(parts)
    targets = learnable(rows)
    if _outdated(parts, learning.hash_of(rows, targets)):
        note("training the shipped model on the seed tickets (a minute or two)")
        model = learning.train(
            rows,
            targets,
            parts.encoder,
            parts.store,
            lexicon=parts.lexicon,
            name=SHIPPED,
            source=SHIPPED_SOURCE,
            now=parts.now(),
            progress=progress,
        )
        parts.store.promote(model.card.version)
    if not parts.match_file.is_file() or parts.curve.weights != WEIGHTS:
        note("fitting the match probability on the seed archive")
        matching.match_curve(folder, parts.encoder).save(parts.match_file)
        parts.__dict__.pop("curve", None)
    _fill_archive(parts, progress)


def shipped_examples(parts: Parts) -> list[Labelled]:
    """What the shipped model learns from: the seed tickets as far as the taxonomy has their labels, and what
    the taxonomy says of its categories, so that a new one is known from its description and examples."""
    taxonomy = parts.rules.taxonomy
    return [
        *learning.known_to(taxonomy, seed.labelled(parts.settings.data_folder)),
        *learning.of_taxonomy(taxonomy),
    ]


def own_examples(parts: Parts, *, imported: bool = False) -> list[Labelled]:
    """The shipped examples, and what people confirmed; a ticket's category and priority may be known.

    ``imported`` adds the labels that came with imported tickets, as far as the taxonomy has them.
    """
    from kb import decisions

    rows = shipped_examples(parts)
    confirmed: dict[str, Labelled] = {}
    with parts.database.reading() as session:
        for target in decisions.TARGETS:
            for example in decisions.labelled_examples(session, target):
                row = confirmed.setdefault(
                    example.ticket_id, Labelled(example.ticket_id, example.text, {}, "confirmed")
                )
                row.labels[target] = example.label
        given: dict[str, Labelled] = {}
        for target in decisions.TARGETS if imported else ():
            for example in decisions.imported_examples(session, target, MOST_IMPORTED):
                if example.ticket_id not in confirmed:
                    row = given.setdefault(
                        example.ticket_id, Labelled(example.ticket_id, example.text, {}, "imported")
                    )
                    row.labels[target] = example.label
    return [*rows, *confirmed.values(), *learning.known_to(parts.rules.taxonomy, list(given.values()))]


def learnable(rows: Sequence[Labelled]) -> tuple[str, ...]:
    """The targets that there is something to learn for; signals alone decide a priority without examples."""
    levels = Counter(row.labels.get("priority", "") for row in rows)
    known = sum(1 for level, texts in levels.items() if level and texts > 1)
    return ("category", "priority") if known > 1 else ("category",)


def _outdated(parts: Parts, data: str) -> bool:
    """Whether the shipped model is missing, does not fit the program, or the taxonomy or the concepts were
    edited since.

    A model of one's own is never replaced unasked; the shipped one comes with the program.
    """
    current = parts.store.current()
    if current is None:
        return True
    if not current.startswith(f"{SHIPPED}-"):
        return False
    card = parts.store.card(current)
    learned_from = (card.data_hash, card.lexicon)
    return not parts.fits(current) or (
        card.source == SHIPPED_SOURCE and learned_from != (data, parts.lexicon.hash)
    )


def _fill_archive(parts: Parts, progress: Progress) -> None:
    from sqlalchemy import func, select

    from kb.tables import Case

    with parts.database.reading() as session:
        empty = not session.scalar(select(func.count()).select_from(Case))
    if not empty:
        return
    note("loading the seed archive")
    seed.load_cases(
        parts.database,
        parts.settings.data_folder,
        parts.encoder,
        lambda done, total: progress("archiving cases", done, total),
    )
    try:
        parts.index().apply(parts.database)
    except IndexUnavailableError as error:
        if not parts.settings.chroma_url:
            raise
        note(f"searching by words alone until the Chroma server answers: {error.message}")
