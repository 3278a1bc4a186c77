"""Elastic distortion: Simard, Steinkraus and Platt, "Best Practices for Convolutional Neural Networks" (ICDAR 2003)."""

from dataclasses import dataclass

import cv2
import numpy as np

from imaging.augmentation.arrays import Images
from imaging.augmentation.warp import FillMode, Interpolation, Lookup


@dataclass(frozen=True)
class ElasticDistortion:
    """`alpha` and `sigma` are in pixels."""

    alpha: float
    sigma: float
    fill_mode: FillMode
    fill_value: float
    interpolation: Interpolation

    def apply(self, images: Images, generator: np.random.Generator) -> Images:
        lookup = Lookup(self.fill_mode, self.fill_value, self.interpolation)
        height, width = images.shape[1:3]
        grid = np.stack(np.meshgrid(np.arange(width), np.arange(height)), axis=-1).astype(np.float32)
        out = np.empty_like(images)
        for image, target in zip(images, out, strict=True):
            field = 2 * generator.random((height, width, 2), dtype=np.float32) - 1
            moves = np.asarray(cv2.GaussianBlur(field, (0, 0), self.sigma, borderType=cv2.BORDER_CONSTANT))
            across, down = cv2.split(grid + np.float32(self.alpha) * moves)
            cv2.remap(image, across, down, lookup.flag, dst=target, borderMode=lookup.border, borderValue=lookup.fill)
        return out
