"""A preview of an import, for the wire and for a terminal."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from kb.preview import Preview

_LISTED = 100
_DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab"}


def as_json(found: Preview) -> dict[str, Any]:
    """A preview as it goes over the wire."""
    survey, fields = found.survey, found.mapping.fields
    dated = {*survey.orders, *survey.unclear, *survey.mixed}
    return {
        "kind": found.kind,
        "file": {
            "kind": found.shape.kind,
            "encoding": found.shape.encoding,
            "delimiter": found.shape.delimiter,
            "packed": found.shape.packed,
        },
        "ready": found.mapping.ready,
        "columns": [{"column": column, "field": field} for field, column in fields.items()],
        "unknown": found.mapping.unknown,
        "dates": [
            {
                "field": field,
                "column": fields[field],
                "order": survey.orders.get(field, ""),
                "ambiguous": field in survey.unclear,
                "mixed": field in survey.mixed,
            }
            for field in fields
            if field in dated
        ],
        "total": survey.rows,
        "rows": found.rows,
        "checked": found.checked,
        "bad": len(found.bad),
        "reasons": found.reasons,
        "problems": [asdict(one) for one in found.bad[:_LISTED]],
        "error": found.error,
    }


def show(found: Preview) -> None:
    """Show a preview on the terminal."""
    console = Console(highlight=False, soft_wrap=True)
    answer, shape = as_json(found), found.shape
    written = ", ".join(filter(None, (shape.kind, shape.encoding, _DELIMITERS.get(shape.delimiter, ""))))
    rows = "an unknown number of" if found.survey.rows is None else found.survey.rows
    console.print(f"[bold]file[/]     {written}, {rows} rows")
    if found.mapping.ready:
        console.print(f"[bold]mapping[/]  {found.mapping.ready}")
    for pair in answer["columns"]:
        console.print(f"  {escape(pair['column'])} -> [green]{pair['field']}[/]")
    for column in found.mapping.unknown:
        console.print(f"  {escape(column)} -> [dim]left out[/]")
    for date in answer["dates"]:
        open_one = "day first or month first: choose with --dates"
        console.print(f"[bold]dates[/]    {escape(date['column'])}: {date['order'] or open_one}")
    table = Table(show_lines=False)
    names = [field for field in found.mapping.fields if any(field in row for row in found.rows)]
    for name in names:
        table.add_column(name, max_width=40, overflow="ellipsis", no_wrap=True)
    for row in found.rows:
        table.add_row(*(escape(str(row.get(name, ""))) for name in names))
    if found.rows:
        Console(highlight=False).print(table)
    console.print(f"[bold]bad rows[/] {len(found.bad)} of the first {found.checked}")
    for one in found.bad[:20]:
        console.print(f"  row {one.row}: {escape(one.message)}")
    if found.error:
        console.print(f"[red]{escape(found.error)}[/]")
