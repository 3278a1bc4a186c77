import errno
import os
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from models_store.corrections.correction import LABELLED, Correction, GivenLabel, sample_key
from models_store.datasets.folders import RECORD_FILE
from models_store.datasets.images import IMAGES
from models_store.datasets.record import DatasetStatus
from models_store.errors import InvalidState, NotFound, StorageFull
from models_store.experiments.claim import TrainingClaim
from models_store.files import TEMPORARY_SUFFIX
from models_store.store import Store
from specs.dataset import DATASETS, Dataset
from specs.errors import SpecError
from specs.experiment import parse_spec
from tests.support.image_files import encoded
from tests.support.manifests import verify_manifest
from tests.support.waiting import eventually

DIGITS = DATASETS["digits"]
NAME = "digits-corrections"


def correction(number: int, label: str, side: int = 8) -> Correction:
    data = encoded(Image.fromarray(np.full((side, side), number, dtype=np.uint8)))
    return Correction(
        prediction_id=f"01K6W3E8Z4T5V6X7Y8Z9A0{number:04}",
        experiment_id="01K6W3E8Z4T5V6X7Y8Z9A0B1C2",
        predicted="0",
        probability=0.5,
        label=label,
        height=side,
        width=side,
        channels=1,
        image=data,
    )


@pytest.fixture
def collect(store: Store) -> Callable[..., None]:
    """Add corrections and collect them at once, as a process that has just started would."""

    def add_and_collect(*corrections: Correction, source: Dataset = DIGITS) -> None:
        for each in corrections:
            store.corrections.add(each, source)
        store.corrections._rest_until.clear()
        store.corrections.collect()

    return add_and_collect


def images(store: Store) -> list[tuple[str, int, int]]:
    """Of each its name, its label and the value of its pixels."""
    found = store.datasets.images(NAME)
    verify_manifest(store.datasets.folder(NAME) / IMAGES)
    values = [int(np.asarray(Image.open(BytesIO(found.read(number))))[0, 0]) for number in range(len(found))]
    return list(zip(found.names, found.labels.tolist(), values, strict=True))


def on_corrections(document: dict[str, Any], **dataset: Any) -> dict[str, Any]:
    changed = {"dataset": {"name": NAME, "split": {"stratify": False}, **dataset}, "training": {"batch_size": 4}}
    return {**document, **changed}


def test_added_corrections_wait_for_the_experiment(
    store: Store, collect: Callable[..., None], tiny_document: dict[str, Any]
) -> None:
    collect(correction(3, "7"), correction(4, "7"))
    combined = {**tiny_document, "dataset": {"name": "digits", "add": [NAME]}}
    spec = parse_spec(combined, store.known_datasets())
    with store.datasets.keep(*spec.dataset.names):
        record = store.experiments.create(spec)
    assert store.experiments.users_of_dataset(NAME) == store.experiments.users_of_dataset("digits") == [record.id]

    collect(correction(5, "7"))
    assert len(images(store)) == 2
    with pytest.raises(InvalidState, match="is used by 1 experiment"):
        store.datasets.delete(NAME, store.experiments.users_of_dataset)

    store.experiments.cancel(record.id)
    collect()
    assert len(images(store)) == 3


def test_corrections_become_a_dataset(store: Store, collect: Callable[..., None]) -> None:
    record = store.corrections.add(correction(3, "7"), DIGITS)
    assert (record.name, record.status, record.collected_from) == (NAME, DatasetStatus.COLLECTING, "digits")
    with pytest.raises(InvalidState, match="is collecting"):
        store.datasets.reject_unready(NAME)

    collect(correction(4, "2"), correction(5, "7"))

    facts = store.known_datasets()[NAME]
    assert (facts.classes, facts.image_shape) == (DIGITS.classes, (8, 8, 1))
    assert facts.training_counts == (0, 0, 1, 0, 0, 0, 0, 2, 0, 0)
    assert [(label, value) for _, label, value in images(store)] == [(7, 3), (2, 4), (7, 5)]
    assert images(store)[0][0] == "7/01K6W3E8Z4T5V6X7Y8Z9A00003.png"
    [warning] = store.datasets.get(NAME).contents.warnings  # type: ignore[union-attr]
    assert warning.startswith("no images of 0, 1, 3, 4, 5, 6, 8, 9: an experiment needs `split: {stratify: false}`")


