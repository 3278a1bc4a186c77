"""Stores that earlier versions wrote, read through the store's own interface."""

import importlib
import pkgutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import numpy as np
import orjson
import pytest
from pydantic import BaseModel

import models_store
from models_store.assignments.record import StoredBudget
from models_store.classes.record import Student
from models_store.corrections.correction import Correction, correction_ids, read_correction
from models_store.datasets.images import IMAGES, INDEX, StoredImages
from models_store.errors import Newer
from models_store.experiments.folders import RECORD_FILE
from models_store.experiments.pages import Query
from models_store.experiments.record import Progress, Status
from models_store.experiments.stored_spec import StoredSpec
from models_store.experiments.training_samples import read_samples
from models_store.experiments.waiting import QueueOrder
from models_store.holdout.hidden import Hiding
from models_store.jobs.drains import Drain
from models_store.jobs.failure import Failure
from models_store.models.pins import Pin
from models_store.owners.quota import Quota
from models_store.store import Store, open_store
from models_store.sweeps.stored_spec import StoredStopEarly
from models_store.sweeps.trial import Trial
from models_store.versions import SCHEMA_VERSION, Stored, former_name, rename_columns
from specs.access import KeyScope, KeySpec
from specs.dataset import DATASETS
from specs.quota import QuotaSpec
from specs.splits import SPLITS
from tests.support.store import LEASE_SECONDS
from tests.support.stored_versions import StoredStore
from tests.support.valkey import Valkey


@pytest.fixture
def store(stored: StoredStore, valkey: Valkey) -> Store:
    store = open_store(stored.root, valkey.url, LEASE_SECONDS, max_attempts=3, role="test")
    assert store.reconciler.sweep()
    return store


def test_every_experiment_is_listed(store: Store, stored: StoredStore) -> None:
    records = {record.name: record for record in store.experiments.page(Query()).items}

    assert {name: record.id for name, record in records.items()} == stored.ids
    assert {record.schema_version for record in records.values()} == {SCHEMA_VERSION}
    assert records["failing"].status is Status.FAILED
    assert records["taught"].transferred_layers == {"dense": "dense"}
    assert records["taught"].spec.model.weights_from == records["digits-source"].id
    assert not any(record.damaged for record in records.values())


def test_results_are_read(store: Store, stored: StoredStore) -> None:
    for name in ("digits-source", "taught", "on-an-upload"):
        experiment_id = stored.ids[name]
        evaluations = store.experiments.evaluations(experiment_id)
        assert [evaluations[split].split for split in SPLITS] == list(SPLITS)
        for split, evaluation in evaluations.items():
            predictions = store.experiments.predictions(experiment_id, split)
            assert evaluation.accuracy == np.mean(predictions.truth == predictions.predicted)
            assert predictions.images.shape[1:] == (8, 8, 1)
            assert predictions.image_rows.tolist() == predictions.misclassified.tolist()
        assert len(store.experiments.history(experiment_id).points) == 2
        assert store.models.load(experiment_id).record.id == experiment_id
        samples = read_samples(store.experiments.artifacts(experiment_id))
        assert samples is not None
        assert store.spec_of(store.experiments.get(experiment_id)).training.epochs == 2


def test_evaluation_on_another_dataset_is_read(store: Store, stored: StoredStore) -> None:
    experiment_id = stored.ids["digits-source"]
    [record] = store.evaluations.records(experiment_id)

    assert (record.dataset, record.split, record.schema_version) == ("scrawl", "all", SCHEMA_VERSION)
    evaluation = store.evaluations.evaluation(experiment_id, "scrawl")
    assert (evaluation.dataset, evaluation.split) == ("scrawl", "all")
    predictions = store.evaluations.predictions(experiment_id, "scrawl")
    assert len(predictions.truth) == evaluation.samples == 27


def test_uploaded_images_are_read(store: Store) -> None:
    record, images = store.datasets.get("scrawl"), store.datasets.images("scrawl")

    assert record.schema_version == SCHEMA_VERSION
    assert images.index.dtype == INDEX
    assert (images.splits == 0).sum() == 24
    assert all(images.read(number).startswith(b"\x89PNG") for number in range(len(images)))


def test_model_is_pinned(store: Store, stored: StoredStore) -> None:
    pin = store.models.pins()["digits"]

    assert isinstance(pin, Pin)
    assert pin.experiment_id == stored.ids["digits-source"]


