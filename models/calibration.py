"""From scores to probabilities that mean what they say, and to the bands an agent sees."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, special, stats

from models.text import UNREAD

AUTO_PRECISION = 0.95
"""Above the ``auto`` threshold at least this share of suggestions is right."""
SUGGEST_PRECISION = 0.6
"""Above the ``suggest`` threshold at least this share; below it a person is asked."""
DOUBT = 0.1
"""How likely at most it is that a promise of precision does not hold for texts like those held out."""
NEVER = 1.01
_SHARES = np.linspace(0.1, 1.0, 10)
_FEW = 100
_LOUDEST = 100.0
"""Where a head is never wrong, an ever louder one would be ever better."""
_PRICES = (0.0001, 0.001, 0.01, 0.1, 1.0, 10.0)
"""How dear head starts may be, in log loss for half a square unit."""
_USUAL = 3
"""The place of the price that is taken where nothing says otherwise, and where the search begins."""
ANY = "*"

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Blend:
    """How loudly each head speaks, and each label's head start, which also sets the temperature.

    score = lexical x coverage x a + semantic x b + concepts x c + start
    """

    lexical: float
    semantic: float
    concepts: float
    starts: tuple[float, ...]

    def join(self, lexical: Floats, coverage: Floats, semantic: Floats, concepts: Floats) -> Floats:
        """Blended scores (texts, labels)."""
        words = self.lexical * coverage[:, None] * lexical
        joined: Floats = words + self.semantic * semantic + self.concepts * concepts + np.array(self.starts)
        return joined


def fit_blend(
    lexical: Floats,
    coverage: Floats,
    semantic: Floats,
    concepts: Floats,
    targets: NDArray[np.intp],
    folds: NDArray[np.intp] | None = None,
) -> Blend:
    """The blend of least log loss on held-out scores; ``targets`` are label numbers.

    No weight can be negative, so that no head is turned against itself. The loss is convex. How dear
    head starts are is what serves the texts of each fold best when the blend is fitted on the others: labels
    that are as common in one fold as in the next may have them, those of single trades may not.
    """
    heads = np.stack([coverage[:, None] * lexical, semantic, concepts])
    best = _USUAL if folds is None else _best_price(_Elsewhere(heads, targets, folds))
    found = _least(heads, targets, _PRICES[best], None)
    starts = found[len(heads) :] - found[len(heads) :].mean()
    return Blend(float(found[0]), float(found[1]), float(found[2]), tuple(starts.tolist()))


class _Elsewhere:
    """The mean log loss of each fold under the blend of the others, by the place of the price."""

    def __init__(self, heads: Floats, targets: NDArray[np.intp], folds: NDArray[np.intp]) -> None:
        self._heads, self._targets, self._folds = heads, targets, folds
        self._found: dict[int, Floats] = {}
        """By fold, what was found last: the next price's answer is not far from it."""

    def __call__(self, place: int) -> float:
        loss, heads = 0.0, len(self._heads)
        for fold in np.unique(self._folds):
            held = self._folds == fold
            known = (self._heads[:, ~held], self._targets[~held])
            found = self._found[fold] = _least(*known, _PRICES[place], self._found.get(fold))
            scores = np.tensordot(found[:heads], self._heads[:, held], axes=1) + found[heads:]
            own = np.take_along_axis(scores, self._targets[held][:, None], axis=1)[:, 0]
            loss += float((special.logsumexp(scores, axis=1) - own).sum())
        return loss / len(self._targets)


def _best_price(loss: Callable[[int], float]) -> int:
    """The place of the price of least loss, looked for outwards from the usual one: it has one valley."""
    best, least = _USUAL, loss(_USUAL)
    for step in (1, -1):
        place = _USUAL + step
        while 0 <= place < len(_PRICES) and (found := loss(place)) < least:
            best, least = place, found
            place += step
        if best != _USUAL:
            break
    return best


