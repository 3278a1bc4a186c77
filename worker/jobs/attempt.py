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
from models_store.experiments.record import Failure
from models_store.jobs.claim import Claim
from models_store.jobs.jobs import JobRecord
from settings import Settings
from worker.jobs.messages import Advanced, Failed, Ready, Stop, Stopped, StopReason
from worker.jobs.process import ChildProcess

_TICK_SECONDS = 0.2
_CHECK_SECONDS = 0.5
_EXIT_SECONDS = 10.0
_WEIGHT: dict[StopReason, int] = {"time_budget": 0, "shutdown": 1, "cancelled": 2}

C = TypeVar("C", bound=Claim[Any, Any])

log = logging.getLogger(__name__)


class JobUnavailable(Exception):
    """There is nothing to work on any more: the attempt fails before it has begun."""


class Every:
    """True at most once in each `seconds`."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._next = time.monotonic()

    def is_due(self) -> bool:
        now = time.monotonic()
        if now < self._next:
            return False
        self._next = now + self._seconds
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
        self._request: _Request | None = None
        self._heard_at = time.monotonic()
        self._check = Every(_CHECK_SECONDS)
        self._renewal = Every(settings.lease_seconds / 3)

    # -- what is particular to a kind of job -------------------------------------------------------------------------

    @abstractmethod
    def job(self) -> BaseModel:
        """The message with the child's job. Raises JobUnavailable."""

    @abstractmethod
    def start(self) -> ChildProcess[Any]:
        """The child process."""

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
    def grace_seconds(self) -> float:
        """How long the child may take to stop on request; 0 if it is killed at once."""
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
        self._process = self.start()
        try:
            self._process.send(job)
            return self._supervise()
        except StorageFull as error:
            self._process.kill()
            return self._fail(Failure(type="disk_full", message=str(error)))
        except SystemExit:
            # Celery's cold shutdown: the worker process is about to be killed.
            self._process.kill()
            self.claim.give_back()
            raise
        finally:
            self._process.kill()

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
        return self._record_crash() if self._process.has_ended else None

    def _hear(self, event: Any) -> JobRecord | None:
        match event:
            case Ready():
                return None
            case Failed(failure=failure):
                return self._fail(failure)
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
            failure = Failure(type="killed", message=f"killed: the {self.child} ended by signal {-status} ({name})")
        else:
            message = f"the {self.child} ended with exit status {status} and no result"
            failure = Failure(type="internal", message=message)
        log.warning("%s: %s", self.claim, failure.message)
        record: JobRecord = self.claim.retry(failure)
        return record

    def _watch(self) -> JobRecord | None:
        # The record first: a claim that is lost must not have its lease renewed.
        if self._check.is_due():
            self.claim.check()
            if self.claim.cancel_requested:
                self._ask("cancelled")
        if self._renewal.is_due():
            self.claim.renew()
        if self._is_shutting_down():
            self._ask("shutdown")
        if time.monotonic() > self.deadline:
            self._ask("time_budget")
        if self._request is not None and time.monotonic() >= self._request.at + self.grace_seconds:
            return self._stop(self._request.reason)
        silence = time.monotonic() - self._heard_at
        if silence > self.stall_seconds:
            self._process.kill()
            return self._fail(Failure(type="stalled", message=self.describe_stall(silence)))
        return None

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
        self._process.send(Stop(reason=reason))

    def forget_time_budget(self) -> None:
        """The child has obeyed the time budget and may finish."""
        if self._request is not None and self._request.reason == "time_budget":
            self._request = None
