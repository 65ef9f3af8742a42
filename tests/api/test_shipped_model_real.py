"""The shipped model on texts it must not be sure of, and on reasons that are checked by taking them away."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from models import text
from models.classifier import Reading
from models.encoder import Encoder
from triage.settings import Settings
from triage.wiring import Parts

pytestmark = pytest.mark.real

STRANGE = Path(__file__).with_name("out_of_scope.txt").read_text(encoding="utf-8").splitlines()


@pytest.fixture(scope="module")
def parts(first_day: dict[str, str]) -> Iterator[Parts]:
    made = Parts(Settings(home=Path(first_day["TRIAGE_HOME"]), _env_file=None))
    yield made
    made.close()


def read(parts: Parts, written: str, encoder: Encoder) -> Reading:
    return parts.model.classifiers["category"].read(text.analyse(written), encoder.encode([written])[0])


def best(reading: Reading) -> str:
    return max(reading.chances, key=reading.chances.__getitem__)


def test_what_is_no_ticket_is_not_settled_by_itself(parts: Parts) -> None:
    assert len(STRANGE) >= 100
    bands = parts.model.classifiers["category"].bands_
    automatic = 0
    for written in STRANGE:
        reading = read(parts, written, parts.encoder)
        label = best(reading)
        language = text.analyse(written).language
        automatic += bands.band(reading.chances[label], language, label) == "auto"
    assert automatic <= 0.1 * len(STRANGE)


@pytest.mark.shared
def test_without_its_strongest_reasons_a_label_falls(parts: Parts, shared: Path) -> None:
    with (shared / "eval" / "gold_dev.csv").open(encoding="utf-8") as file:
        texts = [row["text"] for row in csv.DictReader(file)]
    fell = told = 0
    for written in texts:
        whole = read(parts, written, parts.encoder)
        label = best(whole)
        reasons = [one for one in whole.reasons(label) if one.kind in ("term", "concepts") and one.weight > 0]
        spoken = sorted(reasons, key=lambda reason: -reason.weight)[:3]
        if not spoken:
            continue
        less = text.fold(written)
        for reason in spoken:
            less = re.sub(re.escape(reason.term), " ", less, flags=re.IGNORECASE)
        rest = read(parts, less, parts.encoder)
        told += 1
        fell += best(rest) != label or rest.chances[label] < whole.chances[label]
    assert told > 200
    assert fell >= 0.9 * told