def test_corrected_test_samples_are_counted(store: Store, collect: Callable[..., None]) -> None:
    first = DIGITS.training_samples
    keys = [sample_key(first - 1), sample_key(first), sample_key(first + 3)]
    collect(correction(5, "7"), *(correction(0, "7").model_copy(update={"prediction_id": key}) for key in keys))

    contents = store.datasets.get(NAME).contents
    assert contents is not None
    assert (sum(contents.counts["train"]), contents.test_samples) == (4, 2)
    assert store.corrections.labels(DIGITS, [0, first - 1, first]) == dict.fromkeys(
        [first - 1, first], GivenLabel("7", confirmed=False)
    )


def test_reader_waits_while_images_are_replaced(store: Store, collect: Callable[..., None]) -> None:
    collect(correction(1, "4"))
    folder = store.datasets.folder(NAME) / IMAGES
    with ThreadPoolExecutor(1) as threads:
        with store.datasets.lock(NAME):
            folder.rename(folder.with_suffix(".away"))
            reading = threads.submit(store.datasets.images, NAME)
            eventually(lambda: reading.running() or reading.done())
            folder.with_suffix(".away").rename(folder)
        assert len(reading.result()) == 1


def test_corrected_label_keeps_the_image_number(store: Store, collect: Callable[..., None]) -> None:
    collect(correction(9, "9"), correction(10, "1"))
    collect(correction(2, "2"), correction(9, "4"))
    assert [(label, value) for _, label, value in images(store)] == [(4, 9), (1, 10), (2, 2)]
    before = (store.datasets.folder(NAME) / RECORD_FILE).stat()
    collect()
    assert (store.datasets.folder(NAME) / RECORD_FILE).stat().st_ino == before.st_ino


def test_images_of_several_sizes_have_no_common_shape(store: Store, collect: Callable[..., None]) -> None:
    collect(correction(1, "1"), correction(2, "2", side=12), correction(3, "3", side=12))
    assert store.known_datasets()[NAME].image_shape is None
    contents = store.datasets.get(NAME).contents
    assert contents is not None
    assert [(size.height, size.count) for size in contents.sizes] == [(12, 2), (8, 1)]


def test_images_are_frozen_while_in_use(
    store: Store, collect: Callable[..., None], tiny_document: dict[str, Any]
) -> None:
    collect(*(correction(number, str(number % 3)) for number in range(12)))
    spec = parse_spec(on_corrections(tiny_document), store.known_datasets())
    record = store.experiments.create(spec)
    collect(correction(12, "1"))
    assert len(images(store)) == 12
    claim = TrainingClaim.acquire(store.training_jobs, record.id, worker="worker")
    assert claim is not None
    collect(correction(13, "1"))
    assert len(images(store)) == 12

    store.experiments.cancel(record.id)
    claim.cancel()
    collect()

    assert len(images(store)) == 14
    assert not [path for path in store.datasets.folder(NAME).iterdir() if path.name.endswith(TEMPORARY_SUFFIX)]


def test_too_few_images_of_class_explain_stratify(
    store: Store, collect: Callable[..., None], tiny_document: dict[str, Any]
) -> None:
    collect(*(correction(number, str(number % 3)) for number in range(12)))
    with pytest.raises(SpecError, match="stratify to false"):
        parse_spec(on_corrections(tiny_document, split={"stratify": True}), store.known_datasets())
    some = on_corrections(tiny_document, classes=["0", "1", "2"])
    assert parse_spec(some, store.known_datasets()).dataset.facts.training_samples == 12


