"""The layers that change pixels where they are."""

from dataclasses import dataclass
from functools import cache
from statistics import NormalDist

import cv2
import numpy as np
from numpy.typing import NDArray

from imaging.augmentation.arrays import Images, Range, drawn

VALUES = np.arange(256, dtype=np.float32)


def rounded(values: NDArray[np.float32]) -> NDArray[np.uint8]:
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)


def looked_up(images: Images, tables: NDArray[np.uint8]) -> Images:
    """Replace each value by its entry in the image's own table: (samples, 256, 1 or channels)."""
    out = np.empty_like(images)
    for image, table, target in zip(images, tables[:, None], out, strict=True):
        cv2.LUT(image, table, dst=target)
    return out


@dataclass(frozen=True)
class RandomBrightness:
    factor: Range

    def changed(self, images: Images, generator: np.random.Generator) -> Images:
        added = 255 * drawn(self.factor, len(images), generator).astype(np.float32)
        return looked_up(images, rounded(VALUES + added[:, None])[..., None])


@dataclass(frozen=True)
class RandomContrast:
    factor: Range

    def changed(self, images: Images, generator: np.random.Generator) -> Images:
        down, up = self.factor
        factors = drawn((1 - down, 1 + up), len(images), generator).astype(np.float32)[:, None, None]
        # OpenCV's mean: numpy's takes ten times as long over small images of bytes.
        means = np.array([cv2.mean(image)[: image.shape[2]] for image in images], dtype=np.float32)[:, None, :]
        return looked_up(images, rounded((VALUES[:, None] - means) * factors + means))


@dataclass(frozen=True)
class GaussianNoise:
    stddev: float

    def changed(self, images: Images, generator: np.random.Generator) -> Images:
        steps = np.rint(255 * self.stddev * _normal_quantiles()).astype(np.int16)
        noise = steps[generator.integers(0, len(steps), images.shape, dtype=np.uint16)]
        noise += images
        return noise.clip(0, 255).astype(np.uint8)


@cache
def _normal_quantiles() -> NDArray[np.float64]:
    """As many as two bytes can tell apart: to look one up takes a third of the time of drawing it."""
    normal = NormalDist()
    return np.array([normal.inv_cdf((index + 0.5) / 2**16) for index in range(2**16)])
