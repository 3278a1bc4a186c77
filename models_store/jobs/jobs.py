"""What claims and the reconciler need of the store that keeps one kind of job."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from typing import ClassVar, Generic, NamedTuple, Protocol, Self, TypeVar

from models_store.files import PATIENCE_SECONDS
from models_store.jobs.failure import Failure
from models_store.jobs.leases import Leases
from models_store.jobs.queue import JobKind, JobName, Queue


class JobRecord(Protocol):
    """The record of a job. Each transition returns the record after it.

    `id` names the lease. `attempts` counts claims and is the fencing token; `interruptions` are attempts that a worker
    gave back unharmed, which do not count against the limit.
    """

    @property
    def id(self) -> str: ...
    @property
    def status(self) -> str: ...
    @property
    def attempts(self) -> int: ...
    @property
    def worker(self) -> str | None: ...
    @property
    def created_at(self) -> datetime: ...
    @property
    def is_queued(self) -> bool: ...
    @property
    def is_running(self) -> bool: ...
    def claim(self, worker: str) -> Self: ...
    def give_back(self) -> Self: ...
    def retry(self, failure: Failure, max_attempts: int) -> Self: ...
    def fail(self, failure: Failure) -> Self: ...


R = TypeVar("R", bound=JobRecord)


class Job(NamedTuple):
    """A job as the reconciler finds it."""

    id: str
    name: JobName


class Unfinished(NamedTuple):
    """The jobs that have not ended, found by a cheap check."""

    queued: Sequence[Job]
    running: Sequence[Job]


class Jobs(ABC, Generic[R]):
    """The jobs of one kind. A job's name is the arguments of its message."""

    kind: ClassVar[JobKind]

    def __init__(self, queue: Queue, leases: Leases, max_attempts: int) -> None:
        self.queue = queue
        self.leases = leases
        self.max_attempts = max_attempts

    @abstractmethod
    def name(self, record: R) -> JobName: ...

    @abstractmethod
    def lock(self, name: JobName, seconds: float = PATIENCE_SECONDS) -> AbstractContextManager[None]:
        """Hold the lock that guards the record. Raises NotFound, or Busy after `seconds`."""

    @abstractmethod
    def read(self, name: JobName) -> R:
        """The record on disk. Raises NotFound or Damaged."""

    @abstractmethod
    def write(self, record: R) -> R:
        """Write a changed record. Only under the lock. Raises StorageFull."""

    @abstractmethod
    def attempt_folder(self, record: R) -> Path:
        """The folder that the process of this attempt writes to; no other attempt does."""

    @abstractmethod
    def clean_up(self, record: R) -> None:
        """Remove what earlier attempts left behind and, of a job that has ended, what is no longer needed. Only under
        the lock, once the record is on disk."""

    @abstractmethod
    def unfinished(self) -> Unfinished: ...

    def note_start(self, record: R) -> None:
        """It was claimed: where owners take turns, it is that of others."""

    def restore(self, record: R) -> R:
        """The record of an abandoned job, with what its attempt wrote to disk beside it."""
        return record

    def show(self, name: JobName) -> None:
        """Make the live view, if there is one, agree with disk. Raises NotFound."""

    def may_have_changed(self, record: R) -> bool:
        """False if the live view has it unchanged. It may be wrong: disk decides."""
        return True

    def enqueue(self, record: R) -> None:
        """Send the message that names the job."""
        self.queue.enqueue(self.kind, *self.name(record))

    def describe(self, record: R) -> str:
        """For logs: `conversion flowers`."""
        return f"{self.kind.name} {' '.join(self.name(record))}"
