"""Archives as the programs make them that people have: Info-ZIP's zip and GNU tar."""

import subprocess
from pathlib import Path

import pytest

from models_store.datasets.record import UploadOptions
from tests.support.archives import image
from tests.support.requirements import needs_programs
from tests.support.waiting import PATIENCE_SECONDS
from tests.worker.conversion.test_parquet_images import convert_upload

pytestmark = [pytest.mark.processes, needs_programs("zip", "tar")]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A repository as people keep it: classes with umlauts within splits, and what is no image."""
    root = tmp_path / "repo"
    images = {
        f"pets-main/data/{split}/{label}/{number}.png": image(start + number)
        for start, (split, label) in enumerate(
            ((split, label) for split in ("seg_train", "dev") for label in ("Größe", "Katze")), 1
        )
        for number in (0, 100)
    }
    others = dict.fromkeys(("README.md", "LICENSE", "data/.gitkeep", "data/@eaDir/a.png", "data/notes.txt"), b"text")
    for name, data in {**images, **{f"pets-main/{name}": data for name, data in others.items()}}.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(data)
    return root


@pytest.mark.parametrize(
    "command",
    [
        ["zip", "-qr", "ARCHIVE", "."],
        ["zip", "-qr0D", "ARCHIVE", "pets-main"],
        ["tar", "-cf", "ARCHIVE", "pets-main"],
        ["tar", "-czf", "ARCHIVE", "."],
        ["tar", "--format=pax", "-cf", "ARCHIVE", "."],
        ["tar", "--format=ustar", "-cf", "ARCHIVE", "pets-main"],
    ],
    ids=" ".join,
)
def test_repository_is_read_as_it_is(folder: Path, tmp_path: Path, command: list[str]) -> None:
    archive = tmp_path / "packed"
    if command[0] == "zip":
        archive = archive.with_suffix(".zip")
    subprocess.run(
        [str(archive) if each == "ARCHIVE" else each for each in command],
        cwd=folder,
        check=True,
        timeout=PATIENCE_SECONDS,
    )
    converted = tmp_path / "converted"
    converted.mkdir()

    contents = convert_upload(converted, archive.read_bytes())

    assert contents.classes == ("Größe", "Katze")
    assert contents.counts == {"train": (2, 2), "test": (0, 0), "validation": (2, 2)}
    assert contents.split_names == {"train": ("seg_train",), "validation": ("dev",)}
    assert contents.ignored_files == 5
    assert not any("encoded" in warning for warning in contents.warnings)


def test_zip_of_a_competition_is_read_by_filenames(tmp_path: Path) -> None:
    for name in ("train/cat.0.png", "train/cat.1.png", "train/dog.0.png", "train/dog.1.png", "test1/1.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(image(len(name)))
    subprocess.run(["zip", "-qr", "packed.zip", "train", "test1"], cwd=tmp_path, check=True, timeout=PATIENCE_SECONDS)
    converted = tmp_path / "converted"
    converted.mkdir()

    data = (tmp_path / "packed.zip").read_bytes()
    contents = convert_upload(converted, data, UploadOptions(layout="filenames"))

    assert (contents.classes, contents.counts["train"]) == (("cat", "dog"), (2, 2))
    assert contents.warnings[0] == "1 image without a class in its name is left out, such as 'test1/1.png'"
