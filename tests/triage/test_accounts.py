"""Signing in, users and tokens: the rules."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from kb import audit, users
from kb.account_tables import AccessToken, SignIn, User
from kb.database import Database
from models.errors import ConflictError, InputError, NotFoundError
from triage import accounts, passwords
from triage.accounts import Attempt

pytestmark = pytest.mark.usefixtures("quick_passwords")
GOOD = "correct horse battery"


@pytest.fixture
def anna(database: Database, now: datetime) -> str:
    with database.transaction() as session:
        accounts.add_user(session, "Anna", "agent", now, by="root", password=GOOD)
        accounts.add_user(session, "root", "admin", now, by="setup", password=GOOD)
    return "anna"


def attempt(database: Database, name: str, password: str, at: datetime, *, demo: bool = False) -> Attempt:
    with database.transaction() as session:
        return accounts.sign_in(session, name, password, at, demo=demo)


def noted(session: Session) -> list[tuple[str, str, str]]:
    return [(line.who, line.action, line.subject) for line in reversed(audit.page(session))]


def test_a_session_lasts_a_working_day(database: Database, anna: str, now: datetime) -> None:
    done = attempt(database, " ANNA ", GOOD, now)
    assert done.secret and not done.refused
    with database.reading() as session:
        held = [row.secret_hash for row in session.scalars(select(SignIn))]
        assert held == [passwords.digest(done.secret)]
        who = accounts.by_session(session, done.secret, now + timedelta(hours=11, minutes=59), demo=False)
        assert who is not None
        assert (who.name, who.role, who.via, who.must_change) == (anna, "agent", "session", False)
        assert who.may("tickets") and not who.may("accounts")
        assert accounts.by_session(session, done.secret, now + timedelta(hours=12), demo=False) is None
        assert accounts.by_session(session, done.secret + "x", now, demo=False) is None
        assert accounts.by_token(session, done.secret, now, demo=False) is None


def test_signing_out_ends_this_session_alone(database: Database, anna: str, now: datetime) -> None:
    first, second = attempt(database, anna, GOOD, now), attempt(database, anna, GOOD, now)
    with database.transaction() as session:
        accounts.sign_out(session, first.secret, anna, now)
    with database.reading() as session:
        assert accounts.by_session(session, first.secret, now, demo=False) is None
        assert accounts.by_session(session, second.secret, now, demo=False) is not None
        assert noted(session)[-1] == (anna, "signed_out", "")


@pytest.mark.parametrize("name", ["anna", "nobody-of-this-name"])
def test_failures_block_a_name_ever_longer_whether_it_exists_or_not(
    database: Database, anna: str, now: datetime, name: str
) -> None:
    for _ in range(4):
        assert attempt(database, name, "wrong password", now) == Attempt(refused="wrong")
    assert attempt(database, name, "wrong password", now).wait == timedelta(seconds=30)
    blocked = attempt(database, name, GOOD, now + timedelta(seconds=29))
    assert (blocked.refused, blocked.wait) == ("blocked", timedelta(seconds=1))
    later = now + timedelta(seconds=30)
    assert attempt(database, name, "wrong password", later).wait == timedelta(seconds=60)
    for _ in range(12):
        later += timedelta(hours=1)
        wait = attempt(database, name, "wrong password", later).wait
    assert wait == timedelta(hours=1)


def test_success_forgives_failures(database: Database, anna: str, now: datetime) -> None:
    for _ in range(2):
        for _ in range(4):
            attempt(database, anna, "wrong password", now)
        assert attempt(database, anna, GOOD, now).secret


def test_a_first_password_must_be_changed_which_ends_other_sessions(
    database: Database, now: datetime
) -> None:
    with database.transaction() as session:
        first = accounts.first_admin(session, now)
        assert first
    with database.transaction() as session:
        assert accounts.first_admin(session, now) is None
    mine, other = attempt(database, "admin", first, now), attempt(database, "admin", first, now)
    with database.transaction() as session:
        who = accounts.by_session(session, mine.secret, now, demo=False)
        assert who is not None and who.must_change and who.role == "admin"
        for old, new, field in (
            ("not the old one", GOOD, "old"),
            (first, first, "password"),
            (first, "short", "password"),
            (first, "my-admin-password", "password"),
        ):
            with pytest.raises(InputError) as error:
                accounts.change_password(session, "admin", old, new, now, keep=mine.secret)
            assert error.value.field == field
        accounts.change_password(session, "admin", first, GOOD, now, keep=mine.secret)
    with database.reading() as session:
        who = accounts.by_session(session, mine.secret, now, demo=False)
        assert who is not None and not who.must_change
        assert accounts.by_session(session, other.secret, now, demo=False) is None
    assert attempt(database, "admin", first, now).refused == "wrong"
    assert attempt(database, "admin", GOOD, now).secret


def test_demo_accounts_open_nothing_outside_the_demo(database: Database, now: datetime) -> None:
    with database.transaction() as session:
        names = accounts.demo_accounts(session, now)
        assert accounts.demo_accounts(session, now) == names
        token = accounts.add_token(session, "demo-lead", "trial", now, by="x")[1]
    assert names == ["demo-agent", "demo-engineer", "demo-lead", "demo-admin"]
    inside = attempt(database, "demo-admin", "demo-admin", now, demo=True)
    assert inside.secret
    assert attempt(database, "demo-admin", "demo-admin", now, demo=False).refused == "wrong"
    with database.reading() as session:
        assert accounts.by_session(session, inside.secret, now, demo=True) is not None
        assert accounts.by_session(session, inside.secret, now, demo=False) is None
        assert accounts.by_token(session, token, now, demo=False) is None
        assert users.none_yet(session)
    with database.transaction() as session, pytest.raises(InputError, match="demonstration"):
        accounts.add_user(session, "Demo-me", "agent", now, by="x")


def test_disabling_ends_sessions_and_tokens_at_once(database: Database, anna: str, now: datetime) -> None:
    signed = attempt(database, anna, GOOD, now)
    with database.transaction() as session:
        token = accounts.add_token(session, anna, "helpdesk", now, by="root", scope="assess")[1]
        who = accounts.by_token(session, token, now, demo=False)
        assert who is not None and who.permissions == {"assess"}
        accounts.disable_user(session, anna, now, by="root")
        assert accounts.by_session(session, signed.secret, now, demo=False) is None
        assert accounts.by_token(session, token, now, demo=False) is None
    assert attempt(database, anna, GOOD, now).refused == "wrong"
    with database.transaction() as session:
        accounts.enable_user(session, anna, now, by="root")
        assert accounts.by_session(session, signed.secret, now, demo=False) is None
        assert accounts.by_token(session, token, now, demo=False) is not None
    assert attempt(database, anna, GOOD, now).secret


def test_the_last_admin_stays(database: Database, anna: str, now: datetime) -> None:
    with database.transaction() as session:
        accounts.demo_accounts(session, now)  # an admin of the demonstration does not count
        for change in (
            lambda: accounts.disable_user(session, "root", now, by="root"),
            lambda: accounts.change_role(session, "root", "lead", now, by="root"),
        ):
            with pytest.raises(ConflictError, match="only admin"):
                change()
        accounts.change_role(session, anna, "admin", now, by="root")
        assert accounts.change_role(session, "root", "lead", now, by="anna").role == "lead"


def test_a_reset_password_is_new_and_lifts_a_block(database: Database, anna: str, now: datetime) -> None:
    for _ in range(5):
        attempt(database, anna, "wrong password", now)
    with database.transaction() as session:
        made = accounts.reset_password(session, anna, now, by="root")
    assert attempt(database, anna, GOOD, now).refused == "wrong"
    assert attempt(database, anna, made, now).secret


def test_tokens_end_when_they_say_or_when_revoked(database: Database, anna: str, now: datetime) -> None:
    with database.transaction() as session:
        row, short = accounts.add_token(session, anna, "a", now, by="root", days=1)
        endless = accounts.add_token(session, anna, "b", now, by="root", days=None)[1]
        assert short.startswith("tri_")
        stored = [token.secret_hash for token in session.scalars(select(AccessToken))]
        assert stored == [passwords.digest(short), passwords.digest(endless)]
        assert accounts.by_token(session, short, now + timedelta(hours=23), demo=False) is not None
        assert accounts.by_token(session, short, now + timedelta(days=1), demo=False) is None
        assert accounts.by_token(session, endless, now + timedelta(days=9999), demo=False) is not None
        ended = accounts.revoke_token(session, row.id, now, by="root").revoked_at
        assert accounts.revoke_token(session, row.id, now + timedelta(days=1), by="root").revoked_at == ended
        assert accounts.by_token(session, short, now, demo=False) is None
        with pytest.raises(NotFoundError):
            accounts.revoke_token(session, "none", now, by="root")
        with pytest.raises(InputError, match="needs a name"):
            accounts.add_token(session, anna, "  ", now, by="root")


@pytest.mark.parametrize("name", ["", "   ", "two words", "x" * 81, "tab\tname", "bell\x07"])
def test_unfit_names_are_refused(database: Database, now: datetime, name: str) -> None:
    with database.transaction() as session, pytest.raises(InputError) as error:
        accounts.add_user(session, name, "agent", now, by="root")
    assert error.value.field == "name"


def test_names_are_one_whatever_their_case(database: Database, anna: str, now: datetime) -> None:
    with database.transaction() as session:
        with pytest.raises(ConflictError, match="already"):
            accounts.add_user(session, "ANNA", "agent", now, by="root")
        assert accounts.add_user(session, "王工", "engineer", now, by="root")[0].name == "王工"
        assert session.scalar(select(User.name).where(User.name == "anna")) == "anna"


def test_what_was_done_is_noted_without_secrets(database: Database, anna: str, now: datetime) -> None:
    signed = attempt(database, anna, GOOD, now)
    attempt(database, anna, "wrong password", now)
    with database.transaction() as session:
        token = accounts.add_token(session, anna, "helpdesk", now, by="root")
        accounts.change_role(session, anna, "lead", now, by="root")
        accounts.revoke_token(session, token[0].id, now, by="root")
        lines = noted(session)
        assert lines == [
            ("root", "user_added", "anna"),
            ("setup", "user_added", "root"),
            ("anna", "signed_in", ""),
            ("anna", "sign_in_failed", ""),
            ("root", "token_added", token[0].id),
            ("root", "role_changed", "anna"),
            ("root", "token_revoked", token[0].id),
        ]
        details = " ".join(line.detail for line in audit.page(session))
        assert not any(secret in details for secret in (GOOD, signed.secret, token[1]))
