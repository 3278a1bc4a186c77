"""One backup at a time: a lock in a bucket, by compare-and-swap on its tag.

Files that several backups share are removed with the last of them, and a backup that is being made names such files.
"""

import os
import secrets
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from typing import Final

from pydantic import ValidationError

from models_store.backups.bucket import Bucket, Changed
from models_store.errors import Busy, ClaimLost, NotFound, Unavailable
from models_store.frozen import Frozen, utc_now

LOCK_KEY: Final = "lock.json"
# Longer than clocks of machines differ, and than a request is repeated.
LOCK_SECONDS: Final = 600.0
_RENEWAL_SECONDS: Final = 60.0


class _Holder(Frozen):
    """Each content differs from all others, since the tag of an object is that of its content."""

    owner: str
    nonce: str
    until: datetime


class BackupLock:
    """The lock, held until it was not renewed for `LOCK_SECONDS`."""

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket
        self._owner = f"process {os.getpid()} on {socket.gethostname()}"
        self._renewed = time.monotonic()
        self._tag = self._acquire()

    def _acquire(self) -> str:
        try:
            return self._bucket.create(LOCK_KEY, self._content())
        except Changed:
            try:
                data, tag = self._bucket.get(LOCK_KEY)
                holder = _Holder.model_validate_json(data)
            except (NotFound, ValidationError) as error:
                raise Busy(f"{self._bucket.url}/{LOCK_KEY} cannot be read; try again, or delete it") from error
            if holder.until <= utc_now():
                with suppress(Changed):
                    return self._bucket.replace(LOCK_KEY, self._content(), tag)
            raise Busy(
                f"{self._bucket.url} is in use by another backup ({holder.owner}), or was until that was killed; try "
                f"again after {holder.until:%Y-%m-%d %H:%M:%S} UTC"
            ) from None

    def renew_if_due(self) -> None:
        """Raises as `renew`."""
        if time.monotonic() - self._renewed > _RENEWAL_SECONDS:
            self.renew()

    def renew(self) -> None:
        """Hold it for `LOCK_SECONDS` from now on. Raises ClaimLost if another backup has it, or may have it."""
        asked = time.monotonic()
        try:
            self._tag = self._bucket.replace(LOCK_KEY, self._content(), self._tag)
        except Changed as error:
            raise ClaimLost(
                f"another backup to {self._bucket.url} began, since this one was silent for {LOCK_SECONDS:g} s"
            ) from error
        self._renewed = asked

    def release(self) -> None:
        with suppress(Changed, Unavailable):
            self._bucket.replace(LOCK_KEY, self._content(0.0), self._tag)

    def _content(self, seconds: float = LOCK_SECONDS) -> bytes:
        until = utc_now() + timedelta(seconds=seconds)
        return _Holder(owner=self._owner, nonce=secrets.token_hex(8), until=until).model_dump_json().encode()


@contextmanager
def hold_lock(bucket: Bucket) -> Iterator[BackupLock]:
    """Raises Busy if another backup holds it."""
    lock = BackupLock(bucket)
    try:
        yield lock
    finally:
        lock.release()
