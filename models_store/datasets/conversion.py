"""One worker's attempt to convert one dataset."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path

from models_store.datasets.images import IMAGES
from models_store.datasets.record import Contents, DatasetRecord, DatasetStatus, FilesDone
from models_store.datasets.store import ARCHIVE_FILE, DatasetStore
from models_store.jobs.attempt import PATIENCE_SECONDS, Attempt, is_abandoned


class Conversion(Attempt[DatasetRecord]):
    jobs = "conversions"
    result = IMAGES

    def __init__(self, store: DatasetStore, name: str, max_attempts: int) -> None:
        super().__init__(max_attempts)
        self._store = store
        self._name = name

    @property
    def folder(self) -> Path:
        return self._store.folder(self._name)

    @property
    def archive(self) -> Path:
        return self.folder / ARCHIVE_FILE

    def show(self, progress: FilesDone) -> None:
        self._write(self.record.changed(progress=progress))

    def finish(self, contents: Contents) -> DatasetRecord:
        """Publish what was staged; then the archive is no longer needed."""
        return self._publish(self.record.converted(contents))

    def _changing(self) -> AbstractContextManager[None]:
        return self._store.held(self._name, PATIENCE_SECONDS)

    def _read(self) -> DatasetRecord:
        return self._store.read(self._name)

    def _put(self, record: DatasetRecord) -> DatasetRecord:
        return self._store.write(record)

    def _wake(self) -> None:
        self._store.wake(self._name)

    def _tidy(self) -> None:
        self.archive.unlink(missing_ok=True)


def reconcile(store: DatasetStore) -> Iterator[DatasetRecord]:
    """The datasets that a worker should be waked for: queued, or left by a worker that died."""
    for record in store.records():
        left = record.status is DatasetStatus.CONVERTING and is_abandoned(store.folder(record.name))
        if left or record.status is DatasetStatus.QUEUED:
            yield record
        elif record.status is DatasetStatus.READY:
            (store.folder(record.name) / ARCHIVE_FILE).unlink(missing_ok=True)
