"""What can be wrong with an image."""


class ImageError(Exception):
    """Base of what `imaging` raises about an image."""


class UnreadableImage(ImageError):
    """Not an image, not of a known format, or broken."""


class ImageTooLarge(ImageError):
    """More pixels than are decoded."""
