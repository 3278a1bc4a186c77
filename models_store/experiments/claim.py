"""The claim on a training: history and progress on top of what every claim can do."""

import logging
import math
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, suppress
from pathlib import Path

from redis.exceptions import RedisError

from models_store.artifacts import ARTIFACTS
from models_store.errors import Damaged, Unavailable
from models_store.experiments import history
from models_store.experiments.checkpoints import keep_state_only
from models_store.experiments.folders import ATTEMPTS
from models_store.experiments.live import EPOCH_FIELDS
from models_store.experiments.points import MetricValues, Point
from models_store.experiments.record import Progress, Record, Status
from models_store.experiments.store import ExperimentStore
from models_store.files import PATIENCE_SECONDS, lock_folder
from models_store.jobs.claim import Claim
from models_store.jobs.jobs import Job, Jobs, Unfinished
from models_store.jobs.queue import TRAINING, JobName
from models_store.jobs.suitability import of_present_class
from models_store.jobs.workers import Workers

_MAX_STATE_BYTES = 100_000_000

log = logging.getLogger(__name__)


class TrainingJobs(Jobs[Record]):
    """Experiments as jobs. Each change is shown in the live view."""

    kind = TRAINING

    def __init__(self, store: ExperimentStore, workers: Workers) -> None:
        super().__init__(store.queue, store.leases, store.max_attempts)
        self.store = store
        self._workers = workers

    def name(self, record: Record) -> JobName:
        return (record.id,)

    def lock(self, name: JobName, seconds: float = PATIENCE_SECONDS) -> AbstractContextManager[None]:
        return lock_folder(self.store.folder(*name), seconds)

    def read(self, name: JobName) -> Record:
        return self.store.read(*name)

    def write(self, record: Record) -> Record:
        """With its time in the ledger of its owner, whose turn is over with each start."""
        if record.owner is not None and not record.is_running:
            self.store.owners.ledger.add(record.owner, record.id, record.attempts, "ended")
        written = self.store.write(record)
        if record.is_running:
            self.store.waiting.note_start(record.owner)
        if record.owner is not None and record.is_running:
            self.store.owners.ledger.add(record.owner, record.id, record.attempts, "begun")
        elif record.owner is not None:
            self.store.waiting.wake_next(record.owner)
        return written

    def attempt_folder(self, record: Record) -> Path:
        return self.store.attempt_folder(record)

    def clean_up(self, record: Record) -> None:
        self.store.clear_temporaries(record.id)
        if record.status is Status.SUCCEEDED:
            keep_state_only(self.store.folder(record.id) / ATTEMPTS, _max_state_bytes(record))

    def unfinished(self) -> Unfinished:
        queued, running = (self.store.index.ids(f"status={status}") for status in (Status.QUEUED, Status.RUNNING))
        if self.store.waiting.order.paused:
            queued = []  # needs no message
        elif self.store.index.has_owners() and self.store.index.is_complete():
            queued = self.store.waiting.startable()
        wanted = self.wanted(queued)
        return Unfinished([Job(each, (each,)) for each in wanted], [Job(each, (each,)) for each in running])

    def wanted(self, ids: Sequence[str]) -> list[str]:
        """Without those that insist on a class of which no worker starts experiments: each message would have a worker
        look through all that wait, and find nothing."""
        with suppress(Unavailable):  # of which the next command tells
            if ids and (workers := self._workers.consuming()):
                return list(of_present_class(ids, self.store.index.needs, workers))
        return list(ids)

    def restore(self, record: Record) -> Record:
        points = history.read(self.store.folder(record.id)).points
        return record.without_points().with_points(points)

    def show(self, name: JobName) -> None:
        self.store.show(self.store.read_or_damaged(*name))

    def may_have_changed(self, record: Record) -> bool:
        try:
            return self.store.index.version(record.id) != record.version
        except RedisError:
            return True


