"""``triage train``, ``triage models`` and ``triage evaluate``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from triage import wiring

models_app = typer.Typer(help="Stored models.", no_args_is_help=True)
evaluate_app = typer.Typer(help="Measure a model or search on a file.", no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="Answer with JSON.")]


def train(
    from_file: Annotated[
        Path | None, typer.Option("--from", help="Labelled texts: csv, xlsx or jsonl.")
    ] = None,
    text: Annotated[str, typer.Option(help="Column with the text.")] = "text",
    label: Annotated[str, typer.Option(help="Column with the category.")] = "category",
    priority: Annotated[str | None, typer.Option(help="Column with the priority.")] = None,
    name: Annotated[str, typer.Option(help="Name of the model.")] = "shipped",
    promote: Annotated[bool, typer.Option("--promote", help="Use it from now on.")] = False,
) -> None:
    """Train a model: on the seed and confirmed decisions, or on a file. It is not promoted unasked."""
    from triage import learning
    from triage.evaluation import read_table
    from triage.progress import bars

    built = wiring.build()
    try:
        if from_file is None:
            rows = _own_examples(built)
            targets: tuple[str, ...] = ("category", "priority")
            source = "seed tickets and confirmed decisions"
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
            source = from_file.name
        with bars() as progress:
            model = learning.train(
                rows,
                targets,
                built.encoder,
                built.store,
                name=name,
                source=source,
                now=built.now(),
                progress=progress,
            )
        if promote:
            built.store.promote(model.card.version)
    finally:
        built.close()
    typer.echo(f"{model.card.version}: {len(rows)} texts, " + ("now in use" if promote else "not promoted"))


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


@evaluate_app.command()
def classify(
    test: Annotated[Path, typer.Option(help="Labelled texts to test on.")],
    text: Annotated[str, typer.Option(help="Column with the text.")] = "text",
    label: Annotated[str, typer.Option(help="Column with the label.")] = "category",
    train_file: Annotated[
        Path | None, typer.Option("--train", help="Train a throw-away model on this file.")
    ] = None,
    rename: Annotated[str, typer.Option("--map", help="Labels to rename: A=b,C=d")] = "",
    lang_col: Annotated[str | None, typer.Option(help="Column with the language.")] = None,
    as_json: AsJson = False,
) -> None:
    """Test the current model, or one trained on --train, on labelled texts."""
    from triage import evaluation
    from triage.progress import bars

    columns = evaluation.Columns(text, label, lang_col)
    built = wiring.build()
    try:
        renamed = _pairs(rename)
        rows = evaluation.read_table(test, [text, label, *([lang_col] if lang_col else [])])
        with bars() as progress:
            if train_file is None:
                found = evaluation.classify_current(
                    built.model, built.encoder, built.rules, rows, columns, renamed, progress
                )
            else:
                plain = evaluation.Columns(text, label)
                known = evaluation.read_table(train_file, [text, label])
                found = evaluation.classify_trained(
                    built.encoder, known, rows, columns if lang_col else plain, renamed, progress
                )
    finally:
        built.close()
    typer.echo(json.dumps(found, ensure_ascii=False, indent=1) if as_json else _summary(found))


@evaluate_app.command("search")
def evaluate_search(
    cases: Annotated[Path, typer.Option(help="Columns id, text.")],
    queries: Annotated[Path, typer.Option(help="Columns text, case_id.")],
    as_json: AsJson = False,
) -> None:
    """Test search in a throw-away archive."""
    from triage import evaluation
    from triage.progress import bars

    built = wiring.build()
    try:
        archive = evaluation.read_table(cases, ["id", "text"])
        asked = evaluation.read_table(queries, ["text", "case_id"])
        with bars() as progress:
            found = evaluation.search_quality(built.encoder, archive, asked, built.curve, progress)
    finally:
        built.close()
    line = ", ".join(f"{key} {value}" for key, value in found.items())
    typer.echo(json.dumps(found) if as_json else line)


def _own_examples(built: wiring.Parts) -> list[Any]:
    """The seed, and what people confirmed; a ticket's category and priority may both be known."""
    from kb import decisions
    from triage import seed
    from triage.learning import Labelled

    rows = seed.labelled(built.settings.data_folder)
    confirmed: dict[str, Labelled] = {}
    with built.database.reading() as session:
        for target in decisions.TARGETS:
            for example in decisions.labelled_examples(session, target):
                row = confirmed.setdefault(
                    example.ticket_id, Labelled(example.ticket_id, example.text, {}, "confirmed")
                )
                row.labels[target] = example.label
    return [*rows, *confirmed.values()]


def _pairs(text: str) -> dict[str, str]:
    pairs = {}
    for part in filter(None, (piece.strip() for piece in text.split(","))):
        old, equals, new = part.partition("=")
        if not equals:
            raise typer.BadParameter(f"--map wants A=b,C=d; {part!r} has no =")
        pairs[old.strip()] = new.strip()
    return pairs


def _summary(found: dict[str, Any]) -> str:
    low, high = found["accuracy_interval"]
    f1_low, f1_high = found["macro_f1_interval"]
    lines = [
        f"n {found['n']} (skipped {found['skipped']})",
        f"accuracy {found['accuracy']:.3f} [{low:.3f}, {high:.3f}]",
        f"macro-F1 {found['macro_f1']:.3f} [{f1_low:.3f}, {f1_high:.3f}]",
        f"ece {found['ece']:.3f}, brier {found['brier']:.3f}",
    ]
    for band, own in found["bands"].items():
        low, high = own["accuracy_interval"]
        lines.append(
            f"{band}: {own['share']:.0%} of the texts, right {own['accuracy']:.3f} [{low:.3f}, {high:.3f}]"
        )
    for language, own in found["per_language"].items():
        low, high = own["accuracy_interval"]
        lines.append(f"{language}: n {own['n']}, accuracy {own['accuracy']:.3f} [{low:.3f}, {high:.3f}]")
    if len(found["per_class"]) <= 20:
        for label, own in found["per_class"].items():
            lines.append(
                f"{label}: precision {own['precision']:.3f}, recall {own['recall']:.3f}, "
                f"f1 {own['f1']:.3f}, support {own['support']}"
            )
    return "\n".join(lines)
