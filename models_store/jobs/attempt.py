"""The right to do one job: held by one worker, freed by the kernel when it dies."""

import logging
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import ClassVar, Generic, Protocol, Self, TypeVar

from models_store.errors import Busy, ClaimLost, Damaged, NotFound
from models_store.files import (
    lock_folder,
    publish_directory,
    remove_directory,
    remove_stale_temporaries,
    storage_errors,
)

PATIENCE_SECONDS = 30.0
_TAKING_SECONDS = 1.0

log = logging.getLogger(__name__)


class JobRecord(Protocol):
    """What is written down of a job. `id` and `attempts` together are the fencing token of an attempt."""

    @property
    def id(self) -> str: ...
    @property
    def attempts(self) -> int: ...
    @property
    def has_ended(self) -> bool: ...
    def changed(self, **update: object) -> Self: ...
    def queued(self, **update: object) -> Self: ...
    def claimed(self) -> Self: ...
    def failed(self, error: str) -> Self: ...


R = TypeVar("R", bound=JobRecord)


class Attempt(ABC, Generic[R]):
    """One attempt at a job, whose result is a folder that appears whole. Once it has begun, its methods raise
    ClaimLost if the job was deleted or another attempt has begun.

    The lock of `folder` is held for as long as the attempt goes on; `_changing`, for each change of the record.
    """

    jobs: ClassVar[str]
    """What many of them are called."""
    result: ClassVar[str]
    """The name of the folder that is published."""
    record: R

    def __init__(self, max_attempts: int) -> None:
        self._max_attempts = max_attempts

    @property
    @abstractmethod
    def folder(self) -> Path:
        """The job's folder. Raises NotFound for what cannot be the name of one."""

    @abstractmethod
    def _changing(self) -> AbstractContextManager[None]:
        """Keep all others from changing the record. Raises NotFound or Busy."""

    @abstractmethod
    def _read(self) -> R:
        """The record as disk has it. Raises NotFound or Damaged."""

    @abstractmethod
    def _put(self, record: R) -> R:
        """Write it."""

    @abstractmethod
    def _wake(self) -> None:
        """Send a wake-up for the job."""

    @abstractmethod
    def _tidy(self) -> None:
        """Remove what is no longer needed once the record says that the job has ended. The lock is held."""

    @contextmanager
    def taken(self) -> Iterator[Self | None]:
        """Begin, if the job waits or a dead worker has left it, for the time of the block; None if there is nothing
        to do."""
        with ExitStack() as held:
            begun = False
            try:
                held.enter_context(lock_folder(self.folder, _TAKING_SECONDS))
                begun = self._begin()
            except (NotFound, Busy) as error:
                log.info("nothing to do: %s", error)
            yield self if begun else None

    def _begin(self) -> bool:
        with self._changing():
            try:
                record = self._read()
            except (NotFound, Damaged) as error:
                log.warning("a wake-up for what cannot be done: %s", error)
                return False
            if record.has_ended:
                return False
            if record.attempts >= self._max_attempts:
                self._put(record.failed(f"{self._max_attempts} {self.jobs} were begun, and none came to an end"))
                self._tidy()
                return False
            self.record = self._put(record.claimed())
            remove_stale_temporaries(self.folder, older_than=0)
            with storage_errors(f"what becomes of {self.folder.name}"):
                self.staged.mkdir()
            return True

    @property
    def staged(self) -> Path:
        """Where this attempt writes; no other does."""
        return self.folder / f".{self.result}.{self.record.attempts}.tmp"

    def check(self) -> None:
        """Raise ClaimLost if there is nothing to do any more."""
        try:
            current = self._read()
        except (NotFound, Damaged) as error:
            raise ClaimLost(str(error)) from error
        if (current.id, current.attempts) != (self.record.id, self.record.attempts):
            raise ClaimLost(f"{self.folder.name} is no longer this worker's")

    def fail(self, reason: str) -> R:
        """For good: the same would happen again."""
        with self._held():
            self.record = self._put(self.record.failed(reason))
            self._tidy()
        self._clear()
        return self.record

    def retry(self, reason: str) -> R:
        """Back to the queue, or failed once all attempts are spent."""
        if self.record.attempts >= self._max_attempts:
            return self.fail(f"{reason} (attempt {self.record.attempts} of {self._max_attempts})")
        return self._requeue(self.record.queued(error=reason))

    def give_back(self) -> R:
        """The worker shuts down; the attempt does not count."""
        return self._requeue(self.record.queued(attempts=self.record.attempts - 1))

    def _requeue(self, record: R) -> R:
        # In this order: what is written tells whether this is still the one to clear away.
        self._write(record)
        self._clear()
        self._wake()
        return self.record

    def _publish(self, record: R) -> R:
        """What was staged becomes the result with one rename, then the record says so."""
        with self._held():
            published = self.folder / self.result
            if published.exists():
                remove_directory(published)
            publish_directory(self.staged, published)
            self.record = self._put(record)
            self._tidy()
        return self.record

    def _clear(self) -> None:
        remove_stale_temporaries(self.folder, older_than=0)

    def _write(self, record: R) -> None:
        with self._held():
            self.record = self._put(record)

    @contextmanager
    def _held(self) -> Iterator[None]:
        with ExitStack() as held:
            try:
                held.enter_context(self._changing())
            except NotFound as error:
                raise ClaimLost(str(error)) from error
            self.check()
            yield


def is_abandoned(folder: Path) -> bool:
    """Whether nobody does the job of `folder`: its lock is free."""
    try:
        with lock_folder(folder, 0):
            return True
    except (Busy, NotFound):
        return False
