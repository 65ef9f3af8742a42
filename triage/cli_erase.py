"""``triage erase``: take a customer's data out of everything that is stored."""

from __future__ import annotations

import json
from contextlib import closing
from typing import Annotated

import typer

from triage import cli_index, wiring
from triage.cli_accounts import terminal
from triage.progress import note


def erase(
    customer: Annotated[str, typer.Option(help="The customer's name, as tickets have it.")],
    also: Annotated[list[str] | None, typer.Option(help="Another spelling; may be repeated.")] = None,
    preview: Annotated[bool, typer.Option("--preview", help="Only count what would be touched.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Answer with JSON.")] = False,
) -> None:
    """Erase a customer's data from tickets, cases and all else that is stored. It cannot be undone."""
    from triage import erasure, service

    with closing(wiring.build()) as built:
        done = erasure.erase(built, customer, also=also or (), preview=preview, by=terminal())
        if "cases" in done.erased.rows and not preview:
            running = service.running(built.settings.home)
            if running is not None:
                service.call(running, "POST", "/internal/index/apply")
            else:
                cli_index.apply_or_say(built)
    if as_json:
        typer.echo(json.dumps(done.as_json(), ensure_ascii=False, indent=1))
        return
    found = done.erased
    for name in done.files:
        note(f"still holds it: {name}")
    for remark in done.remarks:
        note(remark)
    if not found.anything:
        typer.echo("nothing stored names this customer")
        return
    rows = ", ".join(f"{number} {table}" for table, number in found.rows.items())
    what = "would be erased" if preview else "erased"
    typer.echo(f"{what}: {found.texts} texts in {rows}; {found.tickets} tickets are the customer's own")
