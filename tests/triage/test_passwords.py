"""Passwords and secrets."""

from __future__ import annotations

import pytest

from models.errors import InputError
from triage import passwords


def test_the_real_hash_is_argon2id_of_the_stated_cost() -> None:
    stored = passwords.hashed("correct horse battery")
    assert stored.startswith("$argon2id$v=19$m=65536,t=3,p=1$")
    assert passwords.fits("correct horse battery", stored)
    assert not passwords.fits("correct horse batter", stored)
    assert stored != passwords.hashed("correct horse battery")


@pytest.mark.usefixtures("quick_passwords")
def test_without_a_stored_one_nothing_fits() -> None:
    assert not passwords.fits("anything at all", None)
    assert not passwords.fits("x" * (passwords.MOST + 1), passwords.hashed("x" * (passwords.MOST + 1)))


@pytest.mark.parametrize("wrong", ["", "short", "x" * (passwords.MOST + 1), "anna-is-great", "ANNA-is-great"])
def test_unfit_passwords_are_refused(wrong: str) -> None:
    with pytest.raises(InputError) as error:
        passwords.checked(wrong, "anna")
    assert error.value.field == "password"


def test_made_secrets_differ_and_their_digests_do_not_tell_them() -> None:
    made = {passwords.secret() for _ in range(50)} | {passwords.one_time() for _ in range(50)}
    assert len(made) == 100
    secret = passwords.secret()
    assert len(passwords.digest(secret)) == 64
    assert secret not in passwords.digest(secret)
    assert passwords.csrf(secret) != passwords.digest(secret)
    assert passwords.checked(passwords.one_time(), "anna")
