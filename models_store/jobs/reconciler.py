"""Makes the view and the queue agree with disk again, whatever died. Any replica may run it, any number of times."""

import logging
import os
import secrets
import time
from collections.abc import Callable
from itertools import islice

from redis import Redis
from redis.exceptions import RedisError

from models_store import artifacts, keys
from models_store.datasets import conversion
from models_store.datasets.store import DatasetStore
from models_store.errors import Busy, Damaged, NotFound, StorageFull
from models_store.evaluations.attempt import unattended
from models_store.evaluations.store import EvaluationStore
from models_store.experiments import history
from models_store.experiments.record import Failure, Record, Status
from models_store.experiments.store import ExperimentStore, is_experiment_id
from models_store.files import remove_stale_temporaries

log = logging.getLogger(__name__)

# A sweep of a worker holds up its consumer: what is left waits for the next one.
_MAX_RESENT = 500
# Also for who holds it already: a process whose Redis fell silent in the middle could not give it back.
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


class Reconciler:
    """One `sweep` finds: records that only disk knows, entries that only Redis knows, runs whose lease ran out, and
    experiments, datasets and evaluations whose wake-up was lost. A lock in Redis, which a dead process leaves behind
    for the time of a lease, keeps it to one process at a time; it is idempotent, so that two at once do no harm.
    """

    def __init__(
        self,
        store: ExperimentStore,
        datasets: DatasetStore,
        evaluations: EvaluationStore,
        redis: Redis,
        everything_seconds: float = 900.0,
    ) -> None:
        self._store = store
        self._datasets = datasets
        self._evaluations = evaluations
        self._redis = redis
        self._ticket = secrets.token_hex(8)
        self._lock = redis.register_script(_LOCK)
        self._unlock = redis.register_script(_UNLOCK)
        self._everything_seconds = everything_seconds
        self._check_everything_at = float("-inf")
        self._away_at = float("-inf")

    def sweep(self) -> bool:
        """Put everything right once; False if another process does so just now, or Redis is away."""
        try:
            if not self._lock(keys=[keys.RECONCILER], args=[self._ticket, int(self._store.lease_seconds * 1000)]):
                return False
            try:
                self._sweep()
            finally:
                self._unlock(keys=[keys.RECONCILER], args=[self._ticket])
        except RedisError as error:
            log.warning("not reconciled, Redis is away: %r", error)
            self._away_at = time.monotonic()
            return False
        return True

    def _sweep(self) -> None:
        self._show_unshown()
        self._match_disk()
        self._recover_runs()
        self._resend_lost()
        self._wake_converters()
        self._wake_evaluators()

    def _show_unshown(self) -> None:
        while self._store.unshown:
            experiment_id = self._store.unshown.pop()
            try:
                self._restore(experiment_id)
            except (RedisError, OSError):
                self._store.unshown.add(experiment_id)
                raise

    # -- the view ----------------------------------------------------------------------------------------------------

    def _match_disk(self) -> None:
        on_disk = self._ids_on_disk()
        everything = time.monotonic() > self._check_everything_at or not self._store.index.is_complete()
        shown = set(self._store.index.ids())
        for experiment_id in on_disk if everything else on_disk - shown:
            try:
                self._restore(experiment_id)
            except OSError as error:
                log.error("%s cannot be read and is not shown: %s", experiment_id, error)
        for experiment_id in shown - on_disk:
            self._forget(experiment_id)
        if everything:
            for folder in (self._store.experiments, self._store.pins.folder, *map(self._store.folder, on_disk)):
                remove_stale_temporaries(folder)
            self._datasets.clear_abandoned()
            self._store.idempotency.forget_old()
            self._store.index.mark_complete()
            self._check_everything_at = time.monotonic() + self._everything_seconds

    def _ids_on_disk(self) -> set[str]:
        with os.scandir(self._store.experiments) as entries:
            return {entry.name for entry in entries if is_experiment_id(entry.name)}

    def _restore(self, experiment_id: str) -> None:
        """Show the record as disk has it; a running one keeps its lease for one more term."""
        try:
            record = self._inspected(self._store.read_or_damaged(experiment_id))
        except NotFound:
            return
        shown = self._store.index.get(experiment_id)
        same = shown is not None and (shown.version, shown.damaged) == (record.version, record.damaged)
        if same or self._store.index.put(record):
            if record.status is Status.RUNNING and not self._store.leases.is_held(experiment_id):
                self._store.leases.take(experiment_id, record.attempts)
            return
        # The view is newer than what was just read: either it changed meanwhile, or disk went back to an older file.
        try:
            with self._store.changing(experiment_id) as current:
                self._replace_view(self._inspected(current))
        except (NotFound, Busy, Damaged):
            return

    def _replace_view(self, record: Record) -> None:
        shown = self._store.index.get(record.id)
        if shown is not None and shown.version > record.version:
            self._store.index.remove(record.id)
        self._store.index.put(record)

    def _inspected(self, record: Record) -> Record:
        """Name the damaged files of an experiment; of a folder with thousands it costs a stat each."""
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

    # -- runs and wake-ups -------------------------------------------------------------------------------------------

    def _recover_runs(self) -> None:
        """Take back what runs without a lease. A Redis that has just come back gives holders time to renew."""
        here_for = min(self._store.leases.uptime_seconds(), time.monotonic() - self._away_at)
        just_back = here_for < self._store.lease_seconds
        for experiment_id in self._store.index.ids(f"status={Status.RUNNING}"):
            if self._store.leases.is_held(experiment_id):
                continue
            try:
                self._recover(experiment_id, keep=just_back)
            except Damaged:
                self._store.show(self._store.read_or_damaged(experiment_id))
            except (NotFound, Busy, StorageFull, OSError) as error:
                log.warning("%s was not recovered: %s", experiment_id, error)

    def _recover(self, experiment_id: str, keep: bool) -> None:
        with self._store.changing(experiment_id) as record:
            if record.status is not Status.RUNNING:
                self._store.index.put(record)
                return
            if keep:
                self._store.leases.take(experiment_id, record.attempts)
                return
            if self._store.leases.is_held(experiment_id):
                return
            failure = Failure(type="killed", message=f"killed: worker {record.worker} stopped renewing its lease")
            points = history.read(self._store.folder(experiment_id)).points
            known = record.without_points().with_points(points)
            recovered = self._store.write(known.attempt_failed(failure, self._store.max_attempts))
            self._store.clear_temporaries(experiment_id)
        log.warning("experiment %s lost its worker and is %s", experiment_id, recovered.status)
        if recovered.status is Status.QUEUED:
            self._store.wake(experiment_id)

    def _resend_lost(self) -> None:
        """Wake for queued experiments that no message names: each once in a lease's time."""
        queued = self._store.index.ids(f"status={Status.QUEUED}")
        if not queued or self._store.queue.depth() >= len(queued):
            return
        waiting = self._store.queue.waiting()
        queued = [each for each in queued if each not in waiting][:_MAX_RESENT]
        milliseconds = int(self._store.lease_seconds * 1000)
        for experiment_id in queued:
            try:
                record = self._store.read_or_damaged(experiment_id)
            except (NotFound, OSError) as error:
                log.warning("%s was not waked: %s", experiment_id, error)
                continue
            if record.status is not Status.QUEUED:
                self._store.show(record)
            elif self._redis.set(keys.resent(experiment_id), "1", nx=True, px=milliseconds):
                self._store.wake(experiment_id)

    def _wake_converters(self) -> None:
        """For every dataset that waits, or whose worker died: each once in a lease's time."""
        milliseconds = int(self._store.lease_seconds * 1000)
        for record in conversion.reconcile(self._datasets):
            if self._redis.set(keys.resent(record.id), "1", nx=True, px=milliseconds):
                self._datasets.wake(record.name)

    def _wake_evaluators(self) -> None:
        """Likewise, but only where no message in the queue does so already: many may wait for the end of a training."""
        if not self._evaluations.marked():
            return
        milliseconds = int(self._store.lease_seconds * 1000)
        left = unattended(self._evaluations, self._store.queue.waiting_evaluations())
        for record in islice(left, _MAX_RESENT):
            if self._redis.set(keys.resent(record.id), "1", nx=True, px=milliseconds):
                self._evaluations.wake(record)


def _damaged(name: str, check: Callable[[], None]) -> list[str]:
    try:
        check()
    except (Damaged, NotFound):
        return [name]
    return []
