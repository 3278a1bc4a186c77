"""The claim on a sweep: the only way to add trials to it."""

from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from datetime import datetime
from pathlib import Path

from models_store.errors import Damaged, InvalidState, NotFound
from models_store.experiments.record import Record, Status
from models_store.experiments.store import ExperimentStore
from models_store.files import PATIENCE_SECONDS, lock_folder
from models_store.jobs.claim import Claim
from models_store.jobs.jobs import Job, Jobs, Unfinished
from models_store.jobs.queue import SWEEP, JobName
from models_store.owners.quotas import Quotas
from models_store.sweeps.record import SweepRecord
from models_store.sweeps.store import SweepStore
from models_store.sweeps.trial import Trial, TrialStatus

_RESUMABLE = (TrialStatus.PRUNED, TrialStatus.FAILED, TrialStatus.CANCELLED)


class SweepJobs(Jobs[SweepRecord]):
    """Sweeps as jobs: each claim is one look at the trials, after which others may start."""

    kind = SWEEP

    def __init__(self, store: SweepStore, experiments: ExperimentStore, quotas: Quotas) -> None:
        super().__init__(experiments.queue, experiments.leases, experiments.max_attempts)
        self.store = store
        self._experiments = experiments
        self._quotas = quotas

    def name(self, record: SweepRecord) -> JobName:
        return (record.id,)

    def lock(self, name: JobName, seconds: float = PATIENCE_SECONDS) -> AbstractContextManager[None]:
        return lock_folder(self.store.folder(*name), seconds)

    def read(self, name: JobName) -> SweepRecord:
        return self.store.read(*name)

    def write(self, record: SweepRecord) -> SweepRecord:
        return self.store.write(record)

    def attempt_folder(self, record: SweepRecord) -> Path:
        """Nothing is written there: the trials are experiments of their own."""
        return self.store.folder(record.id)

    def clean_up(self, record: SweepRecord) -> None:
        self.store.clear_temporaries(record.id)

    def unfinished(self) -> Unfinished:
        queued: list[Job] = []
        running: list[Job] = []
        for record in self.store.records():
            job = Job(record.id, self.name(record))
            if record.is_running:
                running.append(job)
            elif self._is_due(record):
                queued.append(job)
        return Unfinished(queued, running)

    def is_due(self, sweep_id: str) -> bool:
        """Whether a worker has something to do: a trial has ended or may start, or the sweep has been cancelled."""
        try:
            return self._is_due(self.store.get(sweep_id))
        except (NotFound, Damaged):
            return False

    def _is_due(self, record: SweepRecord) -> bool:
        if not record.is_queued:
            return False
        still_open = record.open_trials
        if record.cancel_requested or not all(map(self._is_underway, still_open)):
            return True
        return self.room(record) > 0 if record.may_start else not still_open

    def room(self, record: SweepRecord) -> int:
        """How many trials may be started now: a sweep whose owner has as much as it may waits."""
        return min(record.spec.parallel - len(record.open_trials), self._quotas.room(record.owner))

    def must_wait(self, record: SweepRecord) -> bool:
        """After a look that has changed no trial: for the end of those that are cancelled, or for room for others."""
        if record.cancel_requested and record.open_trials:
            return all(map(self._is_underway, record.open_trials))
        return self.room(record) < 1

    def _is_underway(self, trial: Trial) -> bool:
        experiment = self.experiment(trial)
        return experiment is not None and not experiment.status.is_terminal

    def resume(self, sweep_id: str, number: int) -> SweepRecord:
        """Train a trial on that was stopped early, failed or was cancelled; it is not stopped early again. Raises
        NotFound, InvalidState if it has not ended so, or the sweep has failed or is cancelled."""
        with self.store.lock(sweep_id) as sweep:
            trial = _trial(sweep, number)
            if not self._is_resumable(trial):
                raise InvalidState(
                    f"trial {number} is {trial.status}; only trials that were stopped early, failed or were cancelled "
                    "can be resumed"
                )
            return self._reopen(sweep, trial)

    def datasets(self, sweep: SweepRecord, number: int) -> tuple[str, ...]:
        """Those that a trial is trained on; none if its experiment does not exist. Raises NotFound."""
        record = self.experiment(_trial(sweep, number))
        return () if record is None else (record.dataset, *record.spec.dataset.added_names)

    def _is_resumable(self, trial: Trial) -> bool:
        """Whether it has ended otherwise than by success, even if the sweep has not recorded that yet."""
        if trial.status is not TrialStatus.OPEN:
            return trial.experiment_id is not None and trial.status in _RESUMABLE
        experiment = self.experiment(trial)
        return experiment is not None and experiment.status in (Status.FAILED, Status.CANCELLED)

    def _reopen(self, sweep: SweepRecord, trial: Trial) -> SweepRecord:
        """Only under the sweep's lock."""
        reopened = sweep.reopen(trial)
        # First: a killed process must not leave an open trial whose experiment has ended.
        if self._experiments.read(trial.experiment_id or "").status.is_terminal:
            self._experiments.retry(trial.experiment_id or "")
        return self.store.write(reopened)

    def retry(self, experiment: Record) -> Record:
        """Run an experiment again. That of a trial rejoins its sweep, and is not stopped early again, unless the sweep
        has failed, was cancelled or was deleted. Raises as `ExperimentStore.retry` and `resume`."""
        with suppress(NotFound, Damaged), self.store.lock(experiment.sweep or "") as sweep:
            trial = next((each for each in sweep.trials if each.experiment_id == experiment.id), None)
            if trial is not None and sweep.is_open and self._is_resumable(trial):
                self._reopen(sweep, trial)
                return self._experiments.get(experiment.id)
            return self._experiments.retry(experiment.id)
        return self._experiments.retry(experiment.id)

    def delete(self, sweep_id: str, is_serving: Callable[[str], bool], force: bool = False) -> list[str]:
        """Delete a sweep that has ended, with the experiments of its trials, those first: what is interrupted can be
        repeated. Returns the ids of those. Raises InvalidState, with nothing deleted, if one of them runs or is needed,
        or, without `force`, serves or is pinned."""
        sweep = self.store.read(sweep_id)
        if not sweep.has_ended:
            raise InvalidState(f"sweep {sweep_id} is {sweep.status}; cancel it first")
        records = [record for trial in sweep.trials if (record := self.experiment(trial)) is not None]
        for record in records:
            _reject_unfinished(record)
            if not force:
                self._experiments.pins.reject_serving(record.id, record.dataset, is_serving(record.id))
            self._experiments.reject_needed(record)
        for record in records:
            with suppress(NotFound):
                self._experiments.delete(record.id, is_serving(record.id), force, _reject_unfinished)
        self.store.delete(sweep_id)
        return [record.id for record in records]

    def cancel(self, sweep_id: str) -> SweepRecord:
        """Have the sweep cancelled, and its trials at once: the worker that ends the sweep may be the one that trains
        them. Raises InvalidState if it has ended."""
        sweep = self.store.cancel(sweep_id)
        for trial in sweep.open_trials:
            # A newer worker, or the one that ends the sweep, sees to what this process cannot read.
            with suppress(NotFound, InvalidState, Damaged):
                self._experiments.cancel(trial.experiment_id or "")
        return sweep

    def queued_as(self, given: str) -> list[str]:
        """The experiments that an id stands for: itself, or the open trials of the sweep, by number. Raises NotFound,
        Damaged."""
        if self._experiments.folder(given).is_dir():
            return [given]
        try:
            trials = self.store.get(given).open_trials
        except NotFound:
            raise NotFound(f"no experiment and no sweep has the id {given}") from None
        return [trial.experiment_id for trial in trials if trial.experiment_id is not None]

    def experiment(self, trial: Trial) -> Record | None:
        """The experiment of a trial as it is on disk; None if it does not exist."""
        try:
            return self._experiments.read_or_damaged(trial.experiment_id or "")
        except NotFound:
            return None


