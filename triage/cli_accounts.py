"""``triage user`` and ``triage token``: accounts from the terminal, for whoever may write the database."""

from __future__ import annotations

import getpass
import json
from contextlib import closing
from typing import Annotated, Any

import typer

from models.errors import InputError
from triage import wiring

user_app = typer.Typer(help="Users.", no_args_is_help=True)
token_app = typer.Typer(help="Tokens of programs that use the API.", no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="Answer with JSON.")]


@user_app.command("add")
def add_user(
    name: Annotated[str, typer.Argument(help="What the user signs in with.")],
    role: Annotated[str, typer.Option(help="agent, engineer, lead or admin.")] = "agent",
    as_json: AsJson = False,
) -> None:
    """Add a user; a password to be used once is printed."""
    from triage import accounts

    with closing(wiring.build()) as built, built.database.transaction() as session:
        row, password = accounts.add_user(session, name, role, built.now(), by=terminal())
        told = {"name": row.name, "role": row.role, "one_time_password": password}
    _tell(told, f"{told['name']} ({told['role']}): one-time password {password}", as_json)


@user_app.command("list")
def list_users(as_json: AsJson = False) -> None:
    """Show all users."""
    from kb import users

    with closing(wiring.build()) as built, built.database.reading() as session:
        rows = [
            {"name": row.name, "role": row.role, "disabled": row.disabled_at is not None, "demo": row.demo}
            for row in users.listed(session)
        ]
    lines = [
        f"{row['name']:<20} {row['role']:<10}"
        + (" disabled" if row["disabled"] else "")
        + (" demo" if row["demo"] else "")
        for row in rows
    ]
    _tell(rows, "\n".join(lines) or "there is no user yet: `triage serve` makes the first admin", as_json)


@user_app.command("role")
def change_role(name: str, role: Annotated[str, typer.Argument(help="The new role.")]) -> None:
    """Give a user another role."""
    from triage import accounts

    with closing(wiring.build()) as built, built.database.transaction() as session:
        row = accounts.change_role(session, name, role, built.now(), by=terminal())
        told = f"{row.name} is {row.role} now"
    typer.echo(told)


@user_app.command("team")
def change_team(
    name: str, team: Annotated[str, typer.Argument(help="The team's code; empty: none.")] = ""
) -> None:
    """Put a user into a team, whose queue is shown first; without one, take the user out."""
    from triage import accounts

    with closing(wiring.build()) as built, built.database.transaction() as session:
        teams = [term.code for term in built.rules.taxonomy.teams]
        row = accounts.change_team(session, name, team, built.now(), by=terminal(), teams=teams)
        told = f"{row.name} is in {team} now" if team else f"{row.name} is in no team now"
    typer.echo(told)


@user_app.command("reset")
def reset_password(name: str) -> None:
    """Give a user a new password to be used once; also lifts a block after failures."""
    from triage import accounts

    with closing(wiring.build()) as built, built.database.transaction() as session:
        password = accounts.reset_password(session, name, built.now(), by=terminal())
    typer.echo(f"one-time password {password}")


@user_app.command("disable")
def disable_user(name: str) -> None:
    """Let a user no longer in; sessions and tokens end at once."""
    from triage import accounts

    with closing(wiring.build()) as built, built.database.transaction() as session:
        accounts.disable_user(session, name, built.now(), by=terminal())
    typer.echo("disabled")


@user_app.command("enable")
def enable_user(name: str) -> None:
    """Let a disabled user in again."""
    from triage import accounts

    with closing(wiring.build()) as built, built.database.transaction() as session:
        accounts.enable_user(session, name, built.now(), by=terminal())
    typer.echo("enabled")


@token_app.command("add")
def add_token(
    name: Annotated[str, typer.Argument(help="What it is for, such as the program's name.")],
    user: Annotated[str, typer.Option(help="Who it acts for.")],
    scope: Annotated[str, typer.Option(help="* or permissions by comma, such as assess,cases.")] = "*",
    days: Annotated[int, typer.Option(min=0, max=3650, help="How long it is valid; 0: until revoked.")] = 365,
    as_json: AsJson = False,
) -> None:
    """Make a token; its secret is printed this once."""
    from triage import accounts

    with closing(wiring.build()) as built, built.database.transaction() as session:
        row, secret = accounts.add_token(
            session, user, name, built.now(), by=terminal(), scope=scope, days=days or None
        )
        told = {"id": row.id, "secret": secret, "scope": row.scope}
    _tell(told, secret, as_json)


@token_app.command("list")
def list_tokens(as_json: AsJson = False) -> None:
    """Show all tokens, without their secrets."""
    from kb import access_tokens

    with closing(wiring.build()) as built, built.database.reading() as session:
        rows = [
            {
                "id": row.id,
                "name": row.name,
                "user": user,
                "scope": row.scope,
                "expires_at": row.expires_at.isoformat() if row.expires_at else None,
                "revoked": row.revoked_at is not None,
            }
            for row, user in access_tokens.listed(session)
        ]
    lines = [
        f"{row['id']}  {row['name']:<20} for {row['user']}, scope {row['scope']}"
        + (f", until {str(row['expires_at'])[:10]}" if row["expires_at"] else "")
        + (", revoked" if row["revoked"] else "")
        for row in rows
    ]
    _tell(rows, "\n".join(lines) or "there is no token yet", as_json)


@token_app.command("revoke")
def revoke_token(token_id: Annotated[str, typer.Argument(metavar="ID", help="As `list` shows it.")]) -> None:
    """End a token at once."""
    from triage import accounts

    if not token_id.strip():
        raise InputError("which token?", field="id")
    with closing(wiring.build()) as built, built.database.transaction() as session:
        accounts.revoke_token(session, token_id.strip(), built.now(), by=terminal())
    typer.echo("revoked")


def terminal() -> str:
    """Who works at this terminal, for the audit log."""
    try:
        return f"terminal:{getpass.getuser()}"
    except (KeyError, OSError):
        return "terminal"


def _tell(value: Any, plain: str, as_json: bool) -> None:
    typer.echo(json.dumps(value, ensure_ascii=False, indent=1) if as_json else plain)
