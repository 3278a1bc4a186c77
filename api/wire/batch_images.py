"""Which files of an archive are images, and what a network is shown of them."""

import time
from collections.abc import Callable, Iterator
from pathlib import PurePosixPath
from typing import NamedTuple

from api.wire.samples import SentImage
from archives.member import BrokenArchive, BrokenMember, Member
from imaging.errors import ImageError
from imaging.preparation import Prepared

# As many as one body of POST /predict.
MAX_IMAGE_BYTES = 10_000_000
# As many as a network is asked about at once.
_MAX_AT_ONCE = 16
_AT_ONCE_SECONDS = 0.1
_MAX_NAME = 1_000
_LEFT_BY_SYSTEMS = {".DS_Store", "Thumbs.db", "desktop.ini"}
# Those that are not read are told of all the same: somebody expects an answer about them.
_SUFFIXES = {
    *(".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".webp"),
    *(".gif", ".bmp", ".tif", ".tiff", ".heic", ".heif", ".avif", ".jxl", ".jp2", ".ppm", ".pgm", ".svg", ".ico"),
}


# A zip, and a tar that is compressed.
_ARCHIVES = (b"PK\3\4", b"\x1f\x8b")


class Unreadable(NamedTuple):
    filename: str
    error: str


class ReadyImage(NamedTuple):
    filename: str
    prepared: Prepared


class BatchImages:
    """The images among `members`, in order, each through `prepare`, which may raise a ImageError. For use from one
    thread at once. `skipped` counts files that are none."""

    def __init__(self, members: Iterator[Member], sent_singly: bool, prepare: Callable[[bytes], Prepared]) -> None:
        self._members = members
        self._sent_singly = sent_singly
        self._prepare = prepare
        self._broken: BrokenArchive | None = None
        self.skipped = 0
        self.ended = False

    def take(self) -> list[ReadyImage | Unreadable]:
        """The next ones: as many as a network is asked about at once, and fewer, or none, where that takes long.
        Raises BrokenArchive once all that is in front of the break has been taken."""
        if self._broken is not None:
            raise self._broken
        taken: list[ReadyImage | Unreadable] = []
        until = time.monotonic() + _AT_ONCE_SECONDS
        try:
            while len(taken) < _MAX_AT_ONCE and time.monotonic() < until:
                if (member := next(self._members, None)) is None:
                    self.ended = True
                    break
                image = self._image(member)
                if image is None:
                    self.skipped += 1
                else:
                    taken.append(image)
        except BrokenArchive as error:
            if not taken:
                raise
            self._broken = error
        return taken

    def _image(self, member: Member) -> ReadyImage | Unreadable | None:
        member = member._replace(name=member.name[:_MAX_NAME])
        try:
            sent = _sent(member, self._sent_singly)
            return None if sent is None else ReadyImage(sent.filename, self._prepare(sent.data))
        except (ImageError, BrokenMember) as error:
            return Unreadable(member.name, str(error))


def _sent(member: Member, sent_singly: bool) -> SentImage | None:
    """None for a file that is no image, by its name and by how it begins. Raises BrokenMember."""
    path = PurePosixPath(member.name)
    if not sent_singly and ("__MACOSX" in path.parts or path.name in _LEFT_BY_SYSTEMS or path.name.startswith("._")):
        return None
    is_named_so = sent_singly or path.suffix.lower() in _SUFFIXES
    data = bytearray()
    try:
        for piece in member.pieces:
            data += piece
            if not is_named_so and not _begins_as_image(data):
                return None
            _check(data, sent_singly)
    except BrokenMember:
        if is_named_so or _begins_as_image(data):
            raise
    return SentImage(member.name, bytes(data)) if is_named_so or data else None


def _check(data: bytearray, sent_singly: bool) -> None:
    if sent_singly and data.startswith(_ARCHIVES):
        raise BrokenMember("it is an archive: send it in the form field `archive`, or as the body itself")
    if len(data) > MAX_IMAGE_BYTES:
        raise BrokenMember(f"it has more than the {MAX_IMAGE_BYTES:,} bytes that are read of one image")


def _begins_as_image(data: bytearray) -> bool:
    return data.startswith((b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff")) or (
        data.startswith(b"RIFF") and data[8:12] == b"WEBP"
    )
