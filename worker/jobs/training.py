"""Attempts at trainings."""

import math
import time
from collections.abc import Callable
from typing import Any

from models_store.errors import StoreError
from models_store.experiments.claim import TrainingClaim
from models_store.experiments.folders import ATTEMPTS
from models_store.experiments.log import append_line
from models_store.experiments.record import Phase, Progress, Record, Status
from models_store.experiments.transfers import Transfers
from models_store.jobs.failure import Failure
from models_store.jobs.jobs import JobRecord
from models_store.store import Store
from settings import Settings
from worker.jobs.attempt import Attempt, Every
from worker.jobs.messages import (
    Advanced,
    Begun,
    EpochEnded,
    Finished,
    StartingWeights,
    StopReason,
    TrainingJob,
    UploadedDataset,
)
from worker.jobs.trainers import Trainer, Trainers

# Progress is shown whenever another two-hundredth of what is left is done, within these bounds.
_MIN_SHOW_SECONDS, _MAX_SHOW_SECONDS, _SHOWN_SHARE = 0.25, 5.0, 1 / 200
# One that had waited since the last experiment, and the spare.
_MAX_REPLACED = 2


class TrainingAttempt(Attempt[TrainingClaim]):
    child = "trainer"

    def __init__(
        self,
        claim: TrainingClaim,
        settings: Settings,
        is_shutting_down: Callable[[], bool],
        store: Store,
        trainers: Trainers,
    ) -> None:
        super().__init__(claim, settings, is_shutting_down)
        self._store = store
        self._trainers = trainers
        self._replaced = 0
        self._budget_seconds = claim.record.spec.training.max_minutes * 60
        self._phase: Phase = "starting"
        self._training_ends_at = self._may_give_way_at = math.inf
        self._show = Every(_MIN_SHOW_SECONDS)
        self._pruner = store.trials.pruner(claim.record)
        self._pruned: str | None = None

    def job(self) -> TrainingJob:
        self.claim.show(Progress(phase="starting"))
        return TrainingJob(
            experiment_id=self.claim.id,
            spec=self.claim.record.spec,
            attempts_folder=self.claim.folder / ATTEMPTS,
            attempt_folder=self.claim.attempt_folder,
            datasets_dir=self.settings.datasets_dir,
            models_dir=self.settings.models_dir,
            uploaded=self._uploaded(self.claim.record.dataset),
            added=tuple(filter(None, map(self._uploaded, self.claim.record.spec.dataset.added_names))),
            weights=starting_weights(self.claim.record, self._store.transfers),
            checkpoint_seconds=self.settings.checkpoint_seconds,
            test_hidden=self._store.experiments.holdout.withholds(self.claim.record.dataset, "test"),
        )

    def _uploaded(self, name: str) -> UploadedDataset | None:
        facts = self._store.datasets.facts().get(name)
        return UploadedDataset(facts=facts, folder=self._store.datasets.folder(facts.name)) if facts else None

    def start(self) -> Trainer:
        return self._trainers.acquire(fresh=self.claim.record.spec.training.deterministic)

    def start_again(self) -> Trainer | None:
        """A trainer may die between two experiments. A fresh one that dies has no one else to blame."""
        self._replaced += 1
        return self.start() if self._replaced <= _MAX_REPLACED else None

    def release(self, record: JobRecord | None) -> None:
        """Keep the trainer for the next experiment, unless anything at all was out of the ordinary."""
        if isinstance(record, Record):
            append_line(self.claim.folder, f"attempt {self.claim.token} has ended: {describe_end(record)}")
        if isinstance(record, Record) and self._is_reusable(record):
            self._trainers.give_back(self._process)
        else:
            super().release(record)

    def _is_reusable(self, record: Record) -> bool:
        has_completed = record.status is Status.SUCCEEDED and record.stop_reason in ("completed", "early_stopping")
        is_ordinary = record.stop_reason == "pruned" or (has_completed and not self.is_asked_to_stop)
        return is_ordinary and not record.spec.training.deterministic

    def hear(self, event: Any) -> Record | None:
        match event:
            case Begun():
                self.claim.begin_history(event.points)
                self._training_ends_at = time.monotonic() + self._budget_seconds - event.elapsed_seconds
                self._may_give_way_at = time.monotonic() + self.settings.preemption_seconds
                self._enter("training")
                if self._pruner is not None:
                    self._prune(self._pruner.resume(event.points))
            case Advanced():
                self._advance(event.progress)
            case EpochEnded():
                self.claim.append(event.point)
                if self._pruner is not None and self._pruned is None:
                    self._prune(self._pruner.observe(event.point))
            case Finished(result=result):
                return self.claim.succeed(
                    result.staged, result.stop_reason, result.published, result.metrics, result.test_metrics
                )
        return None

    def _prune(self, verdict: str | None) -> None:
        if verdict is not None:
            self._pruned = verdict
            self._ask("pruned")

    def _advance(self, progress: Progress) -> None:
        self._enter(progress.phase)
        self._trainers.prepare()
        if self._phase != "training" or self._show.is_due(show_seconds(progress)):
            self.claim.show(progress)

    def _enter(self, phase: Phase) -> None:
        """A training that was to end early has obeyed once it evaluates."""
        self._phase = phase
        if phase != "training":
            self.note_early_end()

    @property
    def requested_stop(self) -> StopReason | None:
        if self.claim.record.cancel_requested:
            return "cancelled"
        if self.claim.record.stop_requested and self._phase in ("starting", "training"):
            return "stopped"
        is_preempted = self.claim.record.preempted_by_priority is not None
        return "shutdown" if is_preempted and self._may_give_way else None

    @property
    def _may_give_way(self) -> bool:
        """After a minimum time of training, so that what gives way again and again ends as well; and not once it is
        about to end."""
        return self._phase == "training" and time.monotonic() >= self._may_give_way_at

    def grace_seconds(self, reason: StopReason) -> float:
        """Training may end its batch; what comes before and after it is not worth waiting for. One that is to be
        published may take its first epoch."""
        if reason == "stopped":
            return math.inf
        return self.settings.stop_grace_seconds if self._phase == "training" else 0.0

    @property
    def deadline(self) -> float:
        return self._training_ends_at if self._phase == "training" else math.inf

    @property
    def stall_seconds(self) -> float:
        return self.settings.stall_limit_seconds

    def describe_stall(self, seconds: float) -> str:
        return f"stalled: the trainer reported nothing for {seconds:.0f} s while {self._phase}; its checkpoint is kept"

    def stop(self, reason: StopReason) -> Record:
        match reason:
            case "cancelled":
                return self.claim.cancel()
            case "pruned":
                return self.claim.prune(self._pruned or "stopped early")
            case "shutdown":
                return self.claim.give_back()
            case "time_budget":
                minutes = self._budget_seconds / 60
                message = (
                    f"time budget: {minutes:g} minutes are over and the trainer did not end; its checkpoint is kept"
                )
                return self.claim.fail(Failure(type="time_budget", message=message))
            case "stopped":
                # Another attempt resumes from the checkpoint, and stops there.
                return self.claim.retry(
                    Failure(type="killed", message="killed: the trainer died while it was stopping")
                )


def show_seconds(progress: Progress) -> float:
    """From this report of a training's progress to the next one that is shown."""
    return min(max((progress.eta_seconds or 0.0) * _SHOWN_SHARE, _MIN_SHOW_SECONDS), _MAX_SHOW_SECONDS)


def describe_end(record: Record) -> str:
    """Of an attempt, after which the record is `record`: for the log, which others read as well."""
    reason = record.error.message if record.error else (record.stop_reason or "").replace("_", " ")
    if record.is_queued and not reason and record.preempted_by_priority is not None:
        reason = "gave way to an experiment of a higher priority"
    return f"{record.status}, {reason}" if reason else record.status


def starting_weights(record: Record, transfers: Transfers) -> StartingWeights | str | None:
    """The weights that the record's spec asks for, or the reason why they are unavailable."""
    source = record.spec.model.weights_from
    if source is None:
        return None
    try:
        return StartingWeights(source=source, file=transfers.file(source), layers=record.transferred_layers)
    except StoreError as error:
        return f"the weights of experiment {source} are unavailable: {error}"
