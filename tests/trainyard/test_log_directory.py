import io
import zipfile
from pathlib import Path

import pytest

from trainyard.errors import UnexpectedAnswer
from trainyard.log_directory import LogDirectory


def zipped(*paths: str, content: str = "events") -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for path in paths:
            archive.writestr(path, content)
    return target.getvalue()


def files(folder: Path) -> dict[str, str]:
    return {path.relative_to(folder).as_posix(): path.read_text() for path in folder.rglob("*") if path.is_file()}


def test_run_is_extracted_into_its_own_folder(tmp_path: Path) -> None:
    run = LogDirectory(zipped("mine-A0B1C2D3/train/events", "mine-A0B1C2D3/events")).extract(tmp_path / "new" / "logs")

    assert run == tmp_path / "new" / "logs" / "mine-A0B1C2D3"
    assert files(run) == {"train/events": "events", "events": "events"}


def test_renamed_experiment_is_one_run(tmp_path: Path) -> None:
    (tmp_path / "notes-A0B1C2D3").write_text("no folder")
    LogDirectory(zipped("other-99999999/train/events")).extract(tmp_path)
    LogDirectory(zipped("mine-A0B1C2D3/train/events")).extract(tmp_path)

    LogDirectory(zipped("renamed-A0B1C2D3/train/events", content="more")).extract(tmp_path)
    LogDirectory(zipped("renamed-A0B1C2D3/train/events", content="events")).extract(tmp_path)

    assert files(tmp_path) == {
        "notes-A0B1C2D3": "no folder",
        "other-99999999/train/events": "events",
        "renamed-A0B1C2D3/train/events": "events",
    }


@pytest.mark.parametrize(
    "content", [b"no zip", zipped(), zipped("../mine/events"), zipped("/events"), zipped("a/b", "c/d")]
)
def test_other_answers_write_nothing(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(UnexpectedAnswer, match="expected a zip"):
        LogDirectory(content).extract(tmp_path / "logs")

    assert list(tmp_path.iterdir()) == []
