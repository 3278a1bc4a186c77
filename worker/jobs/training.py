"""Runs one experiment in a trainer process: claims it, watches over it, writes down what becomes of it."""

import logging
import math
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import zip_longest

from models_store.datasets.store import DatasetStore
from models_store.errors import Busy, ClaimLost, StorageFull, StoreError, Unavailable
from models_store.experiments.claim import TrainingClaim, TrainingJobs
from models_store.experiments.record import Failure, Phase, Progress, Record
from models_store.experiments.store import ATTEMPTS
from models_store.experiments.transfers import Transfers
from settings import Settings
from worker.jobs.trainer_process import Spare, TrainerProcess
from worker.training.events import (
    Advanced,
    Begun,
    EpochEnded,
    Event,
    Failed,
    Finished,
    Job,
    Ready,
    StartingWeights,
    Stopped,
    StopReason,
    UploadedDataset,
)

_TICK_SECONDS = 0.2
_CHECK_SECONDS = 0.5
_SHOW_SECONDS = 0.25
_EXIT_SECONDS = 10.0
_WEIGHT: dict[StopReason, int] = {"time_budget": 0, "shutdown": 1, "cancelled": 2}

log = logging.getLogger(__name__)


class Supervisor:
    """One for each worker process. `shutting_down` says that the worker is about to end."""

    def __init__(
        self,
        jobs: TrainingJobs,
        datasets: DatasetStore,
        transfers: Transfers,
        settings: Settings,
        worker: str,
        shutting_down: Callable[[], bool],
    ) -> None:
        self._jobs = jobs
        self._datasets = datasets
        self._transfers = transfers
        self._settings = settings
        self._worker = worker
        self._shutting_down = shutting_down
        self._spare = Spare()

    def run(self, experiment_id: str) -> None:
        """Train `experiment_id`, unless there is nothing to do: another worker has it, or it has ended."""
        if self._shutting_down():
            return
        try:
            claim = TrainingClaim.acquire(self._jobs, experiment_id, worker=self._worker)
        except (Busy, Unavailable) as error:
            log.warning("not claimed: %s; the reconciler will send it again", error)
            return
        if claim is None:
            log.info("nothing to do for %s", experiment_id)
            return
        trainer = self._spare.take()
        try:
            attempt = Attempt(
                claim,
                trainer,
                self._settings,
                self._shutting_down,
                self._spare.prepare,
                self._uploaded(claim.record),
                starting_weights(claim.record, self._transfers),
            )
            record = attempt.run()
            log.info("experiment %s, attempt %d: %s", record.id, claim.token, record.status)
        except ClaimLost as error:
            log.warning("gave up: %s", error)
        except StorageFull as error:
            log.error("%s; the experiment goes back to the queue when its lease runs out", error)
        finally:
            trainer.kill()
            if not self._shutting_down():
                self._spare.prepare()

    def _uploaded(self, record: Record) -> UploadedDataset | None:
        facts = self._datasets.facts().get(record.dataset)
        return UploadedDataset(facts=facts, folder=self._datasets.folder(facts.name)) if facts else None

    def close(self) -> None:
        self._spare.close()


def starting_weights(record: Record, transfers: Transfers) -> StartingWeights | str | None:
    """What the record's job begins with, or why that is not to be had any more."""
    source = record.spec.model.weights_from
    if source is None:
        return None
    try:
        return StartingWeights(source=source, file=transfers.file(source), layers=record.transferred_layers)
    except StoreError as error:
        return f"the weights of experiment {source} are not to be had: {error}"


class _Every:
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


@dataclass
class _Request:
    """A stop that the trainer was asked for, and when it must have obeyed."""

    reason: StopReason
    deadline: float


