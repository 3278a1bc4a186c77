"""The files of an uploaded archive: listed by kind, and read, each checked before its content is used."""

import hashlib
import re
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from itertools import takewhile
from pathlib import Path, PurePosixPath
from typing import BinaryIO, NamedTuple

from archives.errors import InvalidArchive, UnreadableMember
from archives.member import MAX_RATIO, Limits, Member
from archives.names import Collisions, check_file, is_system_file, quote, split_path
from archives.reader import open_archive
from imaging.formats import IMAGE_SUFFIXES, begins_as_image

_MAX_LISTED = 100
# Data of other programs, regardless of the first bytes.
_OTHER_SUFFIXES = frozenset({".txt", ".md", ".json", ".xml", ".html", ".py", ".yaml", ".yml", ".ipynb"})
TABLE_SUFFIXES = (".csv", ".tsv")
PARQUET_SUFFIX = ".parquet"
# As MNIST names its files: train-images-idx3-ubyte.gz, train-images.idx3-ubyte.
_ARRAY = re.compile(r".+\.npy|.+[-.]idx[1-4]-ubyte(\.gz)?", re.IGNORECASE)


class FoundFile(NamedTuple):
    """`position` counts the entries of the archive; `path` are the folders and the file."""

    position: int
    path: tuple[str, ...]
    name: str


class ParquetFile(NamedTuple):
    """A file on disk, and what the upload calls it, with `common` folders around all of its kind."""

    path: Path
    name: str
    common: int = 0


def count_common_folders(files: Sequence[FoundFile]) -> int:
    """The number of folders around all `files`."""
    folders = [file.path[:-1] for file in files]
    first, last = min(folders, default=()), max(folders, default=())
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(first, last, strict=False)))


def file_digest(path: Path) -> bytes:
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").digest()


class Listing:
    """What an archive holds. `ignored` names some of the `ignored_files`: those that are no images and no tables, or
    that systems and programs left behind. `unknown_names` are in an encoding that the archive does not state, and
    `assumed_names` in UTF-8, because they are valid, which it does not state.
    `bare_folders` have no image, nor have folders in them: each with the name of a file that it has, or None if systems
    and programs left all of its files behind."""

    def __init__(self) -> None:
        self.images: list[FoundFile] = []
        self.tables: list[FoundFile] = []
        self.parquets: list[FoundFile] = []
        self.arrays: list[FoundFile] = []
        self.bare_folders: dict[tuple[str, ...], str | None] = {}
        self.unknown_names: list[str] = []
        self.assumed_names: list[str] = []
        self.ignored: list[str] = []
        self.ignored_files = 0

    @property
    def may_be_arrays(self) -> bool:
        """Nothing else in the archive but its tables may hold images."""
        return bool(self.arrays) and not (self.images or self.parquets)

    def ignore_arrays(self) -> None:
        for file in self.arrays:
            self.ignore(file.name)
        self.arrays = []

    def ignore(self, name: str) -> None:
        self.ignored_files += 1
        if len(self.ignored) < _MAX_LISTED:
            self.ignored.append(name)


class UploadedFiles:
    """The entries of an archive, each time from its beginning. `encoding` is that of names for which the archive
    states none. Raises InvalidArchive for anything that a dataset of images does not hold."""

    def __init__(self, archive: Path, limits: Limits, encoding: str | None = None) -> None:
        self._archive = archive
        self._limits = limits
        self._encoding = encoding

    def list(self, heartbeat: Callable[[], None]) -> Listing:
        """No image is decoded, and of an entry no more is read than tells its kind."""
        listing, collisions = Listing(), Collisions()
        folders: dict[tuple[str, ...], str | None] = {}
        with self._archive.open("rb") as file:
            for position, member in self._members(file, self._limits):
                heartbeat()
                path = split_path(member.name, member.is_name_known)
                is_left_behind, is_folder = is_system_file(path), member.kind == "folder"
                for depth in range(1, len(path) + is_folder):
                    folders[path[:depth]] = folders.get(path[:depth]) or (
                        None if is_left_behind or is_folder else member.name
                    )
                if is_folder:
                    continue
                if is_left_behind:
                    listing.ignore(member.name)
                    continue
                if member.kind == "special" and PurePosixPath(path[-1]).suffix.lower() in _OTHER_SUFFIXES:
                    listing.ignore(member.name)
                    continue
                if member.kind == "special":
                    raise InvalidArchive(
                        f"{quote(member.name)} is a link, a device, a pipe or sparse, not a plain file; pack what it "
                        "points to, as zip does, and tar with -h --hard-dereference"
                    )
                if not _ARRAY.fullmatch(path[-1]):
                    check_file(path, member.name)
                _sort(member, FoundFile(position, path, member.name), listing, collisions)
        filled = {file.path[:depth] for file in listing.images for depth in range(1, len(file.path))}
        listing.bare_folders = {
            path: name for path, name in folders.items() if path not in filled and not is_system_file(path)
        }
        return listing

    def read(self, positions: Container[int]) -> Iterator[tuple[int, bytes]]:
        """The content of the entries at `positions`, in the order of the archive."""
        with self._archive.open("rb") as file:
            for position, member in self._members(file, self._limits):
                if position in positions:
                    yield position, _read(member)

    def read_starts(self, positions: Container[int], heartbeat: Callable[[], None]) -> dict[int, bytes]:
        """The first piece of each of the entries at `positions`."""
        starts: dict[int, bytes] = {}
        with self._archive.open("rb") as file:
            for position, member in self._members(file, self._limits):
                heartbeat()
                if position in positions:
                    starts[position] = _first_piece(member)
        return starts

    def copy(
        self, targets: Mapping[int, Path], heartbeat: Callable[[], None], max_ratio: int | None = MAX_RATIO
    ) -> None:
        """Write entries, which may be larger than an image, to the files `targets`, by position. `max_ratio` is that of
        `Limits`."""
        limits = self._limits._replace(file_bytes=self._limits.bytes, max_ratio=max_ratio)
        with self._archive.open("rb") as file:
            for position, member in self._members(file, limits):
                if position in targets:
                    with targets[position].open("wb") as target:
                        for piece in _pieces(member):
                            heartbeat()
                            target.write(piece)

    def _members(self, file: BinaryIO, limits: Limits) -> Iterator[tuple[int, Member]]:
        return enumerate(open_archive(file, limits, self._encoding).members)


def _sort(member: Member, found: FoundFile, listing: Listing, collisions: Collisions) -> None:
    suffix = PurePosixPath(found.path[-1]).suffix.lower()
    if suffix in TABLE_SUFFIXES:
        listing.tables.append(found)
    elif suffix == PARQUET_SUFFIX:
        listing.parquets.append(found)
    elif _ARRAY.fullmatch(found.path[-1]):
        listing.arrays.append(found)
    elif suffix in IMAGE_SUFFIXES or (suffix not in _OTHER_SUFFIXES and begins_as_image(_first_piece(member))):
        collisions.check(found.path, found.name, member.is_name_known)
        listing.images.append(found)
        if not member.is_name_known:
            listing.unknown_names.append(found.name)
        elif not member.is_name_stated and not found.name.isascii():
            listing.assumed_names.append(found.name)
    else:
        listing.ignore(found.name)


def _first_piece(member: Member) -> bytes:
    return next(_pieces(member), b"")


def _read(member: Member) -> bytes:
    return b"".join(_pieces(member))


def _pieces(member: Member) -> Iterator[bytes]:
    try:
        yield from member.pieces
    except UnreadableMember as error:
        raise InvalidArchive(f"{quote(member.name)} {error}") from error
