"""``triage evaluate``: a model or search, measured on files."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from models.errors import InputError
from triage import wiring

if TYPE_CHECKING:
    from models.learning_curve import LearningCurve
    from triage.learning import Labelled

evaluate_app = typer.Typer(help="Measure a model or search on a file.", no_args_is_help=True)

_SHOWN = 20

AsJson = Annotated[bool, typer.Option("--json", help="Answer with JSON.")]


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
    compare: Annotated[
        bool, typer.Option("--compare", help="Set beside it what one would pick instead.")
    ] = False,
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
                learned_from = _learned_from(built) if compare else None
                found = evaluation.classify_current(
                    built.model, built.encoder, built.rules, rows, columns, renamed, progress, learned_from
                )
            else:
                plain = evaluation.Columns(text, label)
                known = evaluation.read_table(train_file, [text, label])
                found = evaluation.classify_trained(
                    built.encoder,
                    known,
                    rows,
                    columns if lang_col else plain,
                    renamed,
                    progress,
                    compare,
                    built.lexicon,
                )
    finally:
        built.close()
    typer.echo(json.dumps(found, ensure_ascii=False, indent=1) if as_json else _summary(found))


@evaluate_app.command()
def curve(
    train_file: Annotated[
        Path | None,
        typer.Option("--train", help="Labelled texts; without, the seed and confirmed decisions."),
    ] = None,
    test: Annotated[
        Path | None, typer.Option(help="Labelled texts to test on; without, a fifth is kept back.")
    ] = None,
    text: Annotated[str, typer.Option(help="Column with the text.")] = "text",
    label: Annotated[str, typer.Option(help="Column with the label.")] = "category",
    as_json: AsJson = False,
) -> None:
    """Draw the learning curve: what twice as many texts would bring, and for which label."""
    from triage import curves
    from triage.progress import bars
    from triage.setup import own_examples

    built = wiring.build()
    try:
        known = own_examples(built) if train_file is None else _rows(train_file, text, label)
        asked = None if test is None else _rows(test, text, label)
        with bars() as progress:
            found = curves.curve(built.encoder, known, asked, label, progress, built.lexicon)
    finally:
        built.close()
    typer.echo(json.dumps(asdict(found), ensure_ascii=False, indent=1) if as_json else _drawn(found))


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
    if as_json:
        typer.echo(json.dumps(found))
        return
    match = found.pop("match")
    typer.echo(", ".join(f"{key} {value}" for key, value in found.items()))
    typer.echo("match: " + ", ".join(f"{key} {value}" for key, value in match.items()))


@evaluate_app.command("report")
def evaluate_report(
    plan: Annotated[Path, typer.Option(help="The sets to measure.")] = Path("docs/accuracy.toml"),
    out: Annotated[Path, typer.Option(help="The document to write.")] = Path("docs/accuracy.md"),
) -> None:
    """Measure every set of a plan, beside what one would pick instead, and write it as a document."""
    from triage import accuracy
    from triage.progress import bars

    wanted = accuracy.load_plan(plan)
    built = wiring.build()
    try:
        known = _learned_from(built) if any(each.train is None for each in wanted.sets) else None
        bench = accuracy.Bench(built.model, built.encoder, built.rules, built.lexicon, known)
        with bars() as progress:
            document = accuracy.report(wanted, bench, progress)
    finally:
        built.close()
    out.write_text(document, encoding="utf-8")
    typer.echo(f"{out} written")


def _rows(path: Path, text: str, label: str) -> list[Labelled]:
    from triage.evaluation import read_table
    from triage.learning import Labelled

    return [
        Labelled(f"{path.stem}-{number}", row[text], {label: row[label].strip()})
        for number, row in enumerate(read_table(path, [text, label]), 1)
    ]


def _drawn(found: LearningCurve) -> str:
    longest = 40
    lines = [
        f"{point.texts:>8} texts  accuracy {point.accuracy:.3f}  {'█' * round(longest * point.accuracy)}"
        for point in found.points
    ]
    ahead = found.forecast
    low, high = ahead.interval
    bar = "░" * round(longest * ahead.accuracy)
    lines.append(
        f"{ahead.texts:>8} texts  accuracy {ahead.accuracy:.3f}  {bar}  expected, [{low:.3f}, {high:.3f}]"
    )
    lines.append("with twice as many texts, those with most to gain first:")
    lines.extend(
        f"{gain.label}: {gain.texts} texts, {gain.recall:.0%} found, {100 * gain.gain:+.1f} points expected"
        for gain in found.gains[:_SHOWN]
    )
    return "\n".join(lines)


def _learned_from(built: wiring.Parts) -> list[Labelled]:
    from triage.setup import SHIPPED_SOURCE, shipped_examples

    card = built.model.card
    if card.source != SHIPPED_SOURCE:
        raise InputError(
            f"others cannot be compared with {card.version}: the texts it learned from are not kept; "
            "give them with --train",
            field="compare",
        )
    return shipped_examples(built)


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
    for name, own in found.get("compared", {}).items():
        low, high = own["ahead_interval"]
        lines.append(
            f"{name}: accuracy {own['accuracy']:.3f}, macro-F1 {own['macro_f1']:.3f}, "
            f"ours ahead by {own['ahead']:+.3f} [{low:+.3f}, {high:+.3f}]"
        )
    if len(found["per_class"]) <= 20:
        for label, own in found["per_class"].items():
            lines.append(
                f"{label}: precision {own['precision']:.3f}, recall {own['recall']:.3f}, "
                f"f1 {own['f1']:.3f}, support {own['support']}"
            )
    return "\n".join(lines)
