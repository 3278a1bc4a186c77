"""Ids of predictions: ULIDs that contain the place of the record, so that no index is needed to find it.

| bits | what |
|---|---|
| 48 | milliseconds since 1970, as in every ULID |
| 48 | the segment: random, the name of a file |
| 32 | the offset in the segment, in bytes |
"""

from typing import NamedTuple

from ulid import ULID

_DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base 32
# Two digits at once: this takes a microsecond of the tens that a prediction takes.
_PAIRS = [first + second for first in _DIGITS for second in _DIGITS]
_SHIFTS = range(120, -1, -10)
_SEGMENT_BITS = 48
_OFFSET_BITS = 32
SEGMENT_NUMBERS = 1 << _SEGMENT_BITS
MAX_OFFSET = (1 << _OFFSET_BITS) - 1


class Place(NamedTuple):
    """When a prediction was made, in milliseconds since 1970, and where its record starts."""

    milliseconds: int
    segment: int
    offset: int

    @property
    def number(self) -> int:
        return ((self.milliseconds << _SEGMENT_BITS | self.segment) << _OFFSET_BITS) | self.offset


def format_id(number: int) -> str:
    """The 26 characters of a 128-bit number."""
    return "".join([_PAIRS[number >> shift & 1023] for shift in _SHIFTS])


def parse_id(prediction_id: str) -> Place | None:
    """None if it is not an id in its canonical spelling."""
    try:
        number = int(ULID.from_str(prediction_id))
    except ValueError:
        return None
    if format_id(number) != prediction_id:
        return None
    offset = number & MAX_OFFSET
    segment = number >> _OFFSET_BITS & SEGMENT_NUMBERS - 1
    return Place(number >> _OFFSET_BITS + _SEGMENT_BITS, segment, offset)
