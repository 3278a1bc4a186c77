"""The reconciler: makes the view and the queue agree with disk. Any process may run it, any number of times."""

import logging
import os
import secrets
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from itertools import islice
from typing import Any

from redis import Redis
from redis.exceptions import RedisError

from models_store import artifacts, keys
from models_store.datasets.store import DatasetStore
from models_store.errors import Busy, Damaged, NotFound, StorageFull
from models_store.experiments import history
from models_store.experiments.record import Failure, Record, Status
from models_store.experiments.store import ExperimentStore
from models_store.files import remove_stale_temporaries
from models_store.ids import is_experiment_id
from models_store.jobs.jobs import Job, Jobs, R

# A sweep of a worker blocks its consumer: the rest waits for the next sweep.
_MAX_RESENT = 500
_LOCK_SECONDS = 2.0
# So long a worker may take to settle a message: later it helps nobody, because lost jobs are found anyway.
_UNSETTLED_LEASES = 10
# Reentrant: a process whose Redis fell silent during a sweep could not release the lock.
_LOCK = """
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
"""
_UNLOCK = """
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0
"""

log = logging.getLogger(__name__)


class Reconciler:
    """One `sweep` repairs: records that only disk has, entries that only Redis has, jobs whose lease expired, and jobs
    whose message was lost. A lock in Redis, which a dead process leaves behind for the time of a lease, keeps it to
    one process at a time; it is idempotent, so that two at once do no harm.
    """

    def __init__(
        self,
        store: ExperimentStore,
        datasets: DatasetStore,
        kinds: Sequence[Jobs[Any]],
        redis: Redis,
        everything_seconds: float = 900.0,
    ) -> None:
        self._store = store
        self._datasets = datasets
        self._kinds = kinds
        self._leases = store.leases
        self._redis = redis
        self._ticket = secrets.token_hex(8)
        self._lock = redis.register_script(_LOCK)
        self._unlock = redis.register_script(_UNLOCK)
        self._everything_seconds = everything_seconds
        self._check_everything_at = float("-inf")
        self._unreachable_at = float("-inf")

    def sweep(self) -> bool:
        """Repair everything once; False if another process does so now, or Redis cannot be reached."""
        try:
            if not self._lock(keys=[keys.RECONCILER], args=[self._ticket, self._leases.milliseconds]):
                return False
            try:
                self._sweep()
            finally:
                self._unlock(keys=[keys.RECONCILER], args=[self._ticket])
        except RedisError as error:
            log.warning("not reconciled, Redis cannot be reached: %r", error)
            self._unreachable_at = time.monotonic()
            return False
        return True

    def _sweep(self) -> None:
        everything = time.monotonic() > self._check_everything_at or not self._store.index.is_complete()
        self._show_unshown()
        self._store.events.repair()
        self._match_disk(everything)
        keep = everything or self._redis_is_new()
        for jobs in self._kinds:
            for job in jobs.unfinished().running:
                self._recover(jobs, job, keep)
        if everything:
            # Until then no other process takes a job back whose lease was lost with the index.
            self._store.index.mark_complete()
            self._check_everything_at = time.monotonic() + self._everything_seconds
        # After that: a worker that is woken chooses from the whole index.
        for jobs in self._kinds:
            self._resend(jobs, jobs.unfinished().queued)
        self._kinds[0].queue.forget_unsettled(_UNSETTLED_LEASES * self._leases.seconds)

    def _show_unshown(self) -> None:
        while self._store.unshown:
            experiment_id = self._store.unshown.pop()
            try:
                self._restore(experiment_id)
            except (RedisError, OSError):
                self._store.unshown.add(experiment_id)
                raise

    # -- the view ----------------------------------------------------------------------------------------------------

    def _match_disk(self, everything: bool) -> None:
        on_disk = self._ids_on_disk()
        shown = set(self._store.index.ids())
        rebuild = not self._store.index.is_complete()
        for experiment_id in on_disk if everything else on_disk - shown:
            try:
                self._restore(experiment_id, rebuild)
            except OSError as error:
                log.error("%s cannot be read and is not shown: %s", experiment_id, error)
        for experiment_id in shown - on_disk:
            self._forget(experiment_id)
        if everything:
            for folder in (self._store.experiments, self._store.pins.folder, *map(self._store.folder, on_disk)):
                remove_stale_temporaries(folder)
            self._datasets.clear_abandoned()
            self._store.idempotency.remove_expired()

    def _ids_on_disk(self) -> set[str]:
        with os.scandir(self._store.experiments) as entries:
            return {entry.name for entry in entries if is_experiment_id(entry.name)}

    def _restore(self, experiment_id: str, rebuild: bool = False) -> None:
        """Show the record as disk has it; with `rebuild` also one that is shown, for its entries may be those of
        another version."""
        try:
            record = self._inspect(self._store.read_or_damaged(experiment_id))
        except NotFound:
            return
        shown = self._store.index.get(experiment_id)
        same = shown is not None and (shown.version, shown.damaged) == (record.version, record.damaged)
        if (same and not rebuild) or self._store.index.put(record):
            return
        # The view is newer than what was just read: either it changed meanwhile, or disk went back to an older file.
        try:
            with self._store.lock(experiment_id) as current:
                self._replace_view(self._inspect(current))
        except (NotFound, Busy, Damaged):
            return

    def _replace_view(self, record: Record) -> None:
        shown = self._store.index.get(record.id)
        if shown is not None and shown.version > record.version:
            self._store.index.remove(record.id)
        self._store.index.put(record)

    def _inspect(self, record: Record) -> Record:
        """Name the damaged files of an experiment; costs a stat for each file."""
        damaged = list(record.damaged)
        folder = self._store.folder(record.id)
        if not damaged:
            if record.status is not Status.RUNNING:
                damaged += _damaged(history.HISTORY_FILE, lambda: history.check(folder, record.epochs_completed))
            if record.status is Status.SUCCEEDED:
                damaged += _damaged(artifacts.ARTIFACTS, lambda: artifacts.check_sizes(folder / artifacts.ARTIFACTS))
        return record.model_copy(update={"damaged": tuple(damaged)})

    def _forget(self, experiment_id: str) -> None:
        if not self._store.folder(experiment_id).exists():
            self._store.index.remove(experiment_id)

    # -- jobs --------------------------------------------------------------------------------------------------------

    def _redis_is_new(self) -> bool:
        """Whether holders may not have had the time to renew their leases since Redis came back."""
        reachable_for = min(self._leases.uptime_seconds(), time.monotonic() - self._unreachable_at)
        return reachable_for < self._leases.seconds

    def _recover(self, jobs: Jobs[Any], job: Job, keep: bool) -> None:
        """Take a job back from a worker that stopped renewing its lease; with `keep`, grant it one more term."""
        if self._leases.is_held(job.id):
            return
        try:
            record = self._requeue(jobs, job, keep)
        except (Damaged, NotFound) as error:
            log.warning("%s %s was not recovered: %s", jobs.kind.name, " ".join(job.name), error)
            _show(jobs, job)
        except (Busy, StorageFull, OSError) as error:
            log.warning("%s %s was not recovered: %s", jobs.kind.name, " ".join(job.name), error)
        else:
            if record is not None and record.is_queued:
                jobs.enqueue(record)

    def _requeue(self, jobs: Jobs[R], job: Job, keep: bool) -> R | None:
        """The record after the change; None if there was nothing to change."""
        with jobs.lock(job.name, _LOCK_SECONDS):
            record = jobs.read(job.name)
            if not record.is_running:
                jobs.show(job.name)
                return None
            if keep:
                self._leases.acquire(record.id, record.attempts)
                return None
            if self._leases.is_held(record.id):
                return None
            message = f"killed: worker {record.worker or 'unknown'} stopped renewing its lease"
            failure = Failure(type="killed", message=message)
            recovered = jobs.write(jobs.restore(record).retry(failure, jobs.max_attempts))
            jobs.clean_up(recovered)
        log.warning("%s lost its worker and is %s", jobs.describe(recovered), recovered.status)
        return recovered

    def _resend(self, jobs: Jobs[Any], queued: Sequence[Job]) -> None:
        """Enqueue the jobs that wait and that no message names: each once in a lease's time."""
        if not queued or jobs.queue.depth(jobs.kind) >= len(queued):
            return
        pending = jobs.queue.pending(jobs.kind)
        for job in islice((each for each in queued if each.name not in pending), _MAX_RESENT):
            try:
                record = jobs.read(job.name)
            except (Damaged, NotFound, OSError) as error:
                log.warning("%s %s was not enqueued: %s", jobs.kind.name, " ".join(job.name), error)
                _show(jobs, job)
                continue
            if not record.is_queued:
                jobs.show(job.name)
            elif self._redis.set(keys.resent(job.id), "1", nx=True, px=self._leases.milliseconds):
                jobs.enqueue(record)


def _show(jobs: Jobs[Any], job: Job) -> None:
    with suppress(NotFound, OSError):
        jobs.show(job.name)


def _damaged(name: str, check: Callable[[], None]) -> list[str]:
    try:
        check()
    except (Damaged, NotFound):
        return [name]
    return []
