"""How wide strokes are, and how they become wider and narrower."""

import numpy as np

from imaging.digits.ink import Gray, Mask
from imaging.digits.pixels import padded


def stroke_width(mask: Mask) -> float:
    """In pixels: twice the area over the outline's length, which is pi/4 of the steps between pixels (Crofton's
    formula, for strokes in all directions)."""
    wide = padded(mask, 1)
    steps = np.count_nonzero(wide[1:] != wide[:-1]) + np.count_nonzero(wide[:, 1:] != wide[:, :-1])
    return 8 / np.pi * np.count_nonzero(mask) / max(int(steps), 1)


def thickened(image: Gray, radius: int) -> Gray:
    """Light strokes on black, wider by `radius` pixels on each side; the image grows by as much."""
    return _grown(padded(image, radius), radius)


def thinned(image: Gray, radius: int) -> Gray:
    """Light strokes on black, narrower by `radius` pixels on each side."""
    return 255 - _grown(255 - padded(image, radius), radius)


def _grown(image: Gray, radius: int) -> Gray:
    """Each pixel becomes the brightest within about `radius`: squares and crosses by turns, which make an octagon."""
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
