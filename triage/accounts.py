"""Signing in, users, tokens: the rules. Called within the transaction of an endpoint or command."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from kb import access_tokens, audit, sign_ins, users
from kb.account_tables import AccessToken, User
from kb.sign_ins import Signed
from models.errors import ConflictError, InputError, TriageError
from triage import passwords
from triage.permissions import ROLES, Identity, checked_role, checked_scope, permissions

FIRST = "admin"
DEMO = "demo-"
_DEMO_TEAMS = {"agent": "first_line", "engineer": "engineering", "lead": "customer_service", "admin": ""}
LASTS = timedelta(hours=12)
"""How long a session lasts: a working day."""
_FREE = 5
_FIRST_WAIT = timedelta(seconds=30)
_LONGEST_WAIT = timedelta(hours=1)


class SignInError(TriageError):
    """Nobody is signed in, or a name and a password do not belong together."""

    code = "not_signed_in"


@dataclass(frozen=True, slots=True)
class Attempt:
    """How signing in went: the session's secret, or why there is none (``wrong`` or ``blocked``)."""

    secret: str = ""
    refused: str = ""
    wait: timedelta = timedelta()


def sign_in(session: Session, name: str, password: str, now: datetime, *, demo: bool) -> Attempt:
    """Try a name and a password. A refusal is noted, so it has to be committed too.

    After five failures in a row a name is blocked for half a minute, then twice as long each time, an hour at
    the most; unknown names alike, so that nobody learns which exist.
    """
    plain = name.strip().casefold()[:80]
    before = sign_ins.failures(session, plain)
    if before is not None and before.blocked_until is not None and before.blocked_until > now:
        return Attempt(refused="blocked", wait=before.blocked_until - now)
    user = users.find(session, plain)
    if user is not None and (user.disabled_at is not None or (user.demo and not demo)):
        user = None
    if not passwords.fits(password, user.password if user else None) or user is None:
        failures = (before.failures if before else 0) + 1
        wait = timedelta()
        if failures >= _FREE:
            wait = min(_FIRST_WAIT * 2 ** min(failures - _FREE, 10), _LONGEST_WAIT)
        sign_ins.note_failure(session, plain, now, now + wait if wait else None)
        audit.note(session, plain, "sign_in_failed", now=now)
        return Attempt(refused="wrong", wait=wait)
    sign_ins.forgive(session, plain)
    made = passwords.secret()
    sign_ins.begin(session, user, passwords.digest(made), now, now + LASTS)
    audit.note(session, user.name, "signed_in", now=now)
    return Attempt(secret=made)


def sign_out(session: Session, secret: str, who: str, now: datetime) -> None:
    """End a session."""
    sign_ins.end(session, passwords.digest(secret))
    audit.note(session, who, "signed_out", now=now)


def by_session(session: Session, secret: str, now: datetime, *, demo: bool) -> Identity | None:
    """Who a session's secret belongs to."""
    found = sign_ins.find(session, passwords.digest(secret), now)
    return _identity(found, "session", demo, passwords.csrf(secret))


def by_token(session: Session, secret: str, now: datetime, *, demo: bool) -> Identity | None:
    """Who a token belongs to."""
    return _identity(access_tokens.find(session, passwords.digest(secret), now), "token", demo)


def _identity(found: Signed | None, via: str, demo: bool, csrf: str = "") -> Identity | None:
    if found is None or (found.demo and not demo):
        return None
    allowed = permissions(found.role, found.scope)
    return Identity(found.name, found.role, allowed, via, csrf, found.must_change, found.team)


def add_user(
    session: Session,
    name: str,
    role: str,
    now: datetime,
    *,
    by: str,
    password: str | None = None,
    team: str = "",
) -> tuple[User, str]:
    """Add a user; without a password one to be used once is made. Answers the user and that password.

    Raises:
        InputError: name, role or password cannot be used.
        ConflictError: the name is taken.
    """
    if name.strip().casefold().startswith(DEMO):
        raise InputError(f"names with {DEMO!r} belong to the demonstration", field="name")
    first = password is None
    chosen = passwords.one_time() if password is None else passwords.checked(password, name.strip())
    row = users.add(
        session, name, checked_role(role), passwords.hashed(chosen), now, must_change=first, team=team
    )
    audit.note(session, by, "user_added", row.name, now=now, detail=role)
    return row, chosen if first else ""


def change_role(session: Session, name: str, role: str, now: datetime, *, by: str) -> User:
    """Give a user another role.

    Raises:
        NotFoundError: there is no such user.
        InputError: there is no such role.
        ConflictError: nobody would be left who can manage accounts.
    """
    row = users.get(session, name)
    if checked_role(role) != "admin":
        _keep_an_admin(session, row)
    row.role = role
    audit.note(session, by, "role_changed", row.name, now=now, detail=role)
    return row