def _least(heads: Floats, targets: NDArray[np.intp], price: float, begin: Floats | None) -> Floats:
    """The weights of the ``heads`` (heads, texts, labels) and the head starts of least log loss."""
    voices, number, labels = heads.shape
    # However sure the heads were, as many texts allow no surer answer (Platt 1999, after Laplace).
    doubt = 1 / (number + 2)
    wanted = np.full((number, labels), doubt / labels)
    wanted[np.arange(number), targets] += 1 - doubt

    def loss(values: Floats) -> tuple[float, Floats]:
        starts = values[voices:]
        scores = np.tensordot(values[:voices], heads, axes=1) + starts
        logs = scores - special.logsumexp(scores, axis=1, keepdims=True)
        excess = (np.exp(logs) - wanted) / number
        slope = np.concatenate(
            [np.tensordot(heads, excess, axes=([1, 2], [0, 1])), excess.sum(axis=0) + price * starts]
        )
        return float(-(logs * wanted).sum() / number + price / 2 * (starts @ starts)), slope

    found = optimize.minimize(
        loss,
        np.concatenate([np.ones(voices), np.zeros(labels)]) if begin is None else begin,
        jac=True,
        method="L-BFGS-B",
        bounds=[(0.0, _LOUDEST)] * voices + [(None, None)] * labels,
    )
    values: Floats = found.x
    return values


@dataclass(frozen=True, slots=True)
class Bands:
    """Thresholds by language and label, with ``*`` where there were too few examples for one of its own."""

    thresholds: Mapping[str, tuple[float, float]]

    def band(self, confidence: float, language: str, label: str) -> str:
        """``auto``, ``suggest`` or ``ask``.

        What holds for all languages together was not tried on those that the analyser does not read: about
        such a text a person is asked, unless there were enough of its kind to learn from.
        """
        general = () if language == UNREAD else (f"{ANY}/{label}", f"{ANY}/{ANY}")
        for key in (f"{language}/{label}", f"{language}/{ANY}", *general):
            if key in self.thresholds:
                suggest, auto = self.thresholds[key]
                break
        else:
            return "ask"
        return "auto" if confidence >= auto else "suggest" if confidence >= suggest else "ask"


def fit_bands(
    confidences: Floats,
    correct: NDArray[np.bool_],
    languages: Sequence[str],
    labels: Sequence[str],
    *,
    suggest: float = SUGGEST_PRECISION,
    auto: float = AUTO_PRECISION,
) -> Bands:
    """Choose thresholds on held-out predictions, per language and label where there are enough of them.

    ``suggest`` and ``auto`` are the shares right that the bands promise. Where ``auto`` can be promised of
    all texts together, no label has a lower threshold than they: what is no ticket is often given a label
    of which so little is wrong among tickets that a modest confidence would do.
    """
    whole = threshold(confidences, correct, auto)
    least = whole if whole < NEVER else 0.0
    found: dict[str, tuple[float, float]] = {}
    tongue, label = np.asarray(languages), np.asarray(labels)
    for language in [*sorted(set(languages)), ANY]:
        for name in [*sorted(set(labels)), ANY]:
            chosen = ((tongue == language) | (language == ANY)) & ((label == name) | (name == ANY))
            if chosen.sum() < _FEW and (language, name) != (ANY, ANY):
                continue
            low = threshold(confidences[chosen], correct[chosen], suggest)
            high = threshold(confidences[chosen], correct[chosen], auto)
            found[f"{language}/{name}"] = (low, max(high, low, least))
    return Bands(found)


def threshold(confidences: Floats, correct: NDArray[np.bool_], precision: float) -> float:
    """The lowest confidence at and above which the stated share is right, but for a chance of ``DOUBT``.

    Learn then test (Angelopoulos et al. 2021): of ten thresholds fixed beforehand, those that let through
    a tenth, two tenths and so on of the texts, the lowest whose errors a precision below the stated one
    would hardly have left so few (exact binomial test, Bonferroni's correction). ``NEVER`` where none is.
    """
    ranked = np.sort(confidences)[::-1]
    lowest = NEVER
    for share in _SHARES:
        least = float(ranked[int(np.ceil(share * len(ranked))) - 1])
        through = confidences >= least
        errors = int((~correct[through]).sum())
        if stats.binom.cdf(errors, int(through.sum()), 1 - precision) <= DOUBT / len(_SHARES):
            lowest = min(lowest, least)
    return lowest
