"""Augmentation layers as the trainer passes them: validated, with all fields."""

from typing import Any

from imaging.augmentation import Augmentation
from specs.augmentation import AugmentationSpec


def augmentation(*layers: dict[str, Any], classes: int = 10) -> Augmentation:
    spec = AugmentationSpec.model_validate({"layers": list(layers)})
    return Augmentation([layer.model_dump() for layer in spec.layers], classes)
