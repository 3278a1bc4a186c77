"""The domain errors of the store. Each class carries its kind, which `api/errors.py` maps to a status once.

StoreError                unavailable
├── NotFound              not_found
├── InvalidState          conflict
│   └── ResultsHidden     conflict
├── ClaimLost             conflict
├── Damaged               conflict
│   └── Newer             conflict
├── Outdated              outdated
├── IdempotencyMismatch   invalid
├── InvalidCursor         invalid
├── InvalidPosition       invalid
├── InvalidField          invalid
├── Busy                  unavailable
├── NotAuthenticated      unauthenticated
├── Exhausted             exhausted
│   ├── RateLimited       exhausted
│   ├── QuotaReached      exhausted
│   ├── TooManyStreams    exhausted
│   └── TooManyAtOnce     exhausted
├── Forbidden             forbidden
│   ├── InsufficientScope forbidden
│   ├── SpaceUsedUp       forbidden
│   ├── NotAdmitted       forbidden
│   └── NotOwner          forbidden
└── Unavailable           unavailable
    └── StorageFull       unavailable
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, Literal

if TYPE_CHECKING:  # so that files are written without Pydantic
    from specs.problem import Problem

ErrorKind = Literal[
    "unauthenticated", "exhausted", "forbidden", "not_found", "conflict", "outdated", "invalid", "unavailable"
]
_MAX_LISTED = 10


class StoreError(Exception):
    """Base of all errors that the store raises on purpose."""

    kind: ClassVar[ErrorKind] = "unavailable"


class NotFound(StoreError):
    """No such experiment, dataset, evaluation or file, on disk or in the index."""

    kind = "not_found"


class InvalidState(StoreError):
    """The state of the experiment or dataset forbids the change."""

    kind = "conflict"


class ResultsHidden(InvalidState):
    """The results on the test split of a dataset are withheld until they are revealed."""


class ClaimLost(StoreError):
    """The claim's fencing token is out of date: stop, write nothing more."""

    kind = "conflict"


class Outdated(StoreError):
    """The change is based on a record that somebody has changed since."""

    kind = "outdated"


class IdempotencyMismatch(StoreError):
    """An `Idempotency-Key` was used before with another body."""

    kind = "invalid"


class InvalidCursor(StoreError):
    """The cursor was not made by this service, or belongs to another list."""

    kind = "invalid"


class InvalidPosition(StoreError):
    """It is not the id of an event."""

    kind = "invalid"


class InvalidField(StoreError):
    """No experiment has such a field, or its values are of another type; `problems` point at it."""

    kind = "invalid"

    def __init__(self, problems: "Sequence[Problem]") -> None:
        super().__init__("; ".join(map(str, problems)))
        self.problems = problems


class NotAuthenticated(StoreError):
    """The request has no key, or one that is not valid; which of them is not told."""

    kind = "unauthenticated"


class Exhausted(StoreError):
    """More than somebody may have, for now; `retry_after` is in seconds."""

    kind = "exhausted"

    def __init__(self, message: str, retry_after: int) -> None:
        super().__init__(message)
        self.retry_after = max(1, retry_after)


class RateLimited(Exhausted):
    """Too many requests in too short a time."""

    def __init__(self, what: str, per_minute: int, retry_after: int, counts_as: int = 1) -> None:
        wait = "1 second" if retry_after <= 1 else f"{retry_after} seconds"
        several = f", and this one counts as {counts_as}" if counts_as > 1 else ""
        super().__init__(
            f"too many requests ({what}): {per_minute} a minute are allowed{several}; retry in {wait}", retry_after
        )


class QuotaReached(Exhausted):
    """The owner uses as much as it may, for now."""


class TooManyStreams(Exhausted):
    """Too many open streams of events."""


class TooManyAtOnce(Exhausted):
    """Too many requests that are being answered."""


class Forbidden(StoreError):
    """The key is valid, but may not do this to that object."""

    kind = "forbidden"


class InsufficientScope(Forbidden):
    """The key is valid, but does not have the scope that the route needs."""


class NotAdmitted(Forbidden):
    """Somebody whom the provider knows, and who may not use this service."""


class SpaceUsedUp(Forbidden):
    """The owner has as many bytes as it may, until it deletes something."""


class NotOwner(Forbidden):
    """It is somebody else's, who alone may change it."""


class Damaged(StoreError):
    """A stored file does not parse, or does not match its sha256."""

    kind = "conflict"


class Newer(Damaged):
    """A later version of this service has written the record: it is sound, and left as it is."""


class Busy(StoreError):
    """Could not acquire the lock in time."""


class Unavailable(StoreError):
    """Redis cannot be reached, or the index is being rebuilt: the same call may succeed in a moment."""


class StorageFull(Unavailable):
    """The disk is full; nothing was half-written."""


def list_names(names: Sequence[str]) -> str:
    """The first ten, and how many more: `a, b and 3 more`."""
    more = f" and {len(names) - _MAX_LISTED} more" if len(names) > _MAX_LISTED else ""
    return ", ".join(names[:_MAX_LISTED]) + more
