"""Sessions in browsers, and how often signing in failed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from kb.account_tables import FailedSignIn, SignIn, User

_FORGET = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Signed:
    """Whose session or token a secret is."""

    name: str
    role: str
    scope: str
    demo: bool
    must_change: bool
    team: str = ""


def begin(session: Session, user: User, secret_hash: str, now: datetime, until: datetime) -> None:
    """Note a new session; ended ones are forgotten on the way."""
    session.execute(delete(SignIn).where(SignIn.expires_at <= now))
    session.add(SignIn(secret_hash=secret_hash, user_pk=user.pk, begun_at=now, expires_at=until))
    session.flush()


def find(session: Session, secret_hash: str, now: datetime) -> Signed | None:
    """Whose session this is, while it lasts and its user may sign in."""
    row = session.execute(
        select(User.name, User.role, User.demo, User.must_change, User.team)
        .join(SignIn, SignIn.user_pk == User.pk)
        .where(SignIn.secret_hash == secret_hash, SignIn.expires_at > now, User.disabled_at.is_(None))
    ).one_or_none()
    return Signed(row.name, row.role, "*", row.demo, row.must_change, row.team) if row else None


def end(session: Session, secret_hash: str) -> None:
    """End a session."""
    session.execute(delete(SignIn).where(SignIn.secret_hash == secret_hash))


def failures(session: Session, name: str) -> FailedSignIn | None:
    """The failures under a name since the last success."""
    return session.get(FailedSignIn, name)


def note_failure(session: Session, name: str, now: datetime, blocked_until: datetime | None) -> None:
    """Count one more failure; those of names nobody tried for a day are forgotten."""
    session.execute(
        delete(FailedSignIn).where(FailedSignIn.last_at < now - _FORGET, FailedSignIn.name != name)
    )
    row = session.get(FailedSignIn, name)
    if row is None:
        row = FailedSignIn(name=name, failures=0, last_at=now)
        session.add(row)
    row.failures += 1
    row.last_at, row.blocked_until = now, blocked_until
    session.flush()


def forgive(session: Session, name: str) -> None:
    """Forget the failures under a name."""
    session.execute(delete(FailedSignIn).where(FailedSignIn.name == name))
