"""The ids that a running import has met. They stand in the database, so that a stop forgets none of them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from kb import badrows, rowfiles
from kb.tables import Import, ImportedId
from models.errors import InputError


def first_of_each(
    session: Session, row: Import, good: Sequence[tuple[rowfiles.Row, dict[str, Any]]]
) -> tuple[list[dict[str, Any]], int, list[tuple[rowfiles.Row, InputError]]]:
    """The rows whose id the file has not had before, how many said the same once more, and the others.

    Two rows of one id that say different things cannot both be right: the second one is bad.
    """
    names = {item.number: _short_hash(str(values["id"])) for item, values in good if "id" in values}
    met = {
        found.name: (found.content, found.row)
        for found in session.execute(
            select(ImportedId.name, ImportedId.content, ImportedId.row).where(
                ImportedId.import_pk == row.pk, ImportedId.name.in_(list(names.values()))
            )
        )
    }
    first, again, new = [], 0, []
    others: list[tuple[rowfiles.Row, InputError]] = []
    for item, values in good:
        name = names.get(item.number)
        if name is None:
            first.append(values)
            continue
        content = _short_hash(json.dumps(values, sort_keys=True, ensure_ascii=False, default=str))
        taken = f"the id {values['id']!r} stands in row"
        reason = item.values.get(badrows.REASON, "")
        if taken in reason:
            # Sent again with the same id, it would overwrite the row that was first.
            others.append((item, InputError(reason, field="id")))
        elif name not in met:
            met[name] = (content, item.number)
            new.append(ImportedId(import_pk=row.pk, name=name, content=content, row=item.number))
            first.append(values)
        elif met[name][0] == content:
            again += 1
        else:
            others.append(
                (item, InputError(f"{taken} {met[name][1]} already, with other content", field="id"))
            )
    session.add_all(new)
    return first, again, others


def forget(session: Session, row: Import) -> None:
    """The import has ended, or begins again."""
    session.execute(delete(ImportedId).where(ImportedId.import_pk == row.pk))


def _short_hash(content: str) -> int:
    return int.from_bytes(hashlib.sha256(content.encode()).digest()[:8], "big", signed=True)