def _reject_unfinished(trial: Record) -> None:
    """Raises InvalidState."""
    if not trial.status.is_terminal:
        raise InvalidState(f"experiment {trial.id}, a trial of it, is {trial.status}; cancel it first")


def _trial(sweep: SweepRecord, number: int) -> Trial:
    for each in sweep.trials:
        if each.number == number:
            return each
    raise NotFound(f"sweep {sweep.id} has no trial {number}; it has {len(sweep.trials)}, from 0")


class SweepClaim(Claim[SweepJobs, SweepRecord]):
    @property
    def created_at(self) -> datetime:
        return self.record.created_at

    def update(self, transition: Callable[[SweepRecord], SweepRecord]) -> SweepRecord:
        """Change the record as it is on disk, so that what was asked of the API meanwhile is kept."""
        with self._lock() as current:
            self.record = self._jobs.write(transition(current))
        return self.record

    def create_experiment(self, create: Callable[[bool], Record]) -> None:
        """Create the experiment of a trial, private or not as the sweep is now, unless another worker has it by now."""
        with self._lock() as current:
            create(current.private)

    def finish(self, transition: Callable[[SweepRecord], SweepRecord]) -> SweepRecord:
        """Write the last change, and let go of the sweep until another trial has ended."""
        with self._lock() as current:
            self.record = self._jobs.write(transition(current).replace(worker=None, error=None))
            self._release()
        return self.record
