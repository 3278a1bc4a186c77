"""Rectangles that are lost."""

from dataclasses import dataclass

import numpy as np

from imaging.augmentation.arrays import Images, Range, drawn
from imaging.augmentation.photometry import rounded
from imaging.augmentation.rectangles import spans


@dataclass(frozen=True)
class RandomErasing:
    factor: Range
    scale: Range
    fill_value: float | None

    def changed(self, images: Images, generator: np.random.Generator) -> Images:
        out = images.copy()
        count, height, width = images.shape[:3]
        erased = generator.random(count) < drawn(self.factor, count, generator)
        rows = spans(np.sqrt(drawn(self.scale, count, generator)), height, generator)
        columns = spans(np.sqrt(drawn(self.scale, count, generator)), width, generator)
        for index in np.flatnonzero(erased):
            (top, bottom), (left, right) = rows[index], columns[index]
            place = out[index, top:bottom, left:right]
            place[...] = self.fill_value if self.fill_value is not None else _noise(place.shape, generator)
        return out


def _noise(shape: tuple[int, ...], generator: np.random.Generator) -> Images:
    return rounded(255 * generator.standard_normal(shape, dtype=np.float32))
