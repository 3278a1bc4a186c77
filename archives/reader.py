"""Opens an archive in any supported format, recognized by its content."""

from collections.abc import Iterator
from typing import BinaryIO, Literal, NamedTuple

from archives.errors import UnsupportedFormat
from archives.member import Budget, Limits, Member
from archives.tar import is_tar_header, read_tar
from archives.zip import read_zip

FORMAT_BYTES = 512  # show the format
# By their first bytes.
_UNSUPPORTED = {
    b"Rar!": "a RAR archive",
    b"7z\xbc\xaf": "a 7z archive",
    b"BZh": "compressed by bzip2",
    b"\xfd7zXZ": "compressed by xz",
    b"(\xb5/\xfd": "compressed by zstd",
    b"PK\7\x08": "a part of a split zip",
}


class Archive(NamedTuple):
    """`entries` is the number of entries as the archive states it, None if unknown. `members` can be iterated once and
    raise InvalidArchive."""

    entries: int | None
    members: Iterator[Member]


def open_archive(file: BinaryIO, limits: Limits, encoding: str | None = None) -> Archive:
    """A zip, tar or tar.gz, read in pieces while `members` are iterated. `encoding`, a codec of
    `archives.name_encodings`, is that of the names for which the archive states none. Raises InvalidArchive."""
    file.seek(0)
    found = find_format(file.read(FORMAT_BYTES))
    if found == "zip":
        return Archive(*read_zip(file, Budget(limits), encoding))
    return Archive(None, read_tar(file, found == "tar.gz", Budget(limits), encoding))


def find_format(start: bytes) -> Literal["zip", "tar", "tar.gz"]:
    """By the first FORMAT_BYTES. Raises UnsupportedFormat."""
    if start[:4] in (b"PK\3\4", b"PK\5\6"):
        return "zip"
    if start[:2] == b"\x1f\x8b":
        return "tar.gz"
    if is_tar_header(start):
        return "tar"
    size = f"{len(start)} bytes or more" if len(start) == FORMAT_BYTES else f"{len(start)} bytes"
    found = next((name for first, name in _UNSUPPORTED.items() if start.startswith(first)), None)
    naming = f", but {found}; pack the files as one of these" if found else ""
    raise UnsupportedFormat(f"the {size} received are neither a zip nor a tar nor a tar.gz{naming}")
