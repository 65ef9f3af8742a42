"""What is stored. One class a noun; SQL is the truth, the vector index can be made again from it.

Times are UTC. Texts, not database enums, hold the codes of the taxonomy, which an organisation may change.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Date,
    DateTime,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Text,
    TypeDecorator,
    UniqueConstraint,
    false,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from kb.table_names import CONVENTION

Key = BigInteger().with_variant(Integer, "sqlite")
"""SQLite numbers rows by itself only in a column of exactly this type."""


class UtcTime(TypeDecorator[datetime]):
    """An aware UTC time. SQLite forgets the zone; here it is put back."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: object) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone cannot be stored")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: object) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention=CONVENTION)


class Ticket(Base):
    """A customer's ticket with its current state; what led there is in decisions and transitions."""

    __tablename__ = "tickets"
    __table_args__ = (
        Index("ix_tickets_queue", "status", "due_at"),
        # Holds all that a view of the queue asks for: counting reads no ticket's text.
        Index("ix_tickets_view", "status", "category", "priority", "due_at", "team", "owner", "customer"),
    )

    pk: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=True)
    id: Mapped[str] = mapped_column(String(80), unique=True)
    received_at: Mapped[datetime] = mapped_column(UtcTime, index=True)
    subject: Mapped[str] = mapped_column(Text, default="")
    description: Mapped[str] = mapped_column(Text)
    language: Mapped[str] = mapped_column(String(8))
    channel: Mapped[str] = mapped_column(String(20), default="")
    product: Mapped[str] = mapped_column(String(200), default="")
    version: Mapped[str] = mapped_column(String(80), default="")
    customer: Mapped[str] = mapped_column(String(200), default="", index=True)
    contact_person: Mapped[str] = mapped_column(String(120), default="")
    contact: Mapped[str] = mapped_column(String(200), default="")
    customer_tier: Mapped[str] = mapped_column(String(20), default="ordinary")
    category: Mapped[str] = mapped_column(String(60), default="")
    priority: Mapped[str] = mapped_column(String(60), default="")
    team: Mapped[str] = mapped_column(String(60), default="")
    owner: Mapped[str] = mapped_column(String(120), default="")
    status: Mapped[str] = mapped_column(String(20), index=True)
    due_at: Mapped[datetime | None] = mapped_column(UtcTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcTime)
    solution: Mapped[str] = mapped_column(Text, default="")
    satisfaction: Mapped[int | None] = mapped_column(Integer)
    remark: Mapped[str] = mapped_column(Text, default="")
    content_hash: Mapped[str] = mapped_column(String(32), default="")


class Transition(Base):
    """One step in a ticket's life."""

    __tablename__ = "transitions"

    pk: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=True)
    ticket_pk: Mapped[int] = mapped_column(ForeignKey("tickets.pk", ondelete="CASCADE"), index=True)
    before: Mapped[str] = mapped_column(String(20))
    after: Mapped[str] = mapped_column(String(20))
    at: Mapped[datetime] = mapped_column(UtcTime)
    by: Mapped[str] = mapped_column(String(120))
    note: Mapped[str] = mapped_column(Text, default="")


class Decision(Base):
    """What was suggested for one target of a ticket and what a person made of it. Rows are only added.

    ``final`` and ``decided_by`` are empty in the row of the suggestion itself.
    """

    __tablename__ = "decisions"

    pk: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=True)
    ticket_pk: Mapped[int] = mapped_column(ForeignKey("tickets.pk", ondelete="CASCADE"), index=True)
    target: Mapped[str] = mapped_column(String(20))
    suggested: Mapped[str] = mapped_column(String(60))
    confidence: Mapped[float] = mapped_column(Float)
    band: Mapped[str] = mapped_column(String(10))
    shown: Mapped[bool] = mapped_column(Boolean)
    final: Mapped[str | None] = mapped_column(String(60))
    decided_by: Mapped[str | None] = mapped_column(String(120))
    reason: Mapped[str] = mapped_column(String(200), default="")
    model_version: Mapped[str] = mapped_column(String(80))
    at: Mapped[datetime] = mapped_column(UtcTime)


