"""Erasing a customer, as the command and the service do it: database, its files, then what is left to say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kb import audit, erasing, erasing_files
from kb.erasing import Erased

if TYPE_CHECKING:
    from triage.wiring import Parts

BACKUPS = "backups, exports and reports made before hold it still: delete them, or erase after a restore"
NOT_COMPACT = (
    "the database was busy or the disk full: its file may hold deleted texts until the same is done again"
)
IMPORTS = "imports that have not ended may bring the data back: erase again when they have"
FILES = "these files still hold it: train the model again and remove the old one, or delete the file"


@dataclass(frozen=True, slots=True)
class Erasure:
    """What was erased; whether the database's file forgot it; files of the state directory that hold it."""

    erased: Erased
    preview: bool
    compacted: bool
    files: tuple[str, ...]

    @property
    def remarks(self) -> list[str]:
        """What a person has to know or to do."""
        said = [BACKUPS]
        if self.erased.imports_running:
            said.append(IMPORTS)
        if self.files:
            said.append(FILES)
        if not self.preview and not self.compacted:
            said.append(NOT_COMPACT)
        return said

    def as_json(self) -> dict[str, Any]:
        """The same for command and service."""
        form = asdict(self.erased)
        return {
            **form,
            "preview": self.preview,
            "compacted": self.compacted,
            "files": list(self.files),
            "remarks": self.remarks,
        }


def erase(
    parts: Parts, customer: str, *, also: Sequence[str] = (), preview: bool = False, by: str = ""
) -> Erasure:
    """Erase a customer's data. The search index sees its changes as after any other write.

    Raises:
        InputError: the name cannot be looked for.
    """
    database, home = parts.database, parts.settings.home.resolve()
    with database.reading() as session:
        words, _ = erasing.words_of(session, customer, also)
    if preview:
        with database.reading() as session:
            found = erasing.erase(session, customer, parts.encoder, parts.question, also=also, preview=True)
    else:
        with database.transaction() as session:
            found = erasing.erase(session, customer, parts.encoder, parts.question, also=also)
            # Not whom: the log cannot be changed, and the name is what had to go.
            audit.note(session, by, "customer_erased", now=parts.now(), detail=f"{found.texts} texts")
        parts.watch.forget()
    compacted = not preview and database.compact()
    stored = home / "triage.db"
    journals = [stored, *(Path(f"{stored}{tail}") for tail in ("-wal", "-shm"))]
    files = erasing_files.holding(home, words.literals, journals)
    return Erasure(found, preview, compacted, tuple(files))
