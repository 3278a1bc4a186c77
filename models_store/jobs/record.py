"""What the records of conversions and evaluations have in common."""

from abc import abstractmethod
from datetime import datetime
from typing import Self

from pydantic import Field

from models_store.frozen import utc_now
from models_store.jobs.failure import Failure
from models_store.versions import Stored


class AttemptRecord(Stored):
    """`attempts` counts claims and is the fencing token of the latest one; `interruptions` are attempts that a worker
    gave back unharmed, which do not count against the limit. `worker` is at work on it."""

    id: str
    attempts: int = 0
    interruptions: int = 0
    worker: str | None = None
    created_at: datetime = Field(default_factory=utc_now)
    ended_at: datetime | None = None
    error: str | None = None

    def replace(self, **update: object) -> Self:
        return self.model_copy(update=update)

    @abstractmethod
    def requeue(self, **update: object) -> Self: ...

    @abstractmethod
    def fail(self, failure: Failure) -> Self: ...

    def give_back(self) -> Self:
        """The worker shuts down; the attempt does not count."""
        return self.requeue(interruptions=self.interruptions + 1)

    def retry(self, failure: Failure, max_attempts: int) -> Self:
        """Back in the queue, or failed for good once `max_attempts` attempts are spent."""
        spent = self.attempts - self.interruptions
        if spent < max_attempts:
            return self.requeue(error=failure.message)
        message = f"{failure.message} (attempt {spent} of {max_attempts}; no further attempt is made)"
        return self.fail(failure.model_copy(update={"message": message}))
