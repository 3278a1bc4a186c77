"""The images among the files of a batch, prepared for the network a few at a time."""

import time
from collections.abc import Callable, Iterator
from pathlib import PurePosixPath
from typing import NamedTuple

from archives.errors import InvalidArchive, UnreadableMember
from archives.member import Member
from archives.names import is_system_file
from imaging.errors import ImageError
from imaging.formats import IMAGE_SUFFIXES, begins_as_image
from imaging.preparation import PreparedImage

# As many as one body of POST /predict.
MAX_IMAGE_BYTES = 10_000_000
# The batch size of the network.
_MAX_AT_ONCE = 16
_AT_ONCE_SECONDS = 0.1
_MAX_NAME = 1_000
# A zip, and a compressed tar.
_ARCHIVES = (b"PK\3\4", b"\x1f\x8b")


class UnreadableImage(NamedTuple):
    filename: str
    error: str


class ReadyImage(NamedTuple):
    filename: str
    prepared: PreparedImage


class BatchImages:
    """The images among `members`, in order, each through `prepare`, which may raise ImageError. For use from one thread
    at a time. `skipped` counts files that are not images."""

    def __init__(self, members: Iterator[Member], sent_singly: bool, prepare: Callable[[bytes], PreparedImage]) -> None:
        self._members = members
        self._sent_singly = sent_singly
        self._prepare = prepare
        self._error: InvalidArchive | None = None
        self.skipped = 0
        self.ended = False

    def read_next(self) -> list[ReadyImage | UnreadableImage]:
        """The next images: as many as fit in a batch of the network; fewer, or none, if that takes long. Raises
        InvalidArchive after the last image in front of the error."""
        if self._error is not None:
            raise self._error
        images: list[ReadyImage | UnreadableImage] = []
        until = time.monotonic() + _AT_ONCE_SECONDS
        try:
            while len(images) < _MAX_AT_ONCE and time.monotonic() < until:
                if (member := next(self._members, None)) is None:
                    self.ended = True
                    break
                if (image := self._image(member)) is not None:
                    images.append(image)
                elif member.kind == "file":
                    self.skipped += 1
        except InvalidArchive as error:
            if not images:
                raise
            self._error = error
        return images

    def _image(self, member: Member) -> ReadyImage | UnreadableImage | None:
        name = member.name.encode(errors="surrogateescape").decode(errors="replace")[:_MAX_NAME]
        try:
            data = self._read(member)
            return None if data is None else ReadyImage(name, self._prepare(data))
        except UnreadableMember as error:
            return UnreadableImage(name, f"it {error}")
        except ImageError as error:
            return UnreadableImage(name, str(error))

    def _read(self, member: Member) -> bytes | None:
        """None for a file that is no image, by its name and by its first bytes. Raises UnreadableMember."""
        if self._sent_singly:
            return _read_chosen(member)
        path = PurePosixPath(member.name)
        if member.kind != "file" or is_system_file(path.parts):
            return None
        return member.read() if path.suffix.lower() in IMAGE_SUFFIXES else _read_unnamed(member)


def _read_chosen(member: Member) -> bytes:
    data = bytearray()
    for piece in member.pieces:
        data += piece
        if data.startswith(_ARCHIVES):
            raise UnreadableMember("is an archive: send it in the form field `archive`, or as the body itself")
    return bytes(data)


def _read_unnamed(member: Member) -> bytes | None:
    """None as soon as it does not begin as an image."""
    data = bytearray()
    try:
        for piece in member.pieces:
            data += piece
            if not begins_as_image(data):
                return None
    except UnreadableMember:
        if begins_as_image(data):
            raise
    return bytes(data) or None
