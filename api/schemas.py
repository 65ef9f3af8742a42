"""What goes over the wire: names and shapes of requests and answers."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from models.text import clean

Band = Literal["auto", "suggest", "ask"]
Share = Annotated[float, Field(ge=0, le=1)]


def _printable(value: str) -> str:
    return clean(value)


Text = Annotated[str, AfterValidator(_printable)]
Short = Annotated[str, Field(max_length=80), AfterValidator(_printable)]
Name = Annotated[str, Field(max_length=200), AfterValidator(_printable)]
Person = Annotated[str, Field(max_length=120), AfterValidator(_printable)]
Code = Annotated[str, Field(max_length=60), AfterValidator(_printable)]


class Sent(BaseModel):
    """A request: unknown fields are refused, so that a typo is not taken for a default."""

    model_config = ConfigDict(extra="forbid")


class Answer(BaseModel):
    """An answer."""


class TicketContent(Sent):
    """The text of a ticket, whole or as subject and description."""

    text: Text | None = None
    subject: Text | None = None
    description: Text | None = None

    @model_validator(mode="after")
    def _has_content(self) -> TicketContent:
        if not any((value or "").strip() for value in (self.text, self.subject, self.description)):
            raise ValueError("there is no text: send text, or subject and description")
        return self


class TriageRequest(TicketContent):
    """A ticket to assess; nothing is stored."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"text": "打印机无法启动，指示灯不亮"},
                {
                    "subject": "VPN down",
                    "description": "Nobody in our office can connect since 9:00",
                    "customer_tier": "vip",
                    "top_k": 3,
                },
            ]
        },
    )
    language: Literal["zh", "en", "mixed", "other"] | None = None
    product: Name | None = None
    customer_tier: Short | None = None
    top_k: Annotated[int, Field(ge=1, le=50)] | None = None


class Option(Answer):
    label: str
    confidence: Share


class Reason(Answer):
    term: str
    weight: float
    kind: Literal["term", "rest", "concepts", "meaning"]


class Example(Answer):
    ticket_id: str
    label: str
    match: Share


class Finding(Answer):
    label: str
    confidence: Share
    band: Band
    alternatives: list[Option]
    reasons: list[Reason]
    score: float
    examples: list[Example]


class Signal(Answer):
    code: str
    evidence: str


class PriorityFinding(Finding):
    signals: list[Signal]


class Clock(Answer):
    step: str
    due_at: datetime


class Route(Answer):
    team: str
    role: str
    rule: str
    clocks: list[Clock]
    helpers: list[str]
    notify: list[str]


class Proof(Answer):
    used: int
    worked: int
    reopened: int
    last_worked_at: datetime | None
    last_failed_at: datetime | None
    failed_last: bool = Field(description="Whether it did not hold when it was used last.")


class SimilarCase(Answer):
    case_id: str
    match: Share
    problem: str
    solution: str
    language: str
    category: str
    product: str
    shared_terms: list[str]
    proven: Proof


class ModelUsed(Answer):
    version: str
    encoder: str


DEGRADED = (
    "What the search for cases had to do without. `meaning`: the vector index does not answer, words alone "
    "were compared; `filling`: it lacks cases still, which are found by their words. Empty: nothing."
)


class AssessmentAnswer(Answer):
    """What a ticket is, how urgent, who takes it, by when, and which cases are like it."""

    language: Literal["zh", "en", "mixed", "other"]
    category: Finding
    priority: PriorityFinding
    route: Route
    similar_cases: list[SimilarCase]
    similar_found: bool = Field(
        description="Whether a similar case is likely about the same problem; else they are only the nearest."
    )
    degraded: list[Literal["meaning", "filling"]] = Field(default=[], description=DEGRADED)
    model: ModelUsed
    elapsed_ms: float


class NewTicket(TicketContent):
    """A ticket to store and assess."""

    id: Short | None = None
    received_at: datetime | None = None
    channel: Code | None = None
    product: Name | None = None
    version: Short | None = None
    customer: Name | None = None
    contact_person: Person | None = None
    contact: Name | None = None
    customer_tier: Annotated[str, Field(max_length=20), AfterValidator(_printable)] | None = None
    remark: Text | None = None
    shown: bool = Field(True, description="Whether a person sees the suggestion before deciding.")

    @model_validator(mode="after")
    def _zoned(self) -> NewTicket:
        if self.received_at is not None and self.received_at.tzinfo is None:
            raise ValueError("received_at needs a time zone, such as 2026-03-01T09:00:00+08:00")
        return self


