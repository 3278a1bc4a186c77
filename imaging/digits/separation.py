"""Separation of strokes from paper and shadows, as connected components."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from imaging.digits.connected_components import Components, connected_components
from imaging.digits.ink import Gray, Ink, Mask, find_inks, highest, histogram, luminance

# Ink of lower contrast, of 255, is the grain of the paper.
_MIN_CONTRAST = 20
# The gradient of a stroke is at least this share of the steepest gradients; that of a shadow is lower.
_MIN_SHARPNESS = 0.4
_STEEPEST_PIXELS = 12


class SeparatedInk(NamedTuple):
    """`are_sharp`, bool, (components,), is True for components that are ink, not shadows. `sharpness` is the mean
    gradient along their outlines relative to the steepest gradients, 0-1."""

    ink: Ink
    components: Components
    are_sharp: NDArray[np.bool_]
    sharpness: float

    @property
    def doubt(self) -> float:
        """Grows with the area of the ink, and with its lack of sharpness: if ink and paper are confused, the ink is the
        large area around the strokes, and it fades out."""
        area = int(self.components.areas[self.are_sharp].sum()) or self.ink.strength.size
        return area / max(self.sharpness, 1e-3)


def separate_ink(image: NDArray[np.uint8], is_dark: bool | None = None) -> SeparatedInk | None:
    """The ink of an image, uint8, (height, width) or (height, width, 3); None without any. `is_dark` is given if it is
    known whether the ink is dark."""
    inks = [ink for ink in find_inks(image, is_dark) if ink.contrast >= _MIN_CONTRAST]
    if not inks:
        return None
    if not inks[0].is_evened:
        return _label(inks[0], None)
    gradient = _gradient(luminance(image))
    return min((_label(ink, gradient) for ink in inks), key=lambda each: each.doubt)


def _label(ink: Ink, gradient: Gray | None) -> SeparatedInk:
    components = connected_components(ink.strength >= ink.threshold)
    is_ink = components.areas > 0
    is_ink[0] = False
    if gradient is None:
        return SeparatedInk(ink, components, is_ink, 1.0)
    steepest = np.zeros(len(components.areas), dtype=np.uint8)
    np.maximum.at(steepest, components.labels.ravel(), gradient.ravel())
    steep = max(highest(histogram(gradient), _STEEPEST_PIXELS), 1)
    are_sharp = is_ink & (steepest >= _MIN_SHARPNESS * steep)
    outline = gradient[_outline(are_sharp[components.labels])]
    sharpness = float(np.minimum(outline / steep, 1).mean()) if len(outline) else 0.0
    return SeparatedInk(ink, components, are_sharp, sharpness)


def _gradient(gray: Gray) -> Gray:
    """The larger of the differences of each pixel from the one above and the one on its left."""
    wide = gray.astype(np.int16)
    gradient = np.zeros_like(wide)
    np.maximum(gradient[1:], np.abs(np.diff(wide, axis=0)), out=gradient[1:])
    np.maximum(gradient[:, 1:], np.abs(np.diff(wide, axis=1)), out=gradient[:, 1:])
    return gradient.astype(np.uint8)


def _outline(mask: Mask) -> Mask:
    """Where a pixel differs from the one above or the one on its left; the edge of the image is no outline."""
    outline = np.zeros_like(mask)
    outline[1:] |= mask[1:] != mask[:-1]
    outline[:, 1:] |= mask[:, 1:] != mask[:, :-1]
    return outline
