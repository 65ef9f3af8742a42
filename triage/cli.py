"""The command ``triage``. Each command imports what it needs when it runs, so that help answers at once."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Annotated, Any

import typer

from models.errors import InputError, TriageError
from triage import (
    cli_accounts,
    cli_erase,
    cli_evaluate,
    cli_index,
    cli_models,
    cli_retrospect,
    cli_transfer,
    wiring,
)
from triage.progress import bars, note
from triage.wiring import Parts

app = typer.Typer(
    name="triage",
    help="Reads customer tickets in Chinese and English, says what they are, and finds proven cases.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.add_typer(cli_models.models_app, name="models")
app.add_typer(cli_index.index_app, name="index")
app.add_typer(cli_evaluate.evaluate_app, name="evaluate")
app.add_typer(cli_accounts.user_app, name="user")
app.add_typer(cli_accounts.token_app, name="token")
app.command("train")(cli_models.train)
app.command("retrospect")(cli_retrospect.retrospect)
app.command("import")(cli_transfer.import_file)
app.command("export")(cli_transfer.export)
app.command("backup")(cli_transfer.backup)
app.command("restore")(cli_transfer.restore)
app.command("erase")(cli_erase.erase)

db_app = typer.Typer(help="The database.", no_args_is_help=True)
app.add_typer(db_app, name="db")

_DAY = ["%Y-%m-%d"]
AsJson = Annotated[bool, typer.Option("--json", help="Answer with JSON.")]


@contextmanager
def parts() -> Iterator[Parts]:
    """The product's parts for one command, closed at its end."""
    built = wiring.build()
    try:
        yield built
    finally:
        built.close()


@app.command()
def assess(text: Annotated[str, typer.Argument(help="The ticket's text.")], as_json: AsJson = False) -> None:
    """Assess one ticket and show why."""
    from triage import service
    from triage.display import show_assessment

    with parts() as built:
        running = service.running(built.settings.home)
        if running is not None:
            found = service.call(running, "POST", "/api/v1/triage", body={"text": text})
        else:
            from triage.assessment import as_json as form
            from triage.pipeline import TicketText

            found = form(
                built.triager.assess(
                    TicketText(description=text), now=built.now(), top_k=built.settings.top_k
                )
            )
        _print_json(found) if as_json else show_assessment(found, built.rules)


@app.command()
def search(
    query: Annotated[str, typer.Argument(help="What the problem is, in either language.")],
    category: Annotated[str | None, typer.Option(help="Only cases of this category.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=100, help="How many cases at the most.")] = 5,
    product: Annotated[str | None, typer.Option(help="Only cases of this product.")] = None,
    version: Annotated[str | None, typer.Option(help="Only cases of this version.")] = None,
    team: Annotated[str | None, typer.Option(help="Only cases of this team.")] = None,
    language: Annotated[str | None, typer.Option(help="Only cases in zh, en, mixed or other.")] = None,
    closed_from: Annotated[datetime | None, typer.Option("--from", formats=_DAY, help="First day.")] = None,
    closed_to: Annotated[datetime | None, typer.Option("--to", formats=_DAY, help="Last day.")] = None,
    proven: Annotated[bool, typer.Option("--proven", help="Only cases whose solution worked.")] = False,
    as_json: AsJson = False,
) -> None:
    """Search the case archive; ``--from`` and ``--to`` go by the day on which a case was closed."""
    from triage import service
    from triage.display import show_hits

    if not query.strip():
        raise InputError("there is nothing to search for", field="query")
    asked: dict[str, Any] = {"category": category, "product": product, "version": version, "team": team}
    asked |= {"language": language, "proven_only": proven or None}
    asked |= {"closed_from": closed_from and closed_from.date(), "closed_to": closed_to and closed_to.date()}
    wanted = {name: value for name, value in asked.items() if value is not None}
    with parts() as built:
        running = service.running(built.settings.home)
        if running is not None:
            sent: dict[str, str | int] = {"q": query, "limit": limit}
            sent |= {name: str(value) for name, value in wanted.items()}
            found = service.call(running, "GET", "/api/v1/cases/search", query=sent)
        else:
            from kb.filters import Filters
            from models.text import analyse
            from triage.assessment import search_json

            vector, analysis = built.encoder.encode([query])[0], analyse(query)
            hits = built.find_cases(analysis, vector, limit, filters=Filters(**wanted), faceted=True)
            found = search_json(hits, analysis)
        _print_json(found) if as_json else show_hits(found["cases"], found["found"], found["degraded"])


@app.command()
def demo() -> None:
    """Make ready what is missing (model, seed archive) and assess a Chinese and an English example."""
    from triage import service
    from triage.display import show_assessment
    from triage.setup import prepare

    with parts() as built:
        running = service.running(built.settings.home)
        if running is None:
            with bars() as progress:
                prepare(built, progress)
            built.index().apply(built.database)
        for example in (
            "打印机无法启动，指示灯不亮",
            "VPN drops every few minutes since this morning, nobody in our office can work",
        ):
            note(f"\n>>> {example}")
            if running is not None:
                found = service.call(running, "POST", "/api/v1/triage", body={"text": example})
            else:
                from triage.assessment import as_json as form
                from triage.pipeline import TicketText

                found = form(built.triager.assess(TicketText(description=example), now=built.now()))
            show_assessment(found, built.rules)


@db_app.command("upgrade")
def db_upgrade() -> None:
    """Bring the database to this version's shape."""
    with parts() as built:
        _ = built.database
        typer.echo("the database is up to date")


def run_app() -> None:
    """Run the command line: 0 done, 1 failed, 2 wrong arguments; an error is one line, never a traceback."""
    try:
        app()
    except TriageError as error:
        typer.echo(f"triage: {' '.join(error.message.split())}", err=True)
        sys.exit(1)
    except OSError as error:  # a disk that is full, a folder that may not be written
        typer.echo(f"triage: {error}", err=True)
        sys.exit(1)
    except KeyboardInterrupt:
        typer.echo("triage: stopped", err=True)
        sys.exit(130)


def _print_json(value: Any) -> None:
    typer.echo(json.dumps(value, ensure_ascii=False, indent=1))
