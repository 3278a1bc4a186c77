"""Opens an archive in any supported format, recognized by its content."""

from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from archives.errors import UnsupportedFormat
from archives.member import Budget, Limits, Member
from archives.tar import read_tar
from archives.zip import read_zip

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
    start = file.read(512)
    if start[:4] in (b"PK\3\4", b"PK\5\6"):
        return Archive(*read_zip(file, Budget(limits), encoding))
    is_gzipped = start[:2] == b"\x1f\x8b"
    if is_gzipped or start[257:262] == b"ustar":
        return Archive(None, read_tar(file, is_gzipped, Budget(limits), encoding))
    size = f"{len(start)} bytes or more" if len(start) == 512 else f"{len(start)} bytes"
    found = next((name for first, name in _UNSUPPORTED.items() if start.startswith(first)), None)
    naming = f", but {found}; pack the files as one of these" if found else ""
    raise UnsupportedFormat(f"the {size} received are neither a zip nor a tar nor a tar.gz{naming}")
