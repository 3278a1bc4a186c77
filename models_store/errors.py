"""The errors of the store. They know no HTTP; `api/errors.py` maps each class to a status.

StoreError
├── NotFound              no such experiment
├── InvalidState          the experiment is in a state that forbids the change
├── ClaimLost             the fencing token is old: somebody else has the experiment
├── IdempotencyMismatch   the key was used before with another body
├── InvalidCursor         the cursor was not made by this service, or not for this list
├── Damaged               a file does not parse or does not match its sha256
├── Busy                  the experiment's lock was not to be had in time
└── Unavailable           Redis cannot be reached, or the index is being rebuilt
    └── StorageFull       the disk has no room
"""

from collections.abc import Sequence

_LISTED = 10


class StoreError(Exception):
    """Base of all errors that the store raises on purpose."""


class NotFound(StoreError):
    """No such experiment, on disk or in the index."""


class InvalidState(StoreError):
    """The experiment is in a state that forbids the change."""


class ClaimLost(StoreError):
    """The claim's fencing token is no longer the record's: stop, write nothing more."""


class IdempotencyMismatch(StoreError):
    """An `Idempotency-Key` came a second time with another body."""


class InvalidCursor(StoreError):
    """The cursor was not made by this service, or not for this list."""


class Damaged(StoreError):
    """A stored file does not parse, or does not match its sha256."""


class Busy(StoreError):
    """Another process held the experiment's lock longer than the time allowed."""


class Unavailable(StoreError):
    """The store cannot answer now; the same call may succeed in a moment."""


class StorageFull(Unavailable):
    """The disk has no room; nothing was half-written."""


def listed(names: Sequence[str]) -> str:
    """For a sentence: the first ten, and how many more there are."""
    more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    return ", ".join(names[:_LISTED]) + more
