"""The augmentation pipeline: all layers of a spec in sequence."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from imaging.augmentation import elastic, erasing, filters, geometry, photometry, rand_augment
from imaging.augmentation.arrays import Images, Labels, Shares
from imaging.augmentation.geometry import Geometric
from imaging.augmentation.mixing import CutMix, MixUp
from imaging.augmentation.outlier_exposure import OutlierExposure
from imaging.augmentation.synthetic_digits import SyntheticDigits
from imaging.augmentation.warp import EXACT, Lookup, warp_images


class ImageLayer(Protocol):
    """A layer that changes each image separately."""

    def apply(self, images: Images, generator: np.random.Generator) -> Images: ...


MixingLayer = MixUp | CutMix | OutlierExposure | SyntheticDigits
PipelineStep = ImageLayer | MixingLayer
_GEOMETRIC: Mapping[str, Callable[..., Geometric]] = {
    "RandomFlip": geometry.RandomFlip,
    "RandomRotation": geometry.RandomRotation,
    "RandomTranslation": geometry.RandomTranslation,
    "RandomZoom": geometry.RandomZoom,
    "RandomShear": geometry.RandomShear,
    "RandomCrop": geometry.RandomCrop,
}
_OTHER: Mapping[str, Callable[..., PipelineStep]] = {
    "RandomBrightness": photometry.RandomBrightness,
    "RandomContrast": photometry.RandomContrast,
    "RandomErasing": erasing.RandomErasing,
    "GaussianNoise": photometry.GaussianNoise,
    "RandomGaussianBlur": filters.RandomGaussianBlur,
    "RandomDilation": filters.RandomDilation,
    "MixUp": MixUp,
    "CutMix": CutMix,
    "OutlierExposure": OutlierExposure,
    "SyntheticDigits": SyntheticDigits,
    "RandAugment": rand_augment.RandAugment,
    "ElasticDistortion": elastic.ElasticDistortion,
}


@dataclass(frozen=True)
class Warp:
    """Consecutive geometric layers as one matrix per image: one lookup is faster and sharper than several. All layers
    have the same `lookup`, or none."""

    layers: tuple[Geometric, ...]
    lookup: Lookup | None

    def apply(self, images: Images, generator: np.random.Generator) -> Images:
        count, height, width = images.shape[:3]
        matrices = self.layers[0].matrices(count, height, width, generator)
        for layer in self.layers[1:]:
            matrices = matrices @ layer.matrices(count, height, width, generator)
        return warp_images(images, matrices, self.lookup or EXACT)

    def accepts(self, layer: Geometric) -> bool:
        return self.lookup is None or layer.lookup is None or self.lookup == layer.lookup

    def with_layer(self, layer: Geometric) -> "Warp":
        return Warp((*self.layers, layer), self.lookup or layer.lookup)


class Augmentation:
    """Augments batches of images, and their labels if layers mix images."""

    def __init__(self, layers: Sequence[Mapping[str, Any]], classes: int) -> None:
        """`layers` are those of a spec as dicts with all fields; `classes` is the number of classes."""
        self._steps = list(_steps(layers))
        self._classes = classes

    @property
    def mixes_labels(self) -> bool:
        return any(isinstance(step, MixingLayer) for step in self._steps)

    def __call__(self, images: Images, labels: Labels, generator: np.random.Generator) -> tuple[Images, Labels]:
        """Return augmented images, uint8, (samples, height, width, channels), and their labels.

        `labels` are class indices, int64, (samples,). They are returned unchanged, or, if `mixes_labels`, as
        probabilities of the classes, float32, (samples, classes). The arguments are not modified; the same state of
        `generator` gives the same result.
        """
        shares = self._shares(labels) if self.mixes_labels else None
        for step in self._steps:
            if not isinstance(step, MixingLayer):
                images = step.apply(images, generator)
            elif shares is not None:
                images, shares = step.mix(images, shares, generator)
        return images, labels if shares is None else shares

    def _shares(self, labels: Labels) -> Shares:
        shares = np.zeros((len(labels), self._classes), dtype=np.float32)
        shares[np.arange(len(labels)), labels] = 1.0
        return shares


def _steps(layers: Sequence[Mapping[str, Any]]) -> Iterator[PipelineStep]:
    warp: Warp | None = None
    for layer in layers:
        fields = {name: value for name, value in layer.items() if name != "type"}
        if layer["type"] not in _GEOMETRIC:
            if warp:
                yield warp
            warp = None
            yield _OTHER[layer["type"]](**fields)
            continue
        geometric = _GEOMETRIC[layer["type"]](**fields)
        if warp and warp.accepts(geometric):
            warp = warp.with_layer(geometric)
            continue
        if warp:
            yield warp
        warp = Warp((geometric,), geometric.lookup)
    if warp:
        yield warp
