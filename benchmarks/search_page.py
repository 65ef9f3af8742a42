"""What the search comparison measured, as a document in Markdown; nothing in it is written by hand."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import TYPE_CHECKING

from benchmarks.search_methods import BM25, BM25_PLAIN, CHROMA, DEPTH, FTS, FUSION, OURS, RANK_CONSTANT
from benchmarks.search_probes import PROBES, SENTENCES

if TYPE_CHECKING:
    from benchmarks.search_comparison import Measured

METHODS = (CHROMA, BM25_PLAIN, BM25, FUSION, FTS, OURS)
FIGURES = {"recall_at_1": "recall@1", "recall_at_5": "recall@5", "mrr": "MRR"}
VERDICTS = ("ours is better", "not told apart", "ours is worse")
_LANGUAGES = {"zh": "Chinese", "en": "English", "mixed": "mixed", "other": "other"}

ABOUT = {
    CHROMA: "a Chroma collection as its guide begins: default settings of its HNSW graph, our encoder as "
    "its embedding function, one vector for each text, `query_texts`. It goes by meaning alone and "
    "always answers with something, however far away.",
    BM25_PLAIN: "BM25 with the library's own settings and its own cutting of words, which knows no Chinese: "
    "a run of characters without a space or a mark is one word, a single character none.",
    BM25: "the same BM25 over the words of `models.text` (jieba, folded forms, codes kept whole). It finds "
    "what is written alike, whatever it means.",
    FUSION: f"reciprocal rank fusion (k = {RANK_CONSTANT}) of *{CHROMA}* and *{BM25}*, the usual way to join "
    "two lists: only places count, not by how much a text is ahead.",
    FTS: "a full-text table with `tokenize='unicode61'` and the query's words joined by OR, which is what "
    "products built on a database's own search do. To it as well a run of Chinese is one word.",
    OURS: "`triage search`: the archive, candidates and score of `triage evaluate search`. Two vectors a "
    "case, one of its first sentence, so that a long case which begins with its problem is not diluted; "
    "words and pairs of characters; all joined by score and not by place, with the curve fitted on the "
    "seed archive.",
}


def page(sets: Sequence[Measured], probes: Sequence[Mapping[str, int]], encoder: str) -> str:
    """The whole document; two runs differ in its last section alone."""
    versions = f"chromadb {version('chromadb')}, bm25s {version('bm25s')}, SQLite {sqlite3.sqlite_version}"
    lines = [
        "# Search methods side by side",
        "",
        f"Written by `python -m benchmarks.search_comparison`, all in one run: encoder `{encoder}`, "
        f"{versions}. The sets are not part of the repository. No weight and no curve was fitted on them, "
        "but they were in view when the form of our search was chosen, which is kind to it; the others "
        "stand as they come.",
        "",
        "## The methods",
        "",
        *(f"- **{name}**: {ABOUT[name]}" for name in METHODS),
        "",
        "## In short",
        "",
        *_summary(sets),
        "*Ahead* is ours less the best other in recall@1, with the 95 % interval of a bootstrap over "
        "queries that keeps both answers to a query together. The best other is picked after the fact, "
        "for each set anew, which is hard on ours: nobody can pick like that beforehand.",
        "",
        "## Where ours is not the best",
        "",
        *_behind(sets, probes),
        "Speed is told [at the end](#time).",
        "",
        "## Each set",
        "",
        "Recall@1 and recall@5 are the shares of queries whose right case comes first, or among the "
        f"first five; MRR is the mean of 1 / place. All are asked for {DEPTH} texts, what stands further "
        "down was not found, and a text that scores the same as the right one counts as before it. "
        "(Places given by fusion tie often: first in one list and missing in the other is the same from "
        "either side.) The language of a set is what `models.text` calls most of its texts.",
        "",
    ]
    for each in sets:
        lines += _set(each)
    return "\n".join(lines + _probes(probes) + _time(sets))


def probe_table(probes: Sequence[Mapping[str, int]]) -> list[str]:
    """Where each method has the sentence that a probe should find."""
    rows = [
        (
            f"{probe.query} → {probe.wanted}",
            probe.between,
            *("not found" if places[name] == 0 else places[name] for name in METHODS),
        )
        for probe, places in zip(PROBES, probes, strict=True)
    ]
    return _table(("query → sentence", "between them", *METHODS), rows)


def _summary(sets: Sequence[Measured]) -> list[str]:
    rows = [
        (
            f"`{each.name}`",
            f"{_LANGUAGES[each.languages[0]]} → {_LANGUAGES[each.languages[1]]}",
            f"{each.figures[OURS]['recall_at_1']:.3f}",
            f"{each.figures[each.best_other]['recall_at_1']:.3f} ({each.best_other})",
            f"{each.ahead:+.3f} [{each.ahead_interval[0]:+.3f}, {each.ahead_interval[1]:+.3f}]",
            _verdict(each),
        )
        for each in sets
    ]
    counted = Counter(map(_verdict, sets))
    told = ", ".join(f"{verdict} in {counted[verdict]}" for verdict in VERDICTS)
    return [
        *_table(("set", "query → case", "ours, recall@1", "best other", "ahead", ""), rows),
        f"Of {len(sets)} sets, by recall@1 against the best other of each: {told}.",
        "",
    ]


def _verdict(each: Measured) -> str:
    low, high = each.ahead_interval
    return VERDICTS[0] if low > 0 else VERDICTS[2] if high < 0 else VERDICTS[1]


def _behind(sets: Sequence[Measured], probes: Sequence[Mapping[str, int]]) -> list[str]:
    rows = []
    for each in sets:
        for key, title in FIGURES.items():
            best = max(METHODS, key=lambda name: each.figures[name][key])
            ours, theirs = each.figures[OURS][key], each.figures[best][key]
            if theirs > ours:
                rows.append((f"`{each.name}`", title, f"{theirs:.3f} ({best})", f"{ours:.3f}"))
    lines = _table(("set", "figure", "best", "ours"), rows) if rows else ["In no figure of any set.", ""]
    late = [
        f"{probe.query} → {probe.wanted}"
        for probe, places in zip(PROBES, probes, strict=True)
        if places[OURS] != 1
    ]
    if late:
        lines += [f"Single words below whose sentence does not come first: {'; '.join(late)}.", ""]
    return lines


def _set(each: Measured) -> list[str]:
    best = {key: max(each.figures[name][key] for name in METHODS) for key in FIGURES}
    rows = [(name, *(_marked(each.figures[name][key], best[key]) for key in FIGURES)) for name in METHODS]
    asked, held = (_LANGUAGES[language] for language in each.languages)
    return [
        f"### `{each.name}`",
        "",
        f"{each.queries:,} queries ({asked}) for {each.cases:,} cases ({held}).",
        "",
        *_table(("method", *FIGURES.values()), rows),
    ]


def _marked(figure: float, best: float) -> str:
    return f"**{figure:.3f}**" if figure == best else f"{figure:.3f}"


def _probes(probes: Sequence[Mapping[str, int]]) -> list[str]:
    first = [(name, sum(places[name] == 1 for places in probes)) for name in METHODS]
    missed = [(name, sum(places[name] == 0 for places in probes)) for name in METHODS]
    return [
        "## Single words",
        "",
        f"People also search by one word or code. Here {len(PROBES)} such queries search {len(SENTENCES)} "
        "made-up sentences; a cell is the place of the sentence that holds the word, or is about it. "
        "Other sentences that hold the same do not count. A method by meaning has a place for "
        "everything: only a first place says that it found it, and so few sentences are easy.",
        "",
        *probe_table(probes),
        *_table(
            ("", *METHODS),
            [
                ("first", *(number for _, number in first)),
                ("not found", *(number for _, number in missed)),
            ],
        ),
    ]


def _time(sets: Sequence[Measured]) -> list[str]:
    rows = [
        (f"`{each.name}`", *(f"{each.taken[name] / each.taken[OURS]:.2g}" for name in METHODS))
        for each in sets
    ]
    slowest = sum(max(each.taken, key=each.taken.__getitem__) == OURS for each in sets)
    return [
        "## Time",
        "",
        "Median time of one query, from its text to the ranked numbers of cases, against ours in the "
        "same run (ours = 1). The methods take turns every few queries. This is one run on one machine: "
        "it tells apart a half and a double, not a tenth; the next run has other figures in this "
        "section, and the same above it.",
        "",
        f"Ours is the slowest in {slowest} of {len(sets)} sets: it encodes the query, asks both indexes and "
        "then scores every candidate exactly.",
        "",
        *_table(("set", *METHODS), rows),
    ]


def _table(heads: Sequence[str], rows: Sequence[Sequence[object]]) -> list[str]:
    return [
        f"| {' | '.join(heads)} |",
        "|" + "---|" * len(heads),
        *(f"| {' | '.join(str(cell) for cell in row)} |" for row in rows),
        "",
    ]
