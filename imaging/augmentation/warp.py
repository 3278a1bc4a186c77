"""Affine warps of images."""

from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np

from imaging.augmentation.arrays import Images, Matrices

FillMode = Literal["reflect", "constant", "nearest", "wrap"]
Interpolation = Literal["nearest", "bilinear"]
_BORDERS = {
    "reflect": cv2.BORDER_REFLECT,
    "constant": cv2.BORDER_CONSTANT,
    "nearest": cv2.BORDER_REPLICATE,
    "wrap": cv2.BORDER_WRAP,
}
_INTERPOLATIONS = {"nearest": cv2.INTER_NEAREST, "bilinear": cv2.INTER_LINEAR}


@dataclass(frozen=True)
class Lookup:
    """How to look up pixels outside the image and between pixels. `fill_value` is 0-255."""

    fill_mode: FillMode
    fill_value: float
    interpolation: Interpolation

    @property
    def border(self) -> int:
        return _BORDERS[self.fill_mode]

    @property
    def fill(self) -> tuple[float, float, float]:
        return (self.fill_value,) * 3

    @property
    def flag(self) -> int:
        return _INTERPOLATIONS[self.interpolation]


# For warps that never read outside the image or between pixels.
EXACT = Lookup("constant", 0.0, "nearest")


def warp_images(images: Images, matrices: Matrices, lookup: Lookup) -> Images:
    """Return images whose pixel (x, y) is the pixel of `images` at matrix @ (x, y, 1).

    `images` is uint8, (samples, height, width, channels); `matrices` is (samples, 3, 3). Positions are in pixels, from
    the center of the first pixel.
    """
    out = np.empty_like(images)
    height, width = images.shape[1:3]
    flags = lookup.flag | cv2.WARP_INVERSE_MAP
    for image, matrix, target in zip(images, matrices[:, :2], out, strict=True):
        cv2.warpAffine(
            image, matrix, (width, height), dst=target, flags=flags, borderMode=lookup.border, borderValue=lookup.fill
        )
    return out
