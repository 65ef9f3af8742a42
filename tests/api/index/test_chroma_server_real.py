"""A Chroma server that goes away, comes back, hangs, or comes back empty, beside a service that goes on."""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.real

Until = Callable[..., Any]
At = Callable[..., Any]
TASKS = "SELECT count(*) FROM index_tasks"


def add(serving: Any, name: str, problem: str) -> None:
    serving.ask("POST", "/api/v1/cases", {"id": name, "problem": problem, "solution": "replace it"})


def words_alone(serving: Any) -> bool:
    return bool(serving.search("打印机无法启动")["degraded"] == ["meaning"])


def test_gone_and_back_again(at: At, first: Path, chroma: Any, until: Until) -> None:
    home = at(first, TRIAGE_CHROMA_URL=chroma.url)
    serving = home.serve()
    until(serving.whole)
    add(serving, "before", "咖啡机一号漏水")
    until(lambda: home.sql(TASKS)[0] == 0)

    chroma.kill()
    assert words_alone(serving)
    assert "does not work" in serving.checks()["index"]
    assert serving.ask("POST", "/api/v1/triage", {"text": "打印机无法启动"})["degraded"] == ["meaning"]
    add(serving, "meanwhile", "咖啡机二号冒烟")
    assert serving.search("咖啡机二号冒烟")["cases"][0]["case_id"] == "meanwhile"
    assert serving.search("咖啡机一号漏水")["cases"][0]["case_id"] == "before"
    assert home.sql(TASKS)[0] == 1
    assert home.command("index", "verify").returncode == 1

    chroma.start()
    until(serving.whole)
    until(lambda: home.sql(TASKS)[0] == 0)
    home.verify()

    # Another server comes to its place that knows nothing.
    chroma.kill()
    chroma.start("empty")
    until(lambda: "lacked cases" in serving.said())
    until(serving.whole)
    until(lambda: home.sql(TASKS)[0] == 0)
    home.verify()
    assert "Traceback" not in serving.said()


def test_a_server_that_hangs_is_not_waited_for(at: At, first: Path, chroma: Any, until: Until) -> None:
    home = at(first, TRIAGE_CHROMA_URL=chroma.url)
    serving = home.serve()
    until(serving.whole)
    chroma.signal(signal.SIGSTOP)
    try:
        assert words_alone(serving)
        assert words_alone(serving)
        add(serving, "meanwhile", "咖啡机二号冒烟")
    finally:
        chroma.signal(signal.SIGCONT)
    until(serving.whole)
    until(lambda: home.sql(TASKS)[0] == 0)
    home.verify()


def test_service_and_import_go_on_without_it_and_it_is_filled_when_it_comes(
    at: At, first: Path, chroma: Any, until: Until, made_cases: Path, tmp_path: Path
) -> None:
    some = tmp_path / "some.jsonl"
    lines = made_cases.read_text(encoding="utf-8").splitlines()[:250]
    some.write_text("\n".join(lines) + "\n", encoding="utf-8")
    chroma.kill()
    home = at(first, TRIAGE_CHROMA_URL=chroma.url)
    serving = home.serve()
    assert words_alone(serving)
    assert home.command("index", "rebuild").returncode == 1
    assert serving.end() == 0
    assert "250 added" in home.good("import", str(some), "--kind", "cases"), "what the index must see waits"
    serving = home.serve()
    chroma.start()
    until(serving.whole)
    until(lambda: home.command("index", "verify").returncode == 0)


def test_two_services_on_one_server_agree_after_rebuilds(
    at: At, filled: Path, chroma: Any, until: Until
) -> None:
    home = at(filled, TRIAGE_CHROMA_URL=chroma.url)
    one = home.serve()
    two = home.serve()
    until(one.whole)
    until(two.whole)
    until(lambda: home.sql(TASKS)[0] == 0)
    for number in range(3):
        home.good("index", "rebuild")
        add(one, f"one-{number}", f"咖啡机 {number} 漏水")
        add(two, f"two-{number}", f"榨汁机 {number} 冒烟")
        assert one.search(f"咖啡机 {number} 漏水")["degraded"] == []
        assert two.search(f"榨汁机 {number} 冒烟")["degraded"] == []
    until(lambda: home.sql(TASKS)[0] == 0)
    home.verify()
