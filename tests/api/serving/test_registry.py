import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from api.serving import registry as registry_module
from api.serving.registry import NoModel, Registry, UnknownDataset
from api.serving.served_model import ServedModel
from models_store.store import Store
from specs.dataset import DATASETS, Dataset
from specs.experiment import ExperimentSpec, parse_spec
from tests.published import publish


@pytest.fixture
def registry(store: Store) -> Registry:
    assert store.reconciler.sweep()
    return Registry(store.models, store.known_datasets, threads=1)


def test_who_asks_while_the_first_model_is_being_loaded_gets_it(
    registry: Registry, store: Store, tiny_spec: Callable[..., ExperimentSpec], monkeypatch: pytest.MonkeyPatch
) -> None:
    published = publish(store, tiny_spec())
    loading, load = threading.Event(), threading.Event()

    def load_slowly(*arguments: Any) -> ServedModel:
        loading.set()
        assert load.wait(10)
        return ServedModel(*arguments)

    monkeypatch.setattr(registry_module, "ServedModel", load_slowly)
    with ThreadPoolExecutor(2) as threads:
        refreshed = threads.submit(registry.refresh)
        assert loading.wait(10)
        asked = threads.submit(registry.get, "digits", None)
        load.set()
        assert asked.result().id == published.id
        refreshed.result()


def test_without_a_published_model_there_is_none(registry: Registry) -> None:
    with pytest.raises(NoModel, match="POST an experiment"):
        registry.get(None, None)


def test_a_data_set_that_appears_later_is_served(
    registry: Registry, store: Store, tiny_document: dict[str, Any]
) -> None:
    registry.refresh()
    leaves = Dataset("leaves", (8, 8, 1), tuple("0123456789"), (100,) * 10)
    document = {**tiny_document, "dataset": {"name": "leaves"}}
    published = publish(store, parse_spec(document, {**DATASETS, "leaves": leaves}))

    assert registry.get("leaves", None).id == published.id
    assert [model.id for model in registry.served()] == [published.id]


def test_an_unknown_data_set_is_told_from_one_without_a_model(registry: Registry) -> None:
    with pytest.raises(NoModel, match="no model for mnist"):
        registry.get("mnist", None)
    with pytest.raises(UnknownDataset, match="unknown data set `mnits`; did you mean `mnist`"):
        registry.get("mnits", None)


def test_a_model_of_some_classes_does_not_answer_for_those_that_know_all(
    registry: Registry, store: Store, tiny_document: dict[str, Any]
) -> None:
    document = {**tiny_document, "dataset": {"name": "mnist", "classes": [0, 1]}}
    some = publish(store, parse_spec(document), val_accuracy=1.0)
    registry.refresh()
    assert registry.get(None, None).id == some.id
    every = publish(store, parse_spec(tiny_document), val_accuracy=0.5)
    registry.refresh()

    assert registry.get(None, None).id == every.id
    assert registry.get("mnist", None).id == some.id
    assert store.models.best(["digits", "mnist"]) == every
