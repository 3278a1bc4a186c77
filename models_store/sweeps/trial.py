"""A trial of a sweep: a point, the experiment that tries it, and what came out."""

from datetime import datetime
from enum import StrEnum
from typing import Any, Self

from models_store.experiments.record import Record, Status
from models_store.experiments.summary import metrics_of
from models_store.jobs.failure import FailureType
from models_store.versions import Nested


class TrialStatus(StrEnum):
    OPEN = "open"  # its experiment waits or runs
    SUCCEEDED = "succeeded"  # trained to its end
    PRUNED = "pruned"  # stopped early, because others were better
    FAILED = "failed"  # its experiment failed; `reason` says why
    CANCELLED = "cancelled"  # its experiment was cancelled
    DELETED = "deleted"  # its experiment was deleted before it ended
    INFEASIBLE = "infeasible"  # the point has no valid spec; `reason` says why


# The point itself is to blame: another attempt, or another machine, would end the same way.
_BAD_POINT: tuple[FailureType, ...] = ("diverged", "out_of_memory", "time_budget", "stalled")


class Trial(Nested):
    """`number` is unique in its sweep, repeats included. `repeat_of` is the number of the trial whose point is trained
    again, with `seed`. `is_created` is false until the experiment is known to exist. `value` is that of the sweep's
    metric: of the published epoch, or of the best one so far where it was pruned. `is_bad` marks a failure that the
    point itself caused. `never_prune` marks one that was resumed, and repeats."""

    number: int
    point: dict[str, Any]
    experiment_id: str | None
    repeat_of: int | None = None
    seed: int | None = None
    is_created: bool = False
    never_prune: bool = False
    status: TrialStatus = TrialStatus.OPEN
    value: float | None = None
    epochs: int = 0
    seconds: float | None = None
    ended_at: datetime | None = None
    reason: str | None = None
    is_bad: bool = False

    def replace(self, **update: object) -> Self:
        return self.model_copy(update=update)

    def reject(self, reason: str) -> Self:
        """Of a point that has no valid spec."""
        return self.replace(status=TrialStatus.INFEASIBLE, experiment_id=None, reason=reason)

    def reopen(self) -> Self:
        """Trained on, to its end."""
        outcome = {"value": None, "seconds": None, "ended_at": None, "reason": None, "is_bad": False}
        return self.replace(status=TrialStatus.OPEN, never_prune=True, **outcome)

    def close(self, record: Record, metric: str) -> Self:
        """With the outcome of its experiment, which has ended."""
        value = metrics_of(record).get(metric)
        common = {"epochs": record.epochs_completed, "seconds": record.seconds, "ended_at": record.ended_at}
        if record.status is Status.SUCCEEDED and value is not None:
            return self.replace(status=TrialStatus.SUCCEEDED, value=value, **common)
        if record.status is Status.CANCELLED and record.stop_reason == "pruned":
            return self.replace(status=TrialStatus.PRUNED, value=value, reason=record.stop_detail, **common)
        if record.status is Status.CANCELLED:
            return self.replace(status=TrialStatus.CANCELLED, **common)
        failure = record.error
        return self.replace(
            status=TrialStatus.FAILED,
            reason=failure.message if failure else f"its {metric} is not a finite number",
            is_bad=failure is None or failure.type in _BAD_POINT,
            **common,
        )
