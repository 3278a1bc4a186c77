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
    Images that wait to be explained are at most a quarter of it, for the same reason. Of each limit one owner leaves
    an eighth to others, if the request says whose it is.
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
        self.owners: dict[str, Occupied] = {}

    def admit(self, owner: str | None = None) -> "Admission":
        return Admission(self, owner)


class Occupied:
    """What the requests of one owner occupy."""

    __slots__ = ("bytes", "explained_images", "images", "large_images", "requests")

    def __init__(self) -> None:
        self.images = 0
        self.large_images = 0
        self.explained_images = 0
        self.bytes = 0
        self.requests = 0


class Admission:
    """What one request occupies, until the `with` block ends."""

    __slots__ = ("_bytes", "_control", "_explained_images", "_images", "_large_images", "_occupied", "_owner")

    def __init__(self, control: AdmissionControl, owner: str | None) -> None:
        self._control = control
        self._owner = owner
        self._occupied: Occupied | None = None
        self._images = 0
        self._large_images = 0
        self._explained_images = 0
        self._bytes = 0

    def __enter__(self) -> Self:
        if self._owner is not None:
            self._occupied = occupied = self._control.owners.setdefault(self._owner, Occupied())
            occupied.requests += 1
        return self

    def __exit__(self, *_: object) -> None:
        if (occupied := self._occupied) is not None:
            occupied.images -= self._images
            occupied.large_images -= self._large_images
            occupied.explained_images -= self._explained_images
            occupied.bytes -= self._bytes
            occupied.requests -= 1
            if not occupied.requests:
                del self._control.owners[self._owner or ""]
        self._control.images -= self._images
        self._control.large_images -= self._large_images
        self._control.explained_images -= self._explained_images
        self._control.bytes -= self._bytes

    def add_bytes(self, count: int) -> None:
        """Raises Overloaded."""
        control = self._control
        self._bytes += count
        control.bytes += count
        if (own := self._occupied) is not None:
            own.bytes += count
            self._check_share(own.bytes, self._bytes, control.max_bytes, "bytes wait to be predicted")
        if control.bytes > control.max_bytes and control.bytes > self._bytes:
            raise Overloaded(
                f"{control.bytes:,} bytes wait to be predicted, more than the limit of {control.max_bytes:,}; "
                "try again in a moment"
            )

    def _check_share(self, occupied: int, by_this: int, limit: int, what: str) -> None:
        """Of what an owner occupies. Raises Overloaded."""
        share = limit - limit // _SLICES
        if occupied > share and occupied > by_this:
            raise Overloaded(
                f"{occupied:,} {what} for {self._owner}, more than the {share:,} that one owner may have of "
                f"{limit:,}; try again in a moment"
            )

    def add_images(self, count: int) -> None:
        """Raises Overloaded."""
        control = self._control
        self._images += count
        control.images += count
        if (own := self._occupied) is not None:
            own.images += count
            self._check_share(own.images, self._images, control.max_images, "images wait to be predicted")
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
            if (own := self._occupied) is not None:
                own.large_images += occupied
                what = "images of large requests wait to be predicted"
                self._check_share(own.large_images, self._large_images, control.max_images // 2, what)
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
        if (own := self._occupied) is not None:
            own.explained_images += images
            what = "images wait to be explained"
            self._check_share(own.explained_images, self._explained_images, control.max_explained, what)
        if control.explained_images > max(control.max_explained, self._explained_images):
            raise Overloaded(
                f"{control.explained_images:,} images wait to be explained, more than the limit of "
                f"{control.max_explained:,}; try again in a moment"
            )
