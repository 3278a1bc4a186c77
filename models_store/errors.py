"""The domain errors of the store. Each class carries its kind, which `api/errors.py` maps to a status once.

StoreError                unavailable
├── NotFound              not_found
├── InvalidState          conflict
├── ClaimLost             conflict
├── Damaged               conflict
├── IdempotencyMismatch   invalid
├── InvalidCursor         invalid
├── Busy                  unavailable
└── Unavailable           unavailable
    └── StorageFull       unavailable
"""

from collections.abc import Sequence
from typing import ClassVar, Literal

ErrorKind = Literal["not_found", "conflict", "invalid", "unavailable"]
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


class ClaimLost(StoreError):
    """The claim's fencing token is out of date: stop, write nothing more."""

    kind = "conflict"


class IdempotencyMismatch(StoreError):
    """An `Idempotency-Key` was used before with another body."""

    kind = "invalid"


class InvalidCursor(StoreError):
    """The cursor was not made by this service, or belongs to another list."""

    kind = "invalid"


class Damaged(StoreError):
    """A stored file does not parse, or does not match its sha256."""

    kind = "conflict"


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