def test_correction_joins_earlier_ones(store: Store) -> None:
    folder = store.datasets.folder("digits-corrections")
    before = [StoredImages(folder).read(number) for number in range(2)]
    earlier = read_correction(folder, correction_ids(folder)[0])
    another: Correction = earlier.model_copy(update={"prediction_id": "01K6W3E8Z4T5V6X7Y8Z9A0B1C2", "label": "7"})

    store.corrections.add(another, DATASETS["digits"])
    store.corrections.collect()

    images = store.datasets.images("digits-corrections")
    assert [images.read(number) for number in range(2)] == before
    assert images.read(2) == another.image
    assert (folder / IMAGES).is_dir()
    assert not (folder / former_name(IMAGES)).exists()


def test_changed_record_is_in_the_current_version(store: Store, stored: StoredStore) -> None:
    record = store.experiments.cancel(stored.ids["interrupted"])

    written = orjson.loads((stored.root / "experiments" / record.id / RECORD_FILE).read_bytes())
    assert written["schema_version"] == SCHEMA_VERSION
    assert "transferred_layers" in written
    assert "taken_layers" not in written


def test_columns_without_names_stay_as_they_are(tmp_path: Path) -> None:
    assert np.array_equal(rename_columns(np.arange(3), INDEX), np.arange(3))


def test_newer_kinds_of_records_are_left_alone(store: Store, stored: StoredStore) -> None:
    """Datasets and evaluations say so; quotas and keys are not guessed."""
    experiment_id = stored.ids["digits-source"]
    store.keys.prepare()
    store.experiments.owners.set("ann", QuotaSpec(running=1))
    key, token = store.keys.create(KeySpec(scopes=(KeyScope.READ,)), "ann")
    files = [
        store.datasets.folder("scrawl") / "dataset.json",
        store.evaluations.folder(experiment_id, "scrawl") / "record.json",
        *stored.root.glob("owners/ann.json"),
        *stored.root.glob(f"keys/{key.id}.json"),
    ]
    for path in files:
        path.write_bytes(
            orjson.dumps({**orjson.loads(path.read_bytes()), "schema_version": 999, "status": "unheard-of"})
        )
    before = [path.read_bytes() for path in files]

    assert (store.datasets.get("scrawl").status, store.datasets.facts().get("scrawl")) == ("newer", None)
    assert store.evaluations.get(experiment_id, "scrawl").status == "newer"
    assert store.keys.verify(token) is None
    with pytest.raises(Newer, match="in version 999 of the store"):
        store.datasets.delete("scrawl", lambda _: [])
    with pytest.raises(Newer, match="in version 999 of the store"):
        store.experiments.owners.set("ann", QuotaSpec())
    assert [path.read_bytes() for path in files] == before


def models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    """The models that a field may hold, and those in them."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
        for field in annotation.model_fields.values():
            yield from models_in(field.annotation)
    for argument in get_args(annotation):
        yield from models_in(argument)


def test_added_members_are_kept_at_any_depth() -> None:
    """Of all that is changed where it is stored, also of what was posted; the document of an experiment stays whole."""
    changed: list[type[BaseModel]] = [Hiding, QueueOrder, Drain, *descendants(Stored)]
    nested = {
        each
        for stored in changed
        if stored.__module__.startswith("models_store.")
        for each in {stored} | models_of(stored)
    }
    assert {Failure, Progress, Trial, Quota, Student, StoredStopEarly, StoredBudget} <= nested
    assert [each for each in nested - {StoredSpec} if each.model_config.get("extra") != "allow"] == []
    later = {"type": "killed", "message": "signal 9", "hint": {"memory": 1}}
    assert Failure.model_validate(later).model_dump(mode="json") == later


def test_no_record_is_rejected_for_an_added_member() -> None:
    """Of all models in the store, those of what is asked aside."""
    for module in pkgutil.walk_packages(models_store.__path__, "models_store."):
        importlib.import_module(module.name)
    known = [each for each in descendants(BaseModel) if each.__module__.startswith("models_store.")]
    found = {inner for each in known for inner in (each, *models_of(each))}
    assert len(found) > 80
    assert [each for each in found - {Query} if each.model_config.get("extra") == "forbid"] == []


def models_of(model: type[BaseModel]) -> set[type[BaseModel]]:
    return {each for field in model.model_fields.values() for each in models_in(field.annotation)}


def descendants(model: type[BaseModel]) -> Iterator[type[BaseModel]]:
    for each in model.__subclasses__():
        yield each
        yield from descendants(each)
