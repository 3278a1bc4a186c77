"""What was collected for a dataset is as private as that."""

import pytest

from models_store.store import Store
from tests.api.test_visibility import TINY_ON_NOISE, add_noise, as_owner
from tests.models_store.corrections.test_store import correction
from tests.support.api import ApiClient
from tests.support.contract import JsonObject

NAME = "noise-corrections"
ON_CORRECTIONS: JsonObject = {**TINY_ON_NOISE, "dataset": {"name": NAME, "split": {"stratify": False}}}


@pytest.fixture
def ann(keyed_client: ApiClient) -> ApiClient:
    """The owner of `noise`, for which corrections were collected."""
    add_noise(keyed_client)
    store = keyed_client.services.store
    for number in range(20):
        store.corrections.add(correction(number, "72"[number % 2]), store.known_datasets()["noise"])
    store.corrections.collect()
    return as_owner(keyed_client, "ann")


@pytest.fixture
def store(ann: ApiClient) -> Store:
    return ann.services.store


def make_private(client: ApiClient, private: bool = True, name: str = "noise") -> int:
    return client.patch(f"/datasets/{name}", json={"private": private}).status_code


def test_corrections_become_private_with_all_on_them(ann: ApiClient, store: Store) -> None:
    run = ann.post("/experiments", json=ON_CORRECTIONS).json()["id"]

    assert make_private(ann) == 200

    assert store.experiments.read(run).private
    assert store.datasets.read(NAME).privacy == (True, "ann")
    as_owner(ann, "bob")
    assert [ann.get(path).status_code for path in (f"/experiments/{run}", f"/datasets/{NAME}")] == [404, 404]


def test_corrections_in_use_keep_the_dataset_public(ann: ApiClient, store: Store) -> None:
    run = ann.post("/experiments", json=ON_CORRECTIONS).json()["id"]
    with store.datasets.lock(NAME):
        assert make_private(ann) == 503

    assert [store.datasets.read(name).private for name in ("noise", NAME)] == [False, False]
    assert not store.experiments.read(run).private


def test_corrections_that_others_use_stay_public(ann: ApiClient, store: Store) -> None:
    as_owner(ann, "bob")
    run = ann.post("/experiments", json=ON_CORRECTIONS).json()["id"]
    as_owner(ann, "ann")

    answer = ann.patch("/datasets/noise", json={"private": True})

    assert (answer.status_code, run in answer.json()["detail"]) == (409, True)
    assert not store.datasets.read(NAME).private


def test_corrections_are_nobodys_once_public_again(ann: ApiClient, store: Store) -> None:
    assert [make_private(ann, private) for private in (True, False)] == [200, 200]

    assert store.datasets.read(NAME).privacy == (False, None)


def test_corrections_are_not_published_alone(ann: ApiClient, store: Store) -> None:
    assert make_private(ann) == 200

    answer = ann.patch(f"/datasets/{NAME}", json={"private": False})

    assert (answer.status_code, "as private as noise" in answer.json()["detail"]) == (409, True)
    assert store.datasets.read(NAME).private
