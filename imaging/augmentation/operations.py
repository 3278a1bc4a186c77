"""The operations of RandAugment (Cubuk et al. 2020) that do not move pixels.

Each takes one image, uint8, (height, width, channels), and a strength from -1 to 1, of which some operations use the
absolute value, and returns an image of the same shape.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from imaging.augmentation.photometry import VALUES, to_uint8

Image = NDArray[np.uint8]  # (height, width, channels)
_MAX_BLEND = 0.9
_MAX_POSTERIZATION = 4
# Pillow's ImageFilter.SMOOTH, as in the paper's sharpness.
_SMOOTH = np.array([[1, 1, 1], [1, 5, 1], [1, 1, 1]], dtype=np.float32) / 13


def identity(image: Image, _: float) -> Image:
    return image


def brightness(image: Image, strength: float) -> Image:
    return _map_values(image, (1 + _MAX_BLEND * strength) * VALUES)


def contrast(image: Image, strength: float) -> Image:
    mean = np.float32(_gray(image).mean())
    return _map_values(image, mean + (1 + _MAX_BLEND * strength) * (VALUES - mean))


def color(image: Image, strength: float) -> Image:
    if image.shape[2] == 1:
        return image
    return _extrapolate(image, np.repeat(_gray(image)[..., None], 3, axis=2), strength)


def sharpness(image: Image, strength: float) -> Image:
    smooth = cv2.filter2D(image, -1, _SMOOTH, borderType=cv2.BORDER_REFLECT)
    return _extrapolate(image, _restore_shape(smooth, image), strength)


def posterization(image: Image, strength: float) -> Image:
    step = 2 ** round(_MAX_POSTERIZATION * abs(strength))
    return _map_values(image, VALUES // step * step)


def solarization(image: Image, strength: float) -> Image:
    threshold = 256 * (1 - abs(strength))
    return _map_values(image, np.where(threshold > VALUES, VALUES, 255 - VALUES))


def auto_contrast(image: Image, _: float) -> Image:
    low, high = image.min(axis=(0, 1)).astype(np.float32), image.max(axis=(0, 1)).astype(np.float32)
    scale = np.where(high > low, 255 / np.maximum(high - low, 1), 1)
    return _map_values(image, (VALUES[:, None] - low * (high > low)) * scale)


def equalization(image: Image, _: float) -> Image:
    channels = [cv2.equalizeHist(np.ascontiguousarray(image[..., channel])) for channel in range(image.shape[2])]
    return np.stack(channels, axis=-1, dtype=np.uint8)


def _gray(image: Image) -> NDArray[np.uint8]:
    return image[..., 0] if image.shape[2] == 1 else np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), np.uint8)


def _map_values(image: Image, table: NDArray[np.floating]) -> Image:
    """Replace each value by its entry in `table`, (256,) or (256, channels)."""
    return _restore_shape(cv2.LUT(image, to_uint8(table.astype(np.float32))[None]), image)


def _extrapolate(image: Image, plain: NDArray[np.uint8], strength: float) -> Image:
    """Extrapolate from `plain` through `image`, or interpolate towards `plain` if the strength is negative."""
    share = 1 + _MAX_BLEND * strength
    return _restore_shape(cv2.addWeighted(image, share, plain, 1 - share, 0), image)


def _restore_shape(made: object, image: Image) -> Image:
    """OpenCV drops the axis of a single channel."""
    return np.asarray(made, dtype=np.uint8).reshape(image.shape)