class Attempt:
    """One attempt at one experiment, from the job handed over to a record that says how it ended."""

    def __init__(
        self,
        claim: TrainingClaim,
        trainer: TrainerProcess,
        settings: Settings,
        shutting_down: Callable[[], bool],
        first_step_done: Callable[[], None],
        uploaded: UploadedDataset | None = None,
        weights: StartingWeights | str | None = None,
    ) -> None:
        self._claim = claim
        self._trainer = trainer
        self._settings = settings
        self._shutting_down = shutting_down
        self._first_step_done = first_step_done
        self._uploaded = uploaded
        self._weights = weights
        self._budget_seconds = claim.record.spec.training.max_minutes * 60
        self._phase: Phase = "starting"
        self._request: _Request | None = None
        self._ended: Record | None = None
        self._training_ends_at = math.inf
        self._last_word = time.monotonic()
        self._renewal = _Every(settings.lease_seconds / 3)
        self._check = _Every(_CHECK_SECONDS)
        self._show = _Every(_SHOW_SECONDS)

    def run(self) -> Record:
        """Raises ClaimLost when another worker has taken over."""
        try:
            self._begin()
            while self._ended is None:
                self._listen()
                if self._ended is None:
                    self._watch()
        except StorageFull as error:
            self._trainer.kill()
            return self._claim.fail(Failure(type="disk_full", message=str(error)))
        except SystemExit:
            # Celery's cold shutdown: the worker process is about to be killed.
            self._trainer.kill()
            self._claim.give_back()
            raise
        return self._ended

    def _begin(self) -> None:
        self._claim.show(Progress(phase="starting"))
        self._trainer.begin(
            Job(
                experiment_id=self._claim.id,
                spec=self._claim.record.spec,
                attempts_folder=self._claim.folder / ATTEMPTS,
                attempt_folder=self._claim.attempt_folder,
                datasets_dir=self._settings.datasets_dir,
                uploaded=self._uploaded,
                weights=self._weights,
            )
        )

    # -- what the trainer says ---------------------------------------------------------------------------------------

    def _listen(self) -> None:
        events = self._trainer.events(_TICK_SECONDS)
        for event, following in zip_longest(events, events[1:]):
            self._last_word = time.monotonic()
            if isinstance(event, Advanced) and isinstance(following, Advanced):
                continue  # only the newest is worth showing
            self._hear(event)
            if self._ended is not None:
                return
        if self._trainer.has_ended:
            self._ended = self._crashed(self._trainer.wait(_EXIT_SECONDS))

    def _hear(self, event: Event) -> None:
        match event:
            case Ready():
                pass
            case Begun():
                self._claim.begin_history(event.points)
                self._training_ends_at = time.monotonic() + self._budget_seconds - event.elapsed_seconds
                self._enter("training")
            case Advanced():
                self._enter(event.progress.phase)
                self._first_step_done()
                if self._phase != "training" or self._show.is_due():
                    self._claim.show(event.progress)
            case EpochEnded():
                self._claim.append(event.point)
            case Stopped():
                self._ended = self._stopped(event.reason)
            case Failed():
                self._ended = self._claim.fail(event.failure)
            case Finished():
                self._ended = self._claim.succeed(event.staged, event.stop_reason, event.metrics, event.test_metrics)

    def _stopped(self, reason: StopReason) -> Record:
        self._trainer.kill()
        match reason:
            case "cancelled":
                return self._claim.cancel()
            case "shutdown":
                return self._claim.give_back()
            case "time_budget":
                minutes = self._budget_seconds / 60
                message = f"time budget: {minutes:g} minutes ended and the trainer did not; its checkpoint is kept"
                return self._claim.fail(Failure(type="time_budget", message=message))

    def _crashed(self, status: int) -> Record:
        if self._request is not None:
            return self._stopped(self._request.reason)
        if status < 0:
            name = signal.Signals(-status).name
            failure = Failure(type="killed", message=f"killed: the trainer ended by signal {-status} ({name})")
        else:
            failure = Failure(type="internal", message=f"the trainer ended with exit status {status} and no result")
        log.warning("experiment %s, attempt %d: %s", self._claim.id, self._claim.token, failure.message)
        return self._claim.retry(failure)

    # -- what it does not say ----------------------------------------------------------------------------------------

    def _watch(self) -> None:
        # The record first: what is no longer this worker's must not have its lease renewed.
        if self._check.is_due():
            self._claim.check()
            if self._claim.cancel_requested:
                self._ask("cancelled")
        if self._renewal.is_due():
            self._claim.renew()
        if self._shutting_down():
            self._ask("shutdown")
        if self._phase == "training" and time.monotonic() > self._training_ends_at:
            self._ask("time_budget")
        silence = time.monotonic() - self._last_word
        if self._request is not None and self._is_overdue(self._request):
            self._ended = self._stopped(self._request.reason)
        elif silence > self._settings.stall_limit_seconds:
            self._ended = self._stalled(silence)

    def _enter(self, phase: Phase) -> None:
        """A run that time ended has obeyed once it evaluates."""
        self._phase = phase
        if phase != "training" and self._request is not None and self._request.reason == "time_budget":
            self._request = None

    def _ask(self, reason: StopReason) -> None:
        """Ask once for each reason; a weightier one takes the place of another, but not its deadline."""
        if self._request is not None and _WEIGHT[self._request.reason] >= _WEIGHT[reason]:
            return
        deadline = time.monotonic() + self._settings.stop_grace_seconds
        self._request = _Request(reason, self._request.deadline if self._request else deadline)
        self._trainer.stop(reason)

    def _is_overdue(self, request: _Request) -> bool:
        """Training may end its batch; what comes before and after it is not worth waiting for."""
        return self._phase != "training" or time.monotonic() > request.deadline

    def _stalled(self, seconds: float) -> Record:
        self._trainer.kill()
        message = f"stalled: the trainer said nothing for {seconds:.0f} s while {self._phase}; its checkpoint is kept"
        return self._claim.fail(Failure(type="stalled", message=message))
