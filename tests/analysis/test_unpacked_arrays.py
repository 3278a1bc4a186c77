"""Arrays out of an archive, on the disk once."""

import os
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
import pytest

from analysis.unpacked_arrays import unpacked


def archive(path: Path, first: int) -> Path:
    np.savez_compressed(path, x=np.arange(first, first + 12, dtype=np.uint8).reshape(3, 4), y=np.arange(3))
    return path


def test_arrays_are_mapped_from_files_that_are_made_once(tmp_path: Path) -> None:
    file, folder = archive(tmp_path / "mnist.npz", 0), tmp_path / "made"
    images, labels = unpacked(file, ("x", "y"), folder)
    made = {path.name: path.stat().st_ino for path in folder.iterdir()}
    again, _ = unpacked(file, ("x", "y"), folder)

    assert (images.tolist(), labels.tolist()) == (np.arange(12).reshape(3, 4).tolist(), [0, 1, 2])
    assert isinstance(images, np.memmap)
    assert isinstance(again, np.memmap)
    assert {path.name: path.stat().st_ino for path in folder.iterdir()} == made
    assert len(made) == 2


def test_a_file_that_has_changed_is_read_anew_and_others_are_left(tmp_path: Path) -> None:
    file, folder = archive(tmp_path / "cifar10.npz", 0), tmp_path / "made"
    unpacked(archive(tmp_path / "cifar100.npz", 50), ("x",), folder)
    old, _ = unpacked(file, ("x", "y"), folder)
    archive(file, 100)
    os.utime(file, ns=(0, file.stat().st_mtime_ns + 1))
    new, _ = unpacked(file, ("x", "y"), folder)

    assert (old[0, 0], new[0, 0]) == (0, 100)
    assert sorted(path.name.split("-")[0] for path in folder.iterdir()) == ["cifar10", "cifar10", "cifar100"]


def test_what_is_no_such_archive_leaves_nothing(tmp_path: Path) -> None:
    file, folder = tmp_path / "mnist.npz", tmp_path / "made"
    file.write_bytes(b"no archive")
    with pytest.raises(BadZipFile):
        unpacked(file, ("x",), folder)
    with pytest.raises(KeyError, match="z"):
        unpacked(archive(file, 0), ("z",), folder)
    assert list(folder.iterdir()) == []
