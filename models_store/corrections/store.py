"""Corrected predictions, collected into datasets for training.

A dataset of corrections is like an uploaded one, with two more things in its folder: `labelled/`, a file for each
`Correction`, from which everything else is built; and `pending`, which exists while some of them are not among the
images yet.
"""

import logging
import re
import secrets
import shutil
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ulid import ULID

from models_store.corrections.collected_test import of_test
from models_store.corrections.collection import collect
from models_store.corrections.correction import (
    Correction,
    GivenLabel,
    correction_ids,
    read_correction,
    sample_key,
    write_correction,
)
from models_store.datasets.images import CACHE, IMAGES
from models_store.datasets.record import Contents, DatasetRecord, DatasetStatus
from models_store.datasets.store import DatasetStore
from models_store.errors import Busy, Damaged, InvalidState, NotFound
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
from models_store.jobs.failure import Failure
from models_store.versions import find_file
from models_store.visibility import Privacy
from specs.dataset import CORRECTIONS_SUFFIX, DATASETS, NAME_PATTERN, Dataset

MAX_CORRECTIONS = 10_000
_PENDING = "pending"
_UNREADABLE = Failure(type="damaged", message="none of its corrections can be read; delete it")
# Collecting takes at most a tenth of this process's time; a blocking experiment is checked from time to time.
_REST = 10
_BLOCKED_SECONDS = 10.0

log = logging.getLogger(__name__)


