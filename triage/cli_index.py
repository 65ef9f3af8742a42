"""``triage index``: compare the vector index with the database, and make it again."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from models.errors import IndexUnavailableError
from triage import wiring

if TYPE_CHECKING:
    from triage.service import Service

_POLL_SECONDS = 0.3

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
    """Make the index again from the database, beside the old one: searches go on meanwhile."""
    from triage import service
    from triage.progress import bars, note

    built = wiring.build()
    try:
        running = service.running(built.settings.home)
        with bars() as progress:
            if running is not None:
                number = _by_service(running, progress)
            else:
                if damage := built.index().damage:
                    note(f"the search index was damaged: {damage}")
                reindex_stale(built, lambda done, total: progress("encoding anew", done, total))
                number = built.index().rebuild(
                    built.database, lambda done, total: progress("rebuilding", done, total)
                )
    finally:
        built.close()
    typer.echo(f"the index holds {number} cases")


def _by_service(running: Service, progress: Callable[[str, int, int], None]) -> int:
    """Ask the service that owns the index, and watch it; killed, this command leaves it working."""
    from triage import service

    told: dict[str, Any] = service.call(running, "POST", "/internal/index/rebuild")
    while told["state"] in ("waiting", "running"):
        if told["total"]:
            progress("rebuilding", told["done"], told["total"])
        time.sleep(_POLL_SECONDS)
        told = service.call(running, "GET", "/internal/index/rebuild")
    if told["state"] != "done":
        raise IndexUnavailableError(f"the service could not rebuild the index: {told['error']}")
    progress("rebuilding", told["done"], told["total"])
    return int(told["done"])


def apply_or_say(built: wiring.Parts) -> None:
    """Apply outstanding index writes; where the index does not answer they wait, which is said."""
    from triage.progress import note

    try:
        built.index().apply(built.database)
    except IndexUnavailableError as error:
        note(f"the search index is brought up to date later: {error.message}")


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


def reindex_stale(
    built: wiring.Parts, progress: Callable[[int, int], None] = lambda _done, _all: None
) -> None:
    """Make new vectors for cases whose vectors another encoder or analyser made."""
    from kb import cases, index_state
    from kb.documents import fingerprint

    with built.database.reading() as session:
        total = index_state.stale(session, fingerprint(built.encoder))
    done = 0
    while True:
        with built.database.transaction() as session:
            number = cases.reindex(session, built.encoder, 100)
        if not number:
            return
        done += number
        progress(done, max(done, total))
