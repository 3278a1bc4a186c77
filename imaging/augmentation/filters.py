"""Neighborhood filters: Gaussian blur, dilation and erosion."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from imaging.augmentation.arrays import Images, Range, draw_uniform

_Image = NDArray[np.uint8]  # (height, width, channels)
_SHAPES = (cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3)), cv2.getStructuringElement(cv2.MORPH_RECT, (3, 3)))


@dataclass(frozen=True)
class RandomGaussianBlur:
    """`factor` is the range of the probability, `sigma` the range of the standard deviation in pixels."""

    factor: Range
    kernel_size: int
    sigma: Range

    def apply(self, images: Images, generator: np.random.Generator) -> Images:
        count = len(images)
        selected = generator.random(count) < draw_uniform(self.factor, count, generator)
        sigmas = np.where(selected, draw_uniform(self.sigma, count, generator), 0)
        size = (self.kernel_size, self.kernel_size)
        out = images.copy()
        for index in np.flatnonzero(sigmas):
            sigma = float(sigmas[index])
            cv2.GaussianBlur(images[index], size, sigma, dst=out[index], borderType=cv2.BORDER_REFLECT_101)
        return out


@dataclass(frozen=True)
class RandomDilation:
    """`radius` is in pixels; a negative one erodes."""

    radius: Range

    def apply(self, images: Images, generator: np.random.Generator) -> Images:
        out = np.empty_like(images)
        for image, target, radius in zip(images, out, draw_uniform(self.radius, len(images), generator), strict=True):
            target[...] = _dilate(image, float(radius))
        return out


def _dilate(image: _Image, radius: float) -> _Image:
    """Dilate by `radius` pixels, or erode if it is negative; fractions interpolate between whole radii. Alternating
    crosses and squares approximate a disc."""
    morph = cv2.dilate if radius > 0 else cv2.erode
    whole, fraction = divmod(abs(radius), 1)
    less = more = image
    for step in range(int(whole) + 1):
        less, more = more, np.asarray(morph(more, _SHAPES[step % 2]), dtype=np.uint8)
    return np.asarray(cv2.addWeighted(less, 1 - fraction, more, fraction, 0), dtype=np.uint8).reshape(image.shape)