def _max_state_bytes(record: Record) -> float:
    """Of the training state that a succeeded experiment keeps, as `training.keep_state` says."""
    try:
        wanted = record.spec.training.keep_state
    except Damaged:
        return -1
    if isinstance(wanted, bool):
        return math.inf if wanted else -1
    return _MAX_STATE_BYTES if record.sweep is None else -1


class TrainingClaim(Claim[TrainingJobs, Record]):
    """The live fields of `record` (progress, best, last metrics) are shown in Redis only, and reach the disk with its
    next change."""

    @property
    def id(self) -> str:
        return self.record.id

    @property
    def folder(self) -> Path:
        return self._store.folder(self.id)

    @property
    def _store(self) -> ExperimentStore:
        return self._jobs.store

    def show(self, progress: Progress) -> None:
        """Show the progress in the live view."""
        self.record = self.record.model_copy(update={"progress": progress})
        self._report(self._store.index.reports.show_progress)

    def check(self) -> None:
        before = self.record.version
        super().check()
        if self.record.version != before:
            # Who has changed it knew only what disk has.
            self._store.show(self.record)

    def begin_history(self, points: Sequence[Point]) -> None:
        """Resume from a checkpoint: the history is exactly its epochs."""
        with self._lock():
            # Even if the points are the same: the next line would be glued to a torn one behind them.
            history.rewrite(self.folder, points)
            self._restore_view(points)
        self.record = self.record.without_points().with_points(points)
        self._report(self._store.index.reports.show_epochs)

    def append(self, point: Point) -> None:
        """Add an epoch, on disk first. An epoch that the history has already is left unchanged."""
        if point.epoch < self.record.epochs_completed:
            return
        with self._lock():
            history.append(self.folder, point)
        self.record = self.record.with_points([point])
        # First: who hears of the epoch finds it in the record.
        self._report(self._store.index.reports.show_epochs)
        try:
            if not self._store.index.append_point(self.id, point):
                self._restore_view(history.read(self.folder).points)
            self._store.epoch_durations.observe(point.seconds)
        except RedisError as error:
            log.warning("epoch %d of %s is on disk but not shown: %r", point.epoch, self.id, error)

    def _report(self, show: Callable[[Record], bool]) -> None:
        """All of the record, if the view does not have this attempt as running. A report that is lost is not sent
        again: the next one replaces it."""
        try:
            if show(self.record):
                return
        except RedisError as error:
            log.warning("a report of %s was not shown: %r", self.id, error)
            return
        self._store.show(self.record)

    def _restore_view(self, points: Sequence[Point]) -> None:
        try:
            self._store.index.restore_history(self.id, points)
        except RedisError as error:
            log.warning("the live history of %s was not restored: %r; it is read from disk", self.id, error)

    def succeed(
        self, staged: Path, stop_reason: str, published: Point, metrics: MetricValues, test_metrics: MetricValues
    ) -> Record:
        """Publish the staged result, then write the terminal record.

        `published` is the epoch whose weights it has; `metrics` are the published network's on the validation split,
        and decide which model is best.
        """
        return self._publish(
            staged,
            self.folder / ARTIFACTS,
            lambda record: record.end(
                Status.SUCCEEDED,
                stop_reason=stop_reason,
                published_epoch=published.epoch,
                published_metrics=published.metrics,
                validation_metrics=metrics,
                test_metrics=test_metrics,
                error=None,
            ),
        )

    def prune(self, detail: str) -> Record:
        """End as a trial that others are better than; history and checkpoint stay."""
        return self._end(lambda record: record.end(Status.CANCELLED, stop_reason="pruned", stop_detail=detail))

    def cancel(self) -> Record:
        """End as cancelled; history and checkpoint stay."""
        return self._end(lambda record: record.end(Status.CANCELLED, stop_reason="cancelled"))

    def _merge(self, current: Record) -> Record:
        if current.version == self.record.version:
            return self.record
        return current.model_copy(update={name: getattr(self.record, name) for name in ("progress", *EPOCH_FIELDS)})
