"""Images of 16 bits, of which cameras and scanners fill fewer, such as 10, 12 or 14."""

from collections.abc import Callable
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from imaging.container import PNG

# In the header of a PNG: 16 bits of RGB, of grayscale with alpha, and of RGBA; how Pillow unpacks the lower halves of
# their values, and which of the channels it then has are those.
_WIDE = {b"\x10\2": ("RGB;16L", slice(3)), b"\x10\4": ("RGBA", slice(1, 2)), b"\x10\6": ("RGBA;16L", slice(3))}
_FULL = 65_535


# The value of white, by the largest value of an image.
FindWhite = Callable[[int], int]


def white_of(largest: int) -> int:
    """The largest value of the fewest bits that hold `largest`, at least 8."""
    return (1 << max(8, largest.bit_length())) - 1


def fixed_white(white: int | None) -> FindWhite:
    """The same for all images of a dataset, or else each one's own."""
    return white_of if white is None else lambda _: white


def least_white(white: int | None) -> FindWhite:
    """That of the images that a network was trained on, or the one of an image that is too bright for it."""
    return white_of if white is None else lambda largest: max(white, white_of(largest))


def scale_to_8_bits(wide: NDArray[np.generic], find_white: FindWhite) -> NDArray[np.uint8]:
    """Values 0-65,535 as 0-255."""
    white = find_white(int(wide.max(initial=0)))
    return np.asarray(np.minimum(wide.astype(np.uint32) * 255 // white, 255), np.uint8)


def has_16_bits(data: bytes) -> bool:
    """Whether `data` is a PNG of 16 bits."""
    return data.startswith(PNG) and data[24:25] == b"\x10"


def has_wide_colors(data: bytes) -> bool:
    """Whether `data` is a PNG of 16 bits that Pillow reads in 8."""
    return data.startswith(PNG) and data[24:26] in _WIDE


def scale_wide_colors(data: bytes, image: Image.Image, find_white: FindWhite) -> Image.Image:
    """`image`, as Pillow reads `data`, in RGB or RGBA: it keeps the upper 8 of 16 bits. Of one that does not use all
    16, the others are read as well."""
    upper = np.asarray(image)
    white = find_white(int(upper[..., :3].max(initial=0)) << 8 | 255)
    if white == _FULL:
        return image
    raw_mode, channels = _WIDE[data[24:26]]
    again = Image.open(BytesIO(data), formats=("PNG",))
    again.tile = [tile._replace(args=raw_mode) for tile in again.tile]
    lower = np.asarray(again)[..., channels]
    scaled = upper.copy()
    scaled[..., :3] = scale_to_8_bits(upper[..., :3].astype(np.uint16) << 8 | lower, fixed_white(white))
    return Image.fromarray(scaled)
