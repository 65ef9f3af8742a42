"""A disk that is full in the middle of an import: said, nothing lost, gone on with once there is room."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.real

Until = Callable[..., Any]
At = Callable[..., Any]
COUNT = "SELECT count(*), count(DISTINCT id) FROM cases WHERE id LIKE 'made-%'"


class Disk:
    """A small disk in memory."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def mount(self, size: str) -> bool:
        """Make it, or make it larger."""
        options = f"remount,size={size}" if self.folder.is_mount() else f"size={size}"
        done = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(self.folder)],
            capture_output=True,
            check=False,
        )
        return done.returncode == 0


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    folder = tmp_path / "disk"
    folder.mkdir()
    small = Disk(folder)
    try:
        if not small.mount("300m"):
            pytest.skip("a disk in memory cannot be mounted here: it takes root and the right to mount")
    except FileNotFoundError:
        pytest.skip("there is no command mount")
    yield small
    subprocess.run(["umount", "-l", str(folder)], check=False, capture_output=True)


def used(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def test_an_import_on_a_full_disk_is_said_and_goes_on_with_room(
    at: At, first: Path, made_cases: Path, disk: Disk
) -> None:
    home = at(first, disk.folder / "home")
    assert disk.mount(f"{used(home.folder) // 1000 + 12000}k")
    command = ("import", str(made_cases), "--kind", "cases")
    failed = home.command(*command)
    assert failed.returncode == 1
    assert "full" in failed.stderr.splitlines()[-1]
    assert "Traceback" not in failed.stderr
    kept, distinct = home.sql(COUNT)
    assert 0 < kept == distinct < 3000
    assert kept == home.sql("SELECT cursor FROM imports")[0]

    assert disk.mount("300m")
    assert "3000 added" in home.good(*command)
    assert home.sql(COUNT) == (3000, 3000)
    home.verify()


def test_the_service_goes_on_searching_on_a_full_disk(
    at: At, first: Path, made_cases: Path, disk: Disk, until: Until
) -> None:
    home = at(first, disk.folder / "home")
    serving = home.serve()
    until(serving.whole)
    assert disk.mount(f"{used(home.folder) // 1000 + 6000}k")
    assert serving.search("打印机无法启动", 1)["cases"]
    command = ("import", str(made_cases), "--kind", "cases")
    assert home.command(*command).returncode == 1
    filler = home.folder / "filler"
    with filler.open("wb") as file, suppress(OSError):
        while file.write(b"\0" * 65536):
            file.flush()
    for _ in range(5):
        found = serving.search("打印机无法启动", 1)
        assert found["cases"]
        assert set(found["degraded"]) <= {"meaning", "filling"}
    answer = home.command("assess", "打印机无法启动", "--json")
    assert answer.returncode == 0, answer.stderr

    filler.unlink()
    assert disk.mount("300m")
    assert "3000 added" in home.good(*command)
    until(serving.whole)
    until(lambda: home.command("index", "verify").returncode == 0)
    assert home.sql(COUNT) == (3000, 3000)
    assert serving.search("打印机无法启动", 1)["cases"]
    assert serving.end() == 0
    home.verify()