def test_corrections_of_corrections_join_them(store: Store, collect: Callable[..., None]) -> None:
    collect(correction(1, "1"))
    collect(correction(2, "2"), source=store.known_datasets()[NAME])
    assert store.datasets.names() == [NAME]
    assert len(images(store)) == 2


def test_unsuitable_dataset_rejects_corrections(store: Store, collect: Callable[..., None]) -> None:
    for name in ("x" * 45, NAME):
        with store.datasets.receive_archive() as archive:
            archive.write(b"archive")
            store.datasets.add(name, archive)
    with pytest.raises(InvalidState, match="is too long for the name"):
        store.corrections.add(correction(1, "a"), Dataset("x" * 45, (8, 8, 1), ("a", "b"), (1, 1)))
    with pytest.raises(InvalidState, match="was uploaded; delete it"):
        store.corrections.add(correction(1, "1"), DIGITS)
    store.datasets.delete(NAME, lambda _: [])
    collect(correction(1, "1"))
    with pytest.raises(InvalidState, match="had other classes; delete it"):
        store.corrections.add(correction(1, "1"), Dataset("digits", (8, 8, 1), ("1", "2"), (1, 1)))


def test_corrections_above_the_limit_are_rejected(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("models_store.corrections.store.MAX_CORRECTIONS", 2)
    for number in (1, 2, 2):
        store.corrections.add(correction(number, "1"), DIGITS)
    with pytest.raises(InvalidState, match="has 2 corrections, the limit"):
        store.corrections.add(correction(3, "1"), DIGITS)


def test_full_disk_rejects_correction(
    store: Store, collect: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    make = Path.mkdir

    def full(path: Path, *arguments: Any, **options: Any) -> None:
        if path.name == LABELLED:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        make(path, *arguments, **options)

    with monkeypatch.context() as disk:
        disk.setattr(Path, "mkdir", full)
        with pytest.raises(StorageFull, match="no room to write the correction"):
            store.corrections.add(correction(1, "1"), DIGITS)
    collect(correction(1, "1"))
    assert [value for _, _, value in images(store)] == [1]


def test_deleted_dataset_of_corrections_starts_empty(store: Store, collect: Callable[..., None]) -> None:
    collect(correction(1, "1"))
    store.datasets.delete(NAME, lambda _: [])
    store.corrections.collect()
    with pytest.raises(NotFound):
        store.datasets.get(NAME)
    collect(correction(2, "2"))
    assert [value for _, _, value in images(store)] == [2]


def test_damaged_correction_is_listed_as_unreadable(store: Store, collect: Callable[..., None]) -> None:
    collect(correction(1, "1"), correction(2, "2"))
    folder = store.datasets.folder(NAME) / LABELLED
    [damaged, _] = sorted(folder.iterdir())
    damaged.write_bytes(b"{")
    collect(correction(3, "3"))
    assert [value for _, _, value in images(store)] == [2, 3]
    contents = store.datasets.get(NAME).contents
    assert contents is not None
    assert [each.name for each in contents.unreadable] == [damaged.stem]

    for path in folder.iterdir():
        path.write_bytes(b"")
    shutil.rmtree(store.datasets.folder(NAME) / "images")
    (store.datasets.folder(NAME) / "pending").touch()
    collect()
    assert store.datasets.get(NAME).status is DatasetStatus.FAILED
    collect(correction(4, "4"))
    assert [value for _, _, value in images(store)] == [4]


def test_collection_killed_halfway_is_repeated(store: Store, collect: Callable[..., None]) -> None:
    """Killed after the old images were removed and before the new ones were published: the mark is still there."""
    collect(correction(1, "1"))
    folder = store.datasets.folder(NAME)
    shutil.rmtree(folder / "images")
    (folder / f".images.1{TEMPORARY_SUFFIX}").mkdir()
    collect(correction(2, "2"))
    assert [value for _, _, value in images(store)] == [1, 2]
    assert sorted(path.name for path in folder.iterdir()) == [".lock", RECORD_FILE, "images", LABELLED]
