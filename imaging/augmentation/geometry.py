"""Geometric layers: each returns one affine matrix per image (see `warp.warp_images`)."""

from dataclasses import dataclass
from typing import ClassVar, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from imaging.augmentation.arrays import Matrices, Range, draw_uniform
from imaging.augmentation.warp import FillMode, Interpolation, Lookup

Term = NDArray[np.floating] | float  # (samples,), or one for all


class Geometric(Protocol):
    """A layer that moves pixels."""

    @property
    def lookup(self) -> Lookup | None:
        """How to look up pixels; None for a layer that never needs pixels outside the image or between pixels."""
        ...

    def matrices(self, count: int, height: int, width: int, generator: np.random.Generator) -> Matrices:
        """Draw `count` matrices, (count, 3, 3), from output positions to input positions."""
        ...


def affine(count: int, x: tuple[Term, ...], y: tuple[Term, ...]) -> Matrices:
    """The matrices, (count, 3, 3), that map (u, v) to (x[0] u + x[1] v + x[2], y[0] u + y[1] v + y[2])."""
    matrices = np.zeros((count, 3, 3))
    for column in range(3):
        matrices[:, 0, column], matrices[:, 1, column] = x[column], y[column]
    matrices[:, 2, 2] = 1.0
    return matrices


@dataclass(frozen=True)
class RandomFlip:
    mode: Literal["horizontal", "vertical", "horizontal_and_vertical"]
    lookup: ClassVar[None] = None

    def matrices(self, count: int, height: int, width: int, generator: np.random.Generator) -> Matrices:
        across = generator.random(count) < 0.5 if "horizontal" in self.mode else np.zeros(count, bool)
        down = generator.random(count) < 0.5 if "vertical" in self.mode else np.zeros(count, bool)
        return affine(
            count, (1.0 - 2 * across, 0.0, across * (width - 1.0)), (0.0, 1.0 - 2 * down, down * (height - 1.0))
        )


@dataclass(frozen=True, kw_only=True)
class _Filled:
    fill_mode: FillMode
    fill_value: float
    interpolation: Interpolation

    @property
    def lookup(self) -> Lookup:
        return Lookup(self.fill_mode, self.fill_value, self.interpolation)


@dataclass(frozen=True, kw_only=True)
class RandomRotation(_Filled):
    factor: Range

    def matrices(self, count: int, height: int, width: int, generator: np.random.Generator) -> Matrices:
        angles = 2 * np.pi * draw_uniform(self.factor, count, generator)
        sines, cosines = np.sin(angles), np.cos(angles)
        middle_x, middle_y = (width - 1) / 2, (height - 1) / 2
        return affine(
            count,
            (cosines, -sines, middle_x - cosines * middle_x + sines * middle_y),
            (sines, cosines, middle_y - sines * middle_x - cosines * middle_y),
        )


@dataclass(frozen=True, kw_only=True)
class RandomTranslation(_Filled):
    height_factor: Range
    width_factor: Range

    def matrices(self, count: int, height: int, width: int, generator: np.random.Generator) -> Matrices:
        down = height * draw_uniform(self.height_factor, count, generator)
        right = width * draw_uniform(self.width_factor, count, generator)
        return affine(count, (1.0, 0.0, -right), (0.0, 1.0, -down))


@dataclass(frozen=True, kw_only=True)
class RandomZoom(_Filled):
    height_factor: Range
    width_factor: Range | None

    def matrices(self, count: int, height: int, width: int, generator: np.random.Generator) -> Matrices:
        down = 1 + draw_uniform(self.height_factor, count, generator)
        across = down if self.width_factor is None else 1 + draw_uniform(self.width_factor, count, generator)
        return affine(count, (across, 0.0, (1 - across) * (width - 1) / 2), (0.0, down, (1 - down) * (height - 1) / 2))


@dataclass(frozen=True, kw_only=True)
class RandomShear(_Filled):
    """The top left corner is the fixed point, as in Keras."""

    x_factor: Range
    y_factor: Range

    def matrices(self, count: int, height: int, width: int, generator: np.random.Generator) -> Matrices:
        side = np.where(generator.random(count) < 0.5, -1.0, 1.0)
        across = side * draw_uniform(self.x_factor, count, generator)
        down = side * draw_uniform(self.y_factor, count, generator)
        return affine(count, (1.0, across, 0.0), (down, 1.0, 0.0))


@dataclass(frozen=True)
class RandomCrop:
    height: int | None
    width: int | None
    padding: int
    fill_value: float

    @property
    def lookup(self) -> Lookup:
        # Enlarging reads half a pixel beyond the edge; without padding the nearest pixel is used there.
        enlarges = self.height is not None or self.width is not None
        return Lookup("constant" if self.padding else "nearest", self.fill_value, "bilinear" if enlarges else "nearest")

    def matrices(self, count: int, height: int, width: int, generator: np.random.Generator) -> Matrices:
        down, top = self._window(self.height or height, height, count, generator)
        across, left = self._window(self.width or width, width, count, generator)
        return affine(count, (across, 0.0, left), (0.0, down, top))

    def _window(self, length: int, side: int, count: int, generator: np.random.Generator) -> tuple[float, Term]:
        """The scale from output to input pixels, and the input position of the first output pixel's center."""
        starts = generator.integers(0, side + 2 * self.padding - length, count, endpoint=True) - self.padding
        scale = length / side
        return scale, starts + (scale - 1) / 2
