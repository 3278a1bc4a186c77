"""How much of the disk the store takes."""

import heapq
import os
import shutil
from collections.abc import Callable, Collection
from pathlib import Path

from models_store.frozen import Frozen

_MAX_LARGEST = 10
# Not to the byte: the digits of a hidden result would show in the size of the file that has it.
_BLOCK_BYTES = 4096


class FolderSize(Frozen):
    """Of an experiment, by its id, or of a dataset, by its name."""

    name: str
    bytes: int


class DiskUse(Frozen):
    """In bytes: the file system that the store is on, all files of the store, and parts of them. The ten largest are
    listed, the largest first."""

    total_bytes: int
    free_bytes: int
    store_bytes: int
    experiments_bytes: int
    datasets_bytes: int
    largest_experiments: tuple[FolderSize, ...]
    largest_datasets: tuple[FolderSize, ...]


def measure_disk(
    root: Path,
    experiments: Path,
    datasets: Path,
    is_shown: Callable[[str], bool] = lambda _: True,
    is_dataset_shown: Callable[[str], bool] = lambda _: True,
) -> DiskUse:
    """Of the store in the folder `root`, with the folders of all experiments and datasets in `experiments` and
    `datasets`, of which those are listed that are shown. Looks at each file of the store."""
    disk = shutil.disk_usage(root)
    in_experiments, in_datasets = _sizes(experiments), _sizes(datasets)
    experiments_bytes, datasets_bytes = _sum(in_experiments), _sum(in_datasets)
    return DiskUse(
        total_bytes=disk.total,
        free_bytes=disk.free,
        store_bytes=experiments_bytes + datasets_bytes + _sum(_sizes(root, without=(experiments.name, datasets.name))),
        experiments_bytes=experiments_bytes,
        datasets_bytes=datasets_bytes,
        largest_experiments=_largest(in_experiments, is_shown),
        largest_datasets=_largest(in_datasets, is_dataset_shown),
    )


def _sizes(folder: Path, without: Collection[str] = ()) -> list[FolderSize]:
    """Of all that it contains."""
    with os.scandir(folder) as entries:
        return [FolderSize(name=each.name, bytes=_size(each)) for each in entries if each.name not in without]


def folder_bytes(folder: Path, without: Collection[str] = ()) -> int:
    """Of all files in it, but for files and folders of these names; 0 if there is no such folder."""
    try:
        with os.scandir(folder) as entries:
            return sum(_size(each) for each in entries if each.name not in without)
    except FileNotFoundError:
        return 0


def _size(entry: os.DirEntry[str]) -> int:
    """Of a file, in whole blocks as it lies on the disk, or of all files in a folder; 0 if it vanishes meanwhile, as
    temporary files do."""
    try:
        if not entry.is_dir(follow_symlinks=False):
            return -(-entry.stat(follow_symlinks=False).st_size // _BLOCK_BYTES) * _BLOCK_BYTES
        with os.scandir(entry.path) as entries:
            return sum(map(_size, entries))
    except FileNotFoundError:
        return 0


def _sum(sizes: list[FolderSize]) -> int:
    return sum(each.bytes for each in sizes)


def _largest(sizes: list[FolderSize], is_shown: Callable[[str], bool]) -> tuple[FolderSize, ...]:
    visible = [each for each in sizes if not each.name.startswith(".") and is_shown(each.name)]
    return tuple(heapq.nlargest(_MAX_LARGEST, visible, key=lambda each: (each.bytes, each.name)))
