"""Measuring on files: a classifier on labelled texts, search on questions with known answers."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select

from kb import cases, rowfiles, search
from kb.database import Database
from kb.documents import fingerprint
from kb.index import open_embedded
from kb.match import FOUND, MatchCurve, probability
from kb.tables import Case
from models import scorecard, text
from models.classifier import Classifier
from models.concepts import NO_CONCEPTS, Lexicon
from models.encoder import Encoder
from models.errors import FileFormatError, InputError
from models.store import StoredModel
from triage import learning, priority
from triage.comparison import compared
from triage.learning import Labelled, Progress
from triage.rules import Rules

_BATCH = 200
_SHOWN = 10
"""The first answers of a search, over which its matches are judged."""


@dataclass(frozen=True, slots=True)
class Columns:
    """Which columns of a test file hold what."""

    text: str = "text"
    label: str = "category"
    language: str | None = None


def read_table(path: Path, needed: Sequence[str]) -> list[dict[str, str]]:
    """All rows of a file that must have these columns; what a line of jsonl leaves out is empty.

    Raises:
        FileFormatError: a column is missing or a row cannot be read.
    """
    have = rowfiles.columns(path)
    missing = [name for name in needed if name not in have]
    if missing:
        raise FileFormatError(f"{path.name}: no column {missing[0]!r}; there are {', '.join(have)}")
    rows = []
    for row in rowfiles.read_rows(path):
        if not isinstance(row, rowfiles.Row):
            raise FileFormatError(f"{path.name}, row {row.number}: {row.message}")
        rows.append({**dict.fromkeys(needed, ""), **row.values})
    return rows


def read_lines(path: Path) -> list[str]:
    """The lines of a text file.

    Raises:
        FileFormatError: it is missing or not UTF-8.
    """
    try:
        return path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise FileFormatError(f"{path.name} cannot be read: {error}") from error


def classify_current(
    model: StoredModel,
    encoder: Encoder,
    rules: Rules,
    test: Sequence[Mapping[str, str]],
    columns: Columns,
    rename: Mapping[str, str],
    progress: Progress = lambda *_: None,
    learned_from: Sequence[Labelled] | None = None,
) -> dict[str, Any]:
    """The scorecard of the stored model; priorities are decided with signals and costs, as in use.

    Where it is said what the model learned from, others learn from the same and are ``compared``.

    Raises:
        InputError: no row has a label, or the model knows no priorities and they are asked for.
    """
    target = columns.label if columns.label in model.classifiers else "category"
    if target != columns.label == "priority":
        raise InputError(f"the model {model.card.version} was trained without priorities", field="label")
    classifier = model.classifiers[target]
    rows, skipped = _labelled(test, columns, rename)
    prepared = learning.prepare([row.text for row in rows], encoder, progress)
    chances = classifier.predict_proba(prepared.texts, prepared.vectors)
    found = _most_probable(chances, classifier)
    if target == "priority":
        found = []
        for row, own in zip(rows, chances, strict=True):
            by_label = dict(zip(classifier.labels, own.tolist(), strict=True))
            signals = priority.find_signals(row.text, rules.priority)
            decided = priority.decide_priority(by_label, signals, rules.priority)
            found.append((decided.label, decided.probabilities))
    card = _card(rows, columns.label, found, skipped, prepared, classifier)
    if learned_from is not None:
        texts = learning.prepare([row.text for row in learned_from], encoder, progress)
        card["compared"] = compared(
            classifier, learned_from, texts, target, *_answers(rows, columns.label, found), prepared, progress
        )
    return card


def classify_trained(
    encoder: Encoder,
    train: Sequence[Mapping[str, str]],
    test: Sequence[Mapping[str, str]],
    columns: Columns,
    rename: Mapping[str, str],
    progress: Progress = lambda *_: None,
    compare: bool = False,
    lexicon: Lexicon = NO_CONCEPTS,
) -> dict[str, Any]:
    """The scorecard of a throw-away model trained on ``train``; ``compare`` sets others beside it."""
    known, _ = _labelled(train, columns, rename)
    known = [Labelled(row.id, row.text, row.labels) for row in known]
    texts = learning.prepare([row.text for row in known], encoder, progress)
    classifier = learning.fit(known, columns.label, texts, lexicon, progress)
    rows, skipped = _labelled(test, columns, rename)
    prepared = learning.prepare([row.text for row in rows], encoder, progress)
    chances = classifier.predict_proba(prepared.texts, prepared.vectors)
    found = _most_probable(chances, classifier)
    card = _card(rows, columns.label, found, skipped, prepared, classifier)
    if compare:
        answers = _answers(rows, columns.label, found)
        card["compared"] = compared(classifier, known, texts, columns.label, *answers, prepared, progress)
    return card


def search_quality(
    encoder: Encoder,
    case_rows: Sequence[Mapping[str, str]],
    queries: Sequence[Mapping[str, str]],
    curve: MatchCurve,
    progress: Callable[[str, int, int], None] = lambda *_: None,
) -> dict[str, Any]:
    """Recall and reciprocal rank of search in a throw-away archive, and how far its matches are to be
    believed, also where the right case is left out; a query that names no case of the archive is an error.

    Raises:
        InputError: there are no queries, or one names a case that is not in the file.
    """
    if not queries:
        raise InputError("there are no queries to search with", field="queries")
    with tempfile.TemporaryDirectory(prefix="triage-evaluate-") as folder:
        database = Database(f"sqlite:///{folder}/archive.db")
        database.upgrade()
        index = open_embedded(Path(folder, "index"), fingerprint(encoder), encoder.dimension)
        try:
            for begin in range(0, len(case_rows), _BATCH):
                part = case_rows[begin : begin + _BATCH]
                batch = [{"id": row["id"], "problem": row["text"]} for row in part]
                with database.transaction() as session:
                    cases.write(session, batch, encoder, datetime.now(UTC))
                progress("archiving", begin + len(part), len(case_rows))
            index.apply(database)
            vectors = encoder.encode([row["text"] for row in queries])
            ranks = np.zeros(len(queries), dtype=np.int_)
            matched = []
            with database.reading() as session:
                keys = {row.id: row.pk for row in session.execute(select(Case.pk, Case.id))}
                for number, (row, vector) in enumerate(zip(queries, vectors, strict=True)):
                    if row["case_id"] not in keys:
                        raise InputError(
                            f"query {number + 1}: there is no case {row['case_id']!r}", field="case_id"
                        )
                    request = search.Request(text.analyse(row["text"]), vector, limit=10)
                    ranked = search.rank(session, request, index.nearest, curve)
                    own = [
                        odds
                        for key, odds in zip(ranked.keys, ranked.odds, strict=True)
                        if key == keys[row["case_id"]]
                    ]
                    ranks[number] = int((ranked.odds >= own[0]).sum()) if own else 0
                    matched.append(_matched(ranked, keys[row["case_id"]], curve))
                    if number % 50 == 0 or number + 1 == len(queries):
                        progress("searching", number + 1, len(queries))
        finally:
            index.close()
            database.close()
    return scorecard.ranking_of_ranks(ranks) | {"match": _match_card(matched)}


@dataclass(frozen=True, slots=True)
class Matched:
    """One search: the matches shown, which was right, and the best match where the right case is missing."""

    shown: NDArray[np.float64]
    right: NDArray[np.bool_]
    missing: float


def _matched(ranked: search.Ranked, wanted: int, curve: MatchCurve) -> Matched:
    right = np.array([key == wanted for key in ranked.keys], dtype=np.bool_)
    first = np.argsort(-ranked.odds, kind="stable")[:_SHOWN]
    others = curve.odds(ranked.scores[~right], ranked.crossing[~right])
    missing = float(probability(others).max(initial=0.0))
    return Matched(probability(ranked.odds[first]), right[first], missing)


def _match_card(found: Sequence[Matched]) -> dict[str, float | None]:
    """How far matches are to be believed, over the first answers of all searches."""
    shown, right = (np.concatenate(part) for part in zip(*((x.shown, x.right) for x in found), strict=True))
    sure = shown >= FOUND
    return {
        "ece": round(scorecard.calibration_error(shown, right), 4),
        "found_precision": round(float(right[sure].mean()), 4) if sure.any() else None,
        "found_recall": round(float(right[sure].sum() / len(found)), 4),
        "nothing_found_when_missing": round(float(np.mean([x.missing < FOUND for x in found])), 4),
    }


def _labelled(
    rows: Sequence[Mapping[str, str]], columns: Columns, rename: Mapping[str, str]
) -> tuple[list[Labelled], int]:
    found = []
    for number, row in enumerate(rows):
        label = row[columns.label].strip()
        if label:
            language = row[columns.language] if columns.language else ""
            found.append(
                Labelled(str(number), row[columns.text], {columns.label: rename.get(label, label)}, language)
            )
    if not found:
        raise InputError(f"no row has a label in the column {columns.label!r}", field=columns.label)
    return found, len(rows) - len(found)


Found = Sequence[tuple[str, Mapping[str, float]]]
"""The label answered for each text, and the probabilities; signals may name one that no head learned."""


def _answers(rows: Sequence[Labelled], target: str, found: Found) -> tuple[list[str], list[str]]:
    return [row.labels[target] for row in rows], [label for label, _ in found]


def _most_probable(chances: NDArray[np.float64], classifier: Classifier) -> Found:
    names = classifier.labels
    return [(names[own.argmax()], dict(zip(names, own.tolist(), strict=True))) for own in chances]


def _card(
    rows: Sequence[Labelled],
    target: str,
    found: Found,
    skipped: int,
    prepared: learning.Prepared,
    classifier: Classifier,
) -> dict[str, Any]:
    names = sorted({name for _, chances in found for name in chances})
    predicted = [label for label, _ in found]
    confidence = [chances[label] for label, chances in found]
    bands = [
        classifier.band(text, sure, text.language, label)
        for text, sure, label in zip(prepared.texts, confidence, predicted, strict=True)
    ]
    return scorecard.classification(
        scorecard.Judged(
            truth=[row.labels[target] for row in rows],
            predicted=predicted,
            confidence=confidence,
            languages=[row.group or language for row, language in zip(rows, prepared.languages, strict=True)],
            bands=bands,
            labels=names,
            spread=np.array([[chances.get(name, 0.0) for name in names] for _, chances in found]),
        ),
        skipped,
    )
