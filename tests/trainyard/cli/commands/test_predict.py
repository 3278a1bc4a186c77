import io
import json
import zipfile
from pathlib import Path

import pytest

from tests.trainyard.canned_api import Answer, CannedApi, problem
from tests.trainyard.cli.test_main import run

PATH = "/predict:batch"
LINES = [{"model": {"name": "m"}}, {"filename": "ä.png", "error": "it is torn"}, {"done": True, "images": 1}]


def answer(*lines: object) -> Answer:
    return Answer("".join(json.dumps(line) + "\n" for line in lines))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "images"
    (folder / "more").mkdir(parents=True)
    (folder / "more" / "ä.png").write_bytes(b"an image")
    (folder / ".hidden").write_bytes(b"not this")
    return folder


def test_a_folder_is_sent_as_an_archive_and_its_lines_are_printed(
    api: CannedApi, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    api.on("POST", PATH, answer(*LINES))

    assert run("predict", "--batch", str(folder), "--top", "2", "--dataset", "digits") == 0
    assert [json.loads(line) for line in capsys.readouterr().out.splitlines()] == LINES
    [request] = api.requests("POST", PATH)
    assert request.query == {"dataset": "digits", "top": "2"}
    with zipfile.ZipFile(io.BytesIO(request.body)) as sent:
        assert sent.namelist() == ["more/ä.png"]


@pytest.mark.parametrize(
    ("last", "sentence"),
    [
        ({"done": False, "error": "it is cut short"}, "it is cut short"),
        ({"filename": "2.png"}, "without its last line"),
    ],
)
def test_what_breaks_off_is_told_behind_what_came(
    api: CannedApi, folder: Path, capsys: pytest.CaptureFixture[str], last: object, sentence: str
) -> None:
    api.on("POST", PATH, answer(*LINES[:2], last))

    assert run("predict", "--batch", str(folder)) == 5
    printed = capsys.readouterr()
    assert len(printed.out.splitlines()) == 3
    assert sentence in printed.err


def test_a_rejection_is_told(api: CannedApi, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    api.on("POST", PATH, problem(422, "none of the 3 files is an image"))

    assert run("predict", "--batch", str(folder)) == 2
    assert "none of the 3 files" in capsys.readouterr().err


def test_either_images_or_a_batch(folder: Path) -> None:
    assert run("predict") == 2
    assert run("predict", str(folder / "more" / "ä.png"), "--batch", str(folder)) == 2
