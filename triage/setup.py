"""The first start: trains the shipped model and loads the seed archive, where they are missing."""

from __future__ import annotations

from kb.match import WEIGHTS
from triage import learning, seed
from triage.progress import Progress, note
from triage.wiring import Parts

SHIPPED = "shipped"


def prepare(parts: Parts, progress: Progress) -> None:
    """Make ready what is missing; where all is there, nothing happens."""
    folder = parts.settings.data_folder
    current = parts.store.current()
    # A model of one's own is never replaced unasked; the shipped one comes with the program.
    if current is None or (current.startswith(f"{SHIPPED}-") and not parts.fits(current)):
        note("training the shipped model on the seed tickets (a minute or two)")
        model = learning.train(
            seed.labelled(folder),
            ("category", "priority"),
            parts.encoder,
            parts.store,
            name=SHIPPED,
            source="seed tickets",
            now=parts.now(),
            progress=progress,
        )
        parts.store.promote(model.card.version)
    if not parts.match_file.is_file() or parts.curve.weights != WEIGHTS:
        note("fitting the match probability on the seed archive")
        seed.match_curve(folder, parts.encoder).save(parts.match_file)
        parts.__dict__.pop("curve", None)
    _fill_archive(parts, progress)


def _fill_archive(parts: Parts, progress: Progress) -> None:
    from sqlalchemy import func, select

    from kb.tables import Case

    with parts.database.reading() as session:
        empty = not session.scalar(select(func.count()).select_from(Case))
    if empty:
        note("loading the seed archive")
        seed.load_cases(
            parts.database,
            parts.settings.data_folder,
            parts.encoder,
            lambda done, total: progress("archiving cases", done, total),
        )
    parts.index().apply(parts.database)
