"""What goes over the wire about erasing a customer's data."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from api.schemas import Answer, Name, Sent


class EraseRequest(Sent):
    """Whose data goes; ``also`` are other spellings of the name. With ``preview`` it is only counted."""

    customer: Annotated[Name, Field(min_length=1)]
    also: list[Name] = Field([])
    preview: bool = False


class EraseAnswer(Answer):
    """What was touched, without the customer's name: ``rows`` by table, and the texts in them.

    ``compacted``: the database's file has forgotten it; ``files``: those of the state directory that hold it.
    """

    tickets: int
    rows: dict[str, int]
    texts: int
    imports_running: list[str]
    preview: bool
    compacted: bool
    files: list[str]
    remarks: list[str]
