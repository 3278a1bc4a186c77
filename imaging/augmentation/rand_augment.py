"""RandAugment: random operations per image, from the fourteen of Cubuk et al. 2020."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from imaging.augmentation import operations
from imaging.augmentation.arrays import Images, Matrices, Range, draw_uniform
from imaging.augmentation.geometry import affine
from imaging.augmentation.operations import Image
from imaging.augmentation.warp import FillMode, Interpolation, Lookup, warp_images

_MAX_ROTATION = np.pi / 6  # 30 degrees
_MAX_SHEAR = 0.3
_MAX_SHIFT = 0.45

_Linear = tuple[tuple[float, float], tuple[float, float]]


def _rotation(strength: float) -> _Linear:
    sine, cosine = np.sin(_MAX_ROTATION * strength), np.cos(_MAX_ROTATION * strength)
    return ((cosine, -sine), (sine, cosine))


_IMAGE_OPERATIONS: tuple[Callable[[Image, float], Image], ...] = (
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
# Each returns a linear map of positions relative to the image's center, and a shift in fractions of (width, height).
_IDENTITY: _Linear = ((1.0, 0.0), (0.0, 1.0))
_MOVE_OPERATIONS: tuple[Callable[[float], tuple[_Linear, tuple[float, float]]], ...] = (
    lambda strength: (_rotation(strength), (0.0, 0.0)),
    lambda strength: (((1.0, _MAX_SHEAR * strength), (0.0, 1.0)), (0.0, 0.0)),
    lambda strength: (((1.0, 0.0), (_MAX_SHEAR * strength, 1.0)), (0.0, 0.0)),
    lambda strength: (_IDENTITY, (_MAX_SHIFT * strength, 0.0)),
    lambda strength: (_IDENTITY, (0.0, _MAX_SHIFT * strength)),
)


@dataclass(frozen=True)
class RandAugment:
    """`num_ops` operations per image, with strengths from `factor` and a random sign."""

    num_ops: int
    factor: Range
    fill_mode: FillMode
    fill_value: float
    interpolation: Interpolation

    def apply(self, images: Images, generator: np.random.Generator) -> Images:
        out = images.copy()
        lookup = Lookup(self.fill_mode, self.fill_value, self.interpolation)
        for _ in range(self.num_ops):
            operations_drawn = generator.integers(0, len(_IMAGE_OPERATIONS) + len(_MOVE_OPERATIONS), len(images))
            strengths = draw_uniform(self.factor, len(images), generator) * generator.choice([-1.0, 1.0], len(images))
            for index, (choice, strength) in enumerate(zip(operations_drawn, strengths, strict=True)):
                if choice < len(_IMAGE_OPERATIONS):
                    out[index] = _IMAGE_OPERATIONS[choice](out[index], strength)
                else:
                    linear, shift = _MOVE_OPERATIONS[choice - len(_IMAGE_OPERATIONS)](strength)
                    matrix = _around_center(linear, shift, *images.shape[1:3])
                    out[index] = warp_images(out[index : index + 1], matrix, lookup)[0]
        return out


def _around_center(linear: _Linear, shift: tuple[float, float], height: int, width: int) -> Matrices:
    middle_x, middle_y = (width - 1) / 2, (height - 1) / 2
    (a, b), (c, d) = linear
    return affine(
        1,
        (a, b, middle_x - a * middle_x - b * middle_y - shift[0] * width),
        (c, d, middle_y - c * middle_x - d * middle_y - shift[1] * height),
    )
