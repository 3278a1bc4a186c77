"""A worker's hold on an experiment: the only way to write history, progress, results and ends.

A claim is one atomic step under the experiment's lock: queued on disk, lease free in Redis, attempt + 1. The attempt's
number is the fencing token. Every later write compares it with the record on disk, so that a worker that was paused
for longer than its lease cannot overwrite its successor, whatever Redis has forgotten.
"""

import logging
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from redis.exceptions import RedisError

from models_store import artifacts
from models_store.connection import redis_needed
from models_store.errors import ClaimLost, Damaged, InvalidState, NotFound, StorageFull
from models_store.experiments import history
from models_store.experiments.record import Failure, MetricValues, Point, Progress, Record, Status
from models_store.experiments.store import ATTEMPTS, ExperimentStore
from models_store.files import publish_directory, remove_directory, storage_errors
from models_store.versions import SCHEMA_VERSION

# A training is worth waiting for longer than an answer over HTTP is.
_PATIENCE_SECONDS = 60.0

log = logging.getLogger(__name__)


class Claim:
    """Methods raise ClaimLost as soon as the token is old; then the worker must stop and write nothing more.

    `record` is the record as this claim last saw it; its live fields (progress, best, last metrics) are shown in Redis
    only, and reach the disk with the record's next change.
    """

    def __init__(self, store: ExperimentStore, record: Record) -> None:
        self._store = store
        self.record = record

    @classmethod
    def take(cls, store: ExperimentStore, experiment_id: str, worker: str) -> "Claim | None":
        """Claim a queued experiment; None if there is nothing to do (taken, ended, cancelled, deleted).

        Raises Unavailable while Redis, which keeps the leases, is away, and Busy.
        """
        try:
            with store.changing(experiment_id, _PATIENCE_SECONDS) as record, redis_needed():
                if record.status is not Status.QUEUED or record.schema_version > SCHEMA_VERSION:
                    return None
                claimed = record.claimed(worker)
                if not store.leases.take(experiment_id, claimed.attempts):
                    return None
                try:
                    with storage_errors(f"the folder of attempt {claimed.attempts}"):
                        store.attempt_folder(claimed).mkdir(parents=True, exist_ok=True)
                    store.write(claimed)
                except (OSError, StorageFull):
                    store.leases.release(experiment_id, claimed.attempts)
                    raise
        except (NotFound, Damaged) as error:
            log.warning("a wake-up for an experiment that cannot be claimed: %s", error)
            return None
        return cls(store, claimed)

    @property
    def id(self) -> str:
        return self.record.id

    @property
    def token(self) -> int:
        return self.record.attempts

    @property
    def folder(self) -> Path:
        return self._store.folder(self.id)

    @property
    def attempt_folder(self) -> Path:
        """Where this attempt's trainer writes checkpoints and stages its result; no other attempt does."""
        return self._store.attempt_folder(self.record)

    # -- while it runs -----------------------------------------------------------------------------------------------

    def check(self) -> bool:
        """Look at the record on disk: True if a cancel was asked for. Raises ClaimLost, also if it was deleted."""
        try:
            current = self._store.read(self.id)
        except (NotFound, Damaged) as error:
            raise ClaimLost(str(error)) from error
        self._compare(current)
        if current.version != self.record.version:
            self.record = self._with_live_fields(current)
        return current.cancel_requested

    def renew(self) -> None:
        """Keep the lease. Redis away is no reason to stop: the record on disk still guards every write."""
        try:
            if not self._store.leases.renew(self.id, self.token):
                raise ClaimLost(f"another worker holds the lease of {self.id}")
        except RedisError as error:
            log.warning("the lease of %s was not renewed: %r; training goes on", self.id, error)

    def show(self, progress: Progress) -> None:
        """Show where the run is."""
        self.record = self.record.model_copy(update={"progress": progress})
        self._store.show(self.record)

    def begin_history(self, points: Sequence[Point]) -> None:
        """Go on from a checkpoint: the history is exactly its epochs."""
        with self._held():
            # Also where the points are the same: behind them may be a torn line, which the next one would be glued to.
            history.rewrite(self.folder, points)
            self._restore_view(points)
        self.record = self.record.without_points().with_points(points)

    def append(self, point: Point) -> None:
        """Add an epoch, on disk first. An epoch that is there already is left as it is."""
        if point.epoch < self.record.epochs_completed:
            return
        with self._held():
            history.append(self.folder, point)
        self.record = self.record.with_points([point])
        try:
            if not self._store.index.append_point(self.id, point):
                self._restore_view(history.read(self.folder).points)
            self._store.index.observe_epoch(point.seconds)
        except RedisError as error:
            log.warning("epoch %d of %s is on disk but not shown: %r", point.epoch, self.id, error)
        self._store.show(self.record)

    def _restore_view(self, points: Sequence[Point]) -> None:
        try:
            self._store.index.restore_history(self.id, points)
        except RedisError as error:
            log.warning("the live history of %s was not restored: %r; it is read from disk", self.id, error)

    # -- ends --------------------------------------------------------------------------------------------------------

    def succeed(self, staged: Path, stop_reason: str, metrics: MetricValues, test_metrics: MetricValues) -> Record:
        """Publish the staged result with one rename, then the terminal record.

        `metrics` are those of the published network on the validation split; they decide which model is best. A result
        that a killed predecessor had published already is replaced: it may be damaged, and its figures are not these.
        """
        with self._held() as current:
            published = self.folder / artifacts.ARTIFACTS
            if published.exists():
                remove_directory(published)
            publish_directory(staged, published)
            record = self._with_live_fields(current).ended(
                Status.SUCCEEDED,
                stop_reason=stop_reason,
                validation_metrics=metrics,
                test_metrics=test_metrics,
                error=None,
            )
            self._end(record)
        shutil.rmtree(self.folder / ATTEMPTS, ignore_errors=True)
        return record

    def fail(self, failure: Failure) -> Record:
        """Fail for good: the same would happen again."""
        with self._held() as current:
            return self._end(self._with_live_fields(current).ended(Status.FAILED, error=failure))

    def cancelled(self) -> Record:
        """End as cancelled; history and checkpoint stay."""
        with self._held() as current:
            ended = self._with_live_fields(current).ended(Status.CANCELLED, stop_reason="cancelled")
            return self._end(ended)

    def retry(self, failure: Failure) -> Record:
        """This attempt failed: back to the queue, or failed for good once all attempts are spent."""
        with self._held() as current:
            live = self._with_live_fields(current)
            record = self._end(live.attempt_failed(failure, self._store.max_attempts))
        return self._wake(record)

    def give_back(self) -> Record:
        """This worker shuts down: back to the queue, at no cost to the attempts."""
        with self._held() as current:
            record = self._end(self._with_live_fields(current).given_back())
        return self._wake(record)

    def _wake(self, record: Record) -> Record:
        if record.status is Status.QUEUED:
            self._store.wake(record.id)
        return record

    def _end(self, record: Record) -> Record:
        self._store.write(record)
        self._store.clear_temporaries(record.id)
        self.record = record
        try:
            self._store.leases.release(self.id, self.token)
        except RedisError as error:
            log.warning("the lease of %s was not released: %r; it will run out", self.id, error)
        return record

    # -- fencing -----------------------------------------------------------------------------------------------------

    @contextmanager
    def _held(self) -> Iterator[Record]:
        """Hold the experiment's lock with a token that is still good."""
        try:
            with self._store.changing(self.id, _PATIENCE_SECONDS) as current:
                self._compare(current)
                yield current
        except (NotFound, Damaged, InvalidState) as error:
            raise ClaimLost(f"{self.id} is no longer this worker's: {error}") from error

    def _compare(self, current: Record) -> None:
        # An experiment that was deleted and posted again with its Idempotency-Key has the same id, and its attempts
        # begin anew.
        same = current.created_at == self.record.created_at
        if not same or current.status is not Status.RUNNING or current.attempts != self.token:
            raise ClaimLost(
                f"{self.id} is {current.status} in attempt {current.attempts}; this is attempt {self.token}"
            )

    def _with_live_fields(self, current: Record) -> Record:
        names = ("progress", "epochs_completed", "epoch_seconds", "best", "best_metrics", "last_metrics")
        return current.model_copy(update={name: getattr(self.record, name) for name in names})
