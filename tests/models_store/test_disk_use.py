import os
from pathlib import Path

from models_store.disk_use import DiskUse, FolderSize, measure_disk

BLOCK = 4096


def write(path: Path, blocks: int) -> None:
    """A file that takes so many blocks, the last of them not whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x" * max(0, blocks * BLOCK - blocks))


def measure(root: Path) -> DiskUse:
    for name in ("experiments", "datasets"):
        (root / name).mkdir(exist_ok=True)
    return measure_disk(root, root / "experiments", root / "datasets")


def test_files_of_the_store_are_summed(tmp_path: Path) -> None:
    write(tmp_path / "experiments" / "A" / "experiment.json", 10)
    write(tmp_path / "experiments" / "A" / "artifacts" / "model.keras", 1000)
    write(tmp_path / "experiments" / "B" / "experiment.json", 20)
    write(tmp_path / "datasets" / "own" / "images" / "pixels", 300)
    write(tmp_path / "predictions" / "1.bin", 4)
    found = measure(tmp_path)
    sums = (found.store_bytes, found.experiments_bytes, found.datasets_bytes)
    assert sums == (1334 * BLOCK, 1030 * BLOCK, 300 * BLOCK)
    largest = (FolderSize(name="A", bytes=1010 * BLOCK), FolderSize(name="B", bytes=20 * BLOCK))
    assert found.largest_experiments == largest
    assert found.largest_datasets == (FolderSize(name="own", bytes=300 * BLOCK),)
    assert found.total_bytes > found.free_bytes > 0


def test_empty_store_takes_nothing(tmp_path: Path) -> None:
    found = measure(tmp_path)
    assert (found.store_bytes, found.largest_experiments, found.largest_datasets) == (0, (), ())


def test_ten_largest_are_listed(tmp_path: Path) -> None:
    for number in range(12):
        write(tmp_path / "experiments" / f"{number:02}" / "file", number)
    sizes = [each.bytes // BLOCK for each in measure(tmp_path).largest_experiments]
    assert sizes == [11, 10, 9, 8, 7, 6, 5, 4, 3, 2]


def test_hidden_folders_count_but_are_not_listed(tmp_path: Path) -> None:
    write(tmp_path / "experiments" / ".A.123.tmp" / "file", 7)
    found = measure(tmp_path)
    assert (found.experiments_bytes, found.largest_experiments) == (7 * BLOCK, ())


def test_links_are_not_followed(tmp_path: Path) -> None:
    write(tmp_path / "elsewhere" / "large", 50)
    root = tmp_path / "store"
    write(root / "experiments" / "A" / "file", 1)
    link = root / "experiments" / "A" / "link"
    link.symlink_to(tmp_path / "elsewhere")
    assert os.lstat(link).st_size < BLOCK
    assert measure(root).store_bytes == 2 * BLOCK
