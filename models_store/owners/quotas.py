"""Whether an owner may use more."""

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import ceil

from models_store.connection import require_redis
from models_store.datasets.store import DatasetStore
from models_store.disk_use import folder_bytes
from models_store.errors import Damaged, QuotaReached, SpaceUsedUp
from models_store.evaluations.store import EVALUATIONS
from models_store.experiments.comments import COMMENTS_FILE
from models_store.experiments.places import repeat_ids
from models_store.experiments.store import ExperimentStore
from models_store.frozen import Frozen, utc_now
from models_store.owners.ledger import next_month
from models_store.owners.predictions import PredictionCounts
from models_store.owners.quota import NO_QUOTA, OwnerStore, Quota

# How long a measurement of the disk, and in predictions a quota, may be out of date.
_FRESH_SECONDS = 30.0
_QUOTA_SECONDS = 2.0
# When somebody whose queue is full may try again.
_QUEUE_SECONDS = 60
_UNLIMITED = 2**53
# In the folder of an experiment: what anybody may add to it, and its owner cannot remove.
_OF_OTHERS = (EVALUATIONS, COMMENTS_FILE)
log = logging.getLogger(__name__)


class Used(Frozen):
    """What an owner uses now, in this month and today (UTC), as in `Quota`."""

    running: int
    queued: int
    training_minutes: float
    bytes: int
    predictions: int


