"""What is stored of the life of cases, beside the cases themselves in ``kb.tables``."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from kb.tables import Base, Key, UtcTime


class CaseVersion(Base):
    """What a case said in one of its versions. Rows are only added."""

    __tablename__ = "case_versions"

    pk: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=True)
    case_pk: Mapped[int] = mapped_column(ForeignKey("cases.pk", ondelete="CASCADE"))
    number: Mapped[int] = mapped_column(Integer)
    content: Mapped[dict[str, Any]] = mapped_column(JSON)
    at: Mapped[datetime] = mapped_column(UtcTime)
    by: Mapped[str] = mapped_column(String(120), default="")
    note: Mapped[str] = mapped_column(Text, default="")

    __table_args__ = (UniqueConstraint("case_pk", "number"),)


class CaseEvent(Base):
    """One thing that happened to a case: another state, another version, a merge. Rows are only added.

    ``before`` and ``after`` are states, or the ids of the cases that were merged; ``number`` is the version
    from then on.
    """

    __tablename__ = "case_events"

    pk: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=True)
    case_pk: Mapped[int] = mapped_column(ForeignKey("cases.pk", ondelete="CASCADE"), index=True)
    kind: Mapped[str] = mapped_column(String(10))
    before: Mapped[str] = mapped_column(String(80), default="")
    after: Mapped[str] = mapped_column(String(80), default="")
    number: Mapped[int] = mapped_column(Integer)
    at: Mapped[datetime] = mapped_column(UtcTime)
    by: Mapped[str] = mapped_column(String(120), default="")
    note: Mapped[str] = mapped_column(Text, default="")
