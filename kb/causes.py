"""Root causes that people record for tickets: a code, a sentence, and the tree of the 5-Why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from kb import tickets
from kb.tables import TicketCause
from models.errors import InputError, NotFoundError

KINDS = ("accidental", "systemic")
BRANCHES = ("people", "machine", "material", "method", "environment", "measurement")
"""The branches of the fishbone (Ishikawa 1968)."""
DEEPEST = 7
"""Five whys are the habit; a chain may be a little longer, not endless."""


def record(
    session: Session,
    ticket_id: str,
    *,
    code: str,
    kind: str,
    cause: str,
    whys: Sequence[Mapping[str, Any]],
    by: str,
    now: datetime,
) -> TicketCause:
    """Record why a ticket came about, in place of what was recorded before.

    Each why has a ``why``, optionally a ``branch`` of the fishbone, and ``because``: the whys below it.

    Raises:
        InputError: an unknown kind or branch, an empty why, or a chain that is too deep.
        NotFoundError: there is no such ticket.
    """
    if kind not in KINDS:
        raise InputError(f"kind is one of {', '.join(KINDS)}, not {kind!r}", field="kind")
    row = TicketCause(
        ticket_pk=tickets.get(session, ticket_id).pk,
        code=code,
        kind=kind,
        cause=cause.strip(),
        whys=_tree(whys),
        by=by,
        at=now,
    )
    row = session.merge(row)
    session.flush()
    return row


def of(session: Session, ticket_id: str) -> TicketCause:
    """What was recorded for a ticket.

    Raises:
        NotFoundError: there is no such ticket, or nothing was recorded for it.
    """
    row = session.get(TicketCause, tickets.get(session, ticket_id).pk)
    if row is None:
        raise NotFoundError(f"no root cause is recorded for the ticket {ticket_id!r}", field="ticket_id")
    return row


def _tree(whys: Iterable[Mapping[str, Any]], depth: int = 1) -> list[dict[str, Any]]:
    if depth > DEEPEST:
        raise InputError(f"a chain of whys has at most {DEEPEST} steps", field="whys")
    made = []
    for item in whys:
        why, branch = str(item.get("why") or "").strip(), str(item.get("branch") or "")
        if not why:
            raise InputError("a why says nothing", field="whys")
        if branch and branch not in BRANCHES:
            raise InputError(f"branch is one of {', '.join(BRANCHES)}, not {branch!r}", field="whys")
        below = _tree(item.get("because") or (), depth + 1)
        made.append({"why": why, "branch": branch, "because": below})
    return made
