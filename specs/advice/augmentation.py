"""Warnings about augmentation that changes the class of an image, or makes images that never occur."""

from collections.abc import Iterator
from itertools import chain

from specs.advice.advice import Advice
from specs.augmentation import AugmentationLayer, RandomFlip, RandomRotation
from specs.experiment import ExperimentSpec

_DIGITS = frozenset({"digits", "mnist"})
_UPRIGHT = frozenset({"fashion_mnist", "cifar10", "cifar100"})
# In full turns: from here on a 6 may be a 9.
_HALF_WAY_ROUND = 0.35


def augmentation_advice(spec: ExperimentSpec) -> Iterator[Advice]:
    augmentation = spec.training_augmentation
    layers = augmentation.layers if augmentation else ()
    return chain.from_iterable(_about(layer, index, spec.dataset.name) for index, layer in enumerate(layers))


def _about(layer: AugmentationLayer, index: int, dataset: str) -> Iterator[Advice]:
    where = f"augmentation.layers[{index}] {layer.type}"
    if isinstance(layer, RandomFlip):
        yield from _about_flip(layer, where, dataset)
    if isinstance(layer, RandomRotation) and dataset in _DIGITS:
        largest = max(map(abs, layer.factor))
        if largest >= _HALF_WAY_ROUND:
            yield Advice(
                f"{where}: a rotation by {largest * 360:.0f} degrees turns a 6 into a 9; use 0.03 to 0.05 for digits"
            )


def _about_flip(layer: RandomFlip, where: str, dataset: str) -> Iterator[Advice]:
    upside_down = layer.mode != "horizontal"
    if dataset in _DIGITS:
        damage = "a vertical flip turns a 6 into a 9" if upside_down else "a mirrored 2 or 7 is not a digit"
        yield Advice(f"{where}: {damage}; for digits use small rotations and translations instead of flips")
    elif dataset in _UPRIGHT and upside_down:
        yield Advice(f"{where}: images of {dataset} never occur upside down; set mode to horizontal")
