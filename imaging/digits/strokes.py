"""The width of strokes, and how to change it."""

import numpy as np

from imaging.digits.ink import Gray, Mask
from imaging.digits.pixels import pad


def stroke_width(mask: Mask) -> float:
    """The mean width of strokes in pixels: twice the area divided by the length of the outline, which is pi/4 of the
    number of steps between pixels (Crofton's formula, for strokes in all directions)."""
    outer = pad(mask, 1)
    steps = np.count_nonzero(outer[1:] != outer[:-1]) + np.count_nonzero(outer[:, 1:] != outer[:, :-1])
    return 8 / np.pi * np.count_nonzero(mask) / max(int(steps), 1)


def thicken(image: Gray, radius: int) -> Gray:
    """Widen light strokes on black by `radius` pixels on each side; the image grows by as much."""
    return _dilate(pad(image, radius), radius)


def thin(image: Gray, radius: int) -> Gray:
    """Narrow light strokes on black by `radius` pixels on each side; the image grows by as much."""
    return 255 - _dilate(255 - pad(image, radius), radius)


def _dilate(image: Gray, radius: int) -> Gray:
    """Grayscale dilation by about `radius` pixels, with alternating squares and crosses: an octagon."""
    for step in range(radius):
        across = image.copy()
        np.maximum(across[:, 1:], image[:, :-1], out=across[:, 1:])
        np.maximum(across[:, :-1], image[:, 1:], out=across[:, :-1])
        beside = across if step % 2 else image
        grown = across.copy()
        np.maximum(grown[1:], beside[:-1], out=grown[1:])
        np.maximum(grown[:-1], beside[1:], out=grown[:-1])
        image = grown
    return image
