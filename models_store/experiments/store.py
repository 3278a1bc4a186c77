"""The store of experiments: records, histories and results on disk, with a live view in Redis."""

import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

from redis import Redis
from redis.exceptions import RedisError

from models_store.connection import require_redis
from models_store.errors import Damaged, InvalidState, Newer, list_names
from models_store.events import EventLog, EventsLost
from models_store.experiments import history
from models_store.experiments.checkpoints import CheckpointFile
from models_store.experiments.epoch_durations import EpochDurations
from models_store.experiments.folders import RECORD_FILE
from models_store.experiments.history import History
from models_store.experiments.idempotency import IDEMPOTENCY, IdempotencyKeys
from models_store.experiments.improvement import Improvement
from models_store.experiments.index import Index
from models_store.experiments.pages import Page, Query
from models_store.experiments.places import RepeatId, TrialId, new_record, placed
from models_store.experiments.record import Record, Status
from models_store.experiments.results import PublishedResults
from models_store.experiments.waiting import FOLDER, WaitingExperiments
from models_store.files import lock_folder, remove_directory, storage_errors, write_atomic
from models_store.frozen import utc_now
from models_store.jobs.leases import Leases
from models_store.jobs.queue import SWEEP, TRAINING, Queue
from models_store.models.pins import SERVING, Pins
from models_store.owners.quota import OwnerStore
from models_store.webhooks.notices import experiment_notice
from models_store.webhooks.store import WebhookStore
from specs.experiment import ExperimentSpec
from specs.problem import quantity

_MAX_CHILDREN = 100
# An experiment is shown when it is posted, or else by the reconciler; clocks may differ.
_UNSHOWN = timedelta(minutes=5)
_Check = Callable[[Record], None]

log = logging.getLogger(__name__)


