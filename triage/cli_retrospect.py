"""``triage retrospect``: the report of a period."""

from __future__ import annotations

import json
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from models.errors import InputError
from triage import wiring
from triage.progress import note

if TYPE_CHECKING:
    from triage.findings import Period, Retrospective
    from triage.rules import Rules
    from triage.wiring import Parts

_SHOWN = 15


def retrospect(
    start: Annotated[str, typer.Option("--from", help="First day, such as 2026-03-01.")],
    end: Annotated[str, typer.Option("--to", help="Last day, included.")],
    out: Annotated[
        Path | None, typer.Option(help="Write the report: .html, .xlsx or .docx; .json for the figures.")
    ] = None,
    language: Annotated[str, typer.Option(help="Language of the report: zh or en.")] = "zh",
    as_json: Annotated[bool, typer.Option("--json", help="Answer with JSON.")] = False,
) -> None:
    """Group the tickets of a period by problem, and show what recurs, what it costs and what changed."""
    from triage import service
    from triage.progress import bars
    from triage.retrospective import as_json as form
    from triage.retrospective import retrospect as make

    if language not in ("zh", "en"):
        raise InputError(f"the language is zh or en, not {language!r}", field="language")
    built = wiring.build()
    try:
        period = days(start, end, built)
        _check_form(out)
        with bars() as progress:
            setting = built.retrospect_setting(service.running(built.settings.home))
            found = make(setting, period, progress)
        if out is not None:
            _write(built, found, out, language)
        if as_json:
            typer.echo(json.dumps(form(found), ensure_ascii=False, indent=1))
        elif out is None:
            _show(found, built.rules, language)
    finally:
        built.close()


def days(start: str, end: str, built: Parts) -> Period:
    """The period from one local day to another, both included.

    Raises:
        InputError: a day is not written as year-month-day, or the last is before the first.
    """
    from triage.findings import Period

    first, last = _day(start, "from"), _day(end, "to")
    if last < first:
        raise InputError(f"to ({end}) is before from ({start})", field="to")
    zone = built.settings.zone
    return Period(
        datetime.combine(first, time(), zone), datetime.combine(last + timedelta(days=1), time(), zone)
    )


def _day(written: str, field: str) -> date:
    try:
        return date.fromisoformat(written.strip())
    except ValueError:
        raise InputError(f"{field} is a day such as 2026-03-01, not {written!r}", field=field) from None


def _check_form(out: Path | None) -> None:
    """Refuse a form that cannot be written before the work is done."""
    forms = (".html", ".xlsx", ".docx", ".json", "")
    if out is not None and out.suffix not in forms and not out.is_dir():
        raise InputError(f"the report ends in {', '.join(forms[:4])}, not {out.suffix!r}", field="out")


def _write(built: Parts, found: Retrospective, out: Path, language: str) -> None:
    from triage.retrospective import as_json as form

    if out.suffix == ".json":
        out.write_text(json.dumps(form(found), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        return
    from triage import report, reporting

    with built.database.reading() as session:
        texts = reporting.texts(session, reporting.named(found))
    names = report.names_of(built.rules, language)
    for path in report.write(found, out, language=language, names=names, texts=texts):
        note(f"written: {path}")


def _show(found: Retrospective, rules: Rules, language: str) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console()
    table = Table("size", "group", "terms", "trend", "id")
    for group in found.groups[:_SHOWN]:
        table.add_row(str(group.size), group.title[:60], " ".join(group.terms), group.trend.verdict, group.id)
    console.print(table)
    share = len(found.outside) / max(len(found.ticket_ids), 1)
    console.print(
        f"{len(found.ticket_ids)} tickets, {len(found.groups)} groups, "
        f"{len(found.outside)} tickets in none ({share:.0%})"
    )
    for surge in found.surges:
        console.print(f"surge: {surge.title[:60]}: {surge.observed} since {surge.since:%Y-%m-%d %H:%M}")
