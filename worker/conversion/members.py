"""The files of an uploaded archive, each checked before its content is used."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from archives.errors import InvalidArchive, UnreadableMember
from archives.member import Limits, Member
from archives.names import Collisions, check_file, is_system_file, quote, split_path
from archives.reader import open_archive


class UploadedFile(NamedTuple):
    """A file or folder of the dataset. `content` is empty for a folder."""

    path: tuple[str, ...]
    name: str
    is_folder: bool
    content: bytes


class UploadedFiles:
    """Iterate once. `total` is the number of entries, None while unknown; `ignored` counts files that operating systems
    leave behind. Raises InvalidArchive for anything that a dataset of images does not hold."""

    def __init__(self, archive: Path, limits: Limits) -> None:
        self._archive = archive
        self._limits = limits
        self.total: int | None = None
        self.ignored = 0

    def __iter__(self) -> Iterator[UploadedFile]:
        collisions = Collisions()
        with self._archive.open("rb") as file:
            archive = open_archive(file, self._limits)
            self.total = archive.entries
            for member in archive.members:
                if not (path := _check_path(member)):
                    continue
                if is_system_file(path):
                    self.ignored += 1
                elif member.kind == "folder":
                    yield UploadedFile(path, member.name, True, b"")
                else:
                    collisions.check(path, member.name)
                    yield UploadedFile(path, member.name, False, _read(member))


def _check_path(member: Member) -> tuple[str, ...]:
    """Empty for the archive's own folder. Raises InvalidArchive."""
    if member.kind == "special":
        raise InvalidArchive(f"{quote(member.name)} is a link, a device, a pipe or sparse, not a plain file")
    path = split_path(member.name)
    if path and not is_system_file(path):
        check_file(path, member.name)
    return path


def _read(member: Member) -> bytes:
    try:
        return member.read()
    except UnreadableMember as error:
        raise InvalidArchive(f"{quote(member.name)} {error}") from error
