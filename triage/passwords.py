"""Passwords and secrets: how they are made, hashed and checked."""

from __future__ import annotations

import hashlib
import secrets
from functools import cache
from typing import TYPE_CHECKING

from models.errors import InputError

if TYPE_CHECKING:
    from pwdlib import PasswordHash

LEAST = 10
MOST = 200
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"


@cache
def _argon2() -> PasswordHash:
    from pwdlib import PasswordHash
    from pwdlib.hashers.argon2 import Argon2Hasher

    # One lane: RFC 9106's second choice of memory and passes without threads that requests would wait for.
    return PasswordHash((Argon2Hasher(time_cost=3, memory_cost=65536, parallelism=1),))


@cache
def _nobody() -> str:
    return _argon2().hash(secrets.token_urlsafe())


def hashed(password: str) -> str:
    """The argon2id hash of a password (RFC 9106)."""
    return _argon2().hash(password)


def fits(password: str, stored: str | None) -> bool:
    """Whether a password is the stored one. Without a stored one it takes as long, and is not."""
    if len(password) > MOST:
        return False
    return _argon2().verify(password, stored or _nobody()) and stored is not None


def checked(password: str, name: str) -> str:
    """A password that may be used.

    Raises:
        InputError: it is too short or too long, or contains the user's name.
    """
    if not LEAST <= len(password) <= MOST:
        raise InputError(f"a password has {LEAST} to {MOST} characters", field="password")
    if name.casefold() in password.casefold():
        raise InputError("the password must not contain the user's name", field="password")
    return password


def one_time() -> str:
    """A password to be changed at first use, easy to copy from a terminal."""
    return "-".join("".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(4))


def secret() -> str:
    """A new secret of a session or token: 256 bits."""
    return secrets.token_urlsafe(32)


def digest(value: str) -> str:
    """What is stored of a secret. It is long and random, so a fast hash does."""
    return hashlib.sha256(value.encode()).hexdigest()


def csrf(session_secret: str) -> str:
    """What pages of a session send along with every change, and other sites cannot know."""
    return digest(f"csrf:{session_secret}")
