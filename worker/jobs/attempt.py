"""One attempt at a job: starts a child process, records what it reports, and ends it when it must."""

import logging
import math
import signal
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any, ClassVar, Generic, TypeVar

from pydantic import BaseModel

from models_store.errors import StorageFull
from models_store.jobs.claim import Claim
from models_store.jobs.failure import Failure, FailureType
from models_store.jobs.jobs import JobRecord
from settings import Settings
from worker.jobs.messages import Accepted, Advanced, Failed, Ready, Stop, Stopped, StopReason
from worker.jobs.process import ChildProcess

_TICK_SECONDS = 0.2
CHECK_SECONDS = 0.5
_EXIT_SECONDS = 10.0
_WEIGHT: dict[StopReason, int] = {"time_budget": 0, "stopped": 1, "shutdown": 2, "pruned": 3, "cancelled": 4}
# Early ends after which the child still finishes its result.
_PUBLISHED = ("time_budget", "stopped")
# Failures of the machine: another attempt may succeed.
_TRANSIENT: tuple[FailureType, ...] = ("disk_error",)

# How the kernel and C++ end a process to which they cannot give memory.
_OUT_OF_MEMORY = (signal.SIGKILL, signal.SIGABRT)

C = TypeVar("C", bound=Claim[Any, Any])

log = logging.getLogger(__name__)


class JobUnavailable(Exception):
    """There is nothing to work on any more: the attempt fails before it has begun."""


