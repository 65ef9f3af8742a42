"""Users: who there is, in which role."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from kb.account_tables import SignIn, User
from models.errors import ConflictError, InputError, NotFoundError

_MOST = 80


def add(
    session: Session,
    name: str,
    role: str,
    password: str,
    now: datetime,
    *,
    demo: bool = False,
    must_change: bool = False,
    team: str = "",
) -> User:
    """Add a user; ``password`` is its hash.

    Raises:
        InputError: the name is empty, too long, or has white space in it.
        ConflictError: the name is taken.
    """
    plain = name.strip().casefold()
    if (
        not plain
        or len(plain) > _MOST
        or any(letter.isspace() or not letter.isprintable() for letter in plain)
    ):
        raise InputError(f"name has 1 to {_MOST} letters and no white space", field="name")
    if find(session, plain) is not None:
        raise ConflictError(f"there is already a user {plain!r}", field="name")
    row = User(
        name=plain,
        role=role,
        password=password,
        created_at=now,
        demo=demo,
        must_change=must_change,
        team=team,
    )
    session.add(row)
    session.flush()
    return row


def find(session: Session, name: str) -> User | None:
    """The user of this name, if there is one."""
    return session.scalar(select(User).where(User.name == name.strip().casefold()[: _MOST + 1]))


def get(session: Session, name: str) -> User:
    """The user of this name.

    Raises:
        NotFoundError: there is none.
    """
    row = find(session, name)
    if row is None:
        raise NotFoundError(f"there is no user {name!r}", field="name")
    return row


def listed(session: Session) -> Sequence[User]:
    """All users by name."""
    return session.scalars(select(User).order_by(User.name)).all()


def none_yet(session: Session) -> bool:
    """Whether nobody but accounts of a demonstration exists."""
    return not session.scalar(select(func.count()).select_from(User).where(User.demo.is_(False)))


def able(session: Session, role: str) -> int:
    """How many users of a role may sign in."""
    return int(
        session.scalar(
            select(func.count())
            .select_from(User)
            .where(User.role == role, User.disabled_at.is_(None), User.demo.is_(False))
        )
        or 0
    )


def end_sign_ins(session: Session, user: User, *, but: str = "") -> None:
    """End all sessions of a user, but for the one of this hash."""
    session.execute(delete(SignIn).where(SignIn.user_pk == user.pk, SignIn.secret_hash != but))
