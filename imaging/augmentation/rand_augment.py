"""A few operations for each image, drawn from the fourteen of Cubuk et al. 2020."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from imaging.augmentation import operations
from imaging.augmentation.arrays import Images, Matrices, Range, drawn
from imaging.augmentation.geometry import affine
from imaging.augmentation.operations import Image
from imaging.augmentation.warp import FillMode, Interpolation, Lookup, warped

_STRONGEST_TURN = np.pi / 6
_STRONGEST_SHEAR = 0.3
_STRONGEST_SHIFT = 0.45

_Linear = tuple[tuple[float, float], tuple[float, float]]


def _turned(strength: float) -> _Linear:
    sine, cosine = np.sin(_STRONGEST_TURN * strength), np.cos(_STRONGEST_TURN * strength)
    return ((cosine, -sine), (sine, cosine))


_CHANGES: tuple[Callable[[Image, float], Image], ...] = (
    operations.identity,
    operations.brightness,
    operations.contrast,
    operations.color,
    operations.sharpness,
    operations.posterization,
    operations.solarization,
    operations.auto_contrast,
    operations.equalization,
)
# Each gives what is done to places seen from the image's middle, and then a shift in shares of (width, height).
_STILL: _Linear = ((1.0, 0.0), (0.0, 1.0))
_MOVES: tuple[Callable[[float], tuple[_Linear, tuple[float, float]]], ...] = (
    lambda strength: (_turned(strength), (0.0, 0.0)),
    lambda strength: (((1.0, _STRONGEST_SHEAR * strength), (0.0, 1.0)), (0.0, 0.0)),
    lambda strength: (((1.0, 0.0), (_STRONGEST_SHEAR * strength, 1.0)), (0.0, 0.0)),
    lambda strength: (_STILL, (_STRONGEST_SHIFT * strength, 0.0)),
    lambda strength: (_STILL, (0.0, _STRONGEST_SHIFT * strength)),
)


@dataclass(frozen=True)
class RandAugment:
    num_ops: int
    factor: Range
    fill_mode: FillMode
    fill_value: float
    interpolation: Interpolation

    def changed(self, images: Images, generator: np.random.Generator) -> Images:
        out = images.copy()
        lookup = Lookup(self.fill_mode, self.fill_value, self.interpolation)
        for _ in range(self.num_ops):
            chosen = generator.integers(0, len(_CHANGES) + len(_MOVES), len(images))
            strengths = drawn(self.factor, len(images), generator) * generator.choice([-1.0, 1.0], len(images))
            for index, (choice, strength) in enumerate(zip(chosen, strengths, strict=True)):
                if choice < len(_CHANGES):
                    out[index] = _CHANGES[choice](out[index], strength)
                else:
                    linear, shift = _MOVES[choice - len(_CHANGES)](strength)
                    matrix = _about_middle(linear, shift, *images.shape[1:3])
                    out[index] = warped(out[index : index + 1], matrix, lookup)[0]
        return out


def _about_middle(linear: _Linear, shift: tuple[float, float], height: int, width: int) -> Matrices:
    middle_x, middle_y = (width - 1) / 2, (height - 1) / 2
    (a, b), (c, d) = linear
    return affine(
        1,
        (a, b, middle_x - a * middle_x - b * middle_y - shift[0] * width),
        (c, d, middle_y - c * middle_x - d * middle_y - shift[1] * height),
    )
