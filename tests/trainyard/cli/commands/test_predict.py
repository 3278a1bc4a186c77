import base64
import io
import json
import zipfile
from pathlib import Path

import pytest

from tests.trainyard import samples
from tests.trainyard.canned_api import Answer, CannedApi, problem
from tests.trainyard.cli.running import run

PATH = "/predict:batch"


def answer(*lines: object) -> Answer:
    return Answer("".join(json.dumps(line) + "\n" for line in lines))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "images"
    (folder / "more").mkdir(parents=True)
    (folder / "more" / "ä.png").write_bytes(b"an image")
    (folder / ".hidden").write_bytes(b"not this")
    return folder


def test_each_image_is_a_line(api: CannedApi, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    api.on("POST", "/predict", Answer(samples.PREDICTIONS))
    image = str(folder / "more" / "ä.png")
    assert run("predict", image, "--top", "2") == 0
    assert capsys.readouterr().out.splitlines() == [
        f"four.png: 4 98.1%, 9 1.5%  not a digit  {samples.PREDICTION_ID}",
        f"(model: digits-cnn, {samples.ID})",
    ]
    assert run("predict", image, "--json") == 0
    assert json.loads(capsys.readouterr().out) == samples.PREDICTIONS


def test_explanation_is_a_map_and_a_sentence(api: CannedApi, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    api.on("POST", "/predict", Answer({**samples.PREDICTIONS, "explanations": [samples.OCCLUSION]}))

    assert run("predict", str(folder / "more" / "ä.png"), "--explain") == 0
    assert capsys.readouterr().out.splitlines()[1:-1] == [
        "  ██  ",
        "  --▒▒",
        "The upper left matters most: with it hidden, 4 falls from 98.1% to 48.1%, and the answer would be 9.",
        "(█ hidden, 4 falls by 50.0%; - it rises; patches of 9 pixels)",
    ]
    assert api.requests("POST", "/predict")[0].query == {"top": "3", "explain": "occlusion"}


def test_explanation_of_nothing_says_so(api: CannedApi, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    blank = {**samples.OCCLUSION, "drops": [[0.0, 0.0]], "most_important": None}
    api.on("POST", "/predict", Answer({**samples.PREDICTIONS, "explanations": [blank]}))

    assert run("predict", str(folder / "more" / "ä.png"), "--explain") == 0
    assert "No part of the image speaks for 4" in capsys.readouterr().out


def test_map_is_written_to_a_file(api: CannedApi, folder: Path, tmp_path: Path) -> None:
    api.on("POST", "/predict", Answer({**samples.PREDICTIONS, "explanations": [samples.OCCLUSION]}))
    image, target = str(folder / "more" / "ä.png"), tmp_path / "map.png"

    assert run("predict", image, "--explain-out", str(target)) == 0
    assert target.read_bytes() == base64.b64decode(samples.PNG)
    assert run("predict", image, image, "--explain-out", str(target)) == 2
    assert run("predict", "--batch", str(folder), "--explain") == 2


def test_row_of_digits_is_read(api: CannedApi, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    readings = [
        {"filename": "four.png", "text": "4", "verdict": "unsure"},
        {"filename": "cat.png", "text": "", "verdict": "not_a_digit"},
    ]
    api.on("POST", "/predict", Answer({**samples.PREDICTIONS, "readings": readings}))
    assert run("predict", str(folder / "more" / "ä.png"), "--digits", "many") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[1:3] == ["four.png reads 4  unsure", "cat.png reads nothing  not a digit"]
    assert api.requests("POST", "/predict")[0].query == {"top": "3", "digits": "many"}
    assert run("predict", "--batch", str(folder), "--digits", "many") == 2
    assert "name the images" in capsys.readouterr().err


def test_folder_is_sent_as_a_zip_and_lines_printed(
    api: CannedApi, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    api.on("POST", PATH, answer(*samples.BATCH))

    assert run("predict", "--batch", str(folder), "--top", "2", "--dataset", "digits") == 0
    assert [json.loads(line) for line in capsys.readouterr().out.splitlines()] == samples.BATCH
    [request] = api.requests("POST", PATH)
    assert request.query == {"dataset": "digits", "top": "2"}
    with zipfile.ZipFile(io.BytesIO(request.body)) as sent:
        assert sent.namelist() == ["more/ä.png"]


@pytest.mark.parametrize(
    ("last", "sentence"),
    [
        ({**samples.BATCH_END, "done": False, "error": "it is cut short"}, "it is cut short"),
        (samples.PREDICTION, "without its last line"),
    ],
)
def test_batch_that_breaks_off_exits_with_5(
    api: CannedApi, folder: Path, capsys: pytest.CaptureFixture[str], last: object, sentence: str
) -> None:
    api.on("POST", PATH, answer(*samples.BATCH[:2], last))

    assert run("predict", "--batch", str(folder)) == 5
    printed = capsys.readouterr()
    assert len(printed.out.splitlines()) == 3
    assert sentence in printed.err


def test_batch_without_images_is_rejected(api: CannedApi, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    api.on("POST", PATH, problem(422, "none of the 3 files is an image"))

    assert run("predict", "--batch", str(folder)) == 2
    assert "none of the 3 files" in capsys.readouterr().err


def test_images_and_batch_exclude_each_other(folder: Path) -> None:
    assert run("predict") == 2
    assert run("predict", str(folder / "more" / "ä.png"), "--batch", str(folder)) == 2