class Corrections:
    """The datasets `<name>-corrections`.

    A correction is on disk before `add` returns. `collect` adds them to the images in the background, and never while
    an experiment on the dataset is queued or running: all its attempts see the same images. Safe for any number of
    threads, processes and machines that share the store.
    """

    def __init__(self, datasets: DatasetStore, experiments: ExperimentStore) -> None:
        self._datasets = datasets
        self._experiments = experiments
        self._rest_until: dict[str, float] = {}

    def add(self, correction: Correction, source: Dataset) -> DatasetRecord:
        """Add a correction of a model of `source`, in place of an earlier one of the same prediction; returns the
        record of its dataset. Raises InvalidState if that does not accept it, Busy, StorageFull."""
        name = self.name_for(source)
        with self._datasets.lock(name):
            folder = self._datasets.folder(name)
            if not folder.exists():
                self._datasets.create_folder(_new_record(name, source, self._datasets.privacy(source.name)))
            record = self._datasets.read(name)
            self._reject_misfit(record, source)
            self._reject_sealed(record.collected_from or source.name, correction)
            ids = correction_ids(folder)
            if len(ids) >= MAX_CORRECTIONS and correction.prediction_id not in ids:
                raise InvalidState(
                    f"dataset {name} has {len(ids):,} corrections, the limit; train on it, then delete it"
                )
            # In this order: a mark without a correction costs a read, a correction without a mark would be missed.
            write_atomic(folder / _PENDING, secrets.token_bytes(8))
            write_correction(folder, correction)
            return record

    def find(self, source: Dataset, number: int) -> Correction | None:
        """The correction that sample `number` of `source` comes from; None if that is no dataset of corrections. Raises
        NotFound, Damaged."""
        if source.name in DATASETS or self._datasets.get(source.name).collected_from is None:
            return None
        name = self._datasets.images(source.name).names[number]
        try:
            return read_correction(self._datasets.folder(source.name), Path(name).stem)
        except FileNotFoundError as error:
            raise NotFound(f"the correction {name} of {source.name} is missing") from error

    def labels(self, source: Dataset, numbers: Iterable[int]) -> dict[int, GivenLabel]:
        """The labels that samples of `source` were given, by their number there; in a dataset of corrections each has
        one. Raises NotFound, Damaged."""
        try:
            name = self.name_for(source)
        except InvalidState:
            return {}
        names = self._datasets.images(name).names if name == source.name else None
        ids = {each: sample_key(each) if names is None else Path(names[each]).stem for each in numbers}
        folder, labels = self._datasets.folder(name), dict[int, GivenLabel]()
        known = set(correction_ids(folder)) if ids else set()
        for number, each in ids.items():
            with suppress(Damaged, FileNotFoundError):
                if each in known:
                    labels[number] = read_correction(folder, each).given
        return labels

    def name_for(self, source: Dataset) -> str:
        """Of the dataset for corrections of `source`; a dataset of corrections is its own. Raises InvalidState."""
        if source.name not in DATASETS and self._datasets.get(source.name).collected_from is not None:
            return source.name
        name = source.name + CORRECTIONS_SUFFIX
        if not re.fullmatch(NAME_PATTERN, name):
            raise InvalidState(
                f"{name} is too long for the name of a dataset, so corrections of {source.name} cannot be stored"
            )
        return name

    def _reject_misfit(self, record: DatasetRecord, source: Dataset) -> None:
        if record.collected_from is None:
            raise InvalidState(
                f"{record.name}, the dataset for corrections of {source.name}, was uploaded; delete it, or upload it "
                "under another name"
            )
        if record.contents is None or record.contents.classes != source.classes:
            raise InvalidState(
                f"{record.name} was collected while {source.name} had other classes; delete it and start again"
            )

    def _reject_sealed(self, name: str, correction: Correction) -> None:
        """Also one that was found before the seal: sealing waits for the lock, or this does."""
        if self._datasets.is_sealed(name) and of_test(self._datasets, name, [correction.prediction_id]):
            raise InvalidState(f"the test split of dataset {name} is sealed for an assignment: none of it is collected")

    def collect(self) -> None:
        """Add the corrections since the last time to the images."""
        records = self._datasets.records()
        self._rest_until = {each.name: self._rest_until.get(each.name, 0.0) for each in records}
        for record in records:
            name = record.name
            if record.collected_from is None or time.monotonic() < self._rest_until[name]:
                continue
            if (self._datasets.folder(name) / _PENDING).exists():
                began = time.monotonic()
                is_blocked = not self._collect_pending(name)
                took = time.monotonic() - began
                self._rest_until[name] = began + took + (_BLOCKED_SECONDS if is_blocked else _REST * took)

    def _collect_pending(self, name: str) -> bool:
        """False if an experiment, or another process that collects, blocks it."""
        folder = self._datasets.folder(name)
        try:
            with lock_folder(folder, 0):
                if not (folder / _PENDING).exists():
                    return True
                if self._is_in_use(name):
                    return False
                remove_stale_temporaries(folder, older_than=0)
                with _staging_folder(folder / IMAGES) as staged, storage_errors(f"the images of {name}"):
                    return self._collect(name, folder, staged)
        except (Busy, NotFound, Damaged, FileNotFoundError) as error:
            log.info("corrections of %s are not collected now: %s", name, error)
            return False

    def _collect(self, name: str, folder: Path, staged: Path) -> bool:
        with self._datasets.lock(name, PATIENCE_SECONDS):
            pending, ids = (folder / _PENDING).read_bytes(), correction_ids(folder)
            record = self._datasets.read(name)
        contents = collect(folder, staged, ids, _contents_of(record).classes)
        with suppress(NotFound, Damaged):
            tested = len(of_test(self._datasets, record.collected_from or name, ids))
            contents = contents and contents.model_copy(update={"test_samples": tested})
        with self._datasets.lock(name, PATIENCE_SECONDS):
            if self._is_in_use(name):
                return False
            record = self._datasets.read(name)
            if contents is None:
                self._datasets.write(record.fail(_UNREADABLE))
            else:
                _replace(folder, staged)
                self._datasets.write(record.succeed(contents))
            if (folder / _PENDING).read_bytes() == pending:
                (folder / _PENDING).unlink()
        log.info("%s has %d corrections", name, len(ids))
        return True

    def _is_in_use(self, name: str) -> bool:
        """By a queued or running experiment. From disk; under the lock of the name, no other one is posted."""
        using = self._experiments.users_of_dataset(name)
        return any(not self._experiments.read(each).status.is_terminal for each in using)


def _new_record(name: str, source: Dataset, privacy: Privacy) -> DatasetRecord:
    """It has all classes of `source`, even those without images, so that class indices mean the same in both, and is
    private as that is."""
    none = (0,) * len(source.classes)
    contents = Contents(
        classes=source.classes, counts={"train": none, "test": none}, image_shape=None, sizes=(), sizes_found=0
    )
    owned = privacy._asdict() if privacy.private else {}
    return DatasetRecord(
        id=str(ULID()),
        name=name,
        status=DatasetStatus.COLLECTING,
        collected_from=source.name,
        contents=contents,
        **owned,
    )


def _contents_of(record: DatasetRecord) -> Contents:
    if record.contents is None:
        raise Damaged(f"the record of dataset {record.name} has no classes; delete it")
    return record.contents


@contextmanager
def _staging_folder(final: Path) -> Iterator[Path]:
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
