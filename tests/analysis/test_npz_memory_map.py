import os
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
import pytest

from analysis.npz_memory_map import map_npz


def archive(path: Path, first: int) -> Path:
    np.savez_compressed(path, x=np.arange(first, first + 12, dtype=np.uint8).reshape(3, 4), y=np.arange(3))
    return path


def test_arrays_are_mapped_from_files_written_once(tmp_path: Path) -> None:
    file, folder = archive(tmp_path / "mnist.npz", 0), tmp_path / "made"
    images, labels = map_npz(file, ("x", "y"), folder)
    made = {path.name: path.stat().st_ino for path in folder.iterdir()}
    again, _ = map_npz(file, ("x", "y"), folder)

    assert (images.tolist(), labels.tolist()) == (np.arange(12).reshape(3, 4).tolist(), [0, 1, 2])
    assert isinstance(images, np.memmap)
    assert isinstance(again, np.memmap)
    assert {path.name: path.stat().st_ino for path in folder.iterdir()} == made
    assert len(made) == 2


def test_changed_file_is_read_again(tmp_path: Path) -> None:
    file, folder = archive(tmp_path / "cifar10.npz", 0), tmp_path / "made"
    map_npz(archive(tmp_path / "cifar100.npz", 50), ("x",), folder)
    old, _ = map_npz(file, ("x", "y"), folder)
    archive(file, 100)
    os.utime(file, ns=(0, file.stat().st_mtime_ns + 1))
    new, _ = map_npz(file, ("x", "y"), folder)

    assert (old[0, 0], new[0, 0]) == (0, 100)
    assert sorted(path.name.split("-")[0] for path in folder.iterdir()) == ["cifar10", "cifar10", "cifar100"]


def test_other_file_leaves_nothing(tmp_path: Path) -> None:
    file, folder = tmp_path / "mnist.npz", tmp_path / "made"
    file.write_bytes(b"no archive")
    with pytest.raises(BadZipFile):
        map_npz(file, ("x",), folder)
    with pytest.raises(KeyError, match="z"):
        map_npz(archive(file, 0), ("z",), folder)
    assert list(folder.iterdir()) == []
