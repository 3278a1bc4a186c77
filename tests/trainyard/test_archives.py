import errno
import os
import zipfile
from pathlib import Path
from typing import get_args

import pytest

from models_store.datasets.record import Layout
from specs.dataset import NAME_PATTERN
from trainyard.archives import open_archive
from trainyard.errors import UploadError
from trainyard.operations import datasets


def packed(folder: Path) -> list[str]:
    with open_archive(folder) as file:
        return zipfile.ZipFile(file).namelist()


def write(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"image")
    return path


def test_linked_class_folders_and_files_are_followed(tmp_path: Path) -> None:
    write(tmp_path / "elsewhere" / "1.png")
    folder = tmp_path / "data"
    write(folder / "cat" / "1.png")
    (folder / "dog").symlink_to(tmp_path / "elsewhere")
    (folder / "cat" / "2.png").symlink_to(tmp_path / "elsewhere" / "1.png")

    assert packed(folder) == ["cat/1.png", "cat/2.png", "dog/1.png"]


def test_empty_folders_are_kept_hidden_files_skipped(tmp_path: Path) -> None:
    for name in ("cat/1.png", ".git/config", "cat/.DS_Store"):
        write(tmp_path / name)
    (tmp_path / "dog").mkdir()
    write(tmp_path / "cow" / ".gitkeep")

    assert packed(tmp_path) == ["cat/1.png", "cow/", "dog/"]


def test_files_of_any_date_are_packed(tmp_path: Path) -> None:
    for name, seconds in (("1970.png", 0), ("2200.png", 7_258_118_400)):
        os.utime(write(tmp_path / "cat" / name), (seconds, seconds))

    assert packed(tmp_path) == ["cat/1970.png", "cat/2200.png"]


def test_name_that_is_not_utf8_is_named(tmp_path: Path) -> None:
    write(tmp_path / "cat" / os.fsdecode(b"\xff.png"))
    with pytest.raises(UploadError, match=r"the name 'cat/\\udcff.png' is not UTF-8; rename it"):
        packed(tmp_path)


def test_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "cat").mkdir()
    (tmp_path / "cat" / "1.png").symlink_to("gone.png")
    with pytest.raises(UploadError, match=r"cat/1.png links to gone.png, which is missing; remove the link"):
        packed(tmp_path)


def deny(*_: object, **__: object) -> None:
    raise PermissionError(errno.EACCES, "Permission denied", "cat")


@pytest.mark.parametrize(("function", "name"), [("zipfile.ZipFile.write", "cat/1.png"), ("os.scandir", "cat")])
def test_what_must_not_be_read_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, function: str, name: str
) -> None:
    write(tmp_path / "cat" / "1.png")
    monkeypatch.setattr(function, deny)
    with pytest.raises(UploadError, match=f"{name} cannot be read: Permission denied"):
        packed(tmp_path)


def test_folder_that_links_to_one_around_it_is_named(tmp_path: Path) -> None:
    write(tmp_path / "cat" / "1.png")
    (tmp_path / "cat" / "again").symlink_to(tmp_path)
    with pytest.raises(UploadError, match=f"cat/again leads back to {tmp_path}, a folder around it; remove the link"):
        packed(tmp_path)


def test_folders_that_link_to_each_other_are_named(tmp_path: Path) -> None:
    for name, other in (("cat", "dog"), ("dog", "cat")):
        write(tmp_path / name / "1.png")
        (tmp_path / name / "friend").symlink_to(tmp_path / other)
    with pytest.raises(UploadError, match=f"cat/friend/friend leads back to {tmp_path}/cat, a folder around it"):
        packed(tmp_path)


def test_folder_linked_twice_is_packed_twice(tmp_path: Path) -> None:
    write(tmp_path / "elsewhere" / "rose" / "1.png")
    folder = tmp_path / "data"
    for split in ("test", "train"):
        (folder / split).mkdir(parents=True)
        (folder / split / "rose").symlink_to(tmp_path / "elsewhere" / "rose")

    assert packed(folder) == ["test/rose/1.png", "train/rose/1.png"]


def test_names_are_checked_as_the_api_does() -> None:
    assert datasets.NAME_PATTERN == NAME_PATTERN
    assert get_args(Layout) == datasets.LAYOUTS
