"""``triage index``: compare the vector index with the database, and make it again."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from models.errors import IndexUnavailableError
from triage import wiring

index_app = typer.Typer(
    help="The vector index, which can always be made again from SQL.", no_args_is_help=True
)


@index_app.command()
def verify(as_json: Annotated[bool, typer.Option("--json", help="Answer with JSON.")] = False) -> None:
    """Name the cases that are missing in the index, and those in it that no longer exist."""
    import json

    from triage import service

    built = wiring.build()
    try:
        running = service.running(built.settings.home)
        if running is not None:
            found: dict[str, Any] = service.call(running, "POST", "/internal/index/verify")
        else:
            found = difference(built)
    finally:
        built.close()
    if as_json:
        typer.echo(json.dumps(found, ensure_ascii=False))
    elif found["missing"] or found["surplus"]:
        for kind in ("missing", "surplus"):
            for name in found[kind]:
                typer.echo(f"{kind} {name}")
    else:
        typer.echo("the index agrees with the database")
    if found["missing"] or found["surplus"]:
        raise typer.Exit(1)


@index_app.command()
def rebuild() -> None:
    """Make the index again from the database. Not while the service runs."""
    from kb.index import discard
    from triage import service
    from triage.progress import bars

    built = wiring.build()
    try:
        if not built.settings.chroma_url and service.running(built.settings.home) is not None:
            raise IndexUnavailableError("the service is running and owns the index: stop it first")
        if not built.settings.chroma_url:
            discard(built.index_folder, wait=20)
        reindex_stale(built)
        with bars() as progress:
            number = built.index().rebuild(
                built.database, lambda done, total: progress("rebuilding", done, total)
            )
    finally:
        built.close()
    typer.echo(f"the index holds {number} cases")


def difference(built: wiring.Parts) -> dict[str, list[str]]:
    """What ``verify`` finds, by the cases' ids."""
    from sqlalchemy import select

    from kb.tables import Case

    found = built.index().verify(built.database)
    with built.database.reading() as session:
        names = {row.pk: row.id for row in session.execute(select(Case.pk, Case.id))}
    return {
        "missing": [names.get(key, str(key)) for key in found.missing],
        "surplus": [names.get(key, str(key)) for key in found.surplus],
    }


def reindex_stale(built: wiring.Parts) -> None:
    """Make new vectors for cases whose vectors another encoder or analyser made."""
    from kb import cases

    while True:
        with built.database.transaction() as session:
            if not cases.reindex(session, built.encoder, 100):
                return
