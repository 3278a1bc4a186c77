"""A heat map over an image."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

_MIN_SIDE = 224
_FOR, _AGAINST = (255, 128, 0), (40, 140, 255)
_MAX_OPACITY = 0.8


def draw_heat_map(pixels: NDArray[np.uint8], strengths: NDArray[np.float64], stride: int) -> Image.Image:
    """`pixels` (height, width, 1 or 3), enlarged to at least 224 pixels, under cells of `stride` pixels, row by row:
    orange where `strengths`, from -1 to 1, are above 0, blue below."""
    height, width = pixels.shape[:2]
    scale = max(1, -(-_MIN_SIDE // max(height, width)))
    colors = np.where(strengths[..., None] > 0, np.array(_FOR), np.array(_AGAINST))
    opacity = _MAX_OPACITY * np.abs(strengths)[..., None]
    # Before enlarging: a large image has many pixels for each cell.
    rows, columns = np.arange(height) // stride, np.arange(width) // stride
    over, share = colors[rows][:, columns], opacity[rows][:, columns]
    mixed = np.rint(pixels * (1 - share) + over * share).astype(np.uint8)
    return Image.fromarray(mixed).resize((width * scale, height * scale), Image.Resampling.NEAREST)