class Case(Base):
    """An archived case: a problem, its cause, and a solution whose proof is in the uses.

    ``version_number`` counts its contents, ``replaced_by`` is the id of the case that took its place, and
    ``from_ticket`` the ticket that it was drafted from; both are empty where there is none.
    """

    __tablename__ = "cases"

    pk: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=True)
    id: Mapped[str] = mapped_column(String(80), unique=True)
    problem: Mapped[str] = mapped_column(Text)
    symptoms: Mapped[str] = mapped_column(Text, default="")
    product: Mapped[str] = mapped_column(String(200), default="", index=True)
    version: Mapped[str] = mapped_column(String(80), default="", index=True)
    language: Mapped[str] = mapped_column(String(8), index=True)
    category: Mapped[str] = mapped_column(String(60), default="", index=True)
    cause_code: Mapped[str] = mapped_column(String(40), default="unknown")
    cause_kind: Mapped[str] = mapped_column(String(20), default="accidental")
    cause: Mapped[str] = mapped_column(Text, default="")
    solution: Mapped[str] = mapped_column(Text, default="")
    resources: Mapped[str] = mapped_column(Text, default="")
    team: Mapped[str] = mapped_column(String(60), default="", index=True)
    hours: Mapped[float | None] = mapped_column(Float)
    satisfaction: Mapped[int | None] = mapped_column(Integer)
    reopened: Mapped[bool] = mapped_column(Boolean, default=False)
    keywords: Mapped[list[str]] = mapped_column(JSON, default=list)
    closed_on: Mapped[date | None] = mapped_column(Date, index=True)
    expires_on: Mapped[date | None] = mapped_column(Date, index=True)
    created_at: Mapped[datetime] = mapped_column(UtcTime)
    content_hash: Mapped[str] = mapped_column(String(32), default="")
    state: Mapped[str] = mapped_column(
        String(12), default="published", server_default="published", index=True
    )
    version_number: Mapped[int] = mapped_column(Integer, default=1, server_default="1")
    replaced_by: Mapped[str] = mapped_column(String(80), default="", server_default="")
    from_ticket: Mapped[str] = mapped_column(String(80), default="", server_default="", index=True)


class CaseUse(Base):
    """One use of a case's solution, on one ticket or question, and how it went."""

    __tablename__ = "case_uses"

    pk: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=True)
    case_pk: Mapped[int] = mapped_column(ForeignKey("cases.pk", ondelete="CASCADE"), index=True)
    ticket_id: Mapped[str] = mapped_column(String(80), default="")
    worked: Mapped[bool] = mapped_column(Boolean)
    reopened: Mapped[bool] = mapped_column(Boolean, default=False)
    version: Mapped[str] = mapped_column(String(80), default="")
    used_by: Mapped[str] = mapped_column(String(120), default="")
    used_at: Mapped[datetime] = mapped_column(UtcTime)
    note: Mapped[str] = mapped_column(Text, default="")
    question: Mapped[bytes | None] = mapped_column(LargeBinary)
    fingerprint: Mapped[str] = mapped_column(String(80), default="")

    __table_args__ = (UniqueConstraint("case_pk", "ticket_id", "used_at"),)


class CaseDocument(Base):
    """A case as search sees it: hashed tokens and half-precision vectors, made with one encoder."""

    __tablename__ = "case_documents"

    case_pk: Mapped[int] = mapped_column(
        ForeignKey("cases.pk", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    words: Mapped[bytes] = mapped_column(LargeBinary)
    pairs: Mapped[bytes] = mapped_column(LargeBinary)
    vectors: Mapped[bytes] = mapped_column(LargeBinary)
    fingerprint: Mapped[str] = mapped_column(String(80), index=True)


class CorpusSize(Base):
    """One row: how many documents and tokens there are, kept in step by every write, for BM25.

    ``stamp`` is drawn anew by each write: where it is the same, so are the documents.
    """

    __tablename__ = "corpus_size"

    pk: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    documents: Mapped[int] = mapped_column(Key, default=0)
    words: Mapped[int] = mapped_column(Key, default=0)
    pairs: Mapped[int] = mapped_column(Key, default=0)
    stamp: Mapped[int] = mapped_column(Key, default=0)


class IndexTask(Base):
    """A write the vector index still has to see; added with the case, removed once applied.

    While another collection is being built beside, it is kept as ``applied`` until that one has it too.
    """

    __tablename__ = "index_tasks"

    pk: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=True)
    case_pk: Mapped[int] = mapped_column(Key)
    applied: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false())


class Import(Base):
    """One import of one file: how far it came and what was wrong with it."""

    __tablename__ = "imports"

    pk: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=True)
    id: Mapped[str] = mapped_column(String(80), unique=True)
    kind: Mapped[str] = mapped_column(String(10))
    file_name: Mapped[str] = mapped_column(String(200))
    stored_as: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(10))
    runner: Mapped[str] = mapped_column(String(10))
    cursor: Mapped[int] = mapped_column(Integer, default=0)
    batches: Mapped[int] = mapped_column(Integer, default=0)
    added: Mapped[int] = mapped_column(Integer, default=0)
    changed: Mapped[int] = mapped_column(Integer, default=0)
    unchanged: Mapped[int] = mapped_column(Integer, default=0)
    bad: Mapped[int] = mapped_column(Integer, default=0)
    masked: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    error: Mapped[str] = mapped_column(Text, default="")
    started_at: Mapped[datetime] = mapped_column(UtcTime)
    choice: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    columns: Mapped[list[str]] = mapped_column(JSON, default=list)
    orders: Mapped[dict[str, str] | None] = mapped_column(JSON)
    total: Mapped[int | None] = mapped_column(Integer)

    __table_args__ = (Index("ix_imports_state", "state"),)


