"""How much may wait to be predicted: beyond it a request is refused at once, rather than answered when nobody waits."""

from typing import Self


class Overloaded(Exception):
    """More is waiting than this process takes."""


class Room:
    """For use from one event loop. The bounds hold for all requests together, from the first byte that is received to
    the answer. One request alone is let in, whatever its size: what a request may hold is bounded elsewhere.
    """

    def __init__(self, most_pictures: int, most_bytes: int) -> None:
        self.most_pictures = most_pictures
        self.most_bytes = most_bytes
        self.pictures = 0
        self.bytes = 0

    def guest(self) -> "Guest":
        return Guest(self)


class Guest:
    """What one request takes up, until the `with` block ends."""

    __slots__ = ("_bytes", "_pictures", "_room")

    def __init__(self, room: Room) -> None:
        self._room = room
        self._pictures = 0
        self._bytes = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._room.pictures -= self._pictures
        self._room.bytes -= self._bytes

    def bring_bytes(self, count: int) -> None:
        """Raises Overloaded."""
        room = self._room
        self._bytes += count
        room.bytes += count
        if room.bytes > room.most_bytes and room.bytes > self._bytes:
            raise Overloaded(
                f"{room.bytes:,} bytes wait to be predicted, more than the {room.most_bytes:,} that are taken; "
                "try again in a moment"
            )

    def bring_pictures(self, count: int) -> None:
        """Raises Overloaded."""
        room = self._room
        self._pictures += count
        room.pictures += count
        if room.pictures > room.most_pictures and room.pictures > self._pictures:
            raise Overloaded(
                f"{room.pictures:,} pictures wait to be predicted, more than the {room.most_pictures:,} that are "
                "taken; try again in a moment"
            )
