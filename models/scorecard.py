"""How good a classifier or a search is, on data it has not seen, in numbers that say how sure they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import precision_recall_fscore_support

from models.errors import InputError

_BINS = 10
_RESAMPLES = 1000
_Z95 = 1.959963984540054

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Judged:
    """Predictions beside the truth, one entry a text; ``spread`` are all probabilities (texts, labels)
    in the order of ``labels``, ``bands`` the band each prediction was shown in.
    """

    truth: Sequence[str]
    predicted: Sequence[str]
    confidence: Sequence[float]
    languages: Sequence[str]
    bands: Sequence[str]
    labels: Sequence[str]
    spread: Floats


def classification(judged: Judged, skipped: int = 0) -> dict[str, Any]:
    """The scorecard of a classifier, ready for JSON.

    ``accuracy_interval`` is Wilson's, ``macro_f1_interval`` a percentile bootstrap, both at 95 %.
    ``ece`` is the expected calibration error over ten bins of equal size, ``reliability`` those bins;
    ``brier`` the mean squared distance of the probabilities from the truth, 0 to 2; ``risk_coverage`` the
    accuracy of the surest tenth, two tenths and so on; ``bands`` how often each was shown, and right.

    Raises:
        InputError: there is nothing to judge.
    """
    if not judged.truth:
        raise InputError("there is no labelled text to test with")
    truth, predicted = np.asarray(judged.truth), np.asarray(judged.predicted)
    right = truth == predicted
    confidence = np.asarray(judged.confidence, dtype=np.float64)
    labels = sorted(set(judged.truth) | set(judged.predicted))
    precision, recall, f1, support = precision_recall_fscore_support(
        truth, predicted, labels=labels, zero_division=0.0
    )
    per_class = {
        label: {
            "precision": round(float(precision[i]), 4),
            "recall": round(float(recall[i]), 4),
            "f1": round(float(f1[i]), 4),
            "support": int(support[i]),
        }
        for i, label in enumerate(labels)
    }
    languages = np.asarray(judged.languages)
    per_language = {}
    for language in sorted(set(judged.languages)):
        own = languages == language
        per_language[language] = {
            "n": int(own.sum()),
            "accuracy": round(float(right[own].mean()), 4),
            "accuracy_interval": wilson(int(right[own].sum()), int(own.sum())),
            "macro_f1": round(macro_f1(truth[own], predicted[own]), 4),
        }
    return {
        "skipped": skipped,
        "n": len(truth),
        "accuracy": round(float(right.mean()), 4),
        "accuracy_interval": wilson(int(right.sum()), len(truth)),
        "macro_f1": round(macro_f1(truth, predicted), 4),
        "macro_f1_interval": _bootstrap(truth, predicted),
        "per_class": per_class,
        "per_language": per_language,
        "confusion": {
            label: {other: int(((truth == label) & (predicted == other)).sum()) for other in labels}
            for label in labels
        },
        "ece": round(calibration_error(confidence, right), 4),
        "reliability": [
            {
                "n": len(part),
                "confidence": round(float(confidence[part].mean()), 4),
                "accuracy": round(float(right[part].mean()), 4),
            }
            for part in _bins(confidence)
        ],
        "brier": round(brier(judged.spread, judged.labels, truth), 4),
        "risk_coverage": risk_coverage(confidence, right),
        "bands": _bands(np.asarray(judged.bands), right),
    }


def brier(spread: Floats, labels: Sequence[str], truth: NDArray[Any]) -> float:
    """The mean squared distance of the probabilities from the truth (Brier 1950), 0 to 2.

    A true label that the model does not know had probability 0.
    """
    wanted = truth[:, None] == np.asarray(labels)[None, :]
    strange = ~wanted.any(axis=1)
    return float((((spread - wanted) ** 2).sum(axis=1) + strange).mean())


def risk_coverage(confidence: Floats, right: NDArray[np.bool_]) -> list[dict[str, float]]:
    """How right the surest tenth, two tenths and so on of the predictions are."""
    order = np.argsort(-confidence, kind="stable")
    shares = np.cumsum(right[order]) / np.arange(1, len(order) + 1)
    ends = [int(np.ceil(tenths * len(order) / 10)) for tenths in range(1, 11)]
    return [
        {"coverage": round(end / len(order), 4), "accuracy": round(float(shares[end - 1]), 4)} for end in ends
    ]


def _bands(bands: NDArray[Any], right: NDArray[np.bool_]) -> dict[str, dict[str, Any]]:
    found = {}
    for name in sorted(set(bands.tolist())):
        own = bands == name
        found[name] = {
            "n": int(own.sum()),
            "share": round(float(own.mean()), 4),
            "accuracy": round(float(right[own].mean()), 4),
            "accuracy_interval": wilson(int(right[own].sum()), int(own.sum())),
        }
    return found


def macro_f1(truth: NDArray[Any], predicted: NDArray[Any]) -> float:
    """The mean F1 over the labels that occur in the truth or in the predictions."""
    labels = np.unique(np.concatenate([truth, predicted]))
    f1 = precision_recall_fscore_support(truth, predicted, labels=labels, zero_division=0.0)[2]
    return float(np.mean(f1))


def wilson(right: int, number: int) -> tuple[float, float]:
    """The 95 % interval of a share (Wilson 1927)."""
    if number == 0:
        return (0.0, 1.0)
    share, z = right / number, _Z95
    middle = share + z * z / (2 * number)
    spread = z * float(np.sqrt(share * (1 - share) / number + z * z / (4 * number * number)))
    scale = 1 + z * z / number
    return (round((middle - spread) / scale, 4), round((middle + spread) / scale, 4))


def calibration_error(confidence: Floats, right: NDArray[np.bool_]) -> float:
    """The mean distance between stated confidence and share right, over bins of equally many texts."""
    gaps = [abs(confidence[part].mean() - right[part].mean()) * len(part) for part in _bins(confidence)]
    return float(sum(gaps) / max(len(confidence), 1))


def _bins(confidence: Floats) -> list[NDArray[np.intp]]:
    order = np.argsort(confidence, kind="stable")
    return [part for part in np.array_split(order, max(min(_BINS, len(order)), 1)) if len(part)]


def ranking(scores: Sequence[Floats], wanted: Sequence[int]) -> dict[str, float]:
    """Recall and mean reciprocal rank; row by row all cases' scores and the number of the right one.

    A case that ties with the right one counts as before it.
    """
    ranks = np.array([int((row >= row[right]).sum()) for row, right in zip(scores, wanted, strict=True)])
    return ranking_of_ranks(ranks)


def ranking_of_ranks(ranks: NDArray[np.int_]) -> dict[str, float]:
    """Recall and mean reciprocal rank of ranks counted from 1; 0 means that it was not found."""
    found = ranks > 0
    reciprocal = np.where(found, 1.0 / np.maximum(ranks, 1), 0.0)
    share = {f"recall_at_{k}": round(float((found & (ranks <= k)).mean()), 4) for k in (1, 5, 10)}
    return {"n": len(ranks), **share, "mrr": round(float(reciprocal.mean()), 4)}


def compared(truth: Sequence[str], ours: Sequence[str], theirs: Sequence[str]) -> dict[str, Any]:
    """Another's accuracy and macro-F1, and how much more accurate ours is, with its 95 % interval.

    The interval is a bootstrap over texts that keeps each text's two answers together.
    """
    right, mine, its = np.asarray(truth), np.asarray(ours), np.asarray(theirs)
    ahead = (mine == right).astype(int) - (its == right).astype(int)
    shares = [float((ahead == value).mean()) for value in (-1, 0, 1)]
    drawn = np.random.default_rng(0).multinomial(len(right), shares, size=_RESAMPLES)
    low, high = np.quantile((drawn[:, 2] - drawn[:, 0]) / len(right), [0.025, 0.975])
    return {
        "accuracy": round(float((its == right).mean()), 4),
        "macro_f1": round(macro_f1(right, its), 4),
        "ahead": round(float(ahead.mean()), 4),
        "ahead_interval": (round(float(low), 4), round(float(high), 4)),
    }


def _bootstrap(truth: NDArray[Any], predicted: NDArray[Any]) -> tuple[float, float]:
    """Macro-F1 over resampled confusion matrices, which is the same as resampling texts and far quicker."""
    labels, codes = np.unique(np.concatenate([truth, predicted]), return_inverse=True)
    size, number = len(labels), len(truth)
    cells = codes[:number] * size + codes[number:]
    shares = np.bincount(cells, minlength=size * size) / number
    drawn = np.random.default_rng(0).multinomial(number, shares, size=_RESAMPLES).reshape(-1, size, size)
    hits = np.diagonal(drawn, axis1=1, axis2=2)
    both = drawn.sum(axis=1) + drawn.sum(axis=2)
    present = both > 0
    f1 = np.where(present, 2 * hits / np.maximum(both, 1), 0.0).sum(axis=1) / np.maximum(
        present.sum(axis=1), 1
    )
    low, high = np.quantile(f1, [0.025, 0.975])
    return (round(float(low), 4), round(float(high), 4))
