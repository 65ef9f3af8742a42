"""Where the command ``triage`` starts: the commands of ``triage.cli`` and ``serve``, which needs the web."""

from __future__ import annotations

from typing import Annotated

import typer

from triage import cli, wiring
from triage.cli import app


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="Port; 0 takes a free one.")] = None,
) -> None:
    """Serve page and API until stopped."""
    from api.server import serve as run_server

    parts = wiring.build()
    try:
        run_server(parts, host or parts.settings.host, parts.settings.port if port is None else port)
    finally:
        parts.close()


def run() -> None:
    """The entry point."""
    cli.run_app()
