"""Attempts at trainings, and the warm spare trainer that they start from."""

import math
import time
from collections.abc import Callable
from typing import Any

from models_store.errors import StoreError
from models_store.experiments.claim import TrainingClaim
from models_store.experiments.record import Failure, Phase, Progress, Record
from models_store.experiments.store import ATTEMPTS
from models_store.experiments.transfers import Transfers
from models_store.store import Store
from settings import Settings
from worker.jobs.attempt import Attempt, Every
from worker.jobs.messages import (
    TRAINING_EVENT,
    Advanced,
    Begun,
    EpochEnded,
    Finished,
    StartingWeights,
    StopReason,
    TrainingEvent,
    TrainingJob,
    UploadedDataset,
)
from worker.jobs.process import ChildProcess

# A tenth of a core that others want: enough to be warm in a minute, too little to slow the trainer at work.
_BESIDE_ANOTHER = 10
_SHOW_SECONDS = 0.25

Trainer = ChildProcess[TrainingEvent]


def start_trainer(niceness: int = 0) -> Trainer:
    """Start a process that imports TensorFlow, with `niceness`, while it waits for its job."""
    return ChildProcess("worker.training", TRAINING_EVENT, str(niceness))


class Spare:
    """Keeps one warm trainer, so that an experiment starts at once."""

    def __init__(self) -> None:
        self._trainer: Trainer | None = start_trainer()

    def acquire(self) -> Trainer:
        """Hand out the spare, or a fresh trainer if it has died."""
        trainer, self._trainer = self._trainer, None
        if trainer is not None and trainer.is_alive:
            return trainer
        if trainer is not None:
            trainer.kill()
        return start_trainer()

    def prepare(self) -> None:
        """Start the next one, unless there is one: beside a trainer that has done its first step."""
        if self._trainer is None:
            self._trainer = start_trainer(_BESIDE_ANOTHER)

    def close(self) -> None:
        if self._trainer is not None:
            self._trainer.kill()


class TrainingAttempt(Attempt[TrainingClaim]):
    child = "trainer"

    def __init__(
        self,
        claim: TrainingClaim,
        settings: Settings,
        is_shutting_down: Callable[[], bool],
        store: Store,
        spare: Spare,
    ) -> None:
        super().__init__(claim, settings, is_shutting_down)
        self._store = store
        self._spare = spare
        self._budget_seconds = claim.record.spec.training.max_minutes * 60
        self._phase: Phase = "starting"
        self._training_ends_at = math.inf
        self._show = Every(_SHOW_SECONDS)

    def job(self) -> TrainingJob:
        self.claim.show(Progress(phase="starting"))
        return TrainingJob(
            experiment_id=self.claim.id,
            spec=self.claim.record.spec,
            attempts_folder=self.claim.folder / ATTEMPTS,
            attempt_folder=self.claim.attempt_folder,
            datasets_dir=self.settings.datasets_dir,
            uploaded=self._uploaded(self.claim.record.dataset),
            added=tuple(filter(None, map(self._uploaded, self.claim.record.spec.dataset.added_names))),
            weights=starting_weights(self.claim.record, self._store.transfers),
        )

    def _uploaded(self, name: str) -> UploadedDataset | None:
        facts = self._store.datasets.facts().get(name)
        return UploadedDataset(facts=facts, folder=self._store.datasets.folder(facts.name)) if facts else None

    def start(self) -> Trainer:
        return self._spare.acquire()

    def hear(self, event: Any) -> Record | None:
        match event:
            case Begun():
                self.claim.begin_history(event.points)
                self._training_ends_at = time.monotonic() + self._budget_seconds - event.elapsed_seconds
                self._enter("training")
            case Advanced():
                self._advance(event.progress)
            case EpochEnded():
                self.claim.append(event.point)
            case Finished(result=result):
                return self.claim.succeed(
                    result.staged, result.stop_reason, result.published, result.metrics, result.test_metrics
                )
        return None

    def _advance(self, progress: Progress) -> None:
        self._enter(progress.phase)
        self._spare.prepare()
        if self._phase != "training" or self._show.is_due():
            self.claim.show(progress)

    def _enter(self, phase: Phase) -> None:
        """A training that ran out of time has obeyed once it evaluates."""
        self._phase = phase
        if phase != "training":
            self.forget_time_budget()

    @property
    def grace_seconds(self) -> float:
        """Training may end its batch; what comes before and after it is not worth waiting for."""
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
            case "shutdown":
                return self.claim.give_back()
            case "time_budget":
                minutes = self._budget_seconds / 60
                message = (
                    f"time budget: {minutes:g} minutes are over and the trainer did not end; its checkpoint is kept"
                )
                return self.claim.fail(Failure(type="time_budget", message=message))


def starting_weights(record: Record, transfers: Transfers) -> StartingWeights | str | None:
    """The weights that the record's spec asks for, or the reason why they are unavailable."""
    source = record.spec.model.weights_from
    if source is None:
        return None
    try:
        return StartingWeights(source=source, file=transfers.file(source), layers=record.transferred_layers)
    except StoreError as error:
        return f"the weights of experiment {source} are unavailable: {error}"
