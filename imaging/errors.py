"""The domain errors of `imaging`. Each class carries its kind, which `api/errors.py` maps to a status once."""

from typing import ClassVar, Literal


class ImageError(Exception):
    """Base of all errors that `imaging` raises about an image."""

    kind: ClassVar[Literal["invalid", "too_large"]] = "invalid"


class UnreadableImage(ImageError):
    """Not an image, not of a supported format, or broken."""


class ImageTooLarge(ImageError):
    """The image has more pixels than the limit."""

    kind = "too_large"
