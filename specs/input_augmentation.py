"""Augmentation layers inside a network."""

from typing import Any, ClassVar

from specs.augmentation import AugmentationLayer
from specs.layers.base import SameShape


class InputAugmentation(SameShape):
    """Stands where a Keras document has an augmentation layer. The network passes the images on unchanged; the input
    pipeline applies `augmentation` to those of the training split (docs/decisions/0013-precision-and-the-loop.md).
    """

    keeps_output: ClassVar[bool] = True

    type: str
    augmentation: AugmentationLayer

    @classmethod
    def of(cls, augmentation: Any) -> "InputAugmentation":
        return cls(type=augmentation.type, augmentation=augmentation)