class TicketAnswer(Answer):
    """A stored ticket."""

    model_config = ConfigDict(from_attributes=True)
    id: str
    received_at: datetime
    subject: str
    description: str
    language: str
    channel: str
    product: str
    version: str
    customer: str
    customer_tier: str
    category: str
    priority: str
    team: str
    owner: str
    status: str
    due_at: datetime | None
    finished_at: datetime | None
    solution: str
    satisfaction: int | None
    remark: str


class DecisionAnswer(Answer):
    model_config = ConfigDict(from_attributes=True)
    target: str
    suggested: str
    confidence: float
    band: str
    shown: bool
    final: str | None
    decided_by: str | None
    reason: str
    model_version: str
    at: datetime


class TransitionAnswer(Answer):
    model_config = ConfigDict(from_attributes=True)
    before: str
    after: str
    at: datetime
    by: str
    note: str


class OpenedTicket(Answer):
    ticket: TicketAnswer
    assessment: AssessmentAnswer


class TicketDetail(Answer):
    ticket: TicketAnswer
    decisions: list[DecisionAnswer]
    transitions: list[TransitionAnswer]


class TicketPage(Answer):
    tickets: list[TicketAnswer]
    next_cursor: str | None


class DecisionRequest(Sent):
    """Accept what was suggested (send nothing) or correct it."""

    category: Code | None = None
    priority: Code | None = None
    team: Code | None = None
    owner: Person | None = None
    by: Person = ""
    reason: Name = ""


class TransitionRequest(Sent):
    """The status a ticket comes to."""

    status: Code
    by: Person = ""
    note: Text = ""
    solution: Text | None = None
    satisfaction: Annotated[int, Field(ge=1, le=5)] | None = None


class NewCase(Sent):
    """A case for the archive."""

    id: Short | None = None
    problem: Annotated[str, Field(min_length=1, max_length=20_000), AfterValidator(_printable)]
    symptoms: Text = ""
    product: Name = ""
    version: Short = ""
    category: Code = ""
    cause_code: Annotated[str, Field(max_length=40), AfterValidator(_printable)] = "unknown"
    cause_kind: Literal["accidental", "systemic"] = "accidental"
    cause: Text = ""
    solution: Text = ""
    resources: Text = ""
    team: Code = ""
    hours: Annotated[float, Field(ge=0)] | None = None
    satisfaction: Annotated[int, Field(ge=1, le=5)] | None = None
    reopened: bool = False
    keywords: list[Short] = []
    closed_on: date | None = None


class CaseAnswer(Answer):
    """An archived case with its proof."""

    model_config = ConfigDict(from_attributes=True)
    id: str
    problem: str
    symptoms: str
    product: str
    version: str
    language: str
    category: str
    cause_code: str
    cause_kind: str
    cause: str
    solution: str
    resources: str
    team: str
    hours: float | None
    satisfaction: int | None
    reopened: bool
    keywords: list[str]
    closed_on: date | None
    proven: Proof | None = None


class UseRequest(Sent):
    """How a case's solution went for a ticket; what is not stored here can be told as ``question``."""

    ticket_id: Short = ""
    question: Text = ""
    worked: bool
    reopened: bool = False
    version: Short = ""
    by: Person = ""
    note: Text = ""


class ImportProblemAnswer(Answer):
    model_config = ConfigDict(from_attributes=True)
    row: int
    field: str
    message: str


class ImportAnswer(Answer):
    """How far an import is, and what was wrong."""

    model_config = ConfigDict(from_attributes=True)
    id: str
    kind: str
    file_name: str
    state: Literal["running", "done", "failed"]
    cursor: int
    total: int | None
    batches: int
    added: int
    changed: int
    unchanged: int
    bad: int
    masked: int
    error: str
    problems: list[ImportProblemAnswer] = []


class Problem(Answer):
    """A problem document (RFC 9457)."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    field: str | None = None


PROBLEMS: dict[int | str, dict[str, Any]] = {
    "4XX": {"model": Problem, "content": {"application/problem+json": {}}},
    "5XX": {"model": Problem, "content": {"application/problem+json": {}}},
}
