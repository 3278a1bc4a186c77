"""The store of experiments: records, histories and results on disk, with a live view in Redis."""

import logging
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from pydantic import ValidationError
from redis import Redis
from redis.exceptions import RedisError
from ulid import ULID

from models_store import artifacts
from models_store.connection import require_redis
from models_store.errors import Damaged, InvalidState, NotFound, list_names
from models_store.evaluations.evaluation import Evaluation, Evaluations, read_evaluations
from models_store.evaluations.predictions import Predictions, read_predictions
from models_store.experiments import history
from models_store.experiments.history import History
from models_store.experiments.idempotency import IdempotencyKeys
from models_store.experiments.index import Index
from models_store.experiments.pages import Page, Query
from models_store.experiments.record import Failure, Record, Status, utc_now
from models_store.experiments.stored_spec import StoredSpec
from models_store.files import (
    LOCK_FILE,
    lock_folder,
    publish_directory,
    remove_directory,
    remove_stale_temporaries,
    storage_errors,
    temporary_name,
    write_atomic,
    write_synced,
)
from models_store.ids import describe_id_mistake, is_experiment_id
from models_store.jobs.leases import Leases
from models_store.jobs.queue import TRAINING, Queue
from models_store.models.pins import SERVING, Pins
from specs.experiment import ExperimentSpec
from specs.problem import quantity
from specs.splits import SplitName

RECORD_FILE = "experiment.json"
ATTEMPTS = "attempts"
_MAX_CHILDREN = 100
# A ULID: the millisecond in ten characters, then 80 random bits.
_TIME_CHARACTERS, _RANDOM_BITS, _END_OF_ULIDS = 10, 80, 1 << 48

log = logging.getLogger(__name__)


