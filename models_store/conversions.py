"""The right to convert one data set: held by one worker, freed by the kernel when it dies."""

import logging
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from models_store.dataset_record import Contents, DatasetRecord, DatasetStatus, FilesDone
from models_store.datasets import ARCHIVE_FILE, DatasetStore
from models_store.errors import Busy, ClaimLost, Damaged, NotFound
from models_store.files import locked, publish_directory, remove_directory, remove_stale_temporaries, room_needed
from models_store.pictures import PICTURES

_PATIENCE_SECONDS = 30.0
_TAKING_SECONDS = 1.0

log = logging.getLogger(__name__)


class Conversion:
    """One attempt. Methods raise ClaimLost once the data set was deleted or another attempt has begun."""

    def __init__(self, store: DatasetStore, record: DatasetRecord, max_attempts: int) -> None:
        self._store = store
        self._max_attempts = max_attempts
        self.record = record

    @classmethod
    @contextmanager
    def taken(cls, store: DatasetStore, name: str, max_attempts: int) -> "Iterator[Conversion | None]":
        """Take what waits, or what a dead worker left, for the time of the block; None if there is nothing to do."""
        with ExitStack() as held:
            conversion = None
            try:
                held.enter_context(locked(store.folder(name), _TAKING_SECONDS))
                conversion = cls._begun(store, name, max_attempts)
            except (NotFound, Busy) as error:
                log.info("nothing to convert: %s", error)
            yield conversion

    @classmethod
    def _begun(cls, store: DatasetStore, name: str, max_attempts: int) -> "Conversion | None":
        with store.held(name, _PATIENCE_SECONDS):
            try:
                record = store.read(name)
            except (NotFound, Damaged) as error:
                log.warning("a wake-up for a data set that cannot be converted: %s", error)
                return None
            if record.status not in (DatasetStatus.QUEUED, DatasetStatus.CONVERTING):
                return None
            if record.attempts >= max_attempts:
                store.write(record.failed(f"{max_attempts} conversions were begun, and none came to an end"))
                (store.folder(name) / ARCHIVE_FILE).unlink(missing_ok=True)
                return None
            conversion = cls(store, store.write(record.claimed()), max_attempts)
            remove_stale_temporaries(conversion.folder, older_than=0)
            with room_needed(f"data set {name}"):
                conversion.staged.mkdir()
            return conversion

    @property
    def folder(self) -> Path:
        return self._store.folder(self.record.name)

    @property
    def archive(self) -> Path:
        return self.folder / ARCHIVE_FILE

    @property
    def staged(self) -> Path:
        """Where this attempt writes; no other does."""
        return self.folder / f".{PICTURES}.{self.record.attempts}.tmp"

    def check(self) -> None:
        """Raise ClaimLost if there is nothing to convert any more."""
        try:
            current = self._store.read(self.record.name)
        except (NotFound, Damaged) as error:
            raise ClaimLost(str(error)) from error
        if (current.id, current.attempts) != (self.record.id, self.record.attempts):
            raise ClaimLost(f"data set {self.record.name} is no longer this worker's")

    def show(self, progress: FilesDone) -> None:
        self._write(self.record.changed(progress=progress))

    def finish(self, contents: Contents) -> DatasetRecord:
        """Publish what was staged with one rename, then the record; then the archive is no longer needed."""
        with self._held():
            published = self.folder / PICTURES
            if published.exists():
                remove_directory(published)
            publish_directory(self.staged, published)
            self.record = self._store.write(self.record.converted(contents))
            self.archive.unlink(missing_ok=True)
        return self.record

    def fail(self, reason: str) -> DatasetRecord:
        """For good: the same would happen again."""
        self._write(self.record.failed(reason))
        self._clear()
        self.archive.unlink(missing_ok=True)
        return self.record

    def retry(self, reason: str) -> DatasetRecord:
        """Back to the queue, or failed once all attempts are spent."""
        if self.record.attempts >= self._max_attempts:
            return self.fail(f"{reason} (attempt {self.record.attempts} of {self._max_attempts})")
        return self._requeue(self.record.changed(error=reason))

    def give_back(self) -> DatasetRecord:
        """The worker shuts down; the attempt does not count."""
        return self._requeue(self.record.changed(attempts=self.record.attempts - 1))

    def _requeue(self, record: DatasetRecord) -> DatasetRecord:
        # In this order: what is written tells whether this is still the one to clear away.
        self._write(record.changed(status=DatasetStatus.QUEUED, progress=None))
        self._clear()
        self._store.wake(record.name)
        return self.record

    def _clear(self) -> None:
        remove_stale_temporaries(self.folder, older_than=0)

    def _write(self, record: DatasetRecord) -> None:
        with self._held():
            self.record = self._store.write(record)

    @contextmanager
    def _held(self) -> Iterator[None]:
        with self._store.held(self.record.name, _PATIENCE_SECONDS):
            self.check()
            yield


def is_abandoned(store: DatasetStore, name: str) -> bool:
    """Whether nobody converts it: its lock is free."""
    try:
        with locked(store.folder(name), 0):
            return True
    except (Busy, NotFound):
        return False


def reconcile(store: DatasetStore) -> Iterator[DatasetRecord]:
    """The data sets that a worker should be waked for: queued, or left by a worker that died."""
    for record in store.records():
        left = record.status is DatasetStatus.CONVERTING and is_abandoned(store, record.name)
        if left or record.status is DatasetStatus.QUEUED:
            yield record
        elif record.status is DatasetStatus.READY:
            (store.folder(record.name) / ARCHIVE_FILE).unlink(missing_ok=True)
