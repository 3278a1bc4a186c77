"""The operations of RandAugment (Cubuk et al. 2020) that leave pixels where they are, each on one image.

A strength is from 0 to 1, or from -1 to 1 where an operation goes both ways.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from imaging.augmentation.photometry import VALUES, rounded

Image = NDArray[np.uint8]  # (height, width, channels)
_STRONGEST_BLEND = 0.9
_STRONGEST_POSTERIZATION = 4
# Pillow's ImageFilter.SMOOTH, which the paper's sharpness is measured against.
_SMOOTH = np.array([[1, 1, 1], [1, 5, 1], [1, 1, 1]], dtype=np.float32) / 13


def identity(image: Image, _: float) -> Image:
    return image


def brightness(image: Image, strength: float) -> Image:
    return _mapped(image, (1 + _STRONGEST_BLEND * strength) * VALUES)


def contrast(image: Image, strength: float) -> Image:
    mean = np.float32(_gray(image).mean())
    return _mapped(image, mean + (1 + _STRONGEST_BLEND * strength) * (VALUES - mean))


def color(image: Image, strength: float) -> Image:
    if image.shape[2] == 1:
        return image
    return _away(image, np.repeat(_gray(image)[..., None], 3, axis=2), strength)


def sharpness(image: Image, strength: float) -> Image:
    smooth = cv2.filter2D(image, -1, _SMOOTH, borderType=cv2.BORDER_REFLECT)
    return _away(image, _shaped(smooth, image), strength)


def posterization(image: Image, strength: float) -> Image:
    step = 2 ** round(_STRONGEST_POSTERIZATION * abs(strength))
    return _mapped(image, VALUES // step * step)


def solarization(image: Image, strength: float) -> Image:
    threshold = 256 * (1 - abs(strength))
    return _mapped(image, np.where(threshold > VALUES, VALUES, 255 - VALUES))


def auto_contrast(image: Image, _: float) -> Image:
    low, high = image.min(axis=(0, 1)).astype(np.float32), image.max(axis=(0, 1)).astype(np.float32)
    scale = np.where(high > low, 255 / np.maximum(high - low, 1), 1)
    return _mapped(image, (VALUES[:, None] - low * (high > low)) * scale)


def equalization(image: Image, _: float) -> Image:
    channels = [cv2.equalizeHist(np.ascontiguousarray(image[..., channel])) for channel in range(image.shape[2])]
    return np.stack(channels, axis=-1, dtype=np.uint8)


def _gray(image: Image) -> NDArray[np.uint8]:
    return image[..., 0] if image.shape[2] == 1 else np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), np.uint8)


def _mapped(image: Image, table: NDArray[np.floating]) -> Image:
    """`table` is (256,) or (256, channels)."""
    return _shaped(cv2.LUT(image, rounded(table.astype(np.float32))[None]), image)


def _away(image: Image, plain: NDArray[np.uint8], strength: float) -> Image:
    """Away from `plain`, or towards it where the strength is below zero."""
    share = 1 + _STRONGEST_BLEND * strength
    return _shaped(cv2.addWeighted(image, share, plain, 1 - share, 0), image)


def _shaped(made: object, image: Image) -> Image:
    """OpenCV drops the axis of a single channel."""
    return np.asarray(made, dtype=np.uint8).reshape(image.shape)
