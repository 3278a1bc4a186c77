"""Right answers to predictions, collected into a dataset that can be trained on.

A dataset of corrections is like one that was uploaded, with two more things in its folder: `labelled/`, a file for
each `Correction`, of which all else is made; and `pending`, which is there while some of them are not among the
images yet.
"""

import logging
import re
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ulid import ULID

from models_store.corrections.collection import collect
from models_store.corrections.correction import Correction, correction_ids, write_correction
from models_store.datasets.images import CACHE, IMAGES
from models_store.datasets.record import Contents, DatasetRecord, DatasetStatus
from models_store.datasets.store import DatasetStore
from models_store.errors import Busy, Damaged, InvalidState, NotFound
from models_store.experiments.record import Failure
from models_store.experiments.store import ExperimentStore
from models_store.files import (
    PATIENCE_SECONDS,
    lock_folder,
    publish_directory,
    remove_directory,
    remove_stale_temporaries,
    storage_errors,
    temporary_name,
    write_atomic,
)
from models_store.versions import find_file
from specs.dataset import CORRECTIONS_SUFFIX, DATASETS, NAME_PATTERN, Dataset

MAX_CORRECTIONS = 10_000
_PENDING = "pending"
_UNREADABLE = Failure(type="damaged", message="none of its corrections can be read; delete it")
# Of the time of this process, at most a tenth goes into putting them together; an experiment that is in the way is
# looked for from time to time.
_REST = 10
_IN_THE_WAY_SECONDS = 10.0

log = logging.getLogger(__name__)


class Corrections:
    """The dataset `<name>-corrections` of each dataset that answers have been told to.

    An answer is on disk before `add` returns. `collect` makes images of them, beside the requests, and never while
    an experiment on the dataset waits or runs: all its attempts see the same images. Safe for any number of
    threads, processes and machines that share the store.
    """

    def __init__(self, datasets: DatasetStore, experiments: ExperimentStore) -> None:
        self._datasets = datasets
        self._experiments = experiments
        self._rest_until: dict[str, float] = {}

    def add(self, correction: Correction, source: Dataset) -> DatasetRecord:
        """Take an answer to a prediction of a model of `source`, in place of an earlier one to the same prediction;
        the record of the dataset that it goes to. Raises InvalidState where that cannot take it, Busy, StorageFull."""
        name = self.name_for(source)
        with self._datasets.lock(name):
            folder = self._datasets.folder(name)
            if not folder.exists():
                self._datasets.begin(_begun(name, source))
            record = self._datasets.read(name)
            self._reject_misfit(record, source)
            ids = correction_ids(folder)
            if len(ids) >= MAX_CORRECTIONS and correction.prediction_id not in ids:
                raise InvalidState(
                    f"dataset {name} has {len(ids):,} corrections, and no more are taken; train on it, then delete it"
                )
            # In this order: a mark without an answer costs a look, an answer without a mark would not be seen.
            write_atomic(folder / _PENDING, secrets.token_bytes(8))
            write_correction(folder, correction)
            return record

    def name_for(self, source: Dataset) -> str:
        """Where the corrections of `source` go: those of a dataset of corrections, to itself. Raises InvalidState."""
        if source.name not in DATASETS and self._datasets.get(source.name).collected_from is not None:
            return source.name
        name = source.name + CORRECTIONS_SUFFIX
        if not re.fullmatch(NAME_PATTERN, name):
            raise InvalidState(
                f"{name} is too long for the name of a dataset: no corrections of {source.name} are kept"
            )
        return name

    def _reject_misfit(self, record: DatasetRecord, source: Dataset) -> None:
        if record.collected_from is None:
            raise InvalidState(
                f"{record.name}, where corrections of {source.name} go, was uploaded; delete it, or upload it under "
                "another name"
            )
        if record.contents is None or record.contents.classes != source.classes:
            raise InvalidState(
                f"{record.name} was collected while {source.name} had other classes; delete it, and begin anew"
            )

    def collect(self) -> None:
        """Put together what has been told since the last time."""
        for record in self._datasets.records():
            name = record.name
            if record.collected_from is None or time.monotonic() < self._rest_until.get(name, 0.0):
                continue
            if (self._datasets.folder(name) / _PENDING).exists():
                began = time.monotonic()
                in_the_way = not self._collected(name)
                took = time.monotonic() - began
                self._rest_until[name] = began + took + (_IN_THE_WAY_SECONDS if in_the_way else _REST * took)

    def _collected(self, name: str) -> bool:
        """False if it has to wait: for an experiment, or for another process that does it."""
        folder = self._datasets.folder(name)
        try:
            with lock_folder(folder, 0):
                if not (folder / _PENDING).exists():
                    return True
                if self._training_on(name):
                    return False
                remove_stale_temporaries(folder, older_than=0)
                with _staged(folder / IMAGES) as staged, storage_errors(f"the images of {name}"):
                    return self._collect(name, folder, staged)
        except (Busy, NotFound, Damaged, FileNotFoundError) as error:
            log.info("%s is not put together now: %s", name, error)
            return False

    def _collect(self, name: str, folder: Path, staged: Path) -> bool:
        with self._datasets.lock(name, PATIENCE_SECONDS):
            pending, ids = (folder / _PENDING).read_bytes(), correction_ids(folder)
            classes = _contents_of(self._datasets.read(name)).classes
        contents = collect(folder, staged, ids, classes)
        with self._datasets.lock(name, PATIENCE_SECONDS):
            if self._training_on(name):
                return False
            record = self._datasets.read(name)
            if contents is None:
                self._datasets.write(record.failed(_UNREADABLE))
            else:
                _replace(folder, staged)
                self._datasets.write(record.converted(contents))
            if (folder / _PENDING).read_bytes() == pending:
                (folder / _PENDING).unlink()
        log.info("%s has %d corrections", name, len(ids))
        return True

    def _training_on(self, name: str) -> bool:
        """From disk, whatever Redis knows; while the name is held nobody posts another one."""
        using = self._experiments.using_dataset(name)
        return any(not self._experiments.read(each).status.is_terminal for each in using)


def _begun(name: str, source: Dataset) -> DatasetRecord:
    """Its classes are those of `source` and stay so, whichever have images: an index means the same in both."""
    none = (0,) * len(source.classes)
    contents = Contents(
        classes=source.classes, counts={"train": none, "test": none}, image_shape=None, sizes=(), sizes_found=0
    )
    return DatasetRecord(
        id=str(ULID()), name=name, status=DatasetStatus.COLLECTING, collected_from=source.name, contents=contents
    )


def _contents_of(record: DatasetRecord) -> Contents:
    if record.contents is None:
        raise Damaged(f"the record of dataset {record.name} has lost its classes; delete it")
    return record.contents


@contextmanager
def _staged(final: Path) -> Iterator[Path]:
    staged = temporary_name(final)
    staged.mkdir()
    try:
        yield staged
    finally:
        shutil.rmtree(staged, ignore_errors=True)


def _replace(folder: Path, staged: Path) -> None:
    # The cache has the former images, by their number.
    for each in (find_file(folder, IMAGES), folder / CACHE):
        if each.exists():
            remove_directory(each)
    publish_directory(staged, folder / IMAGES)
