"""Assessments and cases on a terminal."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from rich.console import Console
from rich.markup import escape

from triage.rules import Rules

_BANDS = {"auto": "sure", "suggest": "likely", "ask": "ask a person"}
_DEGRADED = {
    "meaning": "the search index does not answer: only words were compared",
    "filling": "the search index is being filled: some cases are found by their words alone",
}
_COLOURS = {"auto": "green", "suggest": "yellow", "ask": "red"}


def show_assessment(found: dict[str, Any], rules: Rules) -> None:
    """Show an assessment in the language of its ticket."""
    console = Console(highlight=False, soft_wrap=True)
    language = "zh" if found["language"] in ("zh", "mixed") else "en"
    name = rules.taxonomy.name
    for target in ("category", "priority"):
        finding = found[target]
        spoken = [item for item in finding["reasons"] if item["kind"] in ("term", "concepts")]
        spoken.sort(key=lambda item: -abs(item["weight"]))
        terms = ", ".join(f"{escape(item['term'])} {item['weight']:+.2f}" for item in spoken[:4])
        console.print(
            f"[bold]{target:<9}[/] {escape(name(finding['label'], language, target))} "
            f"[{_COLOURS[finding['band']]}]{finding['confidence']:.0%}, {_BANDS[finding['band']]}[/]"
            + (f"  [dim]{terms}[/]" if terms else "")
        )
    for signal in found["priority"]["signals"]:
        console.print(f"          signal {signal['code']}: {escape(signal['evidence'])}")
    route = found["route"]
    role = rules.routing.role_name(route["role"], language)
    team = name(route["team"], language, "team")
    console.print(f"[bold]route[/]     {escape(team)}, {escape(role)}  [dim]rule {route['rule']}[/]")
    for due in route["clocks"][:3]:
        console.print(f"          {escape(rules.clocks.step_name(due['step'], language))}: {due['due_at']}")
    show_hits(found["similar_cases"], found["similar_found"], found.get("degraded", ()))
    console.print(f"[dim]model {found['model']['version']}, {found['elapsed_ms']:.1f} ms[/]")


def show_hits(cases: list[dict[str, Any]], found: bool, degraded: Collection[str] = ()) -> None:
    """Show cases, best first; where none is ``found``, the nearest as such.

    ``degraded`` names what the search had to do without.
    """
    console = Console(highlight=False, soft_wrap=True)
    for name in degraded:
        console.print(f"[yellow]{_DEGRADED[name]}[/]")
    if not cases:
        console.print("no case found")
    elif not found:
        console.print("nothing proven found; the nearest:")
    for case in cases:
        proven = case["proven"]
        used = f"worked {proven['worked']} of {proven['used']}" if proven["used"] else "not used yet"
        used += ", failed last" if proven["failed_last"] else ""
        first = case["solution"].splitlines()[0] if case["solution"] else ""
        console.print(
            f"[bold]case[/]      {case['match']:.0%}  {escape(case['problem'])}  "
            f"[dim]{escape(case['case_id'])}, {used}[/]"
        )
        if first:
            console.print(f"          {escape(first)}")
