"""The store of uploaded datasets: records and images on disk."""

import logging
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from ulid import ULID

from models_store.corrections.collected_test import CollectedTest
from models_store.datasets.folders import LOCKS, RECORD_FILE, DatasetFolders, not_found
from models_store.datasets.images import StoredImages
from models_store.datasets.receiving import is_being_received, receive_archive
from models_store.datasets.record import DatasetRecord, DatasetStatus, UploadOptions
from models_store.errors import Damaged, InvalidState, Newer, NotFound, list_names
from models_store.events import DatasetChange, EventLog, EventsLost
from models_store.files import (
    create_record_folder,
    publish_directory,
    remove_directory,
    remove_stale_temporaries,
    storage_errors,
    write_atomic,
    write_synced,
)
from models_store.holdout.holdout import Holdout
from models_store.jobs.queue import CONVERSION, Queue
from specs.dataset import DATASETS, NAME_PATTERN
from specs.problem import quantity

Users = Callable[[str], list[str]]

log = logging.getLogger(__name__)


class DatasetStore(DatasetFolders):
    """Datasets on disk under `root`/datasets, each in a folder of its name.

    Every change of a record is made under the lock of its name, which is not in its folder, so that deleting,
    uploading again and posting an experiment on it come one after the other. Safe for any number of threads, processes
    and machines that share `root`.
    """

    def __init__(self, root: Path, events: EventLog, queue: Queue, holdout: Holdout) -> None:
        super().__init__(root)
        self._events = events
        self._queue = queue
        self._holdout = holdout

    def prepare(self) -> None:
        """Make the folders. Raises OSError if the store is not writable."""
        (self.datasets / LOCKS).mkdir(parents=True, exist_ok=True)

    # -- called by the API -----------------------------------------------------------------------------------------

    def reject_existing(self, name: str) -> None:
        """Raises InvalidState if a dataset `name` exists, be it private to others: a name is given once."""
        if name in DATASETS:
            raise InvalidState(f"{name} is the name of a built-in dataset; choose another name")
        self.folder(name)
        if (self.datasets / name).exists():
            raise InvalidState(
                f"dataset {name} exists already; delete it first (DELETE /datasets/{name}) or choose another name"
            )

    @contextmanager
    def receive_archive(self) -> Iterator[BinaryIO]:
        """A file for an archive that is being uploaded, for `add`; removed when the block ends.

        Raises StorageFull, also for writes within the block.
        """
        with receive_archive(self.datasets) as archive:
            yield archive

    def add(
        self,
        name: str,
        archive: BinaryIO,
        options: UploadOptions | None = None,
        owner: str | None = None,
        private: bool = False,
    ) -> DatasetRecord:
        """Add the archive from `receive_archive`, to be read by `options`: write the record, send the message.

        After it returns, the dataset is on disk and will be converted, even after a crash. Raises InvalidState if
        the name exists, or StorageFull with nothing written.
        """
        staged = Path(archive.name).parent
        with storage_errors("the archive"):
            archive.flush()
        options = options or UploadOptions()
        record = DatasetRecord(
            id=str(ULID()), name=name, owner=owner, private=private, archive_bytes=archive.tell(), options=options
        )
        with self.lock(name):
            self.reject_existing(name)
            self._holdout.forget(name)
            with storage_errors(f"dataset {name}"):
                write_synced(staged / RECORD_FILE, record.model_dump_json().encode())
            if not publish_directory(staged, self.folder(name)):
                self.reject_existing(name)
        self._announce(record)
        self._queue.enqueue(CONVERSION, name)
        return record

    def create_folder(self, record: DatasetRecord) -> None:
        """Make the folder of a dataset that is collected, not uploaded. Only under the lock of its name. Raises
        InvalidState if the name exists, StorageFull."""
        self.reject_existing(record.name)
        self._holdout.forget(record.name)
        data = record.model_dump_json().encode()
        create_record_folder(self.folder(record.name), RECORD_FILE, data, f"dataset {record.name}")
        self._announce(record)

    def reject_unready(self, name: str) -> None:
        """Raises InvalidState for an uploaded dataset that has failed or is not ready yet; ignores unknown names."""
        if name in DATASETS or not re.fullmatch(NAME_PATTERN, name) or not self.folder(name).exists():
            return
        record = self.get(name)
        if record.status is DatasetStatus.FAILED:
            raise InvalidState(f"dataset {name} failed: {record.error}; delete it and upload it again")
        if record.status is not DatasetStatus.READY:
            raise InvalidState(f"dataset {name} is {record.status}; wait until GET /datasets/{name} says ready")

    @contextmanager
    def keep(self, *names: str) -> Iterator[None]:
        """Keep datasets from being deleted, and their test splits from being sealed, within the block. Raises
        InvalidState if one was deleted; built-in ones are always available."""
        with ExitStack() as held:
            for name in sorted(set(names)):  # in one order, so that no two wait for each other
                held.enter_context(self.lock(name, shared=True))
                if name not in DATASETS and name not in self.facts():
                    raise InvalidState(f"dataset {name} was deleted meanwhile; upload it again")
            yield

    def delete(self, name: str, users: Users) -> None:
        """Remove it, with one rename; a running conversion ends. Raises InvalidState for a built-in dataset, for one
        whose test split is sealed, and for one that experiments still need: `users` returns their names."""
        if name in DATASETS:
            raise InvalidState(f"{name} is built in and cannot be deleted")
        folder = self.folder(name)
        # Also before locking, which would make a lock for it.
        if not folder.exists():
            raise not_found(name)
        with self.lock(name):
            if not folder.exists():
                raise not_found(name)
            if (record := self.get(name)).status is DatasetStatus.NEWER:
                raise Newer(f"dataset {name} is not deleted: {record.error}")
            self._holdout.hidden.check_unsealed(name)
            if needed := users(name):
                raise InvalidState(
                    f"dataset {name} is used by {quantity(len(needed), 'experiment')} that are queued, "
                    f"running or succeeded: {list_names(needed)}; delete them first"
                )
            private_to = self.privacy(name).private_to
            remove_directory(folder)
        self._events.add("dataset", DatasetChange(name=name, status="deleted"), private_to=private_to)

    def hide_test(self, name: str) -> None:
        """Withhold the results on its test split until `reveal_test`. Raises NotFound, Busy, StorageFull, Damaged."""
        with self._existing(name):
            if self._holdout.hidden.hide(name):
                self._events.add("reset", EventsLost())

    def seal_test(self, name: str, until: datetime, users_of_test: Users) -> None:
        """Withhold its test split, samples included, at least until then. Raises InvalidState if it is private, if
        samples of it are among its corrections, or networks trained or validated on some, whose names `users_of_test`
        returns; NotFound, Busy, StorageFull, Damaged."""
        with self._existing(name), self.lock_collected(name):
            if self.privacy(name).private:
                raise InvalidState(
                    f"dataset {name} is private, so that no student sees it; PATCH "
                    f'{{"private": false}} to /datasets/{name} first'
                )
            if users := users_of_test(name):
                raise InvalidState(
                    f"the test split of {name} cannot be sealed: {quantity(len(users), 'experiment')} trained or "
                    f"validated on samples of it: {list_names(users)}; delete them, which a teacher may do for "
                    "students and an admin for all, or upload it under another name"
                )
            collected = CollectedTest.of(self, name)
            if collected.samples:
                raise InvalidState(
                    f"the test split of {name} cannot be sealed: {collected.name} has "
                    f"{quantity(collected.samples, 'corrected sample')} of it, which everybody sees; DELETE "
                    f"/datasets/{collected.name}, once the experiments on it are deleted"
                )
            self._holdout.hidden.seal(name, until)
            self._events.add("reset", EventsLost())

    def is_sealed(self, name: str) -> bool:
        """Whether the samples of its test split are withheld."""
        return self._holdout.hidden.is_sealed(name)

    def reveal_test(self, name: str) -> None:
        """Raises InvalidState if nothing is hidden, or it is sealed; NotFound, Busy, StorageFull, Damaged."""
        with self._existing(name):
            self._holdout.hidden.reveal(name)
            self._events.add("reset", EventsLost())

    @contextmanager
    def _existing(self, name: str) -> Iterator[None]:
        """Hold the lock of a dataset, which may be built in. Raises NotFound."""
        if name not in DATASETS and not self.folder(name).exists():
            raise not_found(name)
        with self.lock(name):
            if name not in DATASETS and not self.folder(name).exists():
                raise not_found(name)
            yield

    def images(self, name: str) -> StoredImages:
        """The images of a dataset that is ready. Raises InvalidState if it is not, NotFound, Damaged, Busy."""
        record = self.get(name)
        if record.status is not DatasetStatus.READY:
            raise InvalidState(f"dataset {name} is {record.status} and has no images to show")
        try:
            return StoredImages(self.folder(name))
        except (Damaged, NotFound):
            if record.collected_from is None:
                raise
        # Corrections are being added: its images are replaced under this lock.
        with self.lock(name):
            return StoredImages(self.folder(name))

    # -- the record on disk ----------------------------------------------------------------------------------------

    def write(self, record: DatasetRecord) -> DatasetRecord:
        """Write a changed record. Only while its name is held."""
        write_atomic(self.folder(record.name) / RECORD_FILE, record.model_dump_json().encode())
        self._announce(record)
        return record

    def _announce(self, record: DatasetRecord) -> None:
        change = DatasetChange.model_validate(record, from_attributes=True)
        self._events.add("dataset", change, private_to=record.privacy.private_to)

    def announce_reset(self) -> None:
        """Others see other datasets now."""
        self._events.add("reset", EventsLost())

    def clear_abandoned(self) -> None:
        """Remove leftovers of killed uploads and deletions, and locks that are none of a dataset."""
        self.remove_unused_locks()
        remove_stale_temporaries(self.datasets, is_used=is_being_received)
