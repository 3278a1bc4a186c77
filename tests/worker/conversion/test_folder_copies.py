from collections.abc import Container, Iterator
from pathlib import Path

import pytest

from archives.errors import InvalidArchive
from models_store.datasets.images import StoredImages
from tests.support.archives import image, zip_of
from tests.worker.conversion.test_convert import convert_archive
from tests.worker.conversion.test_parquet_images import LIMITS
from worker.conversion.folder_copies import leave_out_copies
from worker.conversion.members import UploadedFiles


def files(*prefixes: str, changed: str = "") -> dict[str, bytes]:
    names = ("cat/1.png", "cat/2.png", "dog/1.png", "dog/2.png")
    return {
        f"{prefix}{name}": image(10 + number + (100 if f"{prefix}{name}" == changed else 0))
        for prefix in prefixes
        for number, name in enumerate(names)
    }


@pytest.mark.parametrize(
    ("prefixes", "copy"),
    [
        (("data/", "data/data/"), "data/data"),
        (("", "data/"), "data"),
        (("data/", "data/data/", "data/data/data/"), "data/data"),
        (("data/", "data (1)/"), "data (1)"),
        (("a/data/", "a/data (1)/"), "a/data (1)"),
    ],
)
def test_dataset_that_is_packed_twice_is_read_once(prefixes: tuple[str, ...], copy: str, tmp_path: Path) -> None:
    contents = convert_archive(tmp_path, zip_of(files(*prefixes)))

    assert (contents.classes, contents.counts["train"]) == (("cat", "dog"), (2, 2))
    count = 4 * (len(prefixes) - 1)
    assert contents.warnings[0] == (
        f"'{copy}' has nothing but copies of {count} images of other folders, byte by byte, and is left out"
    )
    assert StoredImages(tmp_path).names[0].startswith(f"{prefixes[0]}cat/")


def test_splits_that_are_packed_twice_are_read_once(tmp_path: Path) -> None:
    splits = {**files("x/train/", "x/x/train/"), "x/test/cat/9.png": image(9), "x/x/test/cat/9.png": image(9)}
    contents = convert_archive(tmp_path, zip_of(splits))
    assert contents.counts == {"train": (2, 2), "test": (1, 0)}


def test_folders_with_other_images_are_no_copies(tmp_path: Path) -> None:
    with pytest.raises(InvalidArchive, match=r"'data/data/cat/1\.png' is too deep"):
        convert_archive(tmp_path, zip_of(files("data/", "data/data/", changed="data/data/dog/2.png")))


def test_splits_of_the_same_images_are_no_copies(tmp_path: Path) -> None:
    contents = convert_archive(tmp_path, zip_of(files("train/", "test/")))
    assert contents.counts == {"train": (2, 2), "test": (2, 2)}


def test_class_of_images_beside_it_is_no_copy(tmp_path: Path) -> None:
    loose = {name.removeprefix("cat/"): data for name, data in files("").items() if name.startswith("cat/")}
    with pytest.raises(InvalidArchive, match=r"'1\.png' is beside the class folders"):
        convert_archive(tmp_path, zip_of({**files(""), **loose}))


class Counted(UploadedFiles):
    """Counts what is read."""

    count = 0

    def read(self, positions: Container[int]) -> Iterator[tuple[int, bytes]]:
        for position, content in super().read(positions):
            self.count += 1
            yield position, content


@pytest.mark.parametrize(
    ("uploaded", "left_out", "read"),
    [
        ({f"{name}/images/{n}.png": image(10 * n + len(name)) for name in ("cat", "horse") for n in range(9)}, 0, 2),
        (files("data/", "data/data/", changed="data/data/dog/2.png"), 0, 8),
        (files("data/", "data/data/", "data/data/data/"), 8, 12),
        (files(""), 0, 0),
    ],
    ids=["numbered alike", "one differs", "three times", "no names alike"],
)
def test_nothing_is_read_twice(uploaded: dict[str, bytes], left_out: int, read: int, tmp_path: Path) -> None:
    (tmp_path / "archive").write_bytes(zip_of(uploaded))
    archive = Counted(tmp_path / "archive", LIMITS)
    images = archive.list(lambda: None).images

    assert len(leave_out_copies(images, archive, lambda: None).images) == len(uploaded) - left_out
    assert archive.count == read
