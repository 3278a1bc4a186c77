import shutil
from collections.abc import Callable

import pytest

from models_store.errors import InvalidState
from models_store.store import Store
from serving.errors import UnknownModel
from serving.model_names import ModelName, find_model, version_number
from serving.registry import Registry
from specs.experiment import ExperimentSpec
from tests.support.api import ApiClient
from tests.support.published import publish


@pytest.fixture
def registry(client: ApiClient) -> Registry:
    return client.services.registry


def test_version_number_is_the_millisecond() -> None:
    assert version_number("00000000010000000000000000") == 1
    assert version_number("7ZZZZZZZZZZZZZZZZZZZZZZZZZ") == 2**48 - 1


def test_version_names_any_experiment(
    api_store: Store, registry: Registry, tiny_spec: Callable[..., ExperimentSpec]
) -> None:
    ids = [publish(api_store, tiny_spec(), val_accuracy=accuracy).id for accuracy in (0.9, 0.5)]
    assert find_model(ModelName("digits"), registry, api_store.experiments).id == ids[0]

    for each in ids:
        number = str(version_number(each))
        assert find_model(ModelName("digits", number=number), registry, api_store.experiments).id == each
        assert find_model(ModelName("digits", version=each), registry, api_store.experiments).id == each
        with pytest.raises(UnknownModel, match="model mnist has no version"):
            find_model(ModelName("mnist", number=number), registry, api_store.experiments)


def test_ambiguous_version_asks_for_an_id(
    api_store: Store, registry: Registry, tiny_spec: Callable[..., ExperimentSpec]
) -> None:
    first = publish(api_store, tiny_spec()).id
    twin = first[:-1] + ("0" if first[-1] != "0" else "1")
    folder = api_store.experiments.experiments
    shutil.copytree(folder / first, folder / twin)

    assert api_store.experiments.ids_created_at(version_number(first)) == sorted([first, twin])
    with pytest.raises(InvalidState, match=f"2 experiments on digits were posted .* {min(first, twin)}"):
        find_model(ModelName("digits", number=str(version_number(first))), registry, api_store.experiments)


def test_version_must_be_a_number(api_store: Store, registry: Registry) -> None:
    for number in ("", "x", "-1", "1.0", "٣", "9" * 16, "1e3"):
        with pytest.raises(UnknownModel, match="is not a number"):
            find_model(ModelName("digits", number=number), registry, api_store.experiments)