class ExperimentStore(PublishedResults):
    """Experiments on disk under `root`, with their view in Redis.

    Every change of a record is made under the experiment's lock: read from disk, changed, written to disk, then shown
    in Redis. The reconciler shows changes that Redis missed. Safe for any number of threads, processes and machines
    that share `root` and Redis.
    """

    def __init__(
        self,
        root: Path,
        redis: Redis,
        events: EventLog,
        queue: Queue,
        owners: OwnerStore,
        leases: Leases,
        max_attempts: int,
    ) -> None:
        super().__init__(root, events)
        self.index = Index(redis, events, self.holdout.shown)
        self.epoch_durations = EpochDurations(redis)
        self.owners = owners
        self.waiting = WaitingExperiments(root / FOLDER, self.index, events, queue, owners)
        self.leases = leases
        self.queue = queue
        self.max_attempts = max_attempts
        self.idempotency = IdempotencyKeys(root / IDEMPOTENCY)
        self.pins = Pins(root / SERVING)
        self.webhooks = WebhookStore(root)
        # Records whose view this process failed to update; its reconciler does them first.
        self.unshown: set[str] = set()

    def prepare(self) -> None:
        """Make the folders. Raises OSError if the store is not writable."""
        self.experiments.mkdir(parents=True, exist_ok=True)
        self.pins.prepare()
        self.waiting.prepare()
        self.holdout.prepare()
        self.webhooks.prepare()

    def check_view(self) -> None:
        """Raises Unavailable if Redis does not answer."""
        with require_redis():
            self.index.ping()

    # -- called by the API -----------------------------------------------------------------------------------------

    def create(
        self,
        spec: ExperimentSpec,
        idempotency_key: str | None = None,
        body: bytes = b"",
        transferred_layers: Mapping[str, str] | None = None,
        place: TrialId | RepeatId | None = None,
        reproduces: str | None = None,
        improvement: Improvement | None = None,
        priority: int = 0,
        state: CheckpointFile | None = None,
        owner: str | None = None,
        private: bool = False,
    ) -> Record:
        """Write the record, show it, send the wake-up, in this order. `transferred_layers` are what `Transfers` found,
        `state` what `Continuations` did; `place` is given for those of a sweep or a group, `reproduces` is the
        experiment that is run again, `improvement` says what the experiment is to improve.

        Once the record is on disk the experiment is accepted: the reconciler repairs a lost
        view or wake-up. Raises SpecError if it would train on a sealed test split, IdempotencyMismatch, or StorageFull
        with nothing written.
        """
        self.holdout.check_spec(spec)
        epoch = state.epoch if state else 0
        new = new_record(spec, transferred_layers, reproduces, improvement, priority, epoch, owner, private)
        record = placed(new, place)
        if idempotency_key is not None:
            with storage_errors("the idempotency key"):
                reserved = self.idempotency.reserve(idempotency_key, body, record.id, owner)
            record = record.model_copy(update={"id": reserved})
        self.add(record, state)
        record = self.read(record.id)
        if record.status is Status.QUEUED and self.show(record):
            self.queue.enqueue(TRAINING, record.id)
        return self.holdout.shown(record)

    def get(self, experiment_id: str) -> Record:
        """From the live view, or else from disk, as `Holdout` shows it. Raises NotFound only if it is not on disk."""
        return self.holdout.shown(self.get_whole(experiment_id))

    def get_whole(self, experiment_id: str) -> Record:
        """The same with what is not shown."""
        folder = self.existing_folder(experiment_id)
        try:
            record = self.index.get_whole(experiment_id)
            if record is not None and not record.status.is_terminal and self.has_ended(experiment_id):
                # Who ended it could not show that while Redis was away; an end that was told stays one.
                self.unshown.add(experiment_id)
                record = None
            if record is not None and record.status is Status.QUEUED:
                return record.model_copy(update={"queue_position": self.waiting.position(experiment_id)})
        except RedisError:
            record = None
        return record or self.read_or_damaged(folder.name)

    def page(self, query: Query) -> Page:
        """One page of records. Raises Unavailable if Redis cannot be reached."""
        with require_redis():
            return self.index.page(query)

    def children(self, experiment_id: str) -> list[Record]:
        """The experiments whose `based_on` is this one, oldest first, a hundred at most. Raises Unavailable if Redis
        cannot be reached."""
        with require_redis():
            self.index.require_complete()
            return self.index.get_many(self.index.shown(self.index.ids(f"based_on={experiment_id}"))[:_MAX_CHILDREN])

    def history(self, experiment_id: str, since: int = -1) -> History:
        """The epochs after epoch `since`. Raises NotFound."""
        folder = self.existing_folder(experiment_id)
        try:
            live = self.index.history(experiment_id, since)
        except RedisError:
            live = None
        return history.read(folder).skip(since + 1) if live is None else live

    def cancel(self, experiment_id: str) -> Record:
        """Cancel a queued experiment at once; ask the worker to stop a running one. Raises InvalidState if it has
        ended."""
        with self.lock(experiment_id) as record:
            if record.status.is_terminal:
                raise InvalidState(f"experiment {experiment_id} is {record.status} and cannot be cancelled")
            if record.cancel_requested:
                return record
            if record.status is Status.QUEUED:
                return self.write(record.end(Status.CANCELLED, cancel_requested=True, stop_reason="cancelled"))
            return self.write(record.replace(cancel_requested=True))

    def stop(self, experiment_id: str) -> Record:
        """Ask the worker to end a training early and to publish what was learnt: after the current batch, or after the
        first epoch. Raises InvalidState if it has ended, or has learnt nothing yet."""
        with self.lock(experiment_id) as record:
            if record.status.is_terminal:
                raise InvalidState(f"experiment {experiment_id} is {record.status} and cannot be stopped")
            if record.cancel_requested:
                raise InvalidState(f"experiment {experiment_id} is being cancelled and cannot be stopped")
            if record.status is Status.QUEUED and not record.attempts:
                raise InvalidState(
                    f"experiment {experiment_id} is queued and has learnt nothing to publish; cancel it instead"
                )
            return record if record.stop_requested else self.write(record.replace(stop_requested=True))

    def retry(self, experiment_id: str) -> Record:
        """Queue a failed or cancelled experiment once more. Raises InvalidState for any other."""
        with self.lock(experiment_id) as ended:
            self.waiting.forget(experiment_id)
            record = self.write(ended.run_again())
        self.queue.enqueue(TRAINING, record.id)
        return record

    def edit(self, experiment_id: str, changes: Mapping[str, Any], check: _Check = lambda _: None) -> Record:
        """Change what `specs.edit` lists, as `Record.edit`, whatever the status. `check` is given the record before,
        under the lock, and may raise. Raises NotFound, Damaged, Busy, StorageFull."""
        with self.lock(experiment_id) as stored:
            shown = self._shown(experiment_id)
            # What only the view has of a running one: its progress.
            record = shown if shown is not None and shown.version == stored.version else stored
            check(record)
            changed = record.edit(changes)
            if changed is record:
                return self.holdout.shown(record)
            if changed.priority != record.priority:
                self.waiting.forget(experiment_id)
            self.write(changed)
        if changed.priority != record.priority:
            self.waiting.announce(changed.privacy.private_to)
        if changed.private != record.private:
            # Who may see it no longer is to forget it, and who may see it now has not heard of it.
            self.events.add("reset", EventsLost())
        return self.holdout.shown(changed)

    def _shown(self, experiment_id: str) -> Record | None:
        try:
            return self.index.get_whole(experiment_id)
        except RedisError:
            return None

    def delete(
        self, experiment_id: str, serving: bool = False, force: bool = False, check: _Check = lambda _: None
    ) -> None:
        """Remove an experiment that neither runs nor serves, and whose weights no other one waits for or trains on, or
        raise InvalidState. It serves if the caller says so (`serving`), or if it is pinned; with `force` it is removed
        all the same, and its pin with it. `check` is given its record, under the lock, and may raise."""
        folder = self.folder(experiment_id)
        with lock_folder(folder):
            record = self.read_or_damaged(experiment_id)
            if record.status is Status.RUNNING:
                raise InvalidState(f"experiment {experiment_id} is running; cancel it first")
            if record.status is Status.NEWER:
                raise Newer(f"experiment {experiment_id} is not deleted: {record.error and record.error.message}")
            check(record)
            if not force:
                self.pins.reject_serving(record.id, record.dataset, serving)
            self.reject_needed(record)
            self.pins.remove_all(experiment_id)
            with suppress(Damaged):
                self.remember(record)
            remove_directory(folder)
        try:
            self.index.remove(experiment_id)
        except RedisError:
            log.warning("Redis still shows the deleted experiment %s; the reconciler will remove it", experiment_id)

    def _candidates(self, experiment_id: str) -> set[str] | None:
        """Those that may need its weights: of the view, with newer ones, and the latest on disk, which may not all be
        shown yet. None while the view is not whole."""
        with suppress(RedisError):
            if self.index.is_complete():
                shown = [*self.index.ids(f"weights_from={experiment_id}"), *self.index.ids(f"status={Status.NEWER}")]
                return {*shown, *self.ids_since(utc_now() - _UNSHOWN)}
        return None

    def reject_needed(self, record: Record) -> None:
        """Raises InvalidState if an unfinished experiment starts with its weights."""
        if record.status is not Status.SUCCEEDED:
            return
        if users := self.users_of_weights(record.id, self._candidates(record.id)):
            need = quantity(len(users), "queued or running experiment needs", "queued or running experiments need")
            raise InvalidState(
                f"{need} the weights of experiment {record.id}: {list_names(self.named(users))}; cancel them first, or "
                "wait for their end"
            )

    # -- the view --------------------------------------------------------------------------------------------------

    def write(self, record: Record) -> Record:
        """Write a changed record and update its view. Only under the experiment's lock."""
        with self.webhooks.outbox.announcing(lambda: experiment_notice(self, self.holdout.shown(record))):
            write_atomic(self.folder(record.id) / RECORD_FILE, record.model_dump_json().encode())
        self.show(record)
        if record.sweep is not None and record.status.is_terminal:
            self.queue.enqueue(SWEEP, record.sweep)
        return record

    def show(self, record: Record) -> bool:
        """Update the view of `record`; False if Redis cannot be reached."""
        try:
            self.index.put(record)
        except RedisError as error:
            log.warning("the view of %s was not updated: %r; the reconciler will do it", record.id, error)
            self.unshown.add(record.id)
            return False
        return True
