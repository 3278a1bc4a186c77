"""The record of a sweep and its transitions."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Literal, Self

from pydantic import Field

from models_store.errors import InvalidState
from models_store.frozen import utc_now
from models_store.jobs.failure import Failure
from models_store.jobs.record import AttemptRecord
from models_store.sweeps.stored_spec import StoredSweepSpec
from models_store.sweeps.trial import Trial, TrialStatus
from models_store.versions import Nested, has_unknown
from models_store.visibility import Privacy
from specs import limits

# So many trials that failed, and none that did not: the others will, too.
_MAX_FAILURES = 10
# So many points in a row without a valid spec: there are hardly any others.
_MAX_INFEASIBLE = 100


class SweepStatus(StrEnum):
    RUNNING = "running"  # its trials wait, run, or are about to be suggested
    PAUSED = "paused"  # no further trial starts; those that have started go on
    SUCCEEDED = "succeeded"  # every trial has ended
    FAILED = "failed"  # `error` says why
    CANCELLED = "cancelled"  # on request, with its trials


class PriorTrial(Nested):
    """What is known from another sweep."""

    point: dict[str, Any]
    value: float


class RepeatedPoint(Nested):
    """The results of trial `number` trained again with `n` other seeds: their mean, standard deviation and the 95 %
    confidence interval of the mean (Student's t). `experiment_id` is the best of them."""

    number: int
    n: int
    mean: float
    sd: float
    low: float
    high: float
    experiment_id: str


class SweepRecord(AttemptRecord):
    """A sweep.

    `method` is what `auto` has become. `trials` are in the order of their numbers, from 0; infeasible points are among
    them. `prior` are results of the sweep `from`. `importance` is each dimension's share of the differences between
    good and other trials (PED-ANOVA), null with too few trials. `repeated` are the repeats, the best mean first, and
    `conclusion` says what came out. `exhausted` is set when every point was tried. `checked` and `infeasible` count the
    points that were checked when it was posted. `attempts` counts the claims of workers that suggested trials, `worker`
    is the one that does so now. `owner` is whose key has posted it, and whose its trials are, which are `private` as it
    is.
    """

    version: int = 0
    owner: str | None = None
    private: bool = False
    name: str
    status: SweepStatus = SweepStatus.RUNNING
    spec: StoredSweepSpec
    method: Literal["grid", "random", "qmc", "tpe"]
    trials: tuple[Trial, ...] = ()
    prior: tuple[PriorTrial, ...] = ()
    importance: dict[str, float] | None = None
    repeated: tuple[RepeatedPoint, ...] = ()
    conclusion: str | None = None
    exhausted: bool = False
    cancel_requested: bool = False
    paused_at: datetime | None = None
    paused_seconds: float = 0.0
    checked: int = 0
    infeasible: int = 0
    created_at: datetime = Field(default_factory=utc_now)

    # -- as a job: one claim for each suggestion ---------------------------------------------------------------------

    @property
    def privacy(self) -> Privacy:
        return Privacy(self.private, self.owner)

    @property
    def has_ended(self) -> bool:
        return self.status in (SweepStatus.SUCCEEDED, SweepStatus.FAILED, SweepStatus.CANCELLED)

    @property
    def is_queued(self) -> bool:
        """Whether a worker may claim it. Of a spec that only a later release understands nothing is guessed: it waits
        for a worker of that one, or to be cancelled."""
        may_run = self.status is SweepStatus.RUNNING and not has_unknown(self.spec)
        is_active = may_run or (self.cancel_requested and not self.has_ended)
        return is_active and self.worker is None

    @property
    def is_running(self) -> bool:
        """Whether a worker has claimed it."""
        return self.worker is not None and not self.has_ended

    def replace(self, **update: object) -> Self:
        return self.model_copy(update={"version": self.version + 1, **update})

    def claim(self, worker: str) -> Self:
        return self.replace(worker=worker, attempts=self.attempts + 1)

    def requeue(self, **update: object) -> Self:
        return self.replace(worker=None, **update)

    def retry(self, failure: Failure, max_attempts: int) -> Self:
        """Without end: a worker that is killed while it suggests has trained nothing, and the next one comes to the
        same result."""
        return self.requeue(error=failure.message)

    def fail(self, failure: Failure) -> Self:
        return self.end(SweepStatus.FAILED, error=failure.message)

    def end(self, status: SweepStatus, **update: object) -> Self:
        return self.replace(status=status, ended_at=utc_now(), worker=None, **update)

    # -- on request --------------------------------------------------------------------------------------------------

    def cancel(self) -> Self:
        """Raises InvalidState if it has ended."""
        if self.has_ended:
            raise InvalidState(f"sweep {self.id} is {self.status} and cannot be cancelled")
        if self.worker is None and not self.open_trials:
            return self.end(SweepStatus.CANCELLED, cancel_requested=True)
        return self.replace(cancel_requested=True)

    def edit(self, changes: dict[str, Any]) -> Self:
        """With other `trials`, `minutes`, `parallel`, `priority` or `paused`. A sweep that has succeeded continues if
        it may start more. Raises InvalidState for one that has failed or is cancelled."""
        if not self.is_open:
            state = self.status if self.has_ended else "being cancelled"
            raise InvalidState(f'sweep {self.id} is {state}; post a new one with "from": "{self.id}"')
        budget = {name: value for name, value in changes.items() if name != "paused"}
        changed = self.replace(spec=self.spec.model_copy(update=budget)) if budget else self
        if changed.status is SweepStatus.SUCCEEDED and changed.may_start:
            changed = changed.replace(status=SweepStatus.RUNNING, ended_at=None, conclusion=None, repeated=())
        match changes.get("paused"):
            case True if changed.status is SweepStatus.RUNNING:
                return changed.replace(status=SweepStatus.PAUSED, paused_at=utc_now())
            case False if changed.status is SweepStatus.PAUSED and changed.paused_at is not None:
                seconds = (utc_now() - changed.paused_at).total_seconds()
                return changed.replace(
                    status=SweepStatus.RUNNING, paused_at=None, paused_seconds=changed.paused_seconds + seconds
                )
        return changed

    @property
    def is_open(self) -> bool:
        """Whether a trial may go on in it."""
        return self.status not in (SweepStatus.FAILED, SweepStatus.CANCELLED) and not self.cancel_requested

    def reopen(self, trial: Trial) -> Self:
        """With a trial that is trained on, and not stopped early again. A sweep that has succeeded continues. Raises
        InvalidState for one that has failed or is cancelled."""
        if not self.is_open:
            raise InvalidState(
                f"sweep {self.id} is {self.status}; POST /experiments/{trial.experiment_id}:retry instead"
            )
        changed = self.with_trials([trial.reopen()])
        if changed.status is SweepStatus.SUCCEEDED:
            return changed.replace(status=SweepStatus.RUNNING, ended_at=None, conclusion=None, repeated=())
        return changed

    # -- trials ------------------------------------------------------------------------------------------------------

    @property
    def open_trials(self) -> list[Trial]:
        return [trial for trial in self.trials if trial.status is TrialStatus.OPEN]

    @property
    def searched(self) -> list[Trial]:
        """Trials that count against `spec.trials`."""
        return [trial for trial in self.trials if trial.repeat_of is None and trial.experiment_id is not None]

    @property
    def repeats(self) -> list[Trial]:
        return [trial for trial in self.trials if trial.repeat_of is not None]

    @property
    def deadline(self) -> datetime | None:
        """After which no trial starts; None while it is paused, or without a limit."""
        if self.spec.minutes is None or self.paused_at is not None:
            return None
        return self.created_at + timedelta(minutes=self.spec.minutes, seconds=self.paused_seconds)

    @property
    def is_out_of_time(self) -> bool:
        return self.deadline is not None and utc_now() >= self.deadline

    @property
    def may_start(self) -> bool:
        """Whether there is room for another point in its budget."""
        if self.exhausted or self.is_out_of_time or len(self.searched) >= self.spec.trials:
            return False
        return not self._is_hopeless

    @property
    def _is_hopeless(self) -> bool:
        statuses = [trial.status for trial in self.trials if trial.repeat_of is None]
        has_failed = statuses.count(TrialStatus.FAILED) >= _MAX_FAILURES
        if has_failed and not {TrialStatus.SUCCEEDED, TrialStatus.PRUNED} & set(statuses):
            return True
        if self.method == "grid":
            return False
        latest = statuses[-_MAX_INFEASIBLE:]
        is_endless = len(latest) == _MAX_INFEASIBLE and set(latest) == {TrialStatus.INFEASIBLE}
        return is_endless or statuses.count(TrialStatus.INFEASIBLE) >= limits.TRIALS

    @property
    def size(self) -> int | None:
        """How many points there are; None for infinitely many."""
        return self.spec.space.size

    @property
    def tried(self) -> int:
        """How many points have been tried."""
        return sum(trial.status is not TrialStatus.OPEN for trial in self.searched)

    @property
    def planned(self) -> int:
        """How many points it will have tried."""
        if self.exhausted:
            return len(self.searched)
        return self.spec.trials if self.size is None else min(self.spec.trials, self.size)

    @property
    def best(self) -> Trial | None:
        """The trial with the best value, of those that were trained to their end; the first one of several."""
        return next(iter(self.ranked), None)

    @property
    def ranked(self) -> list[Trial]:
        """The trials of the search that were trained to their end, best first."""
        found = [trial for trial in self.searched if trial.status is TrialStatus.SUCCEEDED and trial.value is not None]
        return sorted(found, key=lambda trial: (-self.score(trial.value), trial.number))

    @property
    def winner(self) -> str:
        """The experiment to use: the best training of the point with the best mean, or else that of the best trial; ""
        if there is none."""
        if self.repeated:
            return self.repeated[0].experiment_id
        return (self.best.experiment_id if self.best else None) or ""

    def score(self, value: float | None) -> float:
        """More is better."""
        if value is None:
            return float("-inf")
        return value if self.spec.maximizes else -value

    def with_trials(self, changed: Iterable[Trial]) -> Self:
        """With these trials added, or in place of those with the same numbers."""
        trials = {trial.number: trial for trial in (*self.trials, *changed)}
        return self.replace(trials=tuple(trials[number] for number in sorted(trials)))
