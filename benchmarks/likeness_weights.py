"""How much meaning and words say about two texts being about one problem, from the seed alone.

``python -m benchmarks.likeness_weights``: logistic regression on all pairs of seed tickets and seed cases
whose problem is named, laid out among all seed tickets. The constants of ``kb.likeness.Weights`` are these,
rounded. Then how well meaning finds the pairs when subjects (a text's own where it has one, else its first
line) count more or less beside the whole text: ``kb.likeness.SUBJECT``.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kb import likeness
from kb.likeness import Space, space
from kb.ticket_documents import read
from models.encoder import load_encoder
from triage import seed
from triage.settings import load_settings

SUBJECTS = (0.0, 0.25, 0.5, 1.0)


def main() -> None:
    from sklearn.metrics import average_precision_score

    folder = load_settings().data_folder
    texts, problems = _texts(folder)
    encoder = load_encoder("use")
    whole = read(texts, encoder)
    layout = space(whole)
    known = np.array([place for place, problem in enumerate(problems) if problem])
    left, right = (known[side] for side in np.triu_indices(len(known), 1))
    same = np.array([problems[one] == problems[other] for one, other in zip(left, right, strict=True)])
    meaning, words = _products(layout, left, right)
    across = layout.scripts[left].astype(np.int16) * layout.scripts[right] < 0
    print(
        f"{len(known)} texts of {len(set(problems) - {''})} problems, {same.sum()} of {len(same)} pairs alike"
    )
    for name, chosen, columns in (
        ("same script", ~across, [meaning, words]),
        ("other script", across, [meaning]),
    ):
        weights, base, precision = _fit(np.column_stack([column[chosen] for column in columns]), same[chosen])
        shown = ", ".join(f"{weight:.1f}" for weight in weights)
        print(f"{name}: weights {shown}; base {base:.1f}; average precision {precision:.3f}")
    subjects = read([text.partition("\n")[0] for text in texts], encoder)
    for counted in SUBJECTS:
        likeness.SUBJECT = np.float32(counted)
        meaning, _ = _products(space(whole, subjects), left, right)
        own, other = (average_precision_score(same[kind], meaning[kind]) for kind in (~across, across))
        print(f"subjects count {counted}: average precision of meaning {own:.3f}, across scripts {other:.3f}")


def _texts(folder: Path) -> tuple[list[str], Sequence[str]]:
    tickets = seed.tickets(folder)
    texts = [ticket.text for ticket in tickets]
    problems = [ticket.problem for ticket in tickets]
    for language in seed.LANGUAGES:
        lines = (folder / "seed" / f"cases_{language}.jsonl").read_text(encoding="utf-8").splitlines()
        for case in map(json.loads, lines):
            texts.append("\n".join(part for part in (case["problem"], case.get("symptoms", "")) if part))
            problems.append(case["id"].removeprefix("case-").removesuffix(f"-{language}"))
    return texts, problems


def _products(
    layout: Space, left: NDArray[np.intp], right: NDArray[np.intp]
) -> tuple[NDArray[np.float32], ...]:
    meanings, words = [], []
    for start in range(0, len(left), 100_000):
        one, other = left[start : start + 100_000], right[start : start + 100_000]
        meanings.append(np.einsum("ij,ij->i", layout.meanings[one], layout.meanings[other]))
        words.append(np.asarray(layout.words[one].multiply(layout.words[other]).sum(axis=1)).ravel())
    return np.concatenate(meanings), np.concatenate(words)


def _fit(columns: NDArray[np.float32], same: NDArray[np.bool_]) -> tuple[NDArray[np.float64], float, float]:
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import average_precision_score

    fitted = LogisticRegression(C=100, max_iter=1000).fit(columns, same)
    precision = average_precision_score(same, fitted.decision_function(columns))
    return fitted.coef_[0], float(fitted.intercept_[0]), float(precision)


if __name__ == "__main__":
    main()
