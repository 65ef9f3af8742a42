"""``docs/accuracy.md``: every measured set of a plan, as a document a person can read and check."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from models import text
from models.concepts import Lexicon
from models.encoder import Encoder
from models.store import StoredModel
from triage import datafile, evaluation
from triage.learning import Labelled, Progress
from triage.rules import Rules

_MOST_CLASSES = 12


@dataclass(frozen=True, slots=True)
class Set:
    """One labelled file to measure on; with ``train`` a throw-away model of that file, else the current one.

    ``by`` names further columns to tell figures for.
    """

    title: str
    test: Path
    train: Path | None
    columns: evaluation.Columns
    by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Strange:
    """Texts, one a line, that are no ticket and should never be settled by themselves."""

    title: str
    file: Path


@dataclass(frozen=True, slots=True)
class Plan:
    """What to measure."""

    sets: tuple[Set, ...]
    strange: tuple[Strange, ...]


@dataclass(frozen=True, slots=True)
class Bench:
    """What is measured: the model in use, its encoder, rules and concepts, and what it learned from,
    where that is known."""

    model: StoredModel
    encoder: Encoder
    rules: Rules
    lexicon: Lexicon
    learned_from: Sequence[Labelled] | None


def load_plan(path: Path) -> Plan:
    """Read a plan; its paths are relative to it.

    Raises:
        DataFileError: it is missing or wrong; the message names the line.
    """
    top = datafile.read(path)
    top.allow("set", "strange")
    sets = []
    for table in top.tables("set", least=1):
        table.allow("title", "test", "train", "text", "label", "language", "by")
        columns = evaluation.Columns(
            table.text("text", "text"), table.text("label", "category"), table.values.get("language")
        )
        train = path.parent / table.text("train") if "train" in table.values else None
        sets.append(
            Set(table.text("title"), path.parent / table.text("test"), train, columns, table.texts("by"))
        )
    strange = []
    for table in top.tables("strange"):
        table.allow("title", "file")
        strange.append(Strange(table.text("title"), path.parent / table.text("file")))
    return Plan(tuple(sets), tuple(strange))


def report(plan: Plan, bench: Bench, progress: Progress = lambda *_: None) -> str:
    """Measure the whole plan; answers the document in Markdown.

    Raises:
        FileFormatError: a file of the plan cannot be read.
    """
    card = bench.model.card
    lines = [
        "# Accuracy",
        "",
        f"Written by `triage evaluate report`; model `{card.version}` ({card.source}, data "
        f"`{card.data_hash}`), encoder `{card.encoder}`. Intervals are 95 %. *Ahead* is the model's accuracy "
        "less the other's on the same texts, with the interval of a paired bootstrap.",
    ]
    for each in plan.sets:
        lines += _set(each, bench, progress)
    for strange in plan.strange:
        lines += _strange(strange, bench)
    return "\n".join(lines) + "\n"


def _set(each: Set, bench: Bench, progress: Progress) -> list[str]:
    needed = [each.columns.text, each.columns.label, *each.by]
    needed += [each.columns.language] if each.columns.language else []
    rows = evaluation.read_table(each.test, needed)
    measure: Callable[[evaluation.Columns, bool], dict[str, Any]]
    if each.train is None:

        def measure(columns: evaluation.Columns, compare: bool) -> dict[str, Any]:
            known = bench.learned_from if compare else None
            return evaluation.classify_current(
                bench.model, bench.encoder, bench.rules, rows, columns, {}, progress, known
            )
    else:
        known = evaluation.read_table(each.train, needed[:2])

        def measure(columns: evaluation.Columns, compare: bool) -> dict[str, Any]:
            return evaluation.classify_trained(
                bench.encoder, known, rows, columns, {}, progress, compare, bench.lexicon
            )

    found = measure(each.columns, True)
    command = [f"--test {_shown(each.test)}", f"--label {each.columns.label}"]
    command += [f"--train {_shown(each.train)}"] if each.train else []
    command += [f"--lang-col {each.columns.language}"] if each.columns.language else []
    lines = ["", f"## {each.title}", "", f"`triage evaluate classify {' '.join(command)} --compare`", ""]
    lines += _summary(found) + _compared(found) + _shares("language", found["per_language"])
    for column in each.by:
        other = evaluation.Columns(each.columns.text, each.columns.label, column)
        lines += _shares(column, measure(other, False)["per_language"])
    if len(found["per_class"]) <= _MOST_CLASSES:
        lines += _classes(found)
    return lines + _confidence(found)


def _shown(path: Path) -> str:
    return Path(os.path.relpath(path)).as_posix()


def _interval(pair: tuple[float, float]) -> str:
    return f"[{pair[0]:.3f}, {pair[1]:.3f}]"


def _table(heads: Sequence[str], rows: Sequence[Sequence[object]]) -> list[str]:
    return [
        f"| {' | '.join(heads)} |",
        "|" + "---|" * len(heads),
        *(f"| {' | '.join(str(cell) for cell in row)} |" for row in rows),
        "",
    ]


def _summary(found: dict[str, Any]) -> list[str]:
    row = (
        found["n"],
        f"{found['accuracy']:.3f} {_interval(found['accuracy_interval'])}",
        f"{found['macro_f1']:.3f} {_interval(found['macro_f1_interval'])}",
        f"{found['ece']:.3f}",
        f"{found['brier']:.3f}",
    )
    return _table(("texts", "accuracy", "macro-F1", "calibration error", "Brier"), [row])


def _compared(found: dict[str, Any]) -> list[str]:
    rows = [
        (
            name,
            f"{own['accuracy']:.3f}",
            f"{own['macro_f1']:.3f}",
            f"{own['ahead']:+.3f} [{own['ahead_interval'][0]:+.3f}, {own['ahead_interval'][1]:+.3f}]",
        )
        for name, own in found.get("compared", {}).items()
    ]
    return _table(("instead of it", "accuracy", "macro-F1", "ahead"), rows) if rows else []


def _shares(name: str, groups: dict[str, Any]) -> list[str]:
    rows = [
        (
            group,
            own["n"],
            f"{own['accuracy']:.3f} {_interval(own['accuracy_interval'])}",
            f"{own['macro_f1']:.3f}",
        )
        for group, own in groups.items()
    ]
    return _table((name, "texts", "accuracy", "macro-F1"), rows)


def _classes(found: dict[str, Any]) -> list[str]:
    labels = list(found["per_class"])
    rows = [
        (
            label,
            own["support"],
            *(f"{own[key]:.3f}" for key in ("precision", "recall", "f1")),
            *(found["confusion"][label][other] for other in labels),
        )
        for label, own in found["per_class"].items()
    ]
    return _table(("class", "texts", "precision", "recall", "F1", *(f"as {label}" for label in labels)), rows)


def _confidence(found: dict[str, Any]) -> list[str]:
    bands = [
        (name, f"{own['share']:.3f}", f"{own['accuracy']:.3f} {_interval(own['accuracy_interval'])}")
        for name, own in found["bands"].items()
    ]
    stated = [f"{part['confidence']:.2f}" for part in found["reliability"]]
    right = [f"{part['accuracy']:.2f}" for part in found["reliability"]]
    surest = found["risk_coverage"]
    return [
        *_table(("band", "share of the texts", "right"), bands),
        *_table(("reliability", *stated), [("right", *right)]),
        *_table(
            ("surest share", *(f"{part['coverage']:.1f}" for part in surest)),
            [("right", *(f"{part['accuracy']:.3f}" for part in surest))],
        ),
    ]


def _strange(strange: Strange, bench: Bench) -> list[str]:
    written = [line for line in evaluation.read_lines(strange.file) if line.strip()]
    classifier = bench.model.classifiers["category"]
    counts = {"auto": 0, "suggest": 0, "ask": 0}
    for content, vector in zip(written, bench.encoder.encode(written), strict=True):
        analysis = text.analyse(content)
        reading = classifier.read(analysis, vector)
        label = max(reading.chances, key=reading.chances.__getitem__)
        counts[reading.band(reading.chances[label], analysis.language, label)] += 1
    rows = [(name, number, f"{number / len(written):.3f}") for name, number in counts.items()]
    return ["", f"## {strange.title}", "", *_table(("band", "texts", "share"), rows)]