class ImportProblem(Base):
    """A row that could not be imported, with its number and the reason."""

    __tablename__ = "import_problems"

    pk: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=True)
    import_pk: Mapped[int] = mapped_column(ForeignKey("imports.pk", ondelete="CASCADE"), index=True)
    row: Mapped[int] = mapped_column(Integer)
    field: Mapped[str] = mapped_column(String(80), default="")
    message: Mapped[str] = mapped_column(Text)
    cells: Mapped[dict[str, str] | None] = mapped_column(JSON)


class ImportedId(Base):
    """An id that a running import has met, hashed, with its content's hash; gone once the import ends."""

    __tablename__ = "imported_ids"

    import_pk: Mapped[int] = mapped_column(
        ForeignKey("imports.pk", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    name: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    content: Mapped[int] = mapped_column(BigInteger)
    row: Mapped[int] = mapped_column(Integer)


class TicketDocument(Base):
    """A ticket as grouping sees it: hashed tokens and a half-precision vector of its whole text and of its
    subject, which are empty where it has none.

    ``made_with`` names encoder, analyser and text: where it differs, the document is made anew.
    """

    __tablename__ = "ticket_documents"

    ticket_pk: Mapped[int] = mapped_column(
        ForeignKey("tickets.pk", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    words: Mapped[bytes] = mapped_column(LargeBinary)
    pairs: Mapped[bytes] = mapped_column(LargeBinary)
    vector: Mapped[bytes] = mapped_column(LargeBinary)
    subject_words: Mapped[bytes] = mapped_column(LargeBinary)
    subject_pairs: Mapped[bytes] = mapped_column(LargeBinary)
    subject_vector: Mapped[bytes] = mapped_column(LargeBinary)
    made_with: Mapped[str] = mapped_column(String(120))


class ProblemGroup(Base):
    """A group of tickets about one problem, as people know it from month to month.

    ``into_pk`` is the group it was merged into, ``from_pk`` the one it was split from.
    """

    __tablename__ = "problem_groups"

    pk: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=True)
    id: Mapped[str] = mapped_column(String(40), unique=True)
    name: Mapped[str] = mapped_column(Text, default="")
    into_pk: Mapped[int | None] = mapped_column(Key)
    from_pk: Mapped[int | None] = mapped_column(Key)
    created_at: Mapped[datetime] = mapped_column(UtcTime)


class ProblemMember(Base):
    """Which group a ticket was last found in; ``pinned`` where a person put it there."""

    __tablename__ = "problem_members"

    ticket_pk: Mapped[int] = mapped_column(
        ForeignKey("tickets.pk", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    group_pk: Mapped[int] = mapped_column(ForeignKey("problem_groups.pk", ondelete="CASCADE"), index=True)
    pinned: Mapped[bool] = mapped_column(Boolean, default=False)


class TicketCause(Base):
    """The root cause that people found for a ticket; ``whys`` is the tree of the 5-Why."""

    __tablename__ = "ticket_causes"

    ticket_pk: Mapped[int] = mapped_column(
        ForeignKey("tickets.pk", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    code: Mapped[str] = mapped_column(String(40))
    kind: Mapped[str] = mapped_column(String(20), default="accidental")
    cause: Mapped[str] = mapped_column(Text, default="")
    whys: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    by: Mapped[str] = mapped_column(String(120), default="")
    at: Mapped[datetime] = mapped_column(UtcTime)


class Measure(Base):
    """Something done against a problem group or a root cause, to be checked later."""

    __tablename__ = "measures"

    pk: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=True)
    id: Mapped[str] = mapped_column(String(40), unique=True)
    what: Mapped[str] = mapped_column(Text)
    who: Mapped[str] = mapped_column(String(120), default="")
    target_kind: Mapped[str] = mapped_column(String(10))
    target: Mapped[str] = mapped_column(String(60))
    since: Mapped[datetime] = mapped_column(UtcTime)
    created_at: Mapped[datetime] = mapped_column(UtcTime)


class IndexState(Base):
    """The collections of the vector index that hold, or will hold, documents of one making.

    ``collection`` is searched; ``building`` is being filled to take its place, by a process that was seen at
    ``seen_at``; ``retired`` had its place before and waits to be removed.
    """

    __tablename__ = "index_states"

    fingerprint: Mapped[str] = mapped_column(String(80), primary_key=True)
    collection: Mapped[str] = mapped_column(String(120))
    building: Mapped[str] = mapped_column(String(120), default="")
    retired: Mapped[str] = mapped_column(String(120), default="")
    seen_at: Mapped[datetime | None] = mapped_column(UtcTime)


class GroupComment(Base):
    """What somebody said of a problem group."""

    __tablename__ = "group_comments"

    pk: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=True)
    group_pk: Mapped[int] = mapped_column(ForeignKey("problem_groups.pk", ondelete="CASCADE"), index=True)
    text: Mapped[str] = mapped_column(Text)
    by: Mapped[str] = mapped_column(String(120), default="")
    at: Mapped[datetime] = mapped_column(UtcTime)