class ExperimentStore:
    """Experiments on disk under `root`, with their view in Redis.

    Every change of a record is made under the experiment's lock: read from disk, changed, written to disk, then shown
    in Redis. The reconciler shows changes that Redis missed. Safe for any number of threads,
    processes and machines that share `root` and Redis.
    """

    def __init__(self, root: Path, redis: Redis, queue: Queue, lease_seconds: float, max_attempts: int = 3) -> None:
        self.root = root
        self.index = Index(redis)
        self.leases = Leases(redis, lease_seconds)
        self.queue = queue
        self.lease_seconds = lease_seconds
        self.max_attempts = max_attempts
        self.idempotency = IdempotencyKeys(root / "idempotency")
        self.pins = Pins(root / SERVING)
        self.experiments = root / "experiments"
        # Records whose view this process failed to update; its reconciler does them first.
        self.unshown: set[str] = set()

    def prepare(self) -> None:
        """Make the folders. Raises OSError if the store is not writable."""
        self.experiments.mkdir(parents=True, exist_ok=True)
        self.pins.prepare()

    def folder(self, experiment_id: str) -> Path:
        """The experiment's folder, which need not exist. Raises NotFound if the id is malformed."""
        if not is_experiment_id(experiment_id):
            raise NotFound(f"experiment {experiment_id[:50]!r} not found: {describe_id_mistake(experiment_id)}")
        return self.experiments / experiment_id

    def existing_folder(self, experiment_id: str) -> Path:
        """Raises NotFound if there is no such experiment."""
        folder = self.folder(experiment_id)
        if not folder.is_dir():
            raise NotFound(f"experiment {experiment_id} not found")
        return folder

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
    ) -> Record:
        """Write the record, show it, send the wake-up, in this order. `transferred_layers` are what `Transfers` found.

        Once the record is on disk the experiment is accepted: the reconciler repairs a lost
        view or wake-up. Raises IdempotencyMismatch, or StorageFull with nothing written.
        """
        record = self._new_record(spec, transferred_layers)
        if idempotency_key is not None:
            with storage_errors("the idempotency key"):
                reserved = self.idempotency.reserve(idempotency_key, body, record.id)
            record = record.model_copy(update={"id": reserved})
        self._publish(record)
        record = self.read(record.id)
        if record.status is Status.QUEUED and self.show(record):
            self.queue.enqueue(TRAINING, record.id)
        return record

    def _new_record(self, spec: ExperimentSpec, transferred_layers: Mapping[str, str] | None) -> Record:
        return Record(
            id=str(ULID()),
            name=spec.name,
            tags=tuple(spec.tags),
            dataset=spec.dataset.name,
            based_on=spec.based_on,
            spec=StoredSpec.of(spec),
            transferred_layers=dict(transferred_layers or {}),
            created_at=utc_now(),
        )

    def _publish(self, record: Record) -> None:
        folder = self.folder(record.id)
        staged = temporary_name(folder)
        try:
            with storage_errors(f"experiment {record.id}"):
                staged.mkdir()
                (staged / LOCK_FILE).touch()
                write_synced(staged / RECORD_FILE, record.model_dump_json().encode())
                publish_directory(staged, folder)
        finally:
            shutil.rmtree(staged, ignore_errors=True)

    def get(self, experiment_id: str) -> Record:
        """From the live view, or else from disk. Raises NotFound only if it is not on disk."""
        folder = self.folder(experiment_id)
        try:
            record = self.index.get(experiment_id)
            if record is not None and record.status is Status.QUEUED:
                return record.model_copy(update={"queue_position": self.index.queue_position(experiment_id)})
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
            return self.index.get_many(self.index.ids(f"based_on={experiment_id}")[:_MAX_CHILDREN])

    def ids_created_at(self, milliseconds: int) -> list[str]:
        """The ids of the experiments posted in this millisecond since 1970. From disk."""
        if not 0 <= milliseconds < _END_OF_ULIDS:
            return []
        first = str(ULID.from_int(milliseconds << _RANDOM_BITS))[:_TIME_CHARACTERS]
        return sorted(path.name for path in self.experiments.glob(f"{first}*") if is_experiment_id(path.name))

    def history(self, experiment_id: str, since: int = -1) -> History:
        """The epochs after epoch `since`. Raises NotFound."""
        try:
            live = self.index.history(self.folder(experiment_id).name, since)
        except RedisError:
            live = None
        return history.read(self.existing_folder(experiment_id)).skip(since + 1) if live is None else live

    def evaluation(self, experiment_id: str, split: SplitName = "test") -> Evaluation:
        """Of one split. Raises NotFound before the experiment has succeeded, and for a split that was not evaluated;
        Damaged."""
        evaluations = self.evaluations(experiment_id)
        if split not in evaluations:
            raise NotFound(
                f"experiment {experiment_id} was evaluated on {' and '.join(evaluations)}, not on its {split} split; "
                "post it again to have that evaluated too"
            )
        return evaluations[split]

    def evaluations(self, experiment_id: str) -> Evaluations:
        """By split. Raises NotFound before the experiment has succeeded, Damaged."""
        return read_evaluations(self._published_folder(experiment_id))

    def predictions(self, experiment_id: str, split: SplitName) -> Predictions:
        """Of the published network. Raises NotFound before the experiment has succeeded, Damaged."""
        return read_predictions(self._published_folder(experiment_id), split)

    def _published_folder(self, experiment_id: str) -> Path:
        folder = self.artifacts(experiment_id)
        if not folder.is_dir():
            status = self.get(experiment_id).status
            raise NotFound(
                f"experiment {experiment_id} is {status} and has no evaluation; only succeeded experiments have one"
            )
        return folder

    def artifacts(self, experiment_id: str) -> Path:
        return self.existing_folder(experiment_id) / artifacts.ARTIFACTS

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

    def delete(self, experiment_id: str, serving: bool = False, force: bool = False) -> None:
        """Remove an experiment that neither runs nor serves, and whose weights no other one waits for or trains on.
        Raises InvalidState otherwise.

        It serves if the caller says so (`serving`), or if it is pinned. With `force` it is removed all the same, and
        its pin with it."""
        folder = self.folder(experiment_id)
        with lock_folder(folder):
            record = self.read_or_damaged(experiment_id)
            if record.status is Status.RUNNING:
                raise InvalidState(f"experiment {experiment_id} is running; cancel it first")
            if not force:
                self._reject_serving(record, serving)
            if record.status is Status.SUCCEEDED and (users := self.users_of_weights(experiment_id)):
                need = quantity(len(users), "queued or running experiment needs", "queued or running experiments need")
                raise InvalidState(
                    f"{need} the weights of experiment {experiment_id}: {list_names(users)}; cancel them first, or "
                    "wait for their end"
                )
            self.pins.remove_all(experiment_id)
            remove_directory(folder)
        try:
            self.index.remove(experiment_id)
        except RedisError:
            log.warning("Redis still shows the deleted experiment %s; the reconciler will remove it", experiment_id)

    def _reject_serving(self, record: Record, serving: bool) -> None:
        if pinned := self.pins.datasets_of(record.id):
            raise InvalidState(
                f"experiment {record.id} is pinned to serve {list_names(pinned)}: "
                f'PUT {{"policy": "best"}} to /models/serving/{pinned[0]} first, or delete with ?force=true'
            )
        if serving:
            raise InvalidState(
                f"experiment {record.id} serves predictions for {record.dataset}: "
                "train a better one first, or delete with ?force=true"
            )

    def users_of_dataset(self, name: str) -> list[str]:
        """The queued, running and succeeded experiments on dataset `name`, or that add it to another one. From disk."""
        return [
            record.id
            for record in self._find(f'"{name}"')
            if record.status not in (Status.FAILED, Status.CANCELLED)
            and name in (record.dataset, *record.spec.dataset.added_names)
        ]

    def users_of_weights(self, experiment_id: str) -> list[str]:
        """The queued and running experiments that start with its weights. From disk."""
        return [
            record.id
            for record in self._find(f'"weights_from":"{experiment_id}"')
            if record.spec.model.weights_from == experiment_id and not record.status.is_terminal
        ]

    def _find(self, mark: str) -> Iterator[Record]:
        """The records on disk whose JSON contains `mark`, anywhere."""
        for path in sorted(self.experiments.glob(f"*/{RECORD_FILE}")):
            try:
                if mark.encode() not in path.read_bytes():
                    continue  # as in most records; reading is cheaper than parsing
                yield self.read(path.parent.name)
            except (OSError, NotFound, Damaged):
                continue

    # -- the record on disk, and its view --------------------------------------------------------------------------

    def read(self, experiment_id: str) -> Record:
        """The record on disk. Raises NotFound, Damaged."""
        try:
            data = (self.folder(experiment_id) / RECORD_FILE).read_bytes()
        except FileNotFoundError as error:
            if self.folder(experiment_id).is_dir():
                raise Damaged(f"{RECORD_FILE} of {experiment_id} is missing") from error
            raise NotFound(f"experiment {experiment_id} not found") from error
        try:
            return Record.model_validate_json(data)
        except ValidationError as error:
            raise Damaged(f"{RECORD_FILE} of {experiment_id} does not parse ({len(data)} bytes)") from error

    def read_or_damaged(self, experiment_id: str) -> Record:
        """The record on disk; in place of a damaged one, a failed one that says what is damaged. Raises NotFound."""
        try:
            return self.read(experiment_id)
        except Damaged as error:
            created_at = ULID.from_str(experiment_id).datetime
            return Record(
                id=experiment_id,
                # Above any version in the view, so that the damage is shown.
                version=2**31,
                status=Status.FAILED,
                name=f"damaged {experiment_id}",
                dataset="unknown",
                spec=StoredSpec({}),
                created_at=created_at,
                ended_at=created_at,
                error=Failure(type="damaged", message=str(error)),
                damaged=(RECORD_FILE,),
            )

    def attempt_folder(self, record: Record) -> Path:
        """For the checkpoints and the staged result of the record's current attempt."""
        return self.folder(record.id) / ATTEMPTS / str(record.attempts)

    def clear_temporaries(self, experiment_id: str) -> None:
        """Remove temporary files of killed attempts. Only under the lock, when a run ends or is requeued: a zombie
        trainer that still writes fails at its next checkpoint."""
        folder = self.folder(experiment_id)
        for each in (folder, *(folder / ATTEMPTS).glob("*")):
            remove_stale_temporaries(each, older_than=0)

    @contextmanager
    def lock(self, experiment_id: str, seconds: float = 2.0) -> Iterator[Record]:
        """Hold the experiment's lock; yields its record. Raises NotFound, Damaged, Busy after `seconds`."""
        with lock_folder(self.folder(experiment_id), seconds):
            yield self.read(experiment_id)

    def write(self, record: Record) -> Record:
        """Write a changed record and update its view. Only under the experiment's lock."""
        write_atomic(self.folder(record.id) / RECORD_FILE, record.model_dump_json().encode())
        self.show(record)
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
