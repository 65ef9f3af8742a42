"""What is open already beside a ticket that is being taken in, on the wire."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from kb import masking
from kb.tables import Ticket
from triage.beside import Beside
from triage.titles import title


class BesideRequest(BaseModel):
    """A ticket's text and customer, as far as they are known."""

    model_config = ConfigDict(extra="forbid")

    text: str = ""
    customer: Annotated[str, Field(max_length=200)] = ""


class OpenTicket(BaseModel):
    """An open ticket, as a line of a list."""

    id: str
    title: str
    status: str


class BesideAnswer(BaseModel):
    """Open tickets of the same customer and of likely the same problem; the first ticket of each surge."""

    of_customer: list[OpenTicket]
    same_problem: list[OpenTicket]
    surges: list[OpenTicket]


def told(found: Beside) -> BesideAnswer:
    """The answer's form."""
    surges = [
        OpenTicket(
            id=surge.ticket_ids[0],
            title=f"{masking.mask(surge.title).text} ({len(surge.ticket_ids)})",
            status="",
        )
        for surge in found.surges
    ]
    return BesideAnswer(
        of_customer=[_line(row) for row in found.of_customer],
        same_problem=[_line(row) for row in found.same_problem],
        surges=surges,
    )


def _line(row: Ticket) -> OpenTicket:
    return OpenTicket(id=row.id, title=title(row), status=row.status)
