from pathlib import Path

import pytest

from tests.trainyard.canned_api import Answer, CannedApi, problem
from tests.trainyard.cli.test_main import run

ID = "01K6W3E8Z4T5V6X7Y8Z9A0B1C2"
PATH = f"/models/{ID}/bundle.zip"
ZIPPED = bytes(range(256)) * 1000


def test_it_is_written_where_it_is_wanted(
    api: CannedApi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    api.on("GET", PATH, Answer(ZIPPED))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.zip").write_text("an older one")

    assert run("bundle", ID) == 0
    assert run("bundle", ID, "--output", "mine.zip") == 0

    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {f"{ID}.zip": ZIPPED, "mine.zip": ZIPPED}
    assert "mine.zip holds the model" in capsys.readouterr().out


def test_what_is_rejected_or_breaks_off_leaves_what_was_there(
    api: CannedApi, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cut_short = Answer(ZIPPED, headers={"Content-Length": str(len(ZIPPED) + 1), "Connection": "close"})
    api.on("GET", PATH, problem(409, "it is queued"), problem(404, "there is none"), cut_short)
    target = tmp_path / "model.zip"
    target.write_text("an older one")

    assert [run("bundle", ID, "--output", str(target)) for _ in range(3)] == [4, 3, 5]

    assert [path.name for path in tmp_path.iterdir()] == ["model.zip"]
    assert target.read_text() == "an older one"
    assert "it is queued" in capsys.readouterr().err


def test_a_file_that_cannot_be_written_is_told(
    api: CannedApi, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    api.on("GET", PATH, Answer(ZIPPED))

    assert run("bundle", ID, "--output", str(tmp_path / "none" / "model.zip")) == 2
    assert "cannot be written" in capsys.readouterr().err
