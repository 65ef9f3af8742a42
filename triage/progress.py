"""What a command says while it works: lines and bars on standard error, so that its answer stays clean."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import typer

Progress = Callable[[str, int, int], None]
"""What is going on, how much of it is done, of how much."""


def note(line: str) -> None:
    """One line for the person watching."""
    typer.echo(line, err=True)


@contextmanager
def bars() -> Iterator[Progress]:
    """One progress bar for each thing that goes on; on no terminal, a line when each is done."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    columns = (TextColumn("{task.description:<20}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    tasks: dict[str, TaskID] = {}
    with Progress(*columns, console=console, disable=not console.is_terminal) as shown:

        def report(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = shown.add_task(what, total=total)
            shown.update(tasks[what], completed=done, total=total)
            if done >= total and not console.is_terminal:
                note(f"{what}: {done} done")

        yield report
