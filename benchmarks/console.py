"""How long the console's pages take with many tickets and cases, and suggestions while ten agents type.

``python -m benchmarks.console [--many 100000] [--few 1000] [--homes FOLDER]``: two services one after the
other, the same requests. State directories in FOLDER are kept and used again, so that filling them and
measuring can be done at different times. The look for surges that a service begins with, and repeats every
hour, has ended before. Goals: each page's 95th percentile with many at most twice that with few; suggestions
of ten agents who type at once within 150 ms at the 95th percentile, beside the bare ``POST /triage`` of the
same run; a page with all it loads under 300 KB.
"""

from __future__ import annotations

import argparse
import random
import re
import tempfile
import threading
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import numpy as np

from benchmarks.service import key, prepared, serving
from kb import tickets
from triage import seed
from triage.progress import bars
from triage.settings import Settings
from triage.wiring import Parts

BATCH = 2000
ROUNDS = 40
AGENTS = 10
SECONDS = 20
PAUSE = (0.6, 1.6)
"""Seconds between two pauses in typing, at each of which the text is read once."""
OPEN = 20
"""One ticket in so many is open: the rest of an archive is closed."""


def fill(home: Path, number: int) -> None:
    """Tickets of the seed's texts over two years, one in twenty of them open."""
    found = seed.tickets(Settings(_env_file=None).data_folder)
    now, random_ = datetime.now(UTC), random.Random(7)
    with closing(Parts(Settings(home=home, _env_file=None))) as parts, bars() as progress:
        for begin in range(0, number, BATCH):
            rows = []
            for place in range(begin, min(begin + BATCH, number)):
                item, due = found[place % len(found)], now + timedelta(hours=random_.uniform(-48, 96))
                rows.append(
                    {
                        "id": f"made-{place}",
                        "description": item.text,
                        "category": item.category,
                        "priority": item.priority or "normal",
                        "team": random_.choice(("technical_support", "engineering", "first_line")),
                        "customer": f"customer {place % 977}",
                        "status": "triaged" if place % OPEN == 0 else "closed",
                        "received_at": now - timedelta(days=random_.uniform(0, 730)),
                        "due_at": due,
                    }
                )
            with parts.database.transaction() as session:
                tickets.write(session, rows, now)
            progress("tickets", begin + len(rows), number)


def pages(client: httpx.Client) -> dict[str, str]:
    """Name of each page -> an address that shows it."""
    case = re.search(r'href="(/cases/[^"?]+)"', client.get("/cases").text)
    model = re.search(r'href="(/models/[^"]+)"', client.get("/models").text)
    assert case is not None and model is not None
    return {
        "desk": "/",
        "queue": "/queue",
        "queue, filtered": "/queue?category=hardware&priority=urgent",
        "queue, late": "/queue?due=late",
        "ticket": "/tickets/made-0",
        "cases, latest": "/cases",
        "cases, search": "/cases?q=打印机无法启动",
        "cases, filtered": "/cases?q=VPN error 619&category=software",
        "case": case[1],
        "accounts": "/accounts",
        "imports": "/imports",
        "models": "/models",
        "model": model[1],
        "rules": "/settings",
    }


def timed(client: httpx.Client, address: str) -> float:
    """Milliseconds of one request."""
    began = time.perf_counter()
    client.get(address).raise_for_status()
    return 1000 * (time.perf_counter() - began)


def typing(address: str, header: dict[str, str], texts: list[str]) -> list[float]:
    """Milliseconds of each suggestion while ten agents type."""
    taken: list[float] = []
    end = time.monotonic() + SECONDS

    def agent(number: int) -> None:
        own = random.Random(number)
        with httpx.Client(base_url=address, headers=header, trust_env=False, timeout=60) as client:
            while time.monotonic() < end:
                text = own.choice(texts)
                time.sleep(own.uniform(*PAUSE))
                shown = text[: own.randint(len(text) // 2, len(text))]
                began = time.perf_counter()
                client.post("/api/v1/triage", json={"text": shown, "top_k": 3}).raise_for_status()
                taken.append(1000 * (time.perf_counter() - began))

    threads = [threading.Thread(target=agent, args=(number,)) for number in range(AGENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return taken


def weight(client: httpx.Client, address: str) -> int:
    """Bytes of a page with all that it loads."""
    page = client.get(address)
    links = set(re.findall(r'(?:src|href)="(/static/[^"]+)"', page.text))
    return len(page.content) + sum(len(client.get(link).content) for link in links)


def measure(home: Path, number: int) -> dict[str, list[float]]:
    """The times of each page and of suggestions, with so many tickets and cases."""
    if not (home / "filled").is_file():
        prepared(home, number)
        fill(home, number)
        (home / "filled").touch()
    header = key(home)
    texts = [item.text for item in seed.tickets(Settings(_env_file=None).data_folder)[::40]]
    found: dict[str, list[float]] = {}
    with (
        serving(home) as (address, _),
        httpx.Client(base_url=address, headers=header, trust_env=False, timeout=60) as client,
    ):
        began = time.perf_counter()
        client.get("/api/v1/surges", timeout=1200).raise_for_status()
        print(f"{number}: the look for surges at the start took {time.perf_counter() - began:.0f} s")
        shown = pages(client)
        for _ in range(3):
            for path in shown.values():
                timed(client, path)
        for _ in range(ROUNDS):
            for name, path in shown.items():
                found.setdefault(name, []).append(timed(client, path))
        for text in texts[:ROUNDS]:
            began = time.perf_counter()
            client.post("/api/v1/triage", json={"text": text, "top_k": 3}).raise_for_status()
            found.setdefault("POST /triage alone", []).append(1000 * (time.perf_counter() - began))
        found["suggestions, ten agents"] = typing(address, header, texts)
        heaviest = max((weight(client, path), name) for name, path in shown.items())
    print(f"{number}: heaviest page with its files: {heaviest[1]}, {heaviest[0] / 1000:.0f} KB")
    return found


def main() -> None:
    """Measure and print."""
    asked = argparse.ArgumentParser()
    asked.add_argument("--many", type=int, default=100_000)
    asked.add_argument("--few", type=int, default=1_000)
    asked.add_argument("--homes", type=Path)
    sizes = asked.parse_args()
    found = {}
    with tempfile.TemporaryDirectory(prefix="triage-console-") as made:
        for number in (sizes.few, sizes.many):
            found[number] = measure((sizes.homes or Path(made)) / str(number), number)
    print(f"95th percentiles, ms: {'':<12}{sizes.few:>9}{sizes.many:>9}    ratio")
    for name in found[sizes.few]:
        few, many = (float(np.quantile(found[number][name], 0.95)) for number in (sizes.few, sizes.many))
        print(f"{name:<34}{few:9.1f}{many:9.1f}{many / few:9.2f}")


if __name__ == "__main__":
    main()
