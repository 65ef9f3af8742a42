"""The page of users, tokens and the audit log."""

from __future__ import annotations

import re

from fastapi.testclient import TestClient

from kb import users
from triage.catalogue import words
from triage.wiring import Parts

EVIL = "<script>broken=1</script>"
SAID = words("accounts", "en")


def secret(page: str) -> str:
    found = re.search(r'id="secret">([^<]+)<', page)
    assert found, page
    return found[1]


def test_a_user_is_added_changed_disabled_and_enabled(client: TestClient, parts: Parts) -> None:
    page = client.post("/accounts/users", data={"name": "wang", "role": "agent"}).text
    assert re.fullmatch(r"(\w{4}-){3}\w{4}", secret(page))
    assert "wang" in client.get("/accounts").text
    assert 'id="secret"' not in client.get("/accounts").text
    client.post("/accounts/users/wang/role", data={"role": "lead"})
    client.post("/accounts/users/wang/disable")
    with parts.database.reading() as session:
        row = users.get(session, "wang")
        assert (row.role, row.disabled_at is not None) == ("lead", True)
    assert SAID["disabled"] in client.get("/accounts").text
    client.post("/accounts/users/wang/enable")
    again = client.post("/accounts/users/wang/reset").text
    assert secret(again) != secret(page)
    for key in ("did_user_added", "did_role_changed", "did_user_disabled", "did_user_enabled"):
        assert SAID[key] in again


def test_a_user_is_put_into_a_team(client: TestClient, parts: Parts) -> None:
    client.post("/accounts/users", data={"name": "ada", "role": "agent"})
    page = client.post("/accounts/users/ada/team?lang=en", data={"team": "engineering"}).text
    assert '<option value="engineering" selected>' in page
    wrong = client.post("/accounts/users/ada/team?lang=en", data={"team": "nobody"}).text
    assert "Not done: team is one of" in wrong
    assert '<option value="engineering" selected>' in wrong
    client.post("/accounts/users/ada/team", data={"team": ""})
    assert '<option value="engineering" selected>' not in client.get("/accounts?lang=en").text


def test_what_cannot_be_is_said_and_what_was_typed_stays(client: TestClient) -> None:
    client.post("/accounts/users", data={"name": "wang", "role": "agent"})
    taken = client.post("/accounts/users", data={"name": "WANG", "role": "agent"})
    assert SAID["wrong_name"] in taken.text
    assert 'value="WANG"' in taken.text
    role = client.post("/accounts/users", data={"name": "li", "role": "root"})
    assert "Not done: role is one of" in role.text
    only = client.post("/accounts/users/test-admin/disable")
    assert SAID["wrong_name"] in only.text


def test_a_token_is_shown_once_and_works_until_revoked(client: TestClient) -> None:
    form = {"token": "helpdesk", "user": "test-admin", "scope": "assess", "days": "30"}
    made = secret(client.post("/accounts/tokens", data=form).text)
    bearer = {"Authorization": f"Bearer {made}"}
    assert client.get("/api/v1/taxonomy", headers=bearer).status_code == 200
    assert client.get("/api/v1/users", headers=bearer).status_code == 403
    page = client.get("/accounts").text
    assert made not in page
    found = re.search(r"helpdesk <code>(\w{8})</code>", page)
    assert found
    client.post(f"/accounts/tokens/{found[1]}/revoke")
    assert client.get("/api/v1/taxonomy", headers=bearer).status_code == 401


def test_names_are_shown_as_text(client: TestClient) -> None:
    page = client.post("/accounts/users", data={"name": EVIL, "role": "agent"}).text
    assert EVIL not in page
    assert "&lt;script&gt;" in page
    page = client.post("/accounts/tokens", data={"token": EVIL, "user": "test-admin"}).text
    assert EVIL not in page
