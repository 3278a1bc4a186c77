"""Random erasing (Zhong et al. 2017)."""

from dataclasses import dataclass

import numpy as np

from imaging.augmentation.arrays import Images, Range, draw_uniform
from imaging.augmentation.photometry import to_uint8
from imaging.augmentation.rectangles import spans


@dataclass(frozen=True)
class RandomErasing:
    """`factor` is the range of the probability, `scale` the range of the square of a side's relative length; without
    `fill_value`, 0-255, the rectangle is noise."""

    factor: Range
    scale: Range
    fill_value: float | None

    def apply(self, images: Images, generator: np.random.Generator) -> Images:
        out = images.copy()
        count, height, width = images.shape[:3]
        erased = generator.random(count) < draw_uniform(self.factor, count, generator)
        rows = spans(np.sqrt(draw_uniform(self.scale, count, generator)), height, generator)
        columns = spans(np.sqrt(draw_uniform(self.scale, count, generator)), width, generator)
        for index in np.flatnonzero(erased):
            (top, bottom), (left, right) = rows[index], columns[index]
            area = out[index, top:bottom, left:right]
            area[...] = self.fill_value if self.fill_value is not None else _noise(area.shape, generator)
        return out


def _noise(shape: tuple[int, ...], generator: np.random.Generator) -> Images:
    return to_uint8(255 * generator.standard_normal(shape, dtype=np.float32))
