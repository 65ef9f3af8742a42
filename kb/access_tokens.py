"""Tokens of programs that use the API."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import bindparam, or_, select
from sqlalchemy.orm import Session

from kb.account_tables import AccessToken, User
from kb.sign_ins import Signed
from models.errors import NotFoundError

_FIND = (
    select(User.name, User.role, User.demo, User.team, AccessToken.scope)
    .join(AccessToken, AccessToken.user_pk == User.pk)
    .where(
        AccessToken.secret_hash == bindparam("secret"),
        AccessToken.revoked_at.is_(None),
        or_(AccessToken.expires_at.is_(None), AccessToken.expires_at > bindparam("now")),
        User.disabled_at.is_(None),
    )
)
"""Made once: every request asks it."""


def add(
    session: Session,
    user: User,
    *,
    token_id: str,
    name: str,
    secret_hash: str,
    scope: str,
    now: datetime,
    until: datetime | None,
) -> AccessToken:
    """Note a new token."""
    row = AccessToken(
        id=token_id,
        name=name,
        secret_hash=secret_hash,
        user_pk=user.pk,
        scope=scope,
        made_at=now,
        expires_at=until,
    )
    session.add(row)
    session.flush()
    return row


def find(session: Session, secret_hash: str, now: datetime) -> Signed | None:
    """Whose token this is, while it lasts and its user may sign in."""
    row = session.execute(_FIND, {"secret": secret_hash, "now": now}).one_or_none()
    return Signed(row.name, row.role, row.scope, row.demo, False, row.team) if row else None


def listed(session: Session) -> Sequence[tuple[AccessToken, str]]:
    """All tokens with the names of their users, the last made first."""
    rows = session.execute(
        select(AccessToken, User.name)
        .join(User, User.pk == AccessToken.user_pk)
        .order_by(AccessToken.pk.desc())
    )
    return [(row.AccessToken, row.name) for row in rows]


def revoke(session: Session, token_id: str, now: datetime) -> AccessToken:
    """End a token; ending it again changes nothing.

    Raises:
        NotFoundError: there is none of this id.
    """
    row = session.scalar(select(AccessToken).where(AccessToken.id == token_id))
    if row is None:
        raise NotFoundError(f"there is no token {token_id!r}", field="id")
    row.revoked_at = row.revoked_at or now
    session.flush()
    return row
