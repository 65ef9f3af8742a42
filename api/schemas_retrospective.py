"""The retrospective over the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, ConfigDict, Field

from api.schemas import Answer, Code, Person, Sent, Text

Name = Annotated[Text, Field(max_length=200)]
Comment = Annotated[Text, Field(max_length=2000)]


class GroupAnswer(Answer):
    """A problem group; more fields than these are given."""

    model_config = ConfigDict(extra="allow")
    id: str
    title: str
    terms: list[str]
    size: int
    ticket_ids: list[str]


class RetrospectiveAnswer(Answer):
    """Everything about a period; every figure carries its ticket ids."""

    model_config = ConfigDict(extra="allow")
    period: dict[str, datetime]
    groups: list[GroupAnswer]
    outside: list[str]
    causes: list[dict[str, Any]]
    paretos: list[dict[str, Any]]
    surges: list[dict[str, Any]]
    measures: list[dict[str, Any]]
    steps: list[dict[str, Any]]
    gaps: list[dict[str, Any]]
    too_little: list[str]


class SurgeAnswer(Answer):
    """A surge that goes on; ``expected`` is what the past lets expect in its time."""

    model_config = ConfigDict(from_attributes=True)
    title: str
    since: datetime
    until: datetime
    observed: int
    expected: float
    sure: float
    ticket_ids: list[str]


class GroupChange(Sent):
    """A name for a group, or a comment more; what is left out stays."""

    name: Name | None = None
    comment: Comment | None = None


class GroupMerge(Sent):
    """The group that takes this one in."""

    into: Annotated[str, Field(max_length=40)]


class GroupSplit(Sent):
    """The tickets that make a group of their own."""

    ticket_ids: Annotated[list[str], Field(min_length=1, max_length=5000)]
    name: Name = ""


class GroupRemark(Sent):
    """Something to be said of a group."""

    text: Comment
    by: Person = ""


class GroupCommentAnswer(Answer):
    """What somebody said of a group; ``by`` is empty where it is not known."""

    number: int
    text: str
    by: str
    at: datetime


class GroupState(Answer):
    """A group as people know it; ``comment`` is what was said last."""

    id: str
    name: str
    comment: str


class MeasureRequest(Sent):
    """What was done against what, since when."""

    what: Comment
    who: Person = ""
    target_kind: Literal["group", "cause"]
    target: Annotated[Text, Field(max_length=60)]
    since: AwareDatetime


class MeasureAnswer(Answer):
    """A measure as noted."""

    model_config = ConfigDict(from_attributes=True)
    id: str
    what: str
    who: str
    target_kind: str
    target: str
    since: datetime
    created_at: datetime


class CauseRequest(Sent):
    """The root cause of a ticket; ``whys`` is a tree of ``{"why", "branch", "because": [...]}``."""

    code: Code
    kind: Literal["accidental", "systemic"] = "accidental"
    cause: Comment = ""
    whys: Annotated[list[dict[str, Any]], Field(max_length=50, default_factory=list)]
    by: Person = ""


class CauseAnswer(Answer):
    """The root cause as recorded."""

    model_config = ConfigDict(from_attributes=True)
    code: str
    kind: str
    cause: str
    whys: list[dict[str, Any]]
    by: str
    at: datetime
