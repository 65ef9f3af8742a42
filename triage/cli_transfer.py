"""What goes in and out as files: ``triage import``, ``export``, ``backup`` and ``restore``."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from models.errors import ConflictError, InputError
from triage import cli_index, wiring
from triage.progress import bars, note

if TYPE_CHECKING:
    from kb.mappings import Choice
    from kb.tables import Import
    from triage.service import Service

Kind = Literal["tickets", "cases"]
AsJson = Annotated[bool, typer.Option("--json", help="Answer with JSON.")]
_SHOWN = 20


def import_file(
    file: Annotated[Path, typer.Argument(help="csv, xlsx or jsonl, also gzipped.")],
    kind: Annotated[Kind, typer.Option(help="What the rows are.")],
    preview: Annotated[bool, typer.Option("--preview", help="Only show what would be stored.")] = False,
    chosen: Annotated[str, typer.Option("--map", help='Columns to fields: "Summary=subject,Notes=-".')] = "",
    mapping: Annotated[str, typer.Option(help="A ready mapping by its name, or none.")] = "",
    dates: Annotated[str, typer.Option(help="How 03/04/2026 is read: day-first or month-first.")] = "",
    bad_rows: Annotated[
        Path | None, typer.Option(help="Where the rows that were not taken go, to be mended and sent again.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Import tickets or cases. Cut off, the same command goes on where it stopped."""
    from kb import mappings, tablefiles, transfer
    from triage import service

    if bad_rows is not None:
        tablefiles.kind_of(bad_rows, "csv")
    choice = mappings.choice(mappings.from_words(chosen), mapping, dates)
    with closing(wiring.build()) as built:
        if preview:
            _show_preview(built, file, kind, choice, as_json)
            return
        import_id = transfer.start(
            built.database,
            file,
            kind,
            built.now(),
            runner=transfer.COMMAND,
            choice=choice,
            ready=built.rules.mappings,
        )
        row = _run(built, import_id, kind, service.running(built.settings.home))
        _tell(built, row, bad_rows, as_json)
        if row.state == "failed":
            raise InputError(row.error, field="file")


def _run(built: wiring.Parts, import_id: str, kind: str, running: Service | None) -> Import:
    from kb import index, transfer
    from triage import service

    alone = not running and kind != "tickets"
    if alone:
        built.index()  # taken before the first row, and not found to be another's after the last

    def after_batch(row: Import) -> None:
        # Few large writes take the index less time than many small ones; until then SQL has them noted.
        if alone and row.batches % (index.BATCH // transfer.BATCH) == 0:
            cli_index.apply_or_say(built)
        of = f" of {row.total}" if row.total is not None else ""
        note(f"batch {row.batches}: {row.cursor}{of} rows done")

    row = transfer.run(built.database, import_id, built.encoder, built.source, built.now, after_batch)
    if alone:
        cli_index.apply_or_say(built)
    if running is not None:
        service.call(running, "POST", "/internal/index/apply")
    return row


def _tell(built: wiring.Parts, row: Import, bad_rows: Path | None, as_json: bool) -> None:
    from kb import badrows, transfer

    with built.database.reading() as session:
        problems = [
            {"row": item.row, "field": item.field, "message": item.message}
            for item in transfer.problems(session, row)
        ]
        if bad_rows is not None and problems:
            badrows.save(session, row, bad_rows)
    counts = {"added": row.added, "changed": row.changed, "unchanged": row.unchanged, "bad": row.bad}
    if as_json:
        rest = {"masked": row.masked, "total": row.total, "problems": problems}
        _print_json({"id": row.id, "state": row.state, **counts, **rest})
        return
    for item in problems[:_SHOWN]:
        typer.echo(f"row {item['row']}: {item['message']}", err=True)
    if len(problems) > _SHOWN:
        typer.echo(f"... and {len(problems) - _SHOWN} more rows", err=True)
    if bad_rows is not None and problems:
        note(f"{len(problems)} rows that were not taken are in {bad_rows}: mend and import that file")
    if row.masked:
        note(f"{row.masked} places with personal data were masked")
    typer.echo(", ".join(f"{number} {name}" for name, number in counts.items()))


def _show_preview(built: wiring.Parts, file: Path, kind: str, choice: Choice, as_json: bool) -> None:
    from kb.preview import preview
    from triage.preview import as_json as form
    from triage.preview import show

    found = preview(file, kind, built.source, choice)
    _print_json(form(found)) if as_json else show(found)


def export(
    kind: Annotated[Kind, typer.Option(help="What to write.")],
    out: Annotated[Path, typer.Option(help="The file: .csv, .jsonl (each also .gz) or .xlsx.")],
    since: Annotated[str, typer.Option(help="The first day.")] = "",
    until: Annotated[str, typer.Option(help="The last day.")] = "",
    category: Annotated[str, typer.Option(help="Only this category.")] = "",
    columns: Annotated[Literal["own", "sheet"], typer.Option(help="Ours, or the tracking sheet's.")] = "own",
) -> None:
    """Write tickets or cases to a file that can be imported again without change."""
    from kb import export as exports
    from kb import tablefiles
    from triage.rules import labels

    tablefiles.kind_of(out)
    with closing(wiring.build()) as built:
        zone = built.settings.zone
        asked = exports.wanted(kind, zone, columns=columns, since=since, until=until, category=category)
        names = labels(built.rules.taxonomy, "zh")
        with built.database.reading() as session:
            number = tablefiles.save(out, exports.header(asked), exports.rows(session, asked, zone, names))
    typer.echo(f"{number} {kind} are in {out}")


def backup(file: Annotated[Path, typer.Argument(help="The archive to write, .tar.gz.")]) -> None:
    """Save database and models to one file, also while the service runs. The index is left out."""
    from kb import backup as backups

    with closing(wiring.build()) as built:
        made = backups.create(file, built.settings.database, built.settings.home, built.now())
    typer.echo(f"{len(made.files)} files are in {file}")


def restore(
    file: Annotated[Path, typer.Argument(help="An archive that `triage backup` wrote.")],
    force: Annotated[bool, typer.Option(help="Replace what the state directory holds.")] = False,
) -> None:
    """Bring back what a backup holds, then make the index again. Not while the service runs."""
    from kb import backup as backups
    from kb.index import discard
    from triage import service

    with closing(wiring.build()) as built:
        home = built.settings.home
        if service.running(home) is not None:
            raise ConflictError("the service is running on this state directory: stop it first")
        manifest = backups.restore(file, built.settings.database, home, force=force)
        note(f"restored the backup of {manifest.made_at}")
        if not built.settings.chroma_url:
            discard(built.index_folder, wait=20)
        cli_index.reindex_stale(built)
        with bars() as progress:
            number = built.index().rebuild(
                built.database, lambda done, total: progress("rebuilding", done, total)
            )
    typer.echo(f"{len(manifest.files)} files are back; the index holds {number} cases")


def _print_json(value: Any) -> None:
    typer.echo(json.dumps(value, ensure_ascii=False, indent=1, default=str))
