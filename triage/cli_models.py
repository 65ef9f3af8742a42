"""``triage train`` and ``triage models``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from triage import wiring

models_app = typer.Typer(help="Stored models.", no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="Answer with JSON.")]


def train(
    from_file: Annotated[
        Path | None, typer.Option("--from", help="Labelled texts: csv, xlsx or jsonl.")
    ] = None,
    text: Annotated[str, typer.Option(help="Column with the text.")] = "text",
    label: Annotated[str, typer.Option(help="Column with the category.")] = "category",
    priority: Annotated[str | None, typer.Option(help="Column with the priority.")] = None,
    name: Annotated[str, typer.Option(help="Name of the model.")] = "shipped",
    imported: Annotated[
        bool, typer.Option("--imported", help="Without a file: also from labels that came with imports.")
    ] = False,
    promote: Annotated[bool, typer.Option("--promote", help="Use it from now on.")] = False,
) -> None:
    """Train a model: on the seed and confirmed decisions, or on a file. It is not promoted unasked."""
    from triage import learning, model_desk
    from triage.evaluation import read_table
    from triage.progress import bars
    from triage.setup import learnable, own_examples

    built = wiring.build()
    try:
        if from_file is None:
            rows = own_examples(built, imported=imported)
            targets: tuple[str, ...] = learnable(rows)
            source = model_desk.ALL_SOURCE if imported else model_desk.SEED_SOURCE
        else:
            columns = {"category": label} | ({"priority": priority} if priority else {})
            targets = tuple(columns)
            rows = [
                learning.Labelled(
                    f"{from_file.stem}-{number}",
                    row[text],
                    {target: row[column] for target, column in columns.items()},
                )
                for number, row in enumerate(read_table(from_file, [text, *columns.values()]), 1)
                if row[text].strip()
            ]
            taxonomy = built.rules.taxonomy
            if {row.labels["category"] for row in rows} & set(taxonomy.codes()):
                rows += learning.of_taxonomy(taxonomy)
            source = from_file.name
        with bars() as progress:
            model = learning.train(
                rows,
                targets,
                built.encoder,
                built.store,
                lexicon=built.lexicon,
                name=name,
                source=source,
                now=built.now(),
                progress=progress,
            )
        if promote:
            built.store.promote(model.card.version)
    finally:
        built.close()
    own = sum(row.group != learning.TAXONOMY for row in rows)
    typer.echo(f"{model.card.version}: {own} texts, " + ("now in use" if promote else "not promoted"))


@models_app.command("list")
def list_models(as_json: AsJson = False) -> None:
    """All stored models; the one in use is marked."""
    built = wiring.build()
    current, cards = built.store.current(), built.store.versions()
    if as_json:
        rows = [
            {"version": c.version, "created_at": c.created_at, "current": c.version == current} for c in cards
        ]
        typer.echo(json.dumps(rows))
        return
    for card in cards:
        mark = "*" if card.version == current else " "
        texts = sum(card.counts[next(iter(card.counts))].values()) if card.counts else 0
        typer.echo(f"{mark} {card.version}  {card.created_at}  {texts} texts  {card.source}")


@models_app.command()
def show(version: str) -> None:
    """Everything that shaped a model."""
    typer.echo(wiring.build().store.card(version).to_json())


@models_app.command()
def promote(version: str) -> None:
    """Use this model from now on."""
    wiring.build().store.promote(version)
    typer.echo(f"{version} is now in use")


@models_app.command()
def rollback() -> None:
    """Go back to the model that was in use before."""
    typer.echo(f"{wiring.build().store.rollback()} is now in use")
