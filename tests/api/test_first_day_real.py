"""The first day with the real encoder and the shipped data: the task's own example, in every writing."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.real

RUN = [sys.executable, "-c", "from api.main import run; run()"]
CHECKOUT = Path(__file__).parents[2]


def triage(home: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    """One command that must succeed."""
    done = subprocess.run(
        [*RUN, *words], env=home, cwd=CHECKOUT, capture_output=True, text=True, timeout=400, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done


@pytest.mark.parametrize(
    ("text", "languages", "others"),
    [
        ("打印机无法启动，指示灯不亮", {"zh"}, {"en"}),
        ("The printer does not start and the indicator light is off", {"en"}, {"zh"}),
        ("打印机 printer 无法启动，power LED 不亮", {"mixed", "zh"}, {"zh", "en"}),
        ("印表機無法啟動，指示燈不亮", {"zh"}, {"en"}),
    ],
    ids=["simplified", "english", "mixed", "traditional"],
)
def test_dead_printer(first_day: dict[str, str], text: str, languages: set[str], others: set[str]) -> None:
    found = json.loads(triage(first_day, "assess", text, "--json").stdout)
    assert found["language"] in languages
    assert found["category"]["label"] == "hardware"
    assert len(found["similar_cases"]) == 5
    shown = {case["case_id"] for case in found["similar_cases"]}
    assert {f"case-printer-dead-no-lights-{language}" for language in others} <= shown
