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


def test_files_that_the_run_lost_are_removed(tmp_path: Path) -> None:
    """As after `retry`, or after the results of a test split were hidden."""
    name = "events.out.tfevents.1700000000.trainyard"
    LogDirectory(zipped(f"other-99999999/test/{name}")).extract(tmp_path)
    LogDirectory(zipped(f"mine-A0B1C2D3/train/{name}", f"mine-A0B1C2D3/test/{name}")).extract(tmp_path)
    (tmp_path / "mine-A0B1C2D3" / "train" / "events.out.tfevents.1.keras").write_text("of Keras")

    run = LogDirectory(zipped(f"renamed-A0B1C2D3/train/{name}", content="new")).extract(tmp_path)

    assert files(run) == {f"train/{name}": "new", "train/events.out.tfevents.1.keras": "of Keras"}
    assert [path.name for path in run.iterdir()] == ["train"]
    assert files(tmp_path / "other-99999999") == {f"test/{name}": "events"}


def test_damaged_file_changes_nothing(tmp_path: Path) -> None:
    LogDirectory(zipped("mine-A0B1C2D3/train/events")).extract(tmp_path)
    content = zipped("mine-A0B1C2D3/train/events", "mine-A0B1C2D3/test/events", content="new content")
    place = content.rindex(b"new content")

    with pytest.raises(UnexpectedAnswer, match="expected a zip"):
        LogDirectory(content[:place] + b"XXX" + content[place + 3 :]).extract(tmp_path)

    assert files(tmp_path) == {"mine-A0B1C2D3/train/events": "events"}


@pytest.mark.parametrize(
    "content",
    [b"no zip", zipped(), zipped("../mine/events"), zipped("/events"), zipped("a/b", "c/d"), zipped("a/../../b")],
)
def test_other_answers_write_nothing(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(UnexpectedAnswer, match="expected a zip"):
        LogDirectory(content).extract(tmp_path / "logs")

    assert list(tmp_path.iterdir()) == []
