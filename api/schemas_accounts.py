"""Users, tokens and the audit log on the wire."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field


class Me(BaseModel):
    """Who the caller is and what it may do."""

    name: str
    role: str
    permissions: list[str]


class NewUser(BaseModel):
    """A user to add."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, max_length=80)
    role: str


class UserAnswer(BaseModel):
    """A user."""

    model_config = ConfigDict(from_attributes=True)

    name: str
    role: str
    demo: bool
    must_change: bool
    created_at: datetime
    disabled_at: datetime | None


class MadeUser(UserAnswer):
    """A user just added, with the password to be used once."""

    one_time_password: str


class UserChange(BaseModel):
    """What to change about a user; what is left out stays."""

    model_config = ConfigDict(extra="forbid")

    role: str | None = None
    disabled: bool | None = None


class NewToken(BaseModel):
    """A token to make."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, max_length=80)
    user: str
    scope: str = "*"
    days: int | None = Field(365, ge=1, le=3650, description="How long it is valid; null: until revoked.")


class TokenAnswer(BaseModel):
    """A token, without its secret."""

    id: str
    name: str
    user: str
    scope: str
    made_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None


class MadeToken(TokenAnswer):
    """A token just made, with its secret, which is shown this once."""

    secret: str


class AuditLine(BaseModel):
    """Who did what to what, and when."""

    model_config = ConfigDict(from_attributes=True)

    at: datetime
    who: str
    action: str
    subject: str
    detail: str


class AuditPage(BaseModel):
    """Lines of the audit log, the last first."""

    lines: list[AuditLine]
    next_cursor: str | None