class Every:
    """True at most once in each `seconds`."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._next = time.monotonic()

    def is_due(self, seconds: float | None = None) -> bool:
        """`seconds` in place of the usual ones until the next time."""
        now = time.monotonic()
        if now < self._next:
            return False
        self._next = now + (self._seconds if seconds is None else seconds)
        return True


@dataclass(frozen=True, slots=True)
class _Request:
    """A stop that the child was asked for, and when it was first asked for one."""

    reason: StopReason
    at: float


class Attempt(ABC, Generic[C]):
    """From the job to a record with its outcome. Subclasses define what differs between kinds of jobs.

    `is_shutting_down` returns whether the worker is about to end.
    """

    child: ClassVar[str]
    """What the child is called in messages."""

    def __init__(self, claim: C, settings: Settings, is_shutting_down: Callable[[], bool]) -> None:
        self.claim = claim
        self.settings = settings
        self._is_shutting_down = is_shutting_down
        self._process: ChildProcess[Any]
        self._job: BaseModel
        self._request: _Request | None = None
        self._heard_at = time.monotonic()
        self._check = Every(CHECK_SECONDS)
        self._renewal = Every(settings.lease_seconds / 3)

    # -- what is particular to a kind of job -------------------------------------------------------------------------

    @abstractmethod
    def job(self) -> BaseModel:
        """The message with the child's job. Raises JobUnavailable."""

    @abstractmethod
    def start(self) -> ChildProcess[Any]:
        """The child process."""

    def start_again(self) -> ChildProcess[Any] | None:
        """Another one in place of a child that ended before it had received the job; None if that counts as a crash."""
        return None

    def release(self, record: JobRecord | None) -> None:
        """Let go of the child after the job has ended with `record`, None after an error."""
        self._process.kill()

    @abstractmethod
    def hear(self, event: Any) -> JobRecord | None:
        """Record an event; the last one gives the record of how the job ended."""

    @property
    @abstractmethod
    def stall_seconds(self) -> float:
        """Silence after which the child counts as stalled."""

    @abstractmethod
    def describe_stall(self, seconds: float) -> str: ...

    @property
    def requested_stop(self) -> StopReason | None:
        """The stop that the user has asked for, as of the claim's last `check`."""
        return None

    def grace_seconds(self, reason: StopReason) -> float:
        """How long the child may take to stop for `reason`; 0 if it is killed at once."""
        return 0.0

    @property
    def deadline(self) -> float:
        """When its time budget ends, in `time.monotonic()`."""
        return math.inf

    def stop(self, reason: StopReason) -> JobRecord:
        """Record a stop for `reason`."""
        record: JobRecord = self.claim.give_back()
        return record

    # -- the same for all --------------------------------------------------------------------------------------------

    def run(self) -> JobRecord:
        """Raises ClaimLost when another worker has taken over, or the job was deleted."""
        try:
            job = self.job()
        except JobUnavailable as error:
            return self._fail(Failure(type="dataset_unavailable", message=str(error)))
        self._process, self._job = self.start(), job
        record: JobRecord | None = None
        try:
            self._process.assign(job)
            record = self._supervise()
        except StorageFull as error:
            self._process.kill()
            record = self._fail(Failure(type="disk_full", message=str(error)))
        except SystemExit:
            # Celery's cold shutdown: the worker process is about to be killed.
            self._process.kill()
            self.claim.give_back()
            raise
        finally:
            self.release(record)
        return record

    def _supervise(self) -> JobRecord:
        while True:
            record = self._listen() or self._watch()
            if record is not None:
                return record

    def _listen(self) -> JobRecord | None:
        events = self._process.receive(_TICK_SECONDS)
        for event, following in zip_longest(events, events[1:]):
            self._heard_at = time.monotonic()
            if isinstance(event, Advanced) and isinstance(following, Advanced):
                continue  # only the latest is worth showing
            if (record := self._hear(event)) is not None:
                return record
        if not self._process.has_ended or self._replace():
            return None
        return self._record_crash()

    def _replace(self) -> bool:
        """Give the job to another process if this one has not received it. What ended it was then not this job."""
        if self._process.has_accepted or self._request is not None:
            return False
        other = self.start_again()
        if other is None:
            return False
        self._process.kill()
        log.info("%s: another %s has the job", self.claim, self.child)
        self._process, self._heard_at = other, time.monotonic()
        self._process.assign(self._job)
        return True

    def _hear(self, event: Any) -> JobRecord | None:
        match event:
            case Ready() | Accepted():
                return None
            case Failed(failure=failure) if failure.type in _TRANSIENT:
                log.warning("%s: %s", self.claim, failure.message)
                return self._retry(failure)
            case Failed(failure=failure):
                return self._fail(failure)
            case Stopped(reason="pruned"):
                return self.stop("pruned")  # it waits for another job
            case Stopped(reason=reason):
                return self._stop(reason)
            case _:
                return self.hear(event)

    def _record_crash(self) -> JobRecord:
        status = self._process.wait(_EXIT_SECONDS)
        if self._request is not None:
            return self._stop(self._request.reason)
        if status < 0:
            name = signal.Signals(-status).name
            message = f"killed: the {self.child} ended by signal {-status} ({name})"
            if -status in _OUT_OF_MEMORY:
                message += ", as processes do when the machine runs out of memory"
            failure = Failure(type="killed", message=message)
        else:
            message = f"the {self.child} ended with exit status {status} and no result"
            failure = Failure(type="internal", message=message)
        log.warning("%s: %s", self.claim, failure.message)
        return self._retry(failure)

    def _watch(self) -> JobRecord | None:
        is_renewal_due = self._renewal.is_due()
        # The record first: a claim that is lost must not have its lease renewed.
        if is_renewal_due or (self._check.is_due() and self.claim.may_have_changed()):
            self.claim.check()
            if (reason := self.requested_stop) is not None:
                self._ask(reason)
        if is_renewal_due:
            self.claim.renew()
        if self._is_shutting_down():
            self._ask("shutdown")
        if time.monotonic() > self.deadline:
            self._ask("time_budget")
        if (asked := self._request) is not None and time.monotonic() >= asked.at + self.grace_seconds(asked.reason):
            return self._stop(asked.reason)
        silence = time.monotonic() - self._heard_at
        if silence > self.stall_seconds and not self._replace():
            self._process.kill()
            return self._fail(Failure(type="stalled", message=self.describe_stall(silence)))
        return None

    def _retry(self, failure: Failure) -> JobRecord:
        record: JobRecord = self.claim.retry(failure)
        return record

    def _fail(self, failure: Failure) -> JobRecord:
        record: JobRecord = self.claim.fail(failure)
        return record

    def _stop(self, reason: StopReason) -> JobRecord:
        self._process.kill()
        return self.stop(reason)

    def _ask(self, reason: StopReason) -> None:
        """Ask once for each reason; a weightier one replaces another, but not its time."""
        if self._request is not None and _WEIGHT[self._request.reason] >= _WEIGHT[reason]:
            return
        self._request = _Request(reason, self._request.at if self._request else time.monotonic())
        self._process.request(Stop(reason=reason))

    @property
    def is_asked_to_stop(self) -> bool:
        return self._request is not None

    def note_early_end(self) -> None:
        """The child has ended its work early, as asked, and may finish its result."""
        if self._request is not None and self._request.reason in _PUBLISHED:
            self._request = None
