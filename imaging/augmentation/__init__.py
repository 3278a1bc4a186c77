"""Random augmentation of training images: uint8 in and out, with numpy and OpenCV, without state.

The layers are those of `specs.augmentation`, as plain dicts with all fields, and are documented there.
"""

from imaging.augmentation.pipeline import Augmentation

__all__ = ["Augmentation"]
