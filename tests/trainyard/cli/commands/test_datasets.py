"""`trainyard datasets`, against canned answers."""

import io
import zipfile
from pathlib import Path
from typing import Any

import pytest

from tests.trainyard.canned_api import Answer, CannedApi, problem
from trainyard.cli.main import main

_RECORD = {"progress": {"done": 3, "total": 9}, "error": None}
VIEW: dict[str, Any] = {
    "name": "own",
    "status": "ready",
    "shape": [8, 8, 3],
    "classes": ["cat", "dog"],
    "counts": {"train": [3, 4], "test": [1, 0]},
    "warnings": ["uneven"],
    "record": {**_RECORD, "progress": None},
}
CONVERTING = {**VIEW, "status": "converting", "classes": [], "counts": {}, "warnings": [], "record": _RECORD}


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as end:
        main(arguments)
    return int(end.value.code or 0)


def test_a_folder_is_sent_as_a_zip_and_waited_for(
    api: CannedApi, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("trainyard.polling._LOOK_SECONDS", 0.0)
    for name in ("cat/1.png", "dog/1.png", ".git/config"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(name.encode())
    api.on("POST", "/datasets", Answer(_RECORD, 202))
    api.on("GET", "/datasets/own", Answer(CONVERTING), Answer(VIEW))

    assert run("datasets", "add", "own", str(tmp_path)) == 0

    (request,) = api.requests("POST", "/datasets")
    assert request.query == {"name": "own"}
    assert zipfile.ZipFile(io.BytesIO(request.body)).namelist() == ["cat/1.png", "dog/1.png"]
    printed = capsys.readouterr().out
    assert "own: ready, 8 x 8 x 3" in printed
    assert "cat: train 3, test 1" in printed
    assert "warning: uneven" in printed


def test_an_archive_that_is_rejected_ends_with_its_reason(
    api: CannedApi, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.zip").write_bytes(b"PK")
    failed = {**CONVERTING, "status": "failed", "record": {"progress": None, "error": "it is broken"}}
    api.on("POST", "/datasets", Answer(_RECORD, 202))
    api.on("GET", "/datasets/own", Answer(failed))

    assert run("datasets", "add", "own", str(tmp_path / "a.zip")) == 1
    assert "it is broken" in capsys.readouterr().out


def test_datasets_are_listed(api: CannedApi, capsys: pytest.CaptureFixture[str]) -> None:
    api.on("GET", "/datasets", Answer({"items": [VIEW, {**CONVERTING, "name": "late", "shape": None}]}))

    assert run("datasets") == 0

    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert lines[1] == ["own", "ready", "8", "x", "8", "x", "3", "2", "7", "1"]
    assert lines[2] == ["late", "converting", "varies", "0", "0", "0"]


def test_what_is_used_is_not_deleted(api: CannedApi, capsys: pytest.CaptureFixture[str]) -> None:
    api.on("DELETE", "/datasets/own", problem(409, "it is used"))
    assert run("datasets", "delete", "own") == 4
    assert "it is used" in capsys.readouterr().err
