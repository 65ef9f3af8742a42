"""The pages of imports: a file is looked at, its mapping mended, imported, and its bad rows come back."""

from __future__ import annotations

import gzip
import os
import time
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from api import uploads
from kb import audit, transfer
from kb.tables import Ticket
from triage.wiring import Parts

SCRIPT = "<script>alert(1)</script>"


def csv(*lines: str) -> bytes:
    return "\n".join(lines).encode()


def sent(client: TestClient, content: bytes, name: str = "tickets.csv", kind: str = "tickets") -> Any:
    return client.post("/imports/file?lang=en", files={"file": (name, content)}, data={"kind": kind})


def place(client: TestClient, content: bytes, name: str = "tickets.csv", kind: str = "tickets") -> str:
    answer = sent(client, content, name, kind)
    assert answer.status_code == 204, answer.text
    return str(answer.headers["HX-Redirect"])


def held_files(parts: Parts) -> list[Path]:
    return [path for path in (parts.settings.home / "uploads").glob("**/*") if path.is_file()]


def run(parts: Parts, import_id: str) -> None:
    transfer.run(parts.database, import_id, parts.encoder, parts.source, parts.now)


def test_a_file_is_looked_at_and_imported(client: TestClient, parts: Parts) -> None:
    address = place(
        client,
        csv(
            "工单编号,问题描述,优先级,反馈时间",
            f"a1,打印机坏了 {SCRIPT},紧急,2026-03-02 09:30",
            "a2,登录报错,一般,",
        ),
    )
    page = client.get(f"{address}?lang=en").text
    assert "2 rows" in page
    assert "打印机坏了" in page
    assert "<td>Urgent</td>" in page
    assert "<td>2026-03-02 09:30</td>" in page
    assert SCRIPT not in page
    answer = client.post(address)
    import_id = answer.headers["HX-Redirect"].removeprefix("/imports/")
    assert "running" in client.get(f"/imports/{import_id}?lang=en").text
    run(parts, import_id)
    done = client.get(f"/imports/{import_id}?lang=en").text
    assert "done" in done
    assert "To the tickets" in done
    listed = client.get("/imports?lang=en").text
    assert "tickets.csv" in listed
    with parts.database.reading() as session:
        assert sorted(session.scalars(select(Ticket.id))) == ["a1", "a2"]
        assert "import_started" in [line.action for line in audit.page(session)]
    assert client.get(address).status_code == 404


def test_a_mapping_that_is_not_recognised_is_mended_on_the_page(client: TestClient, parts: Parts) -> None:
    address = place(client, csv("nr,what it says,who", "a1,the printer is dead,Acme"))
    page = client.get(f"{address}?lang=en").text
    assert "Not done: " in page
    assert 'id="start"' not in page
    assert "as its name says" in page
    chosen = {"column0": "id", "column1": "description", "column2": "-"}
    mended = client.get(address, params={**chosen, "lang": "en"}).text
    assert "the printer is dead" in mended
    assert 'id="start"' in mended
    import_id = client.post(address, data=chosen).headers["HX-Redirect"].removeprefix("/imports/")
    run(parts, import_id)
    with parts.database.reading() as session:
        ticket = session.scalars(select(Ticket)).one()
        assert (ticket.id, ticket.description, ticket.customer) == ("a1", "the printer is dead", "")


def test_dates_that_can_be_read_two_ways_are_asked_about(client: TestClient, parts: Parts) -> None:
    address = place(client, csv("id,description,received_at", "a1,the printer is dead,03/04/2026"))
    page = client.get(f"{address}?lang=en").text
    assert "can be read day first or month first" in page
    assert "disabled" in page
    chosen = client.get(f"{address}?lang=en&dates=day-first").text
    assert "can be read day first" not in chosen
    import_id = (
        client.post(address, data={"dates": "day-first"}).headers["HX-Redirect"].removeprefix("/imports/")
    )
    run(parts, import_id)
    with parts.database.reading() as session:
        assert session.scalars(select(Ticket)).one().received_at.month == 4


def test_the_export_of_another_system_is_recognised(client: TestClient) -> None:
    address = place(client, csv("Summary,Issue key,Issue id,Issue Type", "Printer dead,IT-1,1,Bug"))
    page = client.get(f"{address}?lang=en").text
    assert '<option value="jira" selected>' in page
    none = client.get(f"{address}?lang=en&system=none").text
    assert '<option value="jira" selected>' not in none


