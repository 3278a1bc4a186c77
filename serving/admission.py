"""Admission control: beyond its limits a request is rejected at once, so that no answer comes after its client left."""

from typing import Self

from serving.errors import Overloaded

_SLICES = 8
_EXPLAINED_SHARE = 4


class AdmissionControl:
    """For use from one event loop. The limits hold for all requests together, from the first byte received to the
    answer. A request alone is always admitted; what one request may hold is limited elsewhere.

    A request of many images has them prepared and predicted in slices, between which others have their turn. It
    occupies one slice, and large requests together no more than half of the limit, so that none shuts out others.
    Images that wait to be explained are at most a quarter of it, for the same reason.
    """

    def __init__(self, max_images: int, max_bytes: int) -> None:
        self.max_images = max_images
        self.max_bytes = max_bytes
        self.slice_images = max(1, max_images // _SLICES)
        self.images = 0
        self.large_images = 0
        self.max_explained = max(1, max_images // _EXPLAINED_SHARE)
        self.explained_images = 0
        self.bytes = 0

    def admit(self) -> "Admission":
        return Admission(self)


class Admission:
    """What one request occupies, until the `with` block ends."""

    __slots__ = ("_bytes", "_control", "_explained_images", "_images", "_large_images")

    def __init__(self, control: AdmissionControl) -> None:
        self._control = control
        self._images = 0
        self._large_images = 0
        self._explained_images = 0
        self._bytes = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._control.images -= self._images
        self._control.large_images -= self._large_images
        self._control.explained_images -= self._explained_images
        self._control.bytes -= self._bytes

    def add_bytes(self, count: int) -> None:
        """Raises Overloaded."""
        control = self._control
        self._bytes += count
        control.bytes += count
        if control.bytes > control.max_bytes and control.bytes > self._bytes:
            raise Overloaded(
                f"{control.bytes:,} bytes wait to be predicted, more than the limit of {control.max_bytes:,}; "
                "try again in a moment"
            )

    def add_images(self, count: int) -> None:
        """Raises Overloaded."""
        control = self._control
        self._images += count
        control.images += count
        if control.images > control.max_images and control.images > self._images:
            raise Overloaded(
                f"{control.images:,} images wait to be predicted, more than the limit of {control.max_images:,}; "
                "try again in a moment"
            )

    def add_request(self, images: int) -> None:
        """Admit a request of so many images, which occupies one slice. Raises Overloaded."""
        control = self._control
        occupied = min(images, control.slice_images)
        if images > occupied:
            self._large_images += occupied
            control.large_images += occupied
            if control.large_images > max(control.max_images // 2, self._large_images):
                raise Overloaded(
                    f"received {images:,} images while {control.large_images // control.slice_images - 1} other large "
                    "requests are being answered; try again in a moment, or send fewer images in each request"
                )
        self.add_images(occupied)

    def add_explained(self, images: int) -> None:
        """Of those that were admitted, to be explained when their turn has come. Raises Overloaded."""
        control = self._control
        self._explained_images += images
        control.explained_images += images
        if control.explained_images > max(control.max_explained, self._explained_images):
            raise Overloaded(
                f"{control.explained_images:,} images wait to be explained, more than the limit of "
                f"{control.max_explained:,}; try again in a moment"
            )
