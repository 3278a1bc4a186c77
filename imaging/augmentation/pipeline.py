"""All layers of a spec, one after the other."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from imaging.augmentation.arrays import Images, Labels
from imaging.augmentation.geometry import Geometric, RandomFlip
from imaging.augmentation.warp import EXACT, warped

_GEOMETRIC: dict[str, Callable[..., Geometric]] = {"RandomFlip": RandomFlip}


class Augmentation:
    """Changes each picture of a batch at random, and the labels too where layers mix pictures.

    Neighbouring layers that move pixels become one matrix for each picture, so that it is looked up once: that is
    faster than one after the other, and sharper.
    """

    def __init__(self, layers: Sequence[Mapping[str, Any]], classes: int) -> None:
        """`layers` are those of a spec as plain dicts, all fields given; `classes` is how many there are."""
        self._layers = [_layer(dict(layer)) for layer in layers]
        self._classes = classes

    @property
    def mixes_labels(self) -> bool:
        return False

    def __call__(self, images: Images, labels: Labels, generator: np.random.Generator) -> tuple[Images, Labels]:
        """Return as many pictures, uint8 (samples, height, width, channels), and their labels.

        Labels are class indices, int64 (samples,). If `mixes_labels`, they come back as shares of the classes, float32
        (samples, classes), and may be given so. The arrays that were given stay as they are; the same state of
        `generator` gives the same pictures.
        """
        for layer in self._layers:
            count, height, width = images.shape[:3]
            images = warped(images, layer.matrices(count, height, width, generator), layer.lookup or EXACT)
        return images, labels


def _layer(fields: dict[str, Any]) -> Geometric:
    return _GEOMETRIC[fields.pop("type")](**fields)