def test_bad_rows_come_back_to_be_mended(client: TestClient, parts: Parts) -> None:
    address = place(
        client, csv("id,description,satisfaction", "a1,the printer is dead,5", f"a2,{SCRIPT},many")
    )
    page = client.get(f"{address}?lang=en").text
    assert "1 of the first 2 rows would not be taken" in page
    import_id = client.post(address).headers["HX-Redirect"].removeprefix("/imports/")
    run(parts, import_id)
    done = client.get(f"/imports/{import_id}?lang=en").text
    assert f"/api/v1/imports/{import_id}/problems.xlsx" in done
    assert "Row 2:" in done
    assert SCRIPT not in done
    book = openpyxl.load_workbook(BytesIO(client.get(f"/api/v1/imports/{import_id}/problems.xlsx").content))
    assert [row[2].value for row in book.active.iter_rows(min_row=2)] == ["a2"]


@pytest.mark.parametrize(
    ("content", "name", "said"),
    [
        (b"", "tickets.csv", "Not done"),
        (b"\x00\x01\x02" * 400, "tickets.csv", "Not done"),
        (b"PK\x03\x04 broken", "tickets.xlsx", "Not done"),
        (b"{half", "tickets.jsonl", "Not done"),
    ],
)
def test_broken_files_are_refused_in_a_sentence(
    client: TestClient, parts: Parts, content: bytes, name: str, said: str
) -> None:
    answer = sent(client, content, name, "cases")
    assert answer.status_code == 200
    assert said in answer.text
    assert '<option value="cases" selected>' in answer.text
    assert not held_files(parts)


def test_a_file_that_is_too_large_is_refused(
    make_parts: Callable[..., Parts], open_client: Callable[..., Any]
) -> None:
    parts = make_parts(max_upload=1000)
    with open_client(parts) as client:
        assert "at most 1000 bytes" in sent(client, csv("id,description", "a1," + "x" * 2000)).text
        assert not held_files(parts)


def test_what_nobody_came_back_for_is_thrown_away(client: TestClient, parts: Parts) -> None:
    address = place(client, csv("id,description", "a1,x"))
    held = uploads.held(address.rpartition("/")[2], parts)
    long_ago = time.time() - 2 * 24 * 3600
    os.utime(held.path.parent, (long_ago, long_ago))
    place(client, csv("id,description", "a2,y"))
    assert not held.path.exists()
    assert client.get(address).status_code == 404
    assert client.get("/imports/file/..%2F..%2Fetc").status_code == 404


def test_the_same_file_twice_is_one_import(client: TestClient, parts: Parts) -> None:
    content = csv("id,description", "a1,the printer is dead")
    first = client.post(place(client, content)).headers["HX-Redirect"]
    again = client.post(place(client, content)).headers["HX-Redirect"]
    assert first == again
    run(parts, first.removeprefix("/imports/"))
    with parts.database.reading() as session:
        assert len(session.scalars(select(Ticket)).all()) == 1
    assert len([path for path in held_files(parts) if path.name != "note.json"]) <= 1


def test_a_refusal_names_the_file_as_its_sender_does(client: TestClient) -> None:
    form = {"files": {"file": ("三月工单.csv", b"")}, "data": {"kind": "tickets"}}
    assert "未执行：三月工单.csv：是空的" in client.post("/imports/file?lang=zh", **form).text


def test_of_half_a_file_what_comes_before_the_break_is_taken(client: TestClient, parts: Parts) -> None:
    rows = [f"a{number},printer {os.urandom(20).hex()}" for number in range(300)]
    packed = gzip.compress(csv("id,description", *rows))
    address = place(client, packed[: len(packed) // 2], "march.csv.gz")
    page = client.get(f"{address}?lang=en").text
    assert '<p class="error" role="alert">march.csv.gz: is damaged or only half a file' in page
    assert "已损坏或不完整" in client.get(f"{address}?lang=zh").text
    assert '<button id="start">' in page
    import_id = client.post(address).headers["HX-Redirect"].removeprefix("/imports/")
    run(parts, import_id)
    done = client.get(f"/imports/{import_id}?lang=en").text
    assert "ended early" in done
    assert "march.csv.gz: is damaged or only half a file" in done
    with parts.database.reading() as session:
        assert 0 < len(session.scalars(select(Ticket)).all()) < 300


def test_what_cannot_begin_is_kept_to_be_mended(client: TestClient, parts: Parts) -> None:
    content = csv("id,description,note", "a1,the printer is dead,x")
    first = client.post(place(client, content))
    assert first.status_code == 204
    address = place(client, content)
    other = client.post(f"{address}?lang=en", data={"column2": "remark"})
    assert "being imported with another mapping" in other.text
    assert client.get(address).status_code == 200
