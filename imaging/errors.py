"""What can be wrong with a picture."""


class PictureError(Exception):
    """Base of what `imaging` raises about a picture."""


class UnreadablePicture(PictureError):
    """Not a picture, not of a known format, or broken."""


class PictureTooLarge(PictureError):
    """More pixels than are decoded."""
