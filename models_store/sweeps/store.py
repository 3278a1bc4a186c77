"""The store of sweeps."""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from ulid import ULID

from models_store.errors import Damaged, InvalidState, NotFound
from models_store.events import EventLog, EventsLost, SweepChange
from models_store.experiments.idempotency import IDEMPOTENCY, IdempotencyKeys
from models_store.file_cache import FileCache
from models_store.files import (
    create_record_folder,
    lock_folder,
    remove_directory,
    remove_stale_temporaries,
    storage_errors,
    write_atomic,
)
from models_store.ids import describe_id_mistake, is_experiment_id
from models_store.jobs.queue import SWEEP, Queue
from models_store.sweeps.record import PriorTrial, SweepRecord
from models_store.sweeps.stored_spec import StoredSweepSpec
from models_store.visibility import RecordFiles
from models_store.webhooks.notices import sweep_notice
from models_store.webhooks.store import WebhookStore
from specs.sweep import SweepSpec

SWEEPS = "sweeps"
RECORD_FILE = "sweep.json"

log = logging.getLogger(__name__)


class SweepStore:
    """Sweeps on disk, each in the folder `sweeps/<id>` under `root`.

    Every change of a record is made under the folder's lock. Safe for any number of threads, processes and machines
    that share `root`.
    """

    def __init__(self, root: Path, events: EventLog, queue: Queue) -> None:
        self.sweeps = root / SWEEPS
        self._events = events
        self._queue = queue
        self._cache = FileCache[SweepRecord]()
        self._files = RecordFiles()
        self._idempotency = IdempotencyKeys(root / IDEMPOTENCY)
        self._outbox = WebhookStore(root).outbox

    def prepare(self) -> None:
        """Make the folder. Raises OSError if the store is not writable."""
        self.sweeps.mkdir(parents=True, exist_ok=True)

    def folder(self, sweep_id: str) -> Path:
        """The sweep's folder, which need not exist, and does not for those to whom it is private. Raises NotFound if
        the id is malformed."""
        if not is_experiment_id(sweep_id):
            raise NotFound(f"sweep {sweep_id[:50]!r} not found: {describe_id_mistake(sweep_id)}")
        return self._files.folder(self.sweeps / sweep_id / RECORD_FILE)

    # -- called by the API -----------------------------------------------------------------------------------------

    def create(
        self,
        spec: SweepSpec,
        checked: int = 0,
        infeasible: int = 0,
        prior: tuple[PriorTrial, ...] = (),
        idempotency_key: str | None = None,
        body: bytes = b"",
        owner: str | None = None,
        private: bool = False,
    ) -> SweepRecord:
        """Write the record and send the message that has a worker suggest its first trials. The same key and body
        return the same sweep. Raises IdempotencyMismatch, StorageFull."""
        record = SweepRecord(
            id=str(ULID()),
            owner=owner,
            private=private,
            name=spec.name,
            spec=StoredSweepSpec.of(spec),
            method=spec.resolved_method,
            prior=prior,
            checked=checked,
            infeasible=infeasible,
        )
        if idempotency_key is not None:
            with storage_errors("the idempotency key"):
                reserved = self._idempotency.reserve(idempotency_key, b"sweep " + body, record.id, owner)
            record = record.model_copy(update={"id": reserved})
        data = record.model_dump_json().encode()
        create_record_folder(self.folder(record.id), RECORD_FILE, data, f"sweep {record.id}")
        record = self.read(record.id)
        self._announce(record)
        self.wake(record.id)
        return record

    def delete(self, sweep_id: str) -> None:
        """Remove the record of a sweep that has ended; its trials stay. Raises NotFound, Damaged, Busy or
        InvalidState."""
        with self.lock(sweep_id) as record:
            if not record.has_ended:
                raise InvalidState(f"sweep {sweep_id} is {record.status}; cancel it first")
            remove_directory(self.folder(sweep_id))

    def records(self) -> list[SweepRecord]:
        """All that are sound, newest first."""
        found = []
        for path in sorted(self.sweeps.glob("[!.]*"), reverse=True):
            try:
                found.append(self.get(path.name))
            except NotFound:
                continue  # deleted meanwhile, or private
            except Damaged as error:
                log.warning("a sweep is left out: %s", error)
        return found

    def get(self, sweep_id: str) -> SweepRecord:
        """As `read`, and again only if the file has changed."""
        return self._cache.get(self.folder(sweep_id) / RECORD_FILE, partial(self.read, sweep_id))

    def edit(self, sweep_id: str, changes: Mapping[str, Any], private: bool | None = None) -> SweepRecord:
        """Change `trials`, `minutes`, `parallel`, `priority` or `paused`, as `SweepRecord.edit`, and whether it is
        private, as trials that are created later are: all of it or nothing. Raises NotFound, Damaged, Busy,
        InvalidState, StorageFull."""
        with self.lock(sweep_id) as record:
            changed = record.edit(dict(changes)) if changes else record
            if private not in (None, record.private):
                changed = changed.replace(private=private)
            if changed is not record:
                self.write(changed)
        if changed.private != record.private:
            # Who may see it no longer is to forget it, also without trials.
            self._events.add("reset", EventsLost())
        if changes:
            self.wake(sweep_id)
        return changed

    def cancel(self, sweep_id: str) -> SweepRecord:
        """Have a worker cancel the sweep and its trials. Raises InvalidState if it has ended."""
        with self.lock(sweep_id) as record:
            changed = self.write(record.cancel())
        self.wake(sweep_id)
        return changed

    def wake(self, sweep_id: str) -> None:
        """Send the message that has a worker look at the sweep; the reconciler sends it again if it gets lost."""
        self._queue.enqueue(SWEEP, sweep_id)

    # -- the record on disk ----------------------------------------------------------------------------------------

    def read(self, sweep_id: str) -> SweepRecord:
        """The record on disk. Raises NotFound, Damaged."""
        folder = self.folder(sweep_id)
        try:
            data = (folder / RECORD_FILE).read_bytes()
        except FileNotFoundError as error:
            if folder.is_dir():
                raise Damaged(f"{RECORD_FILE} of sweep {sweep_id} is missing") from error
            raise NotFound(f"sweep {sweep_id} not found; GET /sweeps lists all") from error
        try:
            return SweepRecord.model_validate_json(data)
        except ValidationError as error:
            raise Damaged(f"{RECORD_FILE} of sweep {sweep_id} does not parse ({len(data)} bytes)") from error

    @contextmanager
    def lock(self, sweep_id: str, seconds: float = 2.0) -> Iterator[SweepRecord]:
        """Hold the sweep's lock; yields its record. Raises NotFound, Damaged, Busy after `seconds`."""
        with lock_folder(self.folder(sweep_id), seconds):
            yield self.read(sweep_id)

    def write(self, record: SweepRecord) -> SweepRecord:
        """Write a changed record. Only under the sweep's lock. Raises StorageFull."""
        with self._outbox.announcing(lambda: sweep_notice(self.read(record.id), record)):
            write_atomic(self.folder(record.id) / RECORD_FILE, record.model_dump_json().encode())
        self._announce(record)
        return record

    def _announce(self, record: SweepRecord) -> None:
        best = record.best
        self._events.add(
            "sweep",
            SweepChange(
                sweep_id=record.id,
                version=record.version,
                name=record.name,
                status=record.status.value,
                trials=len(record.trials),
                open_trials=len(record.open_trials),
                tried=record.tried,
                planned=record.planned,
                best_trial=best.number if best else None,
                best_value=best.value if best else None,
            ),
            private_to=record.privacy.private_to,
        )

    def clear_temporaries(self, sweep_id: str) -> None:
        """Remove files that killed writers left behind. Only under the lock."""
        remove_stale_temporaries(self.folder(sweep_id), older_than=0)
