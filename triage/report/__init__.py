"""The report of a retrospective as a file: one HTML page, a workbook, a document; in Chinese or English."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path

from models.errors import InputError, StorageError
from triage.catalogue import LANGUAGES
from triage.findings import Retrospective
from triage.report import minutes, page, workbook
from triage.report.material import Material, Names, Texts, TicketLine, names_of

__all__ = ["FORMS", "Names", "Texts", "TicketLine", "names_of", "render", "write"]

FORMS: dict[str, Callable[[Material], str | bytes]] = {
    ".html": page.render,
    ".xlsx": workbook.render,
    ".docx": minutes.render,
}
"""What makes each form, by the ending of its file."""


def write(
    retrospective: Retrospective,
    path: Path,
    *,
    language: str,
    names: Names,
    texts: Texts,
) -> list[Path]:
    """Write the report; a folder (one that is there, or a path without an ending) gets all three forms.

    Args:
        retrospective: from ``triage.retrospective``.
        path: the ending decides the form: ``.html``, ``.xlsx`` or ``.docx``.
        language: ``zh`` or ``en``.
        names: what people call the codes, from ``names_of``.
        texts: the tickets by id; one that is not here is listed by its number only.

    Returns:
        The files written. A file that was there is replaced whole or not at all.

    Raises:
        InputError: another ending or language.
        StorageError: the disk refused.
    """
    if path.is_dir() or not path.suffix:
        first = Material(retrospective, language, names, texts).day(retrospective.period.start)
        paths = [path / f"retrospective-{first}-{language}{suffix}" for suffix in FORMS]
    else:
        paths = [path]
    made = [
        (target, render(retrospective, target.suffix, language=language, names=names, texts=texts))
        for target in paths
    ]
    for target, content in made:
        _replace(target, content)
    return paths


def render(retrospective: Retrospective, form: str, *, language: str, names: Names, texts: Texts) -> bytes:
    """One form of the report (``.html``, ``.xlsx``, ``.docx``) as bytes, to be sent or written.

    Raises:
        InputError: another form or language.
    """
    if form.lower() not in FORMS:
        raise InputError(f"the report ends in {', '.join(FORMS)}, not {form!r}", field="out")
    if language not in LANGUAGES:
        raise InputError(f"the language is one of {', '.join(LANGUAGES)}, not {language!r}", field="language")
    content = FORMS[form.lower()](Material(retrospective, language, names, texts))
    return content if isinstance(content, bytes) else content.encode("utf-8", "replace")


def _replace(path: Path, content: bytes) -> None:
    part = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_bytes(content)
        part.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
        raise StorageError(f"the report cannot be written to {path}: {error.strerror or error}") from error
