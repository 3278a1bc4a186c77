"""The id of a prediction: a ULID that says where its record lies, so that no index is needed to find it.

| bits | what |
|---|---|
| 48 | milliseconds since 1970, as in every ULID |
| 48 | the segment: random, and the name of a file |
| 32 | the place in the segment, in bytes |
"""

from typing import NamedTuple

from ulid import ULID

_DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base 32
# Two at once: a prediction takes some tens of microseconds, and this is one of them.
_PAIRS = [first + second for first in _DIGITS for second in _DIGITS]
_SHIFTS = range(120, -1, -10)
_SEGMENT_BITS = 48
_OFFSET_BITS = 32
SEGMENT_NUMBERS = 1 << _SEGMENT_BITS
MAX_OFFSET = (1 << _OFFSET_BITS) - 1


class Place(NamedTuple):
    """When a prediction was made, in milliseconds since 1970, and where its record begins."""

    milliseconds: int
    segment: int
    offset: int

    @property
    def number(self) -> int:
        return ((self.milliseconds << _SEGMENT_BITS | self.segment) << _OFFSET_BITS) | self.offset


def text_of(number: int) -> str:
    """The 26 characters of a number of 128 bits."""
    return "".join([_PAIRS[number >> shift & 1023] for shift in _SHIFTS])


def place_of(prediction_id: str) -> Place | None:
    """None for what cannot be an id, or is not in its canonical spelling."""
    try:
        number = int(ULID.from_str(prediction_id))
    except ValueError:
        return None
    if text_of(number) != prediction_id:
        return None
    offset = number & MAX_OFFSET
    segment = number >> _OFFSET_BITS & SEGMENT_NUMBERS - 1
    return Place(number >> _OFFSET_BITS + _SEGMENT_BITS, segment, offset)
