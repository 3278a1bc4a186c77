"""Advice on augmentation: what turns an image into one of another class, or into one that nobody will ever send."""

from collections.abc import Iterator
from itertools import chain

from specs.augmentation import AugmentationLayer, RandomFlip, RandomRotation
from specs.experiment import ExperimentSpec

_DIGITS = frozenset({"digits", "mnist"})
_UPRIGHT = frozenset({"fashion_mnist", "cifar10", "cifar100"})
# In full turns: from here on a 6 is as good as a 9.
_HALF_WAY_ROUND = 0.35


def augmentation_warnings(spec: ExperimentSpec) -> Iterator[str]:
    layers = spec.augmentation.layers if spec.augmentation else ()
    return chain.from_iterable(_about(layer, index, spec.dataset.name) for index, layer in enumerate(layers))


def _about(layer: AugmentationLayer, index: int, dataset: str) -> Iterator[str]:
    where = f"augmentation.layers[{index}] {layer.type}"
    if isinstance(layer, RandomFlip):
        yield from _about_flip(layer, where, dataset)
    if isinstance(layer, RandomRotation) and dataset in _DIGITS:
        furthest = max(map(abs, layer.factor))
        if furthest >= _HALF_WAY_ROUND:
            yield f"{where}: a turn by {furthest * 360:.0f} degrees makes a 9 of a 6; 0.03 to 0.05 suits digits"


def _about_flip(layer: RandomFlip, where: str, dataset: str) -> Iterator[str]:
    upside_down = layer.mode != "horizontal"
    if dataset in _DIGITS:
        spoilt = "a vertical flip turns a 6 into a 9" if upside_down else "a mirrored 2 or 7 is no digit"
        yield f"{where}: {spoilt}; leave flips out for digits, small rotations and shifts help"
    elif dataset in _UPRIGHT and upside_down:
        yield f"{where}: nobody sends images of {dataset} upside down; set mode to horizontal"
