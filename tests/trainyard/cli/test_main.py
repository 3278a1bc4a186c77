"""Exit statuses, help, and output without Unicode."""

import io
import json
import re
from pathlib import Path

import pytest

from settings import VERSION
from tests.support.valkey import free_port
from tests.trainyard import samples
from tests.trainyard.canned_api import Answer, CannedApi, problem
from tests.trainyard.cli.running import run

ID = samples.ID


@pytest.mark.parametrize(
    ("command", "path"), [("show", ""), ("history", "/history"), ("watch", ""), ("cancel", ":cancel")]
)
def test_unknown_experiment_exits_with_3(api: CannedApi, command: str, path: str) -> None:
    api.on("POST" if command == "cancel" else "GET", f"/experiments/{ID}{path}", problem(404, "no such experiment"))
    assert run(command, ID) == 3


def test_conflict_exits_with_4(api: CannedApi, capsys: pytest.CaptureFixture[str]) -> None:
    api.on("DELETE", f"/experiments/{ID}", problem(409, "it is running; cancel it first"))
    assert run("delete", ID) == 4
    assert capsys.readouterr().err == "trainyard: it is running; cancel it first\n"


def test_missing_model_exits_with_5(api: CannedApi, tmp_path: Path) -> None:
    image = tmp_path / "four.png"
    image.write_bytes(b"an image")
    api.on("POST", "/predict", problem(503, "no model yet: train one first"))
    assert run("predict", str(image)) == 5


def test_limited_request_exits_with_5(api: CannedApi) -> None:
    api.on("POST", f"/experiments/{ID}:cancel", problem(429, "too many requests (write); retry in 60 seconds"))
    assert run("cancel", ID) == 5


def test_absent_service_exits_with_5(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("list", "--url", f"http://127.0.0.1:{free_port()}") == 5
    assert "start one with `trainyard up`" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments", [["lst"], ["show"], ["list", "--limit", "0"], ["predict", "not-there.png"], ["show", ""]]
)
def test_wrong_usage_exits_with_2(arguments: list[str]) -> None:
    assert run(*arguments) == 2


@pytest.mark.parametrize("option", ["-h", "--help"])
def test_help_explains_exit_statuses(option: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(option) == 0
    assert "4 rejected in the current state" in " ".join(capsys.readouterr().out.split())
    assert run("datasets", "add", option) == 0
    assert "one folder per class" in " ".join(capsys.readouterr().out.split())


def test_version_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--version") == 0
    assert capsys.readouterr().out == f"trainyard {VERSION}\n"


@pytest.mark.parametrize(
    "arguments",
    [["datasets", "show", ""], ["datasets", "delete", ".."], ["label", "", "7"], ["serve", ".", "best"]],
)
def test_empty_name_is_rejected(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(*arguments) == 2
    assert "expected a name or an id, received" in capsys.readouterr().err


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252"])
def test_output_without_unicode_is_readable(api: CannedApi, monkeypatch: pytest.MonkeyPatch, encoding: str) -> None:
    record = samples.experiment(status="running", name="고양이 ok", epochs_completed=2)
    api.on("GET", f"/experiments/{ID}", Answer(record))
    api.on("GET", f"/experiments/{ID}/history", Answer(samples.HISTORY))
    api.on("GET", f"/experiments/{ID}/diagnosis", Answer(samples.items()))
    output = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    monkeypatch.setattr("sys.stdout", output)

    assert run("show", ID) == 0
    assert run("show", ID, "--json") == 0

    output.seek(0)
    lines, _, document = output.read().partition("{")
    assert lines.startswith("??? ok on digits\n")
    assert re.search(r"loss +[_.~=+*#-]+ ", lines)
    assert json.loads(f"{{{document}") == record
