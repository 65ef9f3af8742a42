"""Problem groups beside what one would pick instead, on the same vectors, in one run.

``python -m benchmarks.grouping [FOLDER]``: groups of incidents against their known causes (B-cubed, Bagga
and Baldwin 1998; a text left outside is a group of one), and questions in two languages, which of them end
up in one group with their translation. BERTopic is compared where it is installed.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import importlib.util
import warnings
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.grouping_scale import documents_of
from kb import mining
from kb.likeness import Space, space
from kb.ticket_documents import Documents
from models.encoder import load_encoder

Labels = NDArray[np.intp]
Method = Callable[[Documents, Space, Sequence[str], int], Labels]

SMALLEST = 5


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=Path("../shared/eval"))
    folder = parser.parse_args().folder
    encoder = load_encoder("use")
    sets = {"faults": _faults(folder), "two languages": _languages(folder)}
    for name, (texts, truth) in sets.items():
        documents = documents_of(texts, encoder)
        layout = space(documents.whole, documents.subjects)
        kinds = len(set(truth))
        print(f"\n{name}: {len(texts)} texts, {kinds} kinds")
        print(
            f"{'method':<28} {'B-cubed F1':>10} {'precision':>10} {'recall':>7} {'outside':>8} {'whole':>9}"
        )
        for method, run in _methods(encoder).items():
            found = run(documents, layout, texts, kinds)
            precision, recall = b_cubed(truth, found.tolist())
            score = 2 * precision * recall / (precision + recall)
            alone = Counter(found.tolist())
            outside = np.mean([alone[group] == 1 for group in found.tolist()])
            print(
                f"{method:<28} {score:>10.3f} {precision:>10.3f} {recall:>7.3f} {outside:>8.1%} "
                f"{together(truth, found.tolist()):>9.1%}",
                flush=True,
            )


def b_cubed(truth: Sequence[str], found: Sequence[int]) -> tuple[float, float]:
    """Precision and recall, the mean over all texts."""
    kinds, groups = Counter(truth), Counter(found)
    both = Counter(zip(truth, found, strict=True))
    precision = sum(count * count / groups[group] for (_, group), count in both.items())
    recall = sum(count * count / kinds[kind] for (kind, _), count in both.items())
    return precision / len(truth), recall / len(truth)


def together(truth: Sequence[str], found: Sequence[int]) -> float:
    """The share of kinds of two or more texts that are whole in one group."""
    groups: dict[str, list[int]] = defaultdict(list)
    for kind, group in zip(truth, found, strict=True):
        groups[kind].append(group)
    several = [held for held in groups.values() if len(held) > 1]
    return sum(len(set(held)) == 1 for held in several) / max(len(several), 1)


def _methods(encoder: Any) -> dict[str, Method]:
    methods: dict[str, Method] = {
        "ours": _ours,
        "k-means, k known": lambda documents, _layout, _texts, kinds: _k_means(
            documents.whole.vectors, kinds
        ),
        "HDBSCAN, vectors": lambda documents, _layout, _texts, _kinds: _hdbscan(documents.whole.vectors),
        "k-means, our meanings": lambda _documents, layout, _texts, kinds: _k_means(layout.meanings, kinds),
        "HDBSCAN, our meanings": lambda _documents, layout, _texts, _kinds: _hdbscan(layout.meanings),
    }
    if importlib.util.find_spec("bertopic"):
        methods["BERTopic, its defaults"] = _bertopic
    return methods


def _ours(documents: Documents, _layout: Space, texts: Sequence[str], _kinds: int) -> Labels:
    found = np.arange(len(texts))
    for cluster in mining.group(documents).clusters:
        found[cluster.places] = cluster.places.min()
    return found


def _k_means(vectors: NDArray[Any], kinds: int) -> Labels:
    from sklearn.cluster import KMeans

    return np.asarray(KMeans(kinds, n_init=3, random_state=0).fit_predict(vectors), dtype=np.intp)


def _hdbscan(vectors: NDArray[Any]) -> Labels:
    from sklearn.cluster import HDBSCAN

    return _alone(HDBSCAN(min_cluster_size=SMALLEST, copy=True).fit_predict(vectors.astype(np.float64)))


def _bertopic(documents: Documents, _layout: Space, texts: Sequence[str], _kinds: int) -> Labels:
    from bertopic import BERTopic

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        topics, _ = BERTopic(language="multilingual", calculate_probabilities=False).fit_transform(
            list(texts), embeddings=documents.whole.vectors
        )
    return _alone(np.array(topics))


def _alone(labels: NDArray[Any]) -> Labels:
    """Those left outside (-1) each as a group of its own."""
    own = labels.astype(np.intp)
    outside = own < 0
    own[outside] = own.max() + 1 + np.arange(outside.sum())
    return own


def _faults(folder: Path) -> tuple[list[str], list[str]]:
    rows = {
        f"{row['symptom']}\n{row['analysis']}": row["root_cause_fine"]
        for row in _rows(folder / "faults_zh_ict.csv.gz")
    }
    return list(rows), list(rows.values())


def _languages(folder: Path) -> tuple[list[str], list[str]]:
    rows = _rows(folder / "pairs_esp_faq.csv.gz")
    return [row[name] for name in ("q_zh", "q_en") for row in rows], [
        row["id"] for _ in range(2) for row in rows
    ]


def _rows(path: Path) -> list[dict[str, str]]:
    with gzip.open(path, "rt", encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


if __name__ == "__main__":
    main()
