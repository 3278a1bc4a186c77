from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from models_store.errors import InvalidState, NotFound
from models_store.store import Store
from serving.loaded_models import LoadedModels
from specs.experiment import ExperimentSpec
from tests.support.published import bright_column_network, publish

Spec = Callable[..., ExperimentSpec]


@pytest.fixture
def make(store: Store, tiny_spec: Spec) -> Callable[[int], str]:
    """Publish a network whose file has about so many bytes."""
    return lambda size: publish(store, tiny_spec(), network=bright_column_network(padding=size)).id


def in_memory(loaded: LoadedModels, *ids: str) -> list[bool]:
    return [each in loaded._models for each in ids]


def test_least_recently_used_models_are_dropped(store: Store, make: Callable[[int], str]) -> None:
    loaded = LoadedModels(store.models, 1, max_bytes=7_500_000)
    first, second, third = (make(size) for size in (2_000_000, 3_000_000, 2_000_000))
    kept = loaded.obtain(first)
    loaded.obtain(second)
    assert loaded.get(first) is kept
    loaded.obtain(third)
    assert in_memory(loaded, first, second, third) == [True, True, True]

    loaded.obtain(fourth := make(3_000_000))

    assert in_memory(loaded, first, second, third, fourth) == [True, False, True, True]


def test_model_above_the_limit_is_loaded_alone(store: Store, make: Callable[[int], str]) -> None:
    loaded = LoadedModels(store.models, 1, max_bytes=1)
    small, large = make(0), make(3_000_000)
    loaded.obtain(small)
    held = loaded.obtain(large)
    assert (loaded.get(small), loaded.get(large)) == (None, held)


def test_smallest_models_count_too(store: Store, make: Callable[[int], str]) -> None:
    loaded = LoadedModels(store.models, 1, max_bytes=2_000_000)
    ids = [make(0) for _ in range(3)]
    for each in ids:
        loaded.obtain(each)
    assert in_memory(loaded, *ids) == [False, True, True]


def test_concurrent_callers_load_a_model_once(store: Store, make: Callable[[int], str]) -> None:
    loaded, wanted = LoadedModels(store.models, 1, max_bytes=10_000_000), make(0)
    with ThreadPoolExecutor(8) as threads:
        assert len({id(model) for model in threads.map(loaded.obtain, [wanted] * 32)}) == 1
    assert loaded.reload(wanted) is not loaded.reload(wanted)


def test_failed_load_changes_nothing(store: Store, make: Callable[[int], str], tiny_spec: Spec) -> None:
    loaded, sound = LoadedModels(store.models, 1, max_bytes=1), make(0)
    held = loaded.obtain(sound)
    with pytest.raises(InvalidState):
        loaded.obtain(store.experiments.create(tiny_spec()).id)
    with pytest.raises(NotFound):
        loaded.obtain("01J00000000000000000000000")
    assert loaded.get(sound) is held
