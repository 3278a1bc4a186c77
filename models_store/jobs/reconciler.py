"""The reconciler: makes the view and the queue agree with disk. Each process of the API runs it, one at a time."""

import logging
import time
from collections.abc import Sequence
from contextlib import suppress
from itertools import islice
from typing import Any

from redis import Redis
from redis.exceptions import RedisError

from models_store import keys
from models_store.datasets.store import DatasetStore
from models_store.errors import Busy, Damaged, Newer, NotFound, StorageFull
from models_store.experiments.store import ExperimentStore
from models_store.jobs.election import Election, NotElected
from models_store.jobs.failure import Failure
from models_store.jobs.jobs import Job, Jobs, R
from models_store.jobs.view_repair import ViewRepair

# The rest waits for the next sweep.
_MAX_RESENT = 500
_LOCK_SECONDS = 2.0
# So long a worker may take to settle a message: later it helps nobody, because lost jobs are found anyway.
_UNSETTLED_LEASES = 10
# A process that is elected stays so for so many pauses between two sweeps, and five seconds at least.
_ELECTED_SWEEPS, _MIN_ELECTED_SECONDS = 2.5, 5.0

log = logging.getLogger(__name__)


class Reconciler:
    """One sweep repairs: records that only disk has, entries that only Redis has, jobs whose lease expired, and jobs
    whose message was lost. It costs the same however many experiments are stored, unless Redis was emptied: of what has
    ended a slice is compared with disk, and the next sweep continues, in any process.

    One of all processes is elected to sweep (`take_turn`), and stays so while it lives. Two at once do no harm.
    """

    def __init__(
        self, store: ExperimentStore, datasets: DatasetStore, kinds: Sequence[Jobs[Any]], redis: Redis
    ) -> None:
        self._store = store
        self._kinds = kinds
        self._leases = store.leases
        self._redis = redis
        self._election = Election(redis, keys.RECONCILER)
        self._elected_seconds = self._leases.seconds
        self._unreachable_at = self._stands_again_at = float("-inf")
        self._view = ViewRepair(store, datasets, self._stay_elected)

    def take_turn(self, seconds: float) -> bool:
        """Sweep if this process is the one that does so; each calls this every `seconds`. False if another one is
        elected, or Redis cannot be reached."""
        self._elected_seconds = max(_ELECTED_SWEEPS * seconds, _MIN_ELECTED_SECONDS)
        return self._try_to_sweep()

    def sweep(self) -> bool:
        """Sweep once, unless another process is elected; False then, and if Redis cannot be reached."""
        self._elected_seconds = self._leases.seconds
        try:
            return self._try_to_sweep()
        finally:
            self.resign()

    def resign(self) -> None:
        """Let another process sweep at once."""
        self._election.resign()

    def _try_to_sweep(self) -> bool:
        try:
            # Of this process alone.
            self._view.show_unshown()
            self._view.show_newer()
            self._store.events.repair()
            if time.monotonic() < self._stands_again_at or not self._election.hold(self._elected_seconds):
                return False
            self._sweep()
        except NotElected as error:
            log.warning("this sweep was not finished: %s", error)
            return False
        except RedisError as error:
            log.warning("not reconciled, Redis cannot be reached: %r", error)
            self._unreachable_at = time.monotonic()
            return False
        except Exception:
            # Another process may have what this one lacks: its disk, free descriptors.
            self._stands_again_at = time.monotonic() + self._elected_seconds
            self.resign()
            raise
        return True

    def _stay_elected(self) -> None:
        self._election.require(self._elected_seconds)

    def _sweep(self) -> None:
        is_complete = self._store.index.is_complete()
        if is_complete:
            self._view.match_names()
        else:
            self._view.rebuild()
        # Until the index is complete, no worker is given a job whose lease may have been lost with it.
        keep = not is_complete or self._redis_is_new()
        unfinished = [jobs.unfinished() for jobs in self._kinds]
        abandoned = [self._unheld(found.running) for found in unfinished]
        for jobs, lost in zip(self._kinds, abandoned, strict=True):
            for job in lost:
                self._stay_elected()
                self._recover(jobs, job, keep)
        if not is_complete and not self._store.index.mark_complete(self._election.ticket):
            raise NotElected("Redis was emptied while the index was rebuilt")
        if any(abandoned) or not is_complete:
            # A worker that is woken chooses from the whole index.
            unfinished = [jobs.unfinished() for jobs in self._kinds]
        for jobs, found in zip(self._kinds, unfinished, strict=True):
            self._resend(jobs, found.queued)
        self._kinds[0].queue.forget_unsettled(_UNSETTLED_LEASES * self._leases.seconds)
        self._view.check_slice()

    # -- jobs --------------------------------------------------------------------------------------------------------

    def _redis_is_new(self) -> bool:
        """Whether holders may not have had the time to renew their leases since Redis came back."""
        reachable_for = min(self._leases.uptime_seconds(), time.monotonic() - self._unreachable_at)
        return reachable_for < self._leases.seconds

    def _unheld(self, running: Sequence[Job]) -> list[Job]:
        held = self._leases.held([job.id for job in running])
        return [job for job in running if job.id not in held]

    def _recover(self, jobs: Jobs[Any], job: Job, keep: bool) -> None:
        """Take a job back from a worker that stopped renewing its lease; with `keep`, grant it one more term."""
        if self._leases.is_held(job.id):
            return
        try:
            record = self._requeue(jobs, job, keep)
        except Newer:
            return  # a newer worker has it
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
            except Newer:
                record = None  # somebody newer put it into the index: each message may reach a worker of that version
            except (Damaged, NotFound, OSError) as error:
                log.warning("%s %s was not enqueued: %s", jobs.kind.name, " ".join(job.name), error)
                _show(jobs, job)
                continue
            if record is not None and not record.is_queued:
                jobs.show(job.name)
            elif self._redis.set(keys.resent(job.id), "1", nx=True, px=self._leases.milliseconds):
                jobs.queue.enqueue(jobs.kind, *job.name)


def _show(jobs: Jobs[Any], job: Job) -> None:
    with suppress(NotFound, OSError):
        jobs.show(job.name)
