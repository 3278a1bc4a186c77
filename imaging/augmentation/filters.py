"""The layers that make a pixel of what lies around it."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from imaging.augmentation.arrays import Images, Range, drawn

_Image = NDArray[np.uint8]  # (height, width, channels)
_SHAPES = (cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3)), cv2.getStructuringElement(cv2.MORPH_RECT, (3, 3)))


@dataclass(frozen=True)
class RandomGaussianBlur:
    factor: Range
    kernel_size: int
    sigma: Range

    def changed(self, images: Images, generator: np.random.Generator) -> Images:
        count = len(images)
        chosen = generator.random(count) < drawn(self.factor, count, generator)
        sigmas = np.where(chosen, drawn(self.sigma, count, generator), 0)
        size = (self.kernel_size, self.kernel_size)
        out = images.copy()
        for index in np.flatnonzero(sigmas):
            sigma = float(sigmas[index])
            cv2.GaussianBlur(images[index], size, sigma, dst=out[index], borderType=cv2.BORDER_REFLECT_101)
        return out


@dataclass(frozen=True)
class RandomDilation:
    radius: Range

    def changed(self, images: Images, generator: np.random.Generator) -> Images:
        out = np.empty_like(images)
        for image, target, radius in zip(images, out, drawn(self.radius, len(images), generator), strict=True):
            target[...] = _grown(image, float(radius))
        return out


def _grown(image: _Image, radius: float) -> _Image:
    """What is bright grows by `radius` pixels, or shrinks where it is below zero. A part of a pixel is that share of
    the way to the next whole one. Crosses and squares by turns make about a disc."""
    change = cv2.dilate if radius > 0 else cv2.erode
    whole, part = divmod(abs(radius), 1)
    less = more = image
    for step in range(int(whole) + 1):
        less, more = more, np.asarray(change(more, _SHAPES[step % 2]), dtype=np.uint8)
    return np.asarray(cv2.addWeighted(less, 1 - part, more, part, 0), dtype=np.uint8).reshape(image.shape)
