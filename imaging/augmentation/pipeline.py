"""All layers of a spec, one after the other."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from imaging.augmentation import elastic, erasing, filters, geometry, photometry, rand_augment
from imaging.augmentation.arrays import Images, Labels, Shares
from imaging.augmentation.geometry import Geometric
from imaging.augmentation.mixing import CutMix, MixUp
from imaging.augmentation.outlier_exposure import OutlierExposure
from imaging.augmentation.warp import EXACT, Lookup, warped


class Changing(Protocol):
    """What changes each image by itself."""

    def changed(self, images: Images, generator: np.random.Generator) -> Images: ...


Mixing = MixUp | CutMix | OutlierExposure
Step = Changing | Mixing
_MOVING: Mapping[str, Callable[..., Geometric]] = {
    "RandomFlip": geometry.RandomFlip,
    "RandomRotation": geometry.RandomRotation,
    "RandomTranslation": geometry.RandomTranslation,
    "RandomZoom": geometry.RandomZoom,
    "RandomShear": geometry.RandomShear,
    "RandomCrop": geometry.RandomCrop,
}
_OTHERS: Mapping[str, Callable[..., Step]] = {
    "RandomBrightness": photometry.RandomBrightness,
    "RandomContrast": photometry.RandomContrast,
    "RandomErasing": erasing.RandomErasing,
    "GaussianNoise": photometry.GaussianNoise,
    "RandomGaussianBlur": filters.RandomGaussianBlur,
    "RandomDilation": filters.RandomDilation,
    "MixUp": MixUp,
    "CutMix": CutMix,
    "OutlierExposure": OutlierExposure,
    "RandAugment": rand_augment.RandAugment,
    "ElasticDistortion": elastic.ElasticDistortion,
}


@dataclass(frozen=True)
class Warp:
    """Neighbouring layers that move pixels, as one matrix for each image: it is looked up once, which is faster than
    one layer after the other, and sharper. They agree on `lookup`, or have none of their own."""

    layers: tuple[Geometric, ...]
    lookup: Lookup | None

    def changed(self, images: Images, generator: np.random.Generator) -> Images:
        count, height, width = images.shape[:3]
        matrices = self.layers[0].matrices(count, height, width, generator)
        for layer in self.layers[1:]:
            matrices = matrices @ layer.matrices(count, height, width, generator)
        return warped(images, matrices, self.lookup or EXACT)

    def takes(self, layer: Geometric) -> bool:
        return self.lookup is None or layer.lookup is None or self.lookup == layer.lookup

    def followed_by(self, layer: Geometric) -> "Warp":
        return Warp((*self.layers, layer), self.lookup or layer.lookup)


class Augmentation:
    """Changes each image of a batch at random, and the labels too where layers mix images."""

    def __init__(self, layers: Sequence[Mapping[str, Any]], classes: int) -> None:
        """`layers` are those of a spec as plain dicts, all fields given; `classes` is how many there are."""
        self._steps = list(_steps(layers))
        self._classes = classes

    @property
    def mixes_labels(self) -> bool:
        return any(isinstance(step, Mixing) for step in self._steps)

    def __call__(self, images: Images, labels: Labels, generator: np.random.Generator) -> tuple[Images, Labels]:
        """Return as many images, uint8 (samples, height, width, channels), and their labels.

        Labels are class indices, int64 (samples,); if `mixes_labels`, they come back as shares of the classes, float32
        (samples, classes). The arrays that were given stay as they are; the same state of `generator` gives the same
        images.
        """
        shares = self._shares(labels) if self.mixes_labels else None
        for step in self._steps:
            if not isinstance(step, Mixing):
                images = step.changed(images, generator)
            elif shares is not None:
                images, shares = step.mixed(images, shares, generator)
        return images, labels if shares is None else shares

    def _shares(self, labels: Labels) -> Shares:
        shares = np.zeros((len(labels), self._classes), dtype=np.float32)
        shares[np.arange(len(labels)), labels] = 1.0
        return shares


def _steps(layers: Sequence[Mapping[str, Any]]) -> Iterator[Step]:
    warp: Warp | None = None
    for layer in layers:
        fields = {name: value for name, value in layer.items() if name != "type"}
        if layer["type"] not in _MOVING:
            if warp:
                yield warp
            warp = None
            yield _OTHERS[layer["type"]](**fields)
            continue
        moving = _MOVING[layer["type"]](**fields)
        if warp and warp.takes(moving):
            warp = warp.followed_by(moving)
            continue
        if warp:
            yield warp
        warp = Warp((moving,), moving.lookup)
    if warp:
        yield warp