class Quotas:
    """Nobody's things (`owner` None), as all where no keys are asked for, have no limits."""

    def __init__(
        self, owners: OwnerStore, experiments: ExperimentStore, datasets: DatasetStore, predictions: PredictionCounts
    ) -> None:
        self.owners = owners
        self._experiments = experiments
        self._datasets = datasets
        self._predictions = predictions
        self._uploads = threading.Lock()
        # Held for microseconds only, also by the event loop; that of `_uploads` while files are measured.
        self._counting = threading.Lock()
        self._arriving = Counter[str]()
        self._bytes: dict[str, tuple[float, int]] = {}
        self._allowed: dict[str, tuple[float, int | None]] = {}
        # How often each was reached, in this process.
        self.rejections = dict.fromkeys(Quota.model_fields, 0)

    def used(self, owner: str) -> Used:
        """Raises Unavailable if Redis cannot be reached."""
        running, queued = self._jobs(owner)
        return Used(
            running=running,
            queued=queued,
            training_minutes=round(self.owners.ledger.used_seconds(owner, utc_now()) / 60, 1),
            bytes=self._measure(owner),
            predictions=self._predictions.used(owner),
        )

    @contextmanager
    def admit(self, owner: str | None, experiments: int = 1, idempotency_key: str | None = None) -> Iterator[None]:
        """Hold the owner's lock while so many experiments are queued in the block. For a request that is repeated
        there is always room, unless what it has made was deleted and is made again. Raises QuotaReached, SpaceUsedUp,
        Busy, Damaged, StorageFull, and Unavailable if Redis, which counts them, cannot be reached."""
        added = self._added(owner, experiments, idempotency_key)
        quota = NO_QUOTA if owner is None or not added else self.owners.quota(owner)
        if owner is None or (quota.queued, quota.training_minutes, quota.bytes) == (None, None, None):
            yield
            return
        with self.owners.lock(owner):
            self._check_queue(owner, quota, added)
            self._check_minutes(owner, quota)
            self._check_bytes(owner, quota, 0)
            yield

    def check_bytes(self, owner: str | None, more: int = 0) -> None:
        """Before an upload, and with its size, which counts from then on, after it was received. Raises SpaceUsedUp."""
        if owner is not None:
            with self._uploads:
                self._check_bytes(owner, self.owners.quota(owner), more)
                self._add_bytes(owner, more)

    @contextmanager
    def receiving(self, owner: str | None) -> Iterator[Callable[[int], None]]:
        """While an upload arrives: what this yields is called with the bytes of each piece. They count until the block
        ends, together with all that arrive here for the owner, so that many at once are not all on the disk before one
        is rejected. Raises SpaceUsedUp."""
        received = 0

        def count(more: int) -> None:
            nonlocal received
            if owner is not None and (quota := self.owners.quota(owner)).bytes is not None:
                with self._counting:
                    # As it was when one of them began: none waits for a measurement.
                    _, used = self._bytes.get(owner, (0.0, 0))
                    others = self._arriving[owner] - received
                    self._check_room(owner, quota.bytes, used, received + more, others)
                    self._arriving[owner] += more
                    received += more

        try:
            yield count
        finally:
            if owner is not None and received:
                with self._counting:
                    self._arriving[owner] -= received
                    self._arriving = +self._arriving  # without those of whom nothing arrives

    def count_predictions(self, owner: str | None, count: int) -> None:
        """Takes some microseconds. Raises QuotaReached."""
        if owner is None:
            return
        allowed = self._predictions_allowed(owner)
        wait = self._predictions.add(owner, count, allowed)
        if wait is not None:
            self.rejections["predictions"] += 1
            raise QuotaReached(
                f"{owner} may ask for {allowed} predictions a day, and with these {count} it would be more; the next "
                f"day begins in {_duration(wait)} (UTC)",
                wait,
            )

    def room(self, owner: str | None) -> int:
        """How many experiments may be queued beside those that are. Raises Unavailable."""
        if owner is None:
            return _UNLIMITED
        try:
            quota = self.owners.quota(owner)
        except Damaged as error:
            log.error("no trial of %s is started: %s", owner, error)
            return 0
        if quota.bytes is not None and self._measure(owner) >= quota.bytes:
            return 0
        return _UNLIMITED if quota.queued is None else max(0, quota.queued - self._jobs(owner)[1])

    def _added(self, owner: str | None, experiments: int, idempotency_key: str | None) -> int:
        """How many of its experiments a request has not made before, or they were deleted."""
        first = None if idempotency_key is None else self._experiments.idempotency.reserved(idempotency_key, owner)
        if first is None:
            return experiments
        return sum(not self._experiments.folder(each).is_dir() for each in repeat_ids(first, experiments))

    def _jobs(self, owner: str) -> tuple[int, int]:
        """How many run and how many wait."""
        index = self._experiments.index
        with require_redis():
            index.require_complete()
            running = index.owners_of(index.ids("status=running"))
            waiting = index.owners_of([experiment_id for experiment_id, _ in index.waiting()])
        return running.count(owner), waiting.count(owner)

    def _check_queue(self, owner: str, quota: Quota, more: int) -> None:
        if quota.queued is not None and (queued := self._jobs(owner)[1]) + more > quota.queued:
            self.rejections["queued"] += 1
            raise QuotaReached(
                f"{owner} has {queued} queued experiments of {quota.queued} that are allowed, and {more} more would be "
                "too many; wait until some have started, or cancel some",
                _QUEUE_SECONDS,
            )

    def _check_minutes(self, owner: str, quota: Quota) -> None:
        now = utc_now()
        if quota.training_minutes is None or (seconds := self.owners.ledger.used_seconds(owner, now)) < (
            60 * quota.training_minutes
        ):
            return
        free = next_month(now)
        self.rejections["training_minutes"] += 1
        raise QuotaReached(
            f"{owner} has trained for {seconds / 60:.0f} minutes of {quota.training_minutes} that are allowed in a "
            f"month; the next one begins on {free:%Y-%m-%d} (UTC)",
            ceil((free - now).total_seconds()),
        )

    def _check_bytes(self, owner: str, quota: Quota, more: int) -> None:
        if quota.bytes is not None:
            self._check_room(owner, quota.bytes, self._measure(owner), more)

    def _check_room(self, owner: str, allowed: int, used: int, more: int, others: int = 0) -> None:
        """For an upload of `more` bytes, beside `others` that arrive."""
        if used + more + others < allowed + bool(more):
            return
        wanted = f", and this upload has {more}" if more else ""
        wanted += f", others that arrive now {others}" if others else ""
        self.rejections["bytes"] += 1
        raise SpaceUsedUp(
            f"the experiments and datasets of {owner} have {used} bytes of {allowed} that are allowed{wanted}; "
            "delete some of them"
        )

    def _add_bytes(self, owner: str, more: int) -> None:
        """Until the next measurement has them."""
        if more and owner in self._bytes:
            measured, used = self._bytes[owner]
            self._bytes[owner] = (measured, used + more)

    def _measure(self, owner: str) -> int:
        """Bytes, at most _FRESH_SECONDS ago, with what was uploaded here since."""
        known, now = self._bytes.get(owner), time.monotonic()
        if known is not None and now - known[0] < _FRESH_SECONDS:
            return known[1]
        with require_redis():
            ids = self._experiments.index.ids_of_owner(owner)
        used = sum(folder_bytes(self._experiments.folder(each), without=_OF_OTHERS) for each in ids)
        datasets = [each.name for each in self._datasets.records() if each.owner == owner]
        used += sum(folder_bytes(self._datasets.folder(each)) for each in datasets)
        self._bytes[owner] = (now, used)
        return used

    def _predictions_allowed(self, owner: str) -> int | None:
        known, now = self._allowed.get(owner), time.monotonic()
        if known is None or now - known[0] > _QUOTA_SECONDS:
            known = self._allowed[owner] = (now, self.owners.quota(owner).predictions)
        return known[1]


def _duration(seconds: int) -> str:
    hours, minutes = divmod(ceil(seconds / 60), 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"
