"""The page of rules: edited, checked, replayed, saved, taken back."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from kb import audit, tickets
from triage import data_edit
from triage.wiring import Parts

DATA = Path(__file__).parents[3] / "data"
SCRIPT = "<script>alert(1)</script>"


@pytest.fixture
def parts(make_parts: Callable[..., Parts], tmp_path: Path) -> Parts:
    """Parts on a copy of the data files."""
    folder = tmp_path / "data"
    shutil.copytree(DATA, folder, ignore=shutil.ignore_patterns("seed"))
    return make_parts(data=folder)


@pytest.fixture
def client(
    parts: Parts, open_client: Callable[..., AbstractContextManager[TestClient]]
) -> Iterator[TestClient]:
    with open_client(parts) as opened:
        yield opened


def form(parts: Parts, file: str, old: str, new: str) -> dict[str, str]:
    now = data_edit.read(parts.settings.data_folder, file)
    assert old in now.text
    return {"text": now.text.replace(old, new), "began_with": now.hash}


def test_every_file_is_shown_as_text(client: TestClient, parts: Parts) -> None:
    for file in data_edit.FILES:
        page = client.get(f"/settings?lang=en&file={file}").text
        assert "spellcheck" in page
        assert "Nothing has been replaced here yet." in page
    assert client.get("/settings?file=../x").status_code == 404
    assert client.get("/settings?file=clocks.toml&kept=clocks.toml.x").status_code == 404
    assert client.get("/settings/replay").status_code == 404


def test_a_mistake_is_told_with_its_line_and_what_was_typed_stays(client: TestClient, parts: Parts) -> None:
    sent = form(parts, "routing.toml", 'team = "', f'team = "{SCRIPT}')
    for address in ("check", "replay"):
        page = client.post(f"/settings/routing.toml/{address}?lang=en", data=sent).text
        assert "Not done: routing.toml:" in page
        assert "Line " in page
        assert SCRIPT not in page
        assert "&lt;script&gt;" in page
    page = client.post("/settings/routing.toml?lang=en", data=sent).text
    assert "Not done" in page
    assert data_edit.read(parts.settings.data_folder, "routing.toml").hash == sent["began_with"]


def test_what_is_saved_is_in_force_at_once_and_can_be_taken_back(client: TestClient, parts: Parts) -> None:
    code = parts.rules.taxonomy.teams[0].code
    assert client.get("/api/v1/taxonomy").status_code == 200
    name = parts.rules.taxonomy.teams[0].names["en"]
    sent = form(parts, "taxonomy.toml", f'"{name}"', '"Wizards"')
    assert "The file is right." in client.post("/settings/taxonomy.toml/check?lang=en", data=sent).text
    page = client.post("/settings/taxonomy.toml?lang=en", data=sent).text
    assert "Saved, and in force from now on" in page
    assert parts.rules.taxonomy.teams[0].names["en"] == "Wizards"
    assert code in client.get("/api/v1/taxonomy").text
    assert "Wizards" in client.get("/api/v1/taxonomy").text
    with parts.database.reading() as session:
        assert (audit.page(session)[0].action, audit.page(session)[0].subject) == (
            "settings_saved",
            "taxonomy.toml",
        )
    again = client.post("/settings/taxonomy.toml?lang=en", data=sent).text
    assert "was changed meanwhile" in again
    (kept,) = data_edit.history(parts.settings, "taxonomy.toml")
    looked = client.get(f"/settings?lang=en&file=taxonomy.toml&kept={kept.name}").text
    assert "the file itself is unchanged until you save" in looked
    assert "Wizards" not in looked


def test_a_category_the_model_does_not_know_is_told(client: TestClient, parts: Parts) -> None:
    found = data_edit.read(parts.settings.data_folder, "taxonomy.toml").text
    assert (
        "Train a model after saving"
        not in client.post(
            "/settings/taxonomy.toml/check?lang=en", data={"text": found, "began_with": ""}
        ).text
    )
    first = found.index("\n[[category]]")
    block = found[first : found.index("\n[[category]]", first + 1)]
    code = parts.rules.taxonomy.codes()[0]
    more = block.replace(f'"{code}"', '"brand_new"')
    page = client.post(
        "/settings/taxonomy.toml/check?lang=en",
        data={"text": found.replace(block, block + more), "began_with": ""},
    ).text
    assert "does not know brand_new yet" in page


def test_the_replay_lists_what_would_change(client: TestClient, parts: Parts) -> None:
    with parts.database.transaction() as session:
        values = {"description": f"打印机坏了 {SCRIPT}", "category": "hardware"}
        made = tickets.add(session, values, parts.now()).id
    same = data_edit.read(parts.settings.data_folder, "routing.toml")
    client.post("/settings/routing.toml/replay", data={"text": same.text, "began_with": same.hash})
    job = parts.jobs.last("replay")
    assert job is not None
    parts.jobs.wait(job, 60)
    assert "Nothing would change for any of the 1 tickets." in client.get("/settings/replay?lang=en").text

    teams = [term.code for term in parts.rules.taxonomy.teams]
    text = same.text
    for team in teams:
        text = text.replace(f'team = "{team}"', f'team = "{teams[-1]}"')
    client.post("/settings/routing.toml/replay", data={"text": text, "began_with": same.hash})
    job = parts.jobs.last("replay")
    assert job is not None
    parts.jobs.wait(job, 60)
    page = client.get("/settings/replay?lang=en").text
    assert "1 of 1 tickets would be treated differently." in page
    assert f'href="/tickets/{made}"' in page
    assert SCRIPT not in page
