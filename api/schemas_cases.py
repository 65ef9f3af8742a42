"""The life of a case over the wire: states, versions, history, duplicates, merges."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field

from api.schemas import DEGRADED, Answer, CaseAnswer, Code, NewCase, Person, Sent, Share, Short, Text

BeginsIn = Literal["draft", "review", "published"]
Number = Annotated[int, Field(ge=1, le=2**31 - 1)]


class NewCaseRequest(NewCase):
    """A case for the archive; it is published at once where nothing else is said."""

    state: BeginsIn = "published"
    expires_on: date | None = Field(None, description="The day from which it is no longer valid.")
    by: Person = ""
    note: Text = ""


class ChangeRequest(NewCase):
    """All that a case says from now on; what is left out is emptied."""

    id: None = None
    expires_on: date | None = None
    version_number: Number = Field(
        description="The version that was read before; 409 where there is another."
    )
    by: Person = ""
    note: Text = ""


class MoveRequest(Sent):
    """The state that a case comes to."""

    to: Code
    by: Person = ""
    note: Text = ""
    replaced_by: Short = Field("", description="With `replaced`: the case that takes its place.")


class MergeRequest(Sent):
    """The case that stays."""

    into: Short
    by: Person = ""
    note: Text = ""


class FromTicketRequest(Sent):
    """Draft a case from a ticket."""

    id: Short | None = None
    by: Person = ""


class StoredCase(CaseAnswer):
    """A case with its place in its life."""

    state: str
    version_number: int
    expires_on: date | None
    replaced_by: str = Field(description="The case that took its place; empty where there is none.")
    from_ticket: str = Field(description="The ticket it was drafted from; empty where there is none.")


class DuplicateAnswer(Answer):
    """A published case that is likely about the same problem."""

    model_config = ConfigDict(from_attributes=True)
    case_id: str
    match: Share
    problem: str
    language: str


class DuplicatesAnswer(Answer):
    model_config = ConfigDict(from_attributes=True)
    duplicates: list[DuplicateAnswer] = Field(description="The likeliest first.")
    degraded: list[Literal["meaning", "filling"]] = Field(default=[], description=DEGRADED)


class WrittenCase(StoredCase):
    """A case as it was written, with the published ones that are likely about the same problem."""

    duplicates: list[DuplicateAnswer] = Field(default=[], description="The likeliest first.")


class StoredCasePage(Answer):
    cases: list[StoredCase]
    next_cursor: str | None


class VersionAnswer(Answer):
    """What a case said in one of its versions."""

    model_config = ConfigDict(from_attributes=True)
    number: int
    at: datetime
    by: str
    note: str
    content: dict[str, Any]


class VersionsAnswer(Answer):
    versions: list[VersionAnswer]


class EventAnswer(Answer):
    """One thing that happened: `before` and `after` are states, or the ids of merged cases."""

    model_config = ConfigDict(from_attributes=True)
    kind: str = Field(description="state, version or merge")
    before: str
    after: str
    number: int = Field(description="The version from then on.")
    at: datetime
    by: str
    note: str


class HistoryAnswer(Answer):
    events: list[EventAnswer]


class MergeAnswer(Answer):
    """What a merge did, and the case that stays."""

    case: StoredCase
    moved: int = Field(description="Uses that moved to the case that stays.")
    left: int = Field(description="Uses that it had already: the same ticket at the same time.")
