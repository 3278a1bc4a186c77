from pathlib import Path

import pytest

from tests.trainyard import samples
from tests.trainyard.canned_api import Answer, CannedApi, problem
from tests.trainyard.cli.running import run

ID = samples.ID
PATH = f"/models/{ID}/bundle.zip"
ZIPPED = bytes(range(256)) * 1000


def test_bundle_is_written_to_its_target(
    api: CannedApi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    api.on("GET", PATH, Answer(ZIPPED))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.zip").write_text("an older one")

    assert run("bundle", ID) == 0
    assert run("bundle", ID, "--output", "mine.zip") == 0

    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {f"{ID}.zip": ZIPPED, "mine.zip": ZIPPED}
    assert "mine.zip contains the model" in capsys.readouterr().out


def test_rejected_or_broken_bundle_keeps_the_target(
    api: CannedApi, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cut_short = Answer(ZIPPED, headers={"Content-Length": str(len(ZIPPED) + 1), "Connection": "close"})
    api.on("GET", PATH, problem(409, "it is queued"), problem(404, "no such model"), cut_short)
    target = tmp_path / "model.zip"
    target.write_text("an older one")

    assert [run("bundle", ID, "--output", str(target)) for _ in range(3)] == [4, 3, 5]

    assert [path.name for path in tmp_path.iterdir()] == ["model.zip"]
    assert target.read_text() == "an older one"
    assert "it is queued" in capsys.readouterr().err


def test_unwritable_target_is_rejected(api: CannedApi, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    api.on("GET", PATH, Answer(ZIPPED))

    assert run("bundle", ID, "--output", str(tmp_path / "none" / "model.zip")) == 2
    assert "cannot write" in capsys.readouterr().err