def change_team(
    session: Session, name: str, team: str, now: datetime, *, by: str, teams: Sequence[str]
) -> User:
    """Put a user into a team (its code, one of ``teams``), or into none.

    Raises:
        NotFoundError: there is no such user.
        InputError: there is no such team.
    """
    if team and team not in teams:
        raise InputError(f"team is one of {', '.join(teams)}, or empty for none, not {team!r}", field="team")
    row = users.get(session, name)
    row.team = team
    audit.note(session, by, "team_changed", row.name, now=now, detail=team)
    return row


def reset_password(session: Session, name: str, now: datetime, *, by: str) -> str:
    """Give a user a password to be used once; ends the user's sessions and lifts a block."""
    row, made = users.get(session, name), passwords.one_time()
    row.password, row.must_change = passwords.hashed(made), True
    users.end_sign_ins(session, row)
    sign_ins.forgive(session, row.name)
    audit.note(session, by, "password_reset", row.name, now=now)
    return made


def change_password(
    session: Session, name: str, old: str, new: str, now: datetime, *, keep: str = ""
) -> None:
    """Change one's own password; ends all other sessions than the one whose secret is ``keep``.

    Raises:
        InputError: the old password is wrong, or the new one cannot be used.
    """
    row = users.get(session, name)
    if not passwords.fits(old, row.password):
        raise InputError("the present password is wrong", field="old")
    if old == new:
        raise InputError("the new password is the old one", field="password")
    row.password, row.must_change = passwords.hashed(passwords.checked(new, row.name)), False
    users.end_sign_ins(session, row, but=passwords.digest(keep) if keep else "")
    audit.note(session, row.name, "password_changed", row.name, now=now)


def disable_user(session: Session, name: str, now: datetime, *, by: str) -> User:
    """Let a user no longer in; sessions end at once, tokens no longer work.

    Raises:
        NotFoundError: there is no such user.
        ConflictError: nobody would be left who can manage accounts.
    """
    row = users.get(session, name)
    _keep_an_admin(session, row)
    row.disabled_at = row.disabled_at or now
    users.end_sign_ins(session, row)
    audit.note(session, by, "user_disabled", row.name, now=now)
    return row


def enable_user(session: Session, name: str, now: datetime, *, by: str) -> User:
    """Let a disabled user in again."""
    row = users.get(session, name)
    row.disabled_at = None
    audit.note(session, by, "user_enabled", row.name, now=now)
    return row


def _keep_an_admin(session: Session, user: User) -> None:
    active = user.role == "admin" and user.disabled_at is None and not user.demo
    if active and users.able(session, "admin") == 1:
        raise ConflictError(f"{user.name!r} is the only admin left", field="name")


def add_token(
    session: Session,
    user_name: str,
    name: str,
    now: datetime,
    *,
    by: str,
    scope: str = "*",
    days: int | None = 365,
) -> tuple[AccessToken, str]:
    """Make a token that acts for a user. Answers it and its secret, which is shown this once.

    Raises:
        NotFoundError: there is no such user.
        InputError: the scope is unknown or more than the user's role, or the name is empty.
    """
    user = users.get(session, user_name)
    if not name.strip():
        raise InputError("a token needs a name, such as that of the program", field="name")
    made = f"tri_{passwords.secret()}"
    row = access_tokens.add(
        session,
        user,
        token_id=secrets.token_hex(4),
        name=name.strip()[:80],
        secret_hash=passwords.digest(made),
        scope=checked_scope(scope, user.role),
        now=now,
        until=now + timedelta(days=days) if days else None,
    )
    audit.note(session, by, "token_added", row.id, now=now, detail=f"{user.name} {row.scope}")
    return row, made


def revoke_token(session: Session, token_id: str, now: datetime, *, by: str) -> AccessToken:
    """End a token.

    Raises:
        NotFoundError: there is none of this id.
    """
    row = access_tokens.revoke(session, token_id, now)
    audit.note(session, by, "token_revoked", row.id, now=now)
    return row


def first_admin(session: Session, now: datetime) -> str | None:
    """Where nobody can sign in yet: make the first admin. Answers the password to be used once."""
    if not users.none_yet(session):
        return None
    return add_user(session, FIRST, "admin", now, by="setup")[1]


def demo_accounts(session: Session, now: datetime) -> list[str]:
    """Make an account for each role, its password its name, that works in a demonstration only."""
    for role, team in _DEMO_TEAMS.items():
        if users.find(session, DEMO + role) is None:
            users.add(session, DEMO + role, role, passwords.hashed(DEMO + role), now, demo=True, team=team)
    return [DEMO + role for role in ROLES]
