"""What a classifier answered for each text while it had not learned from it: what its promises rest on."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models import scorecard
from models.calibration import AUTO_PRECISION, SUGGEST_PRECISION, Bands, fit_bands
from models.errors import ModelError

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class HeldOut:
    """Out-of-fold answers, one entry a text.

    ``truth`` holds the place of each text's own label among ``labels``, ``chances`` (texts, labels) the
    probabilities; ``ids`` name the texts where that is known. The weights of the blend were chosen on the
    same answers, a few numbers for all texts, so that figures made of them are a trifle kind.
    """

    labels: Sequence[str]
    truth: NDArray[np.intp]
    chances: Floats
    languages: Sequence[str]
    ids: Sequence[str] = ()

    @cached_property
    def best(self) -> NDArray[np.intp]:
        """The place of the most probable label of each text."""
        return np.asarray(self.chances.argmax(axis=1), dtype=np.intp)

    @cached_property
    def confidences(self) -> Floats:
        """How probable the most probable label of each text was."""
        return np.asarray(self.chances.max(axis=1), dtype=np.float64)

    @cached_property
    def predicted(self) -> list[str]:
        """The most probable label of each text."""
        return [self.labels[i] for i in self.best]

    def bands(self, suggest: float = SUGGEST_PRECISION, auto: float = AUTO_PRECISION) -> Bands:
        """The thresholds that keep these promises, but for a chance of ``calibration.DOUBT`` each."""
        right = self.best == self.truth
        return fit_bands(self.confidences, right, self.languages, self.predicted, suggest=suggest, auto=auto)

    def shown(self, bands: Bands) -> list[str]:
        """The band in which each text would have been shown."""
        return [
            bands.band(float(sure), language, label)
            for sure, language, label in zip(self.confidences, self.languages, self.predicted, strict=True)
        ]

    def scorecard(self, bands: Bands) -> dict[str, Any]:
        """All figures of ``models.scorecard`` over these answers, shown in these bands."""
        return scorecard.classification(
            scorecard.Judged(
                truth=[self.labels[i] for i in self.truth],
                predicted=self.predicted,
                confidence=self.confidences.tolist(),
                languages=self.languages,
                bands=self.shown(bands),
                labels=self.labels,
                spread=self.chances,
            )
        )

    def save(self, path: Path) -> None:
        """Write to one file of plain arrays; probabilities are rounded to half precision."""
        with path.open("wb") as file:
            np.savez_compressed(
                file,
                labels=np.asarray(self.labels, np.str_),
                truth=self.truth.astype(np.int32),
                chances=self.chances.astype(np.float16),
                languages=np.asarray(self.languages, np.str_),
                ids=np.asarray(self.ids, np.str_),
            )

    @classmethod
    def load(cls, path: Path) -> HeldOut:
        """Read a file of ``save``.

        Raises:
            ModelError: it is damaged.
        """
        try:
            with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
                return cls(
                    stored["labels"].tolist(),
                    stored["truth"].astype(np.intp),
                    stored["chances"].astype(np.float64),
                    stored["languages"].tolist(),
                    stored["ids"].tolist(),
                )
        except (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile) as error:
            raise ModelError(f"{path} is damaged: {error}") from error
