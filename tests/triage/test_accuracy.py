"""The accuracy document: a plan is read with care, and what it says is what was measured."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from models.concepts import NO_CONCEPTS
from models.encoder import Encoder
from models.errors import DataFileError, FileFormatError
from models.store import StoredModel
from triage import accuracy
from triage.accuracy import Bench
from triage.learning import Labelled
from triage.rules import Rules

PLAN = """
[[set]]
title = "The model in use"
test = "own.csv"
by = ["floor"]

[[set]]
title = "A model of a file"
train = "own.csv"
test = "own.csv"

[[strange]]
title = "No tickets"
file = "strange.txt"
"""


@pytest.fixture
def folder(tmp_path: Path, labelled: list[Labelled]) -> Path:
    with (tmp_path / "own.csv").open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["text", "category", "floor"])
        rows.writerows([row.text, row.labels["category"], row.text[-1]] for row in labelled)
    (tmp_path / "strange.txt").write_text("哈哈哈\n\nxqzw vvkj\n", encoding="utf-8")
    (tmp_path / "plan.toml").write_text(PLAN, encoding="utf-8")
    return tmp_path


@pytest.fixture
def bench(
    small_model: StoredModel, encoder: Encoder, shipped_rules: Rules, labelled: list[Labelled]
) -> Bench:
    return Bench(small_model, encoder, shipped_rules, NO_CONCEPTS, labelled)


def test_the_document_tells_every_set(folder: Path, bench: Bench) -> None:
    written = accuracy.report(accuracy.load_plan(folder / "plan.toml"), bench)
    assert [line for line in written.splitlines() if line.startswith("## ")] == [
        "## The model in use",
        "## A model of a file",
        "## No tickets",
    ]
    assert written.count("| 108 | ") == 2
    assert written.count("| majority | 0.333 |") == 2
    assert "| floor | texts | accuracy | macro-F1 |" in written
    assert "| class | texts | precision | recall | F1 | as consult | as hardware | as software |" in written
    shares = [line for line in written.partition("## No tickets")[2].splitlines() if line.count("|") == 4]
    assert sum(int(line.split("|")[2]) for line in shares if line.split("|")[2].strip().isdigit()) == 2


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "at least 1"),
        ('[[set]]\ntest = "a.csv"\n', "'title' is missing"),
        ('[[set]]\ntitle = "a"\ntest = "a.csv"\nlabels = "x"\n', "unknown key 'labels'"),
    ],
)
def test_a_wrong_plan_is_told_with_its_line(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "plan.toml"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(DataFileError, match=message):
        accuracy.load_plan(path)


def test_a_file_that_is_not_there_is_named(folder: Path, bench: Bench) -> None:
    (folder / "strange.txt").unlink()
    with pytest.raises(FileFormatError, match=r"strange\.txt"):
        accuracy.report(accuracy.load_plan(folder / "plan.toml"), bench)
