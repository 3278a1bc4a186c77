"""Images of an archive by what a table calls them."""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import cache, cached_property
from pathlib import PurePosixPath

from worker.conversion.members import FoundFile, count_common_folders
from worker.conversion.split_names import Kind, innermost_split

_ADDRESS = re.compile("https?://", re.IGNORECASE)
_QUERY = re.compile("[?#].*")
Path = tuple[str, ...]
Files = list[FoundFile]


class _Keys:
    """Files by paths, and by these without the suffix; a whole name counts for more."""

    def __init__(self, keys: Iterable[tuple[Path, FoundFile]]) -> None:
        self._by_name: dict[Path, Files] = defaultdict(list)
        self._by_stem: dict[Path, Files] = defaultdict(list)
        for path, file in keys:
            self._by_name[path].append(file)
            self._by_stem[*path[:-1], path[-1].rpartition(".")[0] or path[-1]].append(file)

    def find(self, path: Path) -> Files:
        return self._by_name.get(path) or self._by_stem.get(path) or []


class ImageIndex:
    """Finds images by their path or the end of it, with or without suffix. Any search takes the same time: the images
    are indexed once for each number of folders that a table writes."""

    def __init__(self, images: Sequence[FoundFile]) -> None:
        self.images = images
        self._max_parts = max((len(file.path) for file in images), default=0)
        self._common = count_common_folders(images)
        self._whole = _Keys((file.path, file) for file in images)
        self._ends: dict[int, _Keys] = {}
        self._by_split: dict[tuple[Path, Kind], Files] = {}
        self._splits = cache(innermost_split)

    def split_folder(self, file: FoundFile) -> tuple[Kind | None, str]:
        """The split of an image by its folders, and the folder that names it. A folder around all images names none."""
        return self._splits(file.path[self._common : -1])

    def find(self, cell: str, near: Path = (), kind: Kind | None = None) -> Sequence[FoundFile]:
        """The image that `cell` names; none if it names none, several if it may be any of them. Of namesakes it is the
        one below the folder `near`, or else the one in a folder of the split `kind`, by default train."""
        path = split_cell(cell)
        named, _ = innermost_split(path[:-1])
        for start in range(max(0, len(path) - self._max_parts), len(path)):
            end = path[start:]
            found = self._end(len(end)).find(end)
            if len(found) > 1:
                below = self._whole.find((*near, *end))
                found = below if len(below) == 1 else self._in_split(end, found, named or kind or "train")
            if found:
                # A table made elsewhere begins with folders that were not packed; those of splits are no such folders.
                is_elsewhere = named and len(found) == 1 and self.split_folder(found[0])[0] not in (None, named)
                return () if is_elsewhere else found
        return ()

    @cached_property
    def _alike(self) -> dict[str, FoundFile]:
        """The first of each name, without case, suffix and leading zeros, which spreadsheets drop."""
        return {_fold(file.path[-1]): file for file in reversed(self.images)}

    def find_alike(self, cell: str) -> FoundFile | None:
        """An image whose name differs from `cell` in case, suffix or leading zeros only."""
        path = split_cell(cell)
        return self._alike.get(_fold(path[-1])) if path else None

    def _end(self, parts: int) -> _Keys:
        if parts not in self._ends:
            long = (file for file in self.images if len(file.path) >= parts)
            self._ends[parts] = _Keys((file.path[-parts:], file) for file in long)
        return self._ends[parts]

    def _in_split(self, end: Path, found: Files, kind: Kind) -> Files:
        """Those of `found` in a folder of the split `kind`, or else in one of no split, or else all."""
        if (end, kind) not in self._by_split:
            inside: dict[Kind | None, Files] = defaultdict(list)
            for file in found:
                inside[self.split_folder(file)[0]].append(file)
            self._by_split[end, kind] = inside[kind] or inside[None] or found
        return self._by_split[end, kind]


def _fold(name: str) -> str:
    return PurePosixPath(name.casefold()).stem.lstrip("0")


def split_cell(cell: str) -> Path:
    """The folders and the file that a table writes, of an address without its query."""
    if _ADDRESS.match(cell):
        cell = _QUERY.sub("", cell)
    return tuple(part for part in cell.replace("\\", "/").split("/") if part not in ("", ".", ".."))
