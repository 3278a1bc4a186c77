"""Folders that hold the images beside them once more, as archives have them that were packed twice."""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from archives.names import quote_some
from specs.problem import quantity
from worker.conversion.members import FoundFile, UploadedFiles, count_common_folders
from worker.conversion.split_names import split_of

Path = tuple[str, ...]


class _Copy(NamedTuple):
    """`folder` may hold, by their names, copies of images outside it: `pairs` of a copy and the other image."""

    folder: Path
    pairs: list[tuple[FoundFile, FoundFile]]


class WithoutCopies(NamedTuple):
    images: list[FoundFile]
    warnings: tuple[str, ...]


def leave_out_copies(images: Sequence[FoundFile], files: UploadedFiles, heartbeat: Callable[[], None]) -> WithoutCopies:
    """`images` without folders such as `data/data/` all of whose images are, under the same name and byte by byte, in
    `data/` as well, or such as `data (1)/` beside `data/`."""
    kept, folders, contents = list(images), list[str](), _Contents(files, heartbeat)
    # What holds a copy itself is found to be one without that.
    while copies := [*_copies_within(kept), *_copies_beside(kept)]:
        left_out: set[int] = set()
        for copy in contents.select_equal(copies):
            pairs = [(file.position, other.position) for file, other in copy.pairs]
            # Of three copies, each found in another one, one stays.
            if not any({at, other} & left_out for at, other in pairs):
                left_out.update(at for at, _ in pairs)
                folders.append("/".join(copy.folder))
        if not left_out:
            break
        kept = [file for file in kept if file.position not in left_out]
    return WithoutCopies(kept, tuple(_about(folders, len(images) - len(kept))))


class _Contents:
    """Of entries, each read once at most."""

    def __init__(self, files: UploadedFiles, heartbeat: Callable[[], None]) -> None:
        self._files = files
        self._heartbeat = heartbeat
        self._digests: dict[int, bytes] = {}

    def select_equal(self, copies: Sequence[_Copy]) -> list[_Copy]:
        """Those of `copies` all of whose pairs are equal. One pair tells nearly all others, as of folders whose images
        are numbered alike, so that no more of them are read."""
        found = list(copies)
        for compared in (1, None):
            self._read({file.position for copy in found for pair in copy.pairs[:compared] for file in pair})
            found = [copy for copy in found if all(self._are_equal(*pair) for pair in copy.pairs[:compared])]
        return found

    def _are_equal(self, file: FoundFile, other: FoundFile) -> bool:
        return self._digests[file.position] == self._digests[other.position]

    def _read(self, positions: set[int]) -> None:
        missing = positions - self._digests.keys()
        if not missing:
            return
        for position, content in self._files.read(frozenset(missing)):
            self._heartbeat()
            self._digests[position] = hashlib.sha256(content).digest()
            missing.discard(position)
            if not missing:
                break


def _copies_within(images: Sequence[FoundFile]) -> Iterator[_Copy]:
    """Folders whose images are, by their names, also in the folder that they are in. A single folder of images is none,
    since it may be a class, unless it is called like the one around it; nor is a split."""
    by_path = {file.path: file for file in images}
    total: dict[Path, int] = defaultdict(int)
    pairs: dict[Path, list[tuple[FoundFile, FoundFile]]] = defaultdict(list)
    for file in images:
        for depth in range(1, len(file.path)):
            folder = file.path[:depth]
            total[folder] += 1
            if other := by_path.get(file.path[: depth - 1] + file.path[depth:]):
                pairs[folder].append((file, other))
    # Outer ones first: what is in them is settled with them.
    for folder in sorted(pairs, key=lambda folder: (len(folder), folder)):
        holds_folders = all(len(file.path) > len(folder) + 1 for file, _ in pairs[folder])
        suits = folder[-1:] == folder[-2:-1] or (holds_folders and not split_of(folder[-1]))
        if suits and len(pairs[folder]) == total[folder]:
            yield _Copy(folder, pairs[folder])


def _copies_beside(images: Sequence[FoundFile]) -> Iterator[_Copy]:
    """Of the outermost folders those with folders in them that have, by their names, the same images as an earlier one.
    Splits, which may have the same images, are none."""
    common = count_common_folders(images)
    inside: dict[str, dict[Path, FoundFile]] = defaultdict(dict)
    for file in images:
        if len(file.path) > common + 1:
            inside[file.path[common]][file.path[common + 1 :]] = file
    first: dict[frozenset[Path], str] = {}
    for top in sorted(inside):
        paths = frozenset(inside[top])
        if split_of(top) or not all(len(path) > 1 for path in paths):
            continue
        original = first.setdefault(paths, top)
        if original != top:
            pairs = [(file, inside[original][path]) for path, file in inside[top].items()]
            yield _Copy((*images[0].path[:common], top), pairs)


def _about(folders: Sequence[str], left_out: int) -> Iterator[str]:
    if folders:
        has, is_left = ("has", "is") if len(folders) == 1 else ("have", "are")
        images = quantity(left_out, "image", "images")
        copies = f"nothing but copies of {images} of other folders, byte by byte"
        yield f"{quote_some(folders)} {has} {copies}, and {is_left} left out"
