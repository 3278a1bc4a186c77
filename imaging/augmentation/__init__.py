"""Images changed at random, for training: uint8 in and out, numpy and OpenCV, no state.

The layers are `specs.augmentation`'s, as plain dicts with all fields; their meaning is documented there.
"""

from imaging.augmentation.pipeline import Augmentation

__all__ = ["Augmentation"]
