import json
from pathlib import Path

import pytest

from tests.trainyard import samples
from tests.trainyard.canned_api import Answer, CannedApi, problem
from tests.trainyard.cli.running import run, words

ID = samples.ID
PATH = f"/experiments/{ID}"


def test_files_are_listed_with_sizes(api: CannedApi, capsys: pytest.CaptureFixture[str]) -> None:
    api.on("GET", f"{PATH}/files", Answer(samples.files()))
    assert run("files", ID) == 0
    assert words(capsys.readouterr().out) == [
        "name size media type path",
        f"report.html on request text/html {PATH}/report.html",
        f"model.onnx 2.6 MB application/octet-stream {PATH}/files/model.onnx",
    ]
    assert run("files", ID, "--json") == 0
    assert json.loads(capsys.readouterr().out) == samples.files()


def test_file_is_downloaded(api: CannedApi, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    api.on("GET", f"{PATH}/files/model.onnx", Answer(b"a network"))
    target = tmp_path / "network.onnx"
    assert run("files", ID, "model.onnx", "--output", str(target)) == 0
    assert target.read_bytes() == b"a network"
    assert capsys.readouterr().out == f"{target}: 9 B\n"


def test_unknown_file_leaves_nothing(api: CannedApi, tmp_path: Path) -> None:
    api.on("GET", f"{PATH}/files/none", problem(404, "it has no file 'none'"))
    assert run("files", ID, "none", "--output", str(tmp_path / "none")) == 3
    assert list(tmp_path.iterdir()) == []


def test_log_is_printed_as_it_is(api: CannedApi, capsys: pytest.CaptureFixture[str]) -> None:
    api.on("GET", f"{PATH}/log", Answer(b"[one]\ntwo\n"))
    assert run("log", ID, "--lines", "2") == 0
    assert capsys.readouterr().out == "[one]\ntwo\n"
    [request] = api.requests("GET", f"{PATH}/log")
    assert request.query == {"lines": "2"}
