"""Users, tokens, the audit log, and who is asking."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from api.deps import IdentityDep, PartsDep
from api.schemas import PROBLEMS
from api.schemas_accounts import (
    AuditLine,
    AuditPage,
    MadeToken,
    MadeUser,
    Me,
    NewToken,
    NewUser,
    TokenAnswer,
    UserAnswer,
    UserChange,
)
from kb import access_tokens, audit, users
from kb.account_tables import AccessToken
from triage import accounts

router = APIRouter(tags=["accounts"], responses=PROBLEMS)


@router.get("/me")
def me(who: IdentityDep) -> Me:
    """Who the caller is and what it may do."""
    return Me(name=who.name, role=who.role, permissions=sorted(who.permissions))


@router.get("/users")
def list_users(parts: PartsDep) -> list[UserAnswer]:
    """All users by name."""
    with parts.database.reading() as session:
        return [UserAnswer.model_validate(row) for row in users.listed(session)]


@router.post("/users", status_code=201)
def add_user(sent: NewUser, parts: PartsDep, who: IdentityDep) -> MadeUser:
    """Add a user with a password to be used once."""
    with parts.database.transaction() as session:
        row, password = accounts.add_user(session, sent.name, sent.role, parts.now(), by=who.name)
        answer = UserAnswer.model_validate(row)
    return MadeUser(**answer.model_dump(), one_time_password=password)


@router.patch("/users/{name}")
def change_user(name: str, sent: UserChange, parts: PartsDep, who: IdentityDep) -> UserAnswer:
    """Give a user another role, disable or enable."""
    with parts.database.transaction() as session:
        if sent.role is not None:
            accounts.change_role(session, name, sent.role, parts.now(), by=who.name)
        if sent.disabled is not None:
            change = accounts.disable_user if sent.disabled else accounts.enable_user
            change(session, name, parts.now(), by=who.name)
        return UserAnswer.model_validate(users.get(session, name))


@router.get("/tokens")
def list_tokens(parts: PartsDep) -> list[TokenAnswer]:
    """All tokens, the last made first."""
    with parts.database.reading() as session:
        return [_told(row, user) for row, user in access_tokens.listed(session)]


@router.post("/tokens", status_code=201)
def add_token(sent: NewToken, parts: PartsDep, who: IdentityDep) -> MadeToken:
    """Make a token that acts for a user."""
    with parts.database.transaction() as session:
        row, secret = accounts.add_token(
            session, sent.user, sent.name, parts.now(), by=who.name, scope=sent.scope, days=sent.days
        )
        answer = _told(row, sent.user)
    return MadeToken(**answer.model_dump(), secret=secret)


@router.delete("/tokens/{token_id}", status_code=204)
def revoke_token(token_id: str, parts: PartsDep, who: IdentityDep) -> None:
    """End a token."""
    with parts.database.transaction() as session:
        accounts.revoke_token(session, token_id, parts.now(), by=who.name)


@router.get("/audit")
def read_audit(
    parts: PartsDep,
    cursor: Annotated[int | None, Query(ge=1, description="next_cursor of the page before")] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> AuditPage:
    """Who did what, the last first, a page at a time."""
    with parts.database.reading() as session:
        rows = audit.page(session, before=cursor, limit=limit)
    more = str(rows[-1].pk) if len(rows) == limit else None
    return AuditPage(lines=[AuditLine.model_validate(row) for row in rows], next_cursor=more)


def _told(row: AccessToken, user: str) -> TokenAnswer:
    return TokenAnswer(
        id=row.id,
        name=row.name,
        user=user,
        scope=row.scope,
        made_at=row.made_at,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
    )
