"""Layers that mix each image and its label with another of the batch: MixUp and CutMix."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from imaging.augmentation.arrays import Images, Range, Shares
from imaging.augmentation.rectangles import spans

# As in Keras: the parameters of Beta must not be zero.
_MIN_ALPHA = 1e-6


@dataclass(frozen=True)
class MixUp:
    """Weights are drawn from Beta(alpha, alpha) (Zhang et al. 2018)."""

    alpha: float

    def mix(self, images: Images, shares: Shares, generator: np.random.Generator) -> tuple[Images, Shares]:
        others = generator.permutation(len(images))
        weights = generator.beta(self.alpha, self.alpha, len(images))
        out = np.empty_like(images)
        for image, other, weight, target in zip(images, images[others], weights, out, strict=True):
            cv2.addWeighted(image, weight, other, 1 - weight, 0, dst=target)
        return out, _blend_shares(shares, others, weights.astype(np.float32))


@dataclass(frozen=True)
class CutMix:
    """Areas are drawn from Beta(a, a), with one a from `factor` per batch (Yun et al. 2019)."""

    factor: Range

    def mix(self, images: Images, shares: Shares, generator: np.random.Generator) -> tuple[Images, Shares]:
        count, height, width = images.shape[:3]
        others = generator.permutation(count)
        alpha = generator.uniform(*self.factor) + _MIN_ALPHA
        lengths = np.sqrt(1 - generator.beta(alpha, alpha, count))
        rows, columns = spans(lengths, height, generator), spans(lengths, width, generator)
        out = images.copy()
        for index, other in enumerate(others):
            (top, bottom), (left, right) = rows[index], columns[index]
            out[index, top:bottom, left:right] = images[other, top:bottom, left:right]
        pasted = np.diff(rows)[:, 0] * np.diff(columns)[:, 0] / (height * width)
        return out, _blend_shares(shares, others, (1 - pasted).astype(np.float32))


def _blend_shares(shares: Shares, others: NDArray[np.int64], weights: NDArray[np.float32]) -> Shares:
    return weights[:, None] * shares + (1 - weights[:, None]) * shares[others]
