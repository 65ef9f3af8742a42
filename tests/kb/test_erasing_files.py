"""Which files of a state directory still hold a customer's words."""

from __future__ import annotations

import gzip
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from kb import erasing_files

NAME, PERSON, MAIL = "星河精密机械有限公司", "李雷霆", "lei@xinghe.example"


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    home = tmp_path / "files"
    (home / "models" / "own-1").mkdir(parents=True)
    yield home


def test_files_that_hold_it_are_named_packed_or_not(folder: Path) -> None:
    with zipfile.ZipFile(
        folder / "models" / "own-1" / "category.skops", "w", zipfile.ZIP_DEFLATED
    ) as archive:
        archive.writestr("schema.json", f'{{"vocabulary": "{PERSON}"}}'.encode("ascii", "backslashreplace"))
    np.savez(folder / "models" / "own-1" / "examples.npz", ids=np.array([NAME]))
    (folder / "sheet.csv").write_bytes(f"a,{NAME}".encode("gb18030"))
    (folder / "sheet.jsonl.gz").write_bytes(gzip.compress(MAIL.upper().encode()))
    (folder / "clean.csv").write_text("nothing", encoding="utf-8")
    (folder / "left.db").write_text(NAME, encoding="utf-8")
    (folder / "broken.gz").write_bytes(b"\x1f\x8b broken")

    found = erasing_files.holding(folder, [NAME, PERSON, MAIL.upper()], [folder / "left.db"])

    assert found == [
        "models/own-1/category.skops",
        "models/own-1/examples.npz",
        "sheet.csv",
        "sheet.jsonl.gz",
    ]


def test_no_folder_and_no_words_hold_nothing(folder: Path) -> None:
    assert erasing_files.holding(folder / "gone", [NAME]) == []
    assert erasing_files.holding(folder, ["ab"]) == []
