"""The concept lexicon of a data folder: ``data/concepts/*.toml``, checked when it is read."""

from __future__ import annotations

from pathlib import Path

from models import text
from models.concepts import Lexicon
from triage.datafile import read

FOLDER = "concepts"


def load_lexicon(folder: Path) -> Lexicon:
    """Read the lexicon of a data folder; without the files models do without concepts.

    Each file has a table for each concept with its phrases; the same concept may stand in several files.

    Raises:
        DataFileError: a file is wrong; the message names the line.
    """
    phrases: dict[str, dict[str, None]] = {}
    for path in sorted((folder / FOLDER).glob("*.toml")):
        top = read(path)
        for code in top.values:
            table = top.table(code)
            table.allow("words")
            own = phrases.setdefault(code, {})
            for written in table.texts("words"):
                phrase = " ".join(text.fold(written).replace("-", " ").split())
                if not any(sign.isalnum() for sign in phrase):
                    raise table.error(f"the phrase {written!r} holds no word", "words", written)
                own[phrase] = None
    return Lexicon({code: tuple(own) for code, own in phrases.items()})
