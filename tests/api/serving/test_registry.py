import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from api.serving import registry as registry_module
from api.serving.registry import NoModel, Registry
from api.serving.served_model import ServedModel
from models_store.store import Store
from specs.experiment import ExperimentSpec
from tests.published import publish


@pytest.fixture
def registry(store: Store) -> Registry:
    assert store.reconciler.sweep()
    return Registry(store.models, ["digits"], threads=1)


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
