"""How much may wait to be predicted: beyond it a request is rejected at once, rather than answered when nobody
waits."""

from typing import ClassVar, Self


class Overloaded(Exception):
    """More is waiting than this process takes."""

    kind: ClassVar[str] = "unavailable"


class Room:
    """For use from one event loop. The bounds hold for all requests together, from the first byte that is received to
    the answer. One request alone is let in, whatever its size: what a request may hold is bounded elsewhere.
    """

    def __init__(self, max_images: int, max_bytes: int) -> None:
        self.max_images = max_images
        self.max_bytes = max_bytes
        self.images = 0
        self.bytes = 0

    def guest(self) -> "Guest":
        return Guest(self)


class Guest:
    """What one request takes up, until the `with` block ends."""

    __slots__ = ("_bytes", "_images", "_room")

    def __init__(self, room: Room) -> None:
        self._room = room
        self._images = 0
        self._bytes = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._room.images -= self._images
        self._room.bytes -= self._bytes

    def bring_bytes(self, count: int) -> None:
        """Raises Overloaded."""
        room = self._room
        self._bytes += count
        room.bytes += count
        if room.bytes > room.max_bytes and room.bytes > self._bytes:
            raise Overloaded(
                f"{room.bytes:,} bytes wait to be predicted, more than the {room.max_bytes:,} that are taken; "
                "try again in a moment"
            )

    def bring_images(self, count: int) -> None:
        """Raises Overloaded."""
        room = self._room
        self._images += count
        room.images += count
        if room.images > room.max_images and room.images > self._images:
            raise Overloaded(
                f"{room.images:,} images wait to be predicted, more than the {room.max_images:,} that are "
                "taken; try again in a moment"
            )
