"""The duplicates of a stored case, looked for with the product's parts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kb import cases, duplicates
from kb.duplicates import Duplicate
from models.encoder import Vectors
from models.errors import IndexUnavailableError, StorageError
from models.text import analyse

if TYPE_CHECKING:
    from triage.wiring import Parts


@dataclass(frozen=True, slots=True)
class Found:
    """The duplicates, the likeliest first, and what the search had to do without."""

    duplicates: list[Duplicate]
    degraded: tuple[str, ...] = ()


def of(parts: Parts, case_id: str, *, after_write: bool = False) -> Found:
    """The published cases that are likely about the same problem as a case.

    ``after_write`` leaves out whether the index lacks cases still: it does, as the one just written.

    Raises:
        NotFoundError: there is no such case.
    """
    with parts.database.reading() as session:
        case = cases.get(session, case_id)
        content = cases.searched_text(case).whole
    return like(parts, content, own=case.pk, after_write=after_write)


def like(parts: Parts, content: str, *, own: int = 0, after_write: bool = False) -> Found:
    """The published cases that are likely about the same problem as a text; ``own`` is the key of the case
    that says it, if there is one."""
    from triage.found import FILLING, MEANING

    index = parts.index()
    lacking = [FILLING] if not after_write and parts.index_watch.filling() else []

    def nearest(vector: Vectors, most: int) -> list[int]:
        try:
            return index.nearest(vector, most)
        except (IndexUnavailableError, StorageError):
            lacking.append(MEANING)
            return []

    vector = parts.encoder.encode([content])[0]
    asked = duplicates.Asked(own, analyse(content), vector, index.fingerprint)
    with parts.database.reading() as session:
        return Found(duplicates.find(session, asked, nearest, parts.curve), tuple(lacking))
