"""What an agent should know while taking a ticket in: the customer's open ones, the same problem, a surge."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import numpy as np

from kb import queue, ticket_documents
from kb.tables import Ticket
from models import text
from models.errors import TooLargeError
from triage.findings import Surge
from triage.wiring import Parts

SINCE = timedelta(days=14)
"""An open ticket is likely about the same matter for about as long."""
MOST = 300
"""So many of the last open tickets are compared."""
_SHOWN = 3
_ALIKE = 0.7
"""Cosine from which two texts say the same in other words or another language. Few open tickets tell little
about which words are rare, so that the weighing of ``kb.likeness`` cannot be used here; of the seed's pairs
of different problems one in 340 x 300 is as near."""


@dataclass(frozen=True, slots=True)
class Beside:
    """Open tickets of the same customer, open ones likely about the same problem, surges that go on."""

    of_customer: Sequence[Ticket] = ()
    same_problem: Sequence[Ticket] = ()
    surges: Sequence[Surge] = ()


def look(parts: Parts, content: str, customer: str, *, but: str = "") -> Beside:
    """What is there beside a ticket's text; ``but`` is the ticket's own id once it has one.

    Only tickets that the worker has read are compared: one of a few seconds ago may be missing.

    Raises:
        TooLargeError: the text is over the limit.
    """
    if len(content) > parts.settings.max_text:
        raise TooLargeError(f"at most {parts.settings.max_text} characters are read", field="text")
    since = parts.now() - SINCE
    with parts.database.reading() as session:
        of_customer = queue.of_customer(session, customer.strip()) if customer.strip() else ()
        keys = queue.lately(session, since, MOST)
        documents = ticket_documents.load(session, keys, parts.encoder.dimension)
        near = _near(documents, text.clean(content).strip(), parts)
        rows = {row.pk: row for row in (session.get(Ticket, key) for key in near) if row is not None}
    return Beside(
        [row for row in of_customer if row.id != but],
        [rows[key] for key in near if key in rows and rows[key].id != but][:_SHOWN],
        parts.watch.found,
    )


def _near(documents: ticket_documents.Documents, content: str, parts: Parts) -> list[int]:
    """Keys of the tickets likely about the same problem, the likeliest first."""
    if not len(documents.keys) or not content:
        return []
    likeness = documents.whole.vectors @ parts.encoder.encode([content])[0]
    order = np.argsort(-likeness)
    return [int(documents.keys[place]) for place in order[: _SHOWN + 1] if likeness[place] >= _ALIKE]
