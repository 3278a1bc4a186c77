"""Which models serve whom on private datasets."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from models_store.datasets.record import DatasetRecord
from models_store.experiments.record import Record
from models_store.store import Store
from models_store.visibility import Viewer, show_to
from serving.errors import NoModel
from serving.loaded_models import LoadedModels
from serving.registry import Registry
from specs.dataset import DATASETS, Dataset
from specs.experiment import ExperimentSpec, parse_spec
from tests.support.published import finish, publish

LEAVES = Dataset("leaves", (8, 8, 1), tuple("0123456789"), (100,) * 10)


@pytest.fixture
def secret(store: Store, tiny_document: dict[str, Any]) -> Record:
    """The model of a private dataset of ann's."""
    assert store.reconciler.sweep()
    store.datasets.create_folder(DatasetRecord(id="1", name="leaves", owner="ann", private=True))
    spec = parse_spec({**tiny_document, "dataset": {"name": "leaves"}}, {**DATASETS, "leaves": LEAVES})
    record = store.experiments.create(spec, owner="ann", private=True)
    return finish(store, record, val_accuracy=0.99, spec=spec)


@pytest.fixture
def registry(store: Store, secret: Record) -> Iterator[Registry]:
    made = Registry(store.models, store.known_datasets, LoadedModels(store.models, 1, 2_000_000))
    made.refresh()
    yield made
    show_to(None)


def see_as(owner: str) -> None:
    show_to(Viewer(owner, lambda _: False))


def test_deleted_model_stays_private(registry: Registry, store: Store, secret: Record) -> None:
    see_as("ann")
    assert list(registry.serving()) == ["leaves"]

    store.experiments.delete(secret.id, force=True)

    see_as("bob")
    assert registry.serving() == {}
    assert registry.get_loaded("leaves") is None


def test_model_that_becomes_public_is_shown(registry: Registry, store: Store, secret: Record) -> None:
    store.datasets.write(store.datasets.read("leaves").replace(private=False))
    store.experiments.edit(secret.id, {"private": False})
    registry.refresh()

    see_as("bob")

    assert [each.id for each in registry.serving().values()] == [secret.id]


def test_best_of_all_is_the_same_for_everybody(
    registry: Registry, store: Store, secret: Record, tiny_spec: Callable[..., ExperimentSpec]
) -> None:
    see_as("ann")
    with pytest.raises(NoModel, match="no model yet"):
        registry.get(None, None)
    assert registry.get("leaves", None).id == secret.id
    show_to(None)
    shown = publish(store, tiny_spec())
    registry.refresh()

    found = []
    for owner in ("ann", "bob"):
        see_as(owner)
        found.append(registry.get(None, None).id)

    assert found == [shown.id, shown.id]
