"""A worker's claim on a job: the only way to write its progress, result and end.

A claim is one atomic step under the job's lock: queued on disk, lease free in Redis, attempt + 1. The attempt's number
is the fencing token. Every later write compares it with the record on disk, so that a worker that was paused for longer
than its lease cannot overwrite its successor, even if Redis has lost everything.
"""

import logging
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Generic, Self, TypeVar

from redis.exceptions import RedisError

from models_store.connection import require_redis
from models_store.errors import Busy, ClaimLost, Damaged, InvalidState, NotFound, StoreError, Unavailable
from models_store.files import PATIENCE_SECONDS, replace_directory, storage_errors
from models_store.jobs.failure import Failure
from models_store.jobs.jobs import Jobs, R
from models_store.jobs.queue import JobName

J = TypeVar("J", bound=Jobs[Any])

log = logging.getLogger(__name__)


class Claim(Generic[J, R]):
    """Methods raise ClaimLost as soon as the token is out of date: the worker must stop and write nothing more.

    `record` is the record as this claim last saw it.
    """

    def __init__(self, jobs: J, record: R) -> None:
        self._jobs = jobs
        self.record = record

    @classmethod
    def acquire(cls, jobs: J, *name: str, worker: str, seconds: float = PATIENCE_SECONDS) -> Self | None:
        """Claim a queued job; None if there is nothing to do (running, ended, deleted), or if a newer
        version wrote it.

        Raises Unavailable while Redis, which keeps the leases, cannot be reached, or the job's folder not be written
        to, Busy after `seconds`, StorageFull, OSError if what earlier attempts left behind cannot be removed.
        """
        try:
            with jobs.lock(name, seconds), require_redis():
                record: R = jobs.read(name)
                if not record.is_queued:
                    return None
                record = record.claim(worker)
                if not jobs.leases.acquire(record.id, record.attempts):
                    return None
                try:
                    cls._begin(jobs, record)
                except (OSError, Unavailable):
                    jobs.leases.release(record.id, record.attempts)
                    raise
        except (NotFound, Damaged) as error:
            log.warning("a message names a job that cannot be claimed: %s", error)
            return None
        jobs.note_start(record)
        return cls(jobs, record)

    @classmethod
    def acquire_first(cls, jobs: J, names: Iterable[JobName], worker: str) -> Self | None:
        """Claim the first of these that can be claimed; None if there is nothing to do.

        One whose lock is held or whose folder cannot be written to holds up no other: it would be the first one for
        each message. The locks of all are waited for no longer than that of one. Raises the error of the first that was
        passed over, as `acquire`, if none was claimed.
        """
        deadline = time.monotonic() + PATIENCE_SECONDS
        passed_over: StoreError | OSError | None = None
        for name in names:
            try:
                claim = cls.acquire(jobs, *name, worker=worker, seconds=max(0.0, deadline - time.monotonic()))
            except (Busy, Unavailable, OSError) as error:
                if isinstance(error.__cause__, RedisError):
                    raise  # so would all others
                passed_over = passed_over or error
                continue
            if claim is not None:
                if passed_over is not None:
                    log.error("%s is done first: %s", claim, passed_over)
                return claim
        if passed_over is not None:
            raise passed_over
        return None

    @staticmethod
    def _begin(jobs: J, record: R) -> None:
        jobs.clean_up(record)
        with storage_errors(f"the folder of attempt {record.attempts}"):
            jobs.attempt_folder(record).mkdir(parents=True, exist_ok=True)
        jobs.write(record)

    @property
    def token(self) -> int:
        return self.record.attempts

    @property
    def attempt_folder(self) -> Path:
        """The folder that the process of this attempt writes to; no other attempt does."""
        return self._jobs.attempt_folder(self.record)

    def __str__(self) -> str:
        return f"{self._jobs.describe(self.record)}, attempt {self.token}"

    # -- while it runs -----------------------------------------------------------------------------------------------

    def may_have_changed(self) -> bool:
        """False if the record on disk need not be read now: the live view shows it as this claim last saw it."""
        return self._jobs.may_have_changed(self.record)

    def check(self) -> None:
        """Read the record on disk. Raises ClaimLost, also if the job was deleted."""
        try:
            current = self._jobs.read(self._name)
        except (NotFound, Damaged) as error:
            raise ClaimLost(str(error)) from error
        self._compare(current)
        self.record = self._merge(current)

    def renew(self) -> None:
        """Keep the lease. Without Redis the job continues: the record on disk still guards every write."""
        try:
            if not self._jobs.leases.renew(self.record.id, self.token):
                raise ClaimLost(f"{self}: another worker holds the lease")
        except RedisError as error:
            log.warning("%s: the lease was not renewed: %r; the job continues", self, error)

    # -- ends --------------------------------------------------------------------------------------------------------

    def fail(self, failure: Failure) -> R:
        """Fail for good: another attempt would fail as well."""
        return self._end(lambda record: record.fail(failure))

    def retry(self, failure: Failure) -> R:
        """This attempt failed: back to the queue, or failed for good once all attempts are spent."""
        return self._end(lambda record: record.retry(failure, self._jobs.max_attempts))

    def give_back(self) -> R:
        """The worker shuts down, or the job gives way: back to the queue; the attempt does not count."""
        return self._end(lambda record: record.give_back())

    def _publish(self, staged: Path, final: Path, transition: Callable[[R], R]) -> R:
        """Publish `staged` with one rename, then write the record. A result that a killed predecessor published is
        replaced: its metrics are not those of this attempt, and it may be damaged."""

        def publish(record: R) -> R:
            replace_directory(staged, final)
            return transition(record)

        return self._end(publish)

    def _end(self, transition: Callable[[R], R]) -> R:
        with self._lock() as current:
            self.record = self._jobs.write(transition(self._merge(current)))
            self._jobs.clean_up(self.record)
            self._release()
        if self.record.is_queued:
            self._jobs.enqueue(self.record)
        return self.record

    def _release(self) -> None:
        try:
            self._jobs.leases.release(self.record.id, self.token)
        except RedisError as error:
            log.warning("%s: the lease was not released: %r; it will expire", self, error)

    # -- fencing -----------------------------------------------------------------------------------------------------

    @property
    def _name(self) -> tuple[str, ...]:
        return self._jobs.name(self.record)

    @contextmanager
    def _lock(self) -> Iterator[R]:
        """Hold the job's lock with a valid token."""
        try:
            with self._jobs.lock(self._name):
                current: R = self._jobs.read(self._name)
                self._compare(current)
                yield current
        except (NotFound, Damaged, InvalidState) as error:
            raise ClaimLost(f"{self} has lost its claim: {error}") from error

    def _compare(self, current: R) -> None:
        # A job that was deleted and posted again may have the same id, and its attempts start from 0.
        same = (current.id, current.created_at) == (self.record.id, self.record.created_at)
        if not same or not current.is_running or current.attempts != self.token:
            raise ClaimLost(f"{self} has lost its claim: the job is {current.status} in attempt {current.attempts}")

    def _merge(self, current: R) -> R:
        """The record on disk, with what only this claim knows."""
        return current
