"""The records of datasets on disk, a folder each."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from pydantic import ValidationError

from models_store.datasets.record import DatasetRecord, DatasetStatus
from models_store.errors import Damaged, Newer, NotFound
from models_store.file_cache import FileCache
from models_store.named_locks import lock_name, remove_unused
from models_store.visibility import PUBLIC, Privacy, RecordFiles, sees_everything
from specs.dataset import CORRECTIONS_SUFFIX, DATASETS, NAME_PATTERN, Dataset

RECORD_FILE = "dataset.json"
LOCKS = ".locks"


class DatasetFolders:
    """The folders of datasets under `root`/datasets, by name."""

    def __init__(self, root: Path) -> None:
        self.datasets = root / "datasets"
        self._cache = FileCache[DatasetRecord]()
        self._files = RecordFiles()

    def folder(self, name: str) -> Path:
        """The dataset's folder, which need not exist, and does not for those to whom it is private. Raises NotFound if
        the name is malformed."""
        if not re.fullmatch(NAME_PATTERN, name):
            raise not_found(name)
        return self._files.folder(self.datasets / name / RECORD_FILE)

    def privacy(self, name: str) -> Privacy:
        """On disk; of one that does not exist, that of what is not private."""
        if not re.fullmatch(NAME_PATTERN, name):
            return PUBLIC
        return self._files.privacy(self.datasets / name / RECORD_FILE)

    def names(self) -> list[str]:
        """Of all uploaded and collected datasets, sorted."""
        names = (path.name for path in self.datasets.iterdir() if not path.name.startswith("."))
        return sorted(name for name in names if sees_everything() or self.privacy(name).is_shown)

    def get(self, name: str) -> DatasetRecord:
        """The record; in place of a damaged or newer one, one that says so. Raises NotFound."""
        try:
            return self._read_cached(name)
        except Damaged as error:
            # Nobody knows whose it is.
            private, owner = self.privacy(name) if isinstance(error, Newer) else (True, None)
            status = DatasetStatus.NEWER if isinstance(error, Newer) else DatasetStatus.FAILED
            return DatasetRecord(id="", name=name, status=status, error=str(error), private=private, owner=owner)

    def records(self) -> list[DatasetRecord]:
        found = []
        for name in self.names():
            try:
                found.append(self.get(name))
            except NotFound:
                continue
        return found

    def facts(self) -> dict[str, Dataset]:
        """The datasets that are ready for training, by name. Cheap: one stat per dataset."""
        return {
            record.name: record.contents.facts(record.name)
            for record in self.records()
            if record.status is DatasetStatus.READY and record.contents
        }

    def known(self) -> dict[str, Dataset]:
        """The same with those that come with the service: all that specs can name."""
        return {**DATASETS, **self.facts()}

    def read(self, name: str) -> DatasetRecord:
        """The record on disk. Raises NotFound, Damaged."""
        folder = self.folder(name)
        try:
            data = (folder / RECORD_FILE).read_bytes()
        except FileNotFoundError as error:
            if folder.is_dir():
                raise Damaged(f"{RECORD_FILE} of dataset {name} is missing; delete it and upload it again") from error
            raise not_found(name) from error
        try:
            return DatasetRecord.model_validate_json(data)
        except ValidationError as error:
            raise Damaged(f"{RECORD_FILE} of dataset {name} does not parse; delete it and upload it again") from error

    def _read_cached(self, name: str) -> DatasetRecord:
        """As `read`, and again only if the file has changed."""
        return self._cache.get(self.folder(name) / RECORD_FILE, partial(self.read, name))

    @contextmanager
    def lock(self, name: str, seconds: float = 2.0, *, shared: bool = False) -> Iterator[None]:
        """Hold the lock of a name, whether or not there is a dataset of that name; those that hold it `shared` hold it
        together. Raises Busy after `seconds`, StorageFull."""
        folder = self.datasets / LOCKS / self.folder(name).name
        with lock_name(folder, f"dataset {name}", partial(self._is_known, name), seconds, shared=shared):
            yield

    def remove_unused_locks(self) -> None:
        """Of names without a dataset, which killed processes and earlier releases have left."""
        for path in (self.datasets / LOCKS).iterdir():
            remove_unused(path, partial(self._is_known, path.name))

    def _is_known(self, name: str) -> bool:
        """Whether there is a dataset of that name, be it private to others."""
        return name in DATASETS or (self.datasets / name).exists()

    @contextmanager
    def lock_collected(self, name: str) -> Iterator[DatasetRecord | None]:
        """Hold the lock of what is collected for dataset `name`, after its own; yields the record, None if there is
        none. Raises Damaged, Busy, StorageFull."""
        collected = name + CORRECTIONS_SUFFIX
        if not re.fullmatch(NAME_PATTERN, collected):
            yield None
            return
        with self.lock(collected):
            yield self.read(collected) if self.folder(collected).exists() else None


def not_found(name: str) -> NotFound:
    return NotFound(f"dataset {name[:50]!r} not found; GET /datasets lists all")
