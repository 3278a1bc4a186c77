"""The largest values of the images of an upload, and the white that its images of 16 bits have in common."""

from collections.abc import Iterator

import numpy as np
from PIL import Image

from imaging.decode import decode
from imaging.wide_colors import white_of
from specs.problem import quantity

# Of 255: an image without a larger value shows hardly anything.
_DARK = 64
_MANY_DARK = 0.1


class Brightness:
    """Of the images decoded so far, in their order."""

    def __init__(self) -> None:
        self._largest: list[int] = []
        self._whites: list[int] = []  # that each needs for itself; 0 for images of 8 bits

    def decode(self, content: bytes, max_pixels: int) -> Image.Image:
        """As if it were the only one. Raises ImageError."""
        own = 0

        def find_white(largest: int) -> int:
            nonlocal own
            own = white_of(largest)
            return own

        image = decode(content, max_pixels, find_white)
        extrema = np.asarray(image.getextrema())
        self._largest.append(int(extrema.max()))
        self._whites.append(own)
        return image

    @property
    def white(self) -> int | None:
        """The one that all images of 16 bits have room below; None if there are none."""
        return max(self._whites, default=0) or None

    def find_too_bright(self) -> list[int]:
        """The numbers of images that were decoded with a lower white than `white`."""
        return [number for number, own in enumerate(self._whites) if own and own != self.white]

    def find_warnings(self) -> Iterator[str]:
        different = sorted({own for own in self._whites if own})
        if len(different) > 1:
            depths = [str(own.bit_length()) for own in different]
            yield (
                f"its PNGs of 16 bits use {', '.join(depths[:-1])} and {depths[-1]} bits; all are read as {depths[-1]} "
                "bits, so that a value means the same in each, and in an image to predict"
            )
        yield from self._about_dark()

    def _about_dark(self) -> Iterator[str]:
        whites = np.array(self._whites)
        scaled = np.where(whites > 0, np.array(self._largest) * whites // (self.white or 1), self._largest)
        dark = scaled < _DARK
        count = int(np.count_nonzero(dark))
        if count > _MANY_DARK * len(dark):
            images = "all images are" if count == len(dark) else quantity(count, "image is", "images are")
            yield (
                f"{images} nearly black, with no value above {scaled[dark].max()} of 255; if they are not meant to be, "
                "as masks of 0 and 1 or values of 0 to 16, multiply the values so that white is 255, and upload again"
            )
