import io
import json
from pathlib import Path

import pytest

from api.openapi import recorded_examples
from tests.trainyard.canned_api import Answer, CannedApi, problem
from tests.trainyard.cli.running import run
from trainyard.answers.keys import NewKey
from trainyard.cli.commands import keys
from trainyard.credentials import kept_key

EXAMPLES = recorded_examples()
ID = EXAMPLES["create_key"]["id"]


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))


def test_created_key_is_printed(api: CannedApi, capsys: pytest.CaptureFixture[str]) -> None:
    api.on("POST", "/keys", Answer(EXAMPLES["create_key"], 201))
    assert run("keys", "create", "--scope", "read", "--scope", "run", "--name", "laptop", "--days", "90") == 0
    (request,) = api.requests("POST", "/keys")
    assert json.loads(request.body) == {
        "scopes": ["read", "run"],
        "name": "laptop",
        "owner": None,
        "expires_in_days": 90,
    }
    assert f"key  {EXAMPLES['create_key']['key']}" in capsys.readouterr().out.splitlines()


def test_keys_are_a_table_and_revoked(api: CannedApi, capsys: pytest.CaptureFixture[str]) -> None:
    api.on("GET", "/keys", Answer(EXAMPLES["list_keys"]))
    api.on("DELETE", f"/keys/{ID}", Answer(EXAMPLES["revoke_key"]))
    assert run("keys") == 0
    assert run("keys", "revoke", ID) == 0
    printed = capsys.readouterr().out
    for each in EXAMPLES["list_keys"]["items"]:
        assert each["id"] in printed
    assert f"{ID} of {EXAMPLES['revoke_key']['owner']} is revoked" in printed


def test_leaked_key_is_revoked_with_its_keys(api: CannedApi, capsys: pytest.CaptureFixture[str]) -> None:
    api.on("DELETE", f"/keys/{ID}", Answer({**EXAMPLES["revoke_key"], "also_revoked": ["0000000001", "0000000002"]}))
    assert run("keys", "revoke", ID, "--with-created") == 0
    [request] = api.requests("DELETE", f"/keys/{ID}")
    assert request.query == {"with_created": "true"}
    assert "with it: 0000000001, 0000000002" in capsys.readouterr().out


def test_login_keeps_a_valid_key(
    api: CannedApi, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    api.on("GET", "/keys/me", Answer(EXAMPLES["get_own_key"]), problem(401, "no valid key"))
    monkeypatch.setattr("sys.stdin", io.StringIO("ty_good\n"))
    assert run("login") == 0
    assert kept_key(api.url) == "ty_good"
    assert api.requests("GET", "/keys/me")[0].headers["authorization"] == "Bearer ty_good"
    assert "ty_good" not in capsys.readouterr().out

    monkeypatch.setattr("sys.stdin", io.StringIO("ty_bad\n"))
    assert run("login") == 4
    assert kept_key(api.url) == "ty_good"
    assert run("logout") == 0
    assert kept_key(api.url) is None


def test_login_without_a_key_is_rejected(api: CannedApi, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    assert run("login") == 2


def test_missing_scope_is_a_rejection(api: CannedApi, capsys: pytest.CaptureFixture[str]) -> None:
    api.on("GET", "/keys", problem(403, "this needs a key with the scope read"))
    assert run("keys") == 4
    assert capsys.readouterr().err == "trainyard: this needs a key with the scope read\n"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_login_signs_in_where_one_can(api: CannedApi, monkeypatch: pytest.MonkeyPatch) -> None:
    signed_in = NewKey.model_validate({**EXAMPLES["create_key"], "key": "ty_of_sign_in"})
    monkeypatch.setattr(keys, "sign_in", lambda client, show: signed_in)
    monkeypatch.setattr("sys.stdin", Terminal())
    api.on("GET", "/login", Answer({"provider": "login.example.org"}))
    api.on("GET", "/keys/me", Answer(EXAMPLES["get_own_key"]))
    assert run("login") == 0
    assert kept_key(api.url) == "ty_of_sign_in"


@pytest.mark.parametrize(("provider", "arguments"), [(None, ()), ("login.example.org", ("--key",))])
def test_login_asks_for_a_key(
    api: CannedApi, monkeypatch: pytest.MonkeyPatch, provider: str | None, arguments: tuple[str, ...]
) -> None:
    monkeypatch.setattr("sys.stdin", Terminal())
    monkeypatch.setattr("typer.prompt", lambda *_, **__: "ty_typed")
    api.on("GET", "/login", Answer({"provider": provider}))
    api.on("GET", "/keys/me", Answer(EXAMPLES["get_own_key"]))
    assert run("login", *arguments) == 0
    assert kept_key(api.url) == "ty_typed"
