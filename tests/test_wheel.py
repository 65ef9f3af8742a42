"""The wheel holds all that is needed, and which data files are in force: TRIAGE_DATA, the wheel's, ours."""

from __future__ import annotations

import json
import os
import shutil
import site
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.real

CHECKOUT = Path(__file__).parents[1]
LOOK = """
import json, sys
from pathlib import Path
import api.main, kb, models, triage
from triage.settings import Settings
from triage.wiring import Parts
settings = Settings()
print(json.dumps({
    "code": [str(Path(part.__file__).resolve()) for part in (api.main, kb, models, triage)],
    "data": str(settings.data_folder.resolve()),
    "names": dict(Parts(settings).rules.taxonomy.categories[0].names),
    "path": sys.path,
}, ensure_ascii=False))
"""


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from the checkout without a network."""
    folder = tmp_path_factory.mktemp("wheel")
    run(["-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(CHECKOUT)], folder)
    found = list(folder.glob("triage-*.whl"))
    assert len(found) == 1
    return found[0]


@pytest.fixture(scope="session")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel's content as pip lays it out."""
    target = tmp_path_factory.mktemp("installed") / "site"
    offline = ["--no-deps", "--no-index", "--no-cache-dir", "--disable-pip-version-check", "--no-compile"]
    run(["-m", "pip", "install", *offline, "--target", str(target), str(wheel)], wheel.parent)
    return target


def run(words: list[str], folder: Path, **variables: str) -> str:
    """The output of Python with these arguments, in a folder, which must succeed."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("TRIAGE_", "PYTHON"))}
    done = subprocess.run(
        [sys.executable, *words],
        cwd=folder,
        env=kept | {"NO_COLOR": "1", "PYTHONIOENCODING": "utf-8"} | variables,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def look(code: Path, folder: Path, **variables: str) -> dict[str, Any]:
    """What a fresh process with this code sees; ``-S`` keeps out the checkout that a ``.pth`` file names."""
    packages = [path for path in site.getsitepackages() if Path(path).is_dir()]
    path = os.pathsep.join([str(code), *packages])
    found: dict[str, Any] = json.loads(run(["-S", "-c", LOOK], folder, PYTHONPATH=path, **variables))
    return found


def renamed(folder: Path) -> Path:
    """A copy of the data files in which the first category has another Chinese name."""
    shutil.copytree(CHECKOUT / "data", folder)
    path = folder / "taxonomy.toml"
    before = path.read_text(encoding="utf-8")
    after = before.replace('zh = "硬件故障"', 'zh = "设备坏了"', 1)
    assert after != before
    path.write_text(after, encoding="utf-8")
    return folder


def test_wheel_holds_code_data_and_templates(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    data = {path.relative_to(CHECKOUT / "data").as_posix() for path in (CHECKOUT / "data").rglob("*.toml")}
    seed = {f"seed/{path.name}" for path in (CHECKOUT / "data" / "seed").glob("*.jsonl")}
    assert {"taxonomy.toml", "routing.toml", "clocks.toml", "signals.toml"} <= data
    assert len(seed) >= 4
    assert {f"triage/_data/{name}" for name in data | seed} <= names
    assert "kb/migrations/versions/0001_first.py" in names
    code = {
        path.relative_to(CHECKOUT).as_posix()
        for package in ("api", "kb", "models", "triage")
        for path in (CHECKOUT / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert code <= names
    assert not any(name.startswith(("tests/", "data/")) for name in names)


def test_installed_wheel_uses_its_own_data(installed: Path, tmp_path: Path) -> None:
    found = look(installed, tmp_path)
    assert all(Path(part).is_relative_to(installed.resolve()) for part in found["code"]), found
    assert str(CHECKOUT) not in found["path"]
    assert found["data"] == str((installed / "triage" / "_data").resolve())
    assert found["names"]["zh"] == "硬件故障"


def test_own_data_wins_over_the_wheels(installed: Path, tmp_path: Path) -> None:
    own = renamed(tmp_path / "own")
    found = look(installed, tmp_path, TRIAGE_DATA=str(own))
    assert found["data"] == str(own.resolve())
    assert found["names"]["zh"] == "设备坏了"


def test_installed_wheel_answers_the_command_line(installed: Path, tmp_path: Path) -> None:
    packages = os.pathsep.join([str(installed), *site.getsitepackages()])
    settings = {"PYTHONPATH": packages, "TRIAGE_ENCODER": "hashing", "TRIAGE_HOME": str(tmp_path / "home")}
    start = ["-S", "-c", "from api.main import run; run()"]
    assert "up to date" in run([*start, "db", "upgrade"], tmp_path, **settings)
    assert (tmp_path / "home" / "triage.db").is_file()
    assert "serve" in run([*start, "--help"], tmp_path, **settings)


def test_checkout_uses_its_data_folder(tmp_path: Path) -> None:
    assert look(CHECKOUT, tmp_path)["data"] == str((CHECKOUT / "data").resolve())


def test_edit_takes_effect_at_the_next_start(tmp_path: Path) -> None:
    own = tmp_path / "own"
    shutil.copytree(CHECKOUT / "data", own)
    assert look(CHECKOUT, tmp_path, TRIAGE_DATA=str(own))["names"]["zh"] == "硬件故障"
    shutil.rmtree(own)
    renamed(own)
    assert look(CHECKOUT, tmp_path, TRIAGE_DATA=str(own))["names"]["zh"] == "设备坏了"
