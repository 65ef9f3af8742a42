"""What a list shows of a ticket: its subject or first words, without personal data."""

from __future__ import annotations

from kb import masking
from kb.tables import Ticket

_MOST = 80


def title(ticket: Ticket, most: int = _MOST) -> str:
    """One line; masked before it is cut, so that no half of a number stays."""
    content = (ticket.subject or "").strip() or ticket.description or ""
    return " ".join(masking.mask(content).text.split())[:most]
