"""The layers that move pixels: each gives one matrix for each picture (see `warp.warped`)."""

from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np

from imaging.augmentation.arrays import Matrices
from imaging.augmentation.warp import Lookup


class Geometric(Protocol):
    """`lookup` is None for a layer that needs neither what is outside nor what is between pixels."""

    @property
    def lookup(self) -> Lookup | None: ...

    def matrices(self, count: int, height: int, width: int, generator: np.random.Generator) -> Matrices:
        """For `count` pictures: (count, 3, 3), from places in the new picture to places in the old one."""
        ...


def identities(count: int) -> Matrices:
    matrices = np.zeros((count, 3, 3))
    matrices[:, [0, 1, 2], [0, 1, 2]] = 1.0
    return matrices


@dataclass(frozen=True)
class RandomFlip:
    mode: Literal["horizontal", "vertical", "horizontal_and_vertical"]
    lookup: None = None

    def matrices(self, count: int, height: int, width: int, generator: np.random.Generator) -> Matrices:
        matrices = identities(count)
        for axis, way, side in ((0, "horizontal", width), (1, "vertical", height)):
            if way in self.mode:
                flipped = generator.random(count) < 0.5
                matrices[flipped, axis, axis] = -1.0
                matrices[flipped, axis, 2] = side - 1.0
        return matrices
