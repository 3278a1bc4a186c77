"""What is shown of a dataset whose test split is sealed."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from models_store.corrections.correction import sample_key
from models_store.errors import InvalidState
from models_store.frozen import utc_now
from models_store.store import Store
from settings import Settings
from specs.errors import SpecError
from specs.experiment import parse_spec
from tests.models_store.corrections.test_store import correction
from tests.support.api import ApiClient
from tests.support.archives import image, zip_of
from tests.support.published import finish
from tests.support.waiting import eventually
from worker.jobs.supervisor import Supervisor

Document = dict[str, Any]
Seal = Callable[[], None]
TEST_SAMPLES = range(40, 60)


@pytest.fixture
def flowers(client: ApiClient, api_store: Store, settings: Settings) -> str:
    """With twenty images of each class to train on, and ten in the official test split."""
    files = {
        f"{split}/{label}/{number}.png": image(number + 100 * (label == "rose"))
        for split, count in (("train", 20), ("test", 10))
        for label in ("rose", "tulip")
        for number in range(count)
    }
    with api_store.datasets.receive_archive() as archive:
        archive.write(zip_of({**files, "test/rose/broken.png": b"no image"}))
        api_store.datasets.add("flowers", archive)
    Supervisor(api_store, settings, "test:1", lambda: False).convert("flowers")
    return "flowers"


@pytest.fixture
def seal(api_store: Store, flowers: str) -> Seal:
    until = utc_now() + timedelta(hours=1)
    return lambda: api_store.datasets.seal_test(flowers, until, api_store.experiments.users_of_test)


def on(dataset: Document, document: Document) -> Document:
    return {**document, "dataset": dataset, "training": {"epochs": 1, "batch_size": 8}}


def test_sealed_samples_are_not_shown(client: ApiClient, seal: Seal) -> None:
    shown = client.get("/datasets/flowers/samples?split=test&limit=100").json()
    assert {each["index"] for each in shown["items"]} == set(TEST_SAMPLES)

    seal()

    assert client.get("/datasets/flowers/samples?split=test").status_code == 409
    assert client.get("/datasets/flowers/samples.png?split=test").status_code == 409
    left = client.get("/datasets/flowers/samples?limit=100").json()
    assert (left["total"], {each["split"] for each in left["items"]}) == (40, {"train"})
    assert [client.get(f"/datasets/flowers/samples/{index}.png").status_code for index in (39, 40, 59)] == [
        200,
        409,
        409,
    ]


def test_sealed_dataset_names_no_files(client: ApiClient, seal: Seal) -> None:
    assert "broken.png" in client.get("/datasets/flowers").text

    seal()

    for path in ("/datasets/flowers", "/datasets"):
        assert "broken.png" not in client.get(path).text
    assert client.get("/datasets/flowers").json()["test_split"]["sealed_until"] is not None


def test_training_on_sealed_samples_is_rejected(client: ApiClient, seal: Seal, tiny_document: Document) -> None:
    seal()

    drawn = on({"name": "flowers", "split": {"test": 0.2}}, tiny_document)
    for path in ("/experiments", "/experiments:validate"):
        answer = client.post(path, json=drawn)
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/dataset/split/test")
    sweep = client.post("/sweeps", json={"experiment": {**drawn, "training": {"epochs": {"$search": {"choice": [1]}}}}})
    assert "sealed for an assignment" in sweep.text
    assert client.post("/experiments", json=on({"name": "flowers"}, tiny_document)).status_code == 202


def test_sealed_dataset_cannot_be_added(
    api_store: Store, seal: Seal, settings: Settings, tiny_document: Document
) -> None:
    files = {f"{label}/{number}.png": image(number) for label in ("rose", "tulip") for number in range(20)}
    with api_store.datasets.receive_archive() as archive:
        archive.write(zip_of(files))
        api_store.datasets.add("more", archive)
    Supervisor(api_store, settings, "test:1", lambda: False).convert("more")
    added = {"dataset": {"name": "more", "add": ["flowers"]}, "model": tiny_document["model"]}
    spec = parse_spec(added, api_store.known_datasets())

    seal()

    with pytest.raises(SpecError, match="/dataset/add/0: flowers cannot be added"):
        api_store.experiments.create(spec)


def test_split_that_was_trained_on_cannot_be_sealed(client: ApiClient, seal: Seal, tiny_document: Document) -> None:
    drawn = on({"name": "flowers", "split": {"test": 0.2}}, tiny_document)
    posted = client.post("/experiments", json=drawn).json()["id"]
    client.post(f"/experiments/{posted}:cancel")

    with pytest.raises(InvalidState, match=f"1 experiment trained or validated on samples of it: {posted}"):
        seal()

    client.delete(f"/experiments/{posted}")
    seal()
    assert client.get("/datasets/flowers").json()["test_split"]["hidden"]


def test_sealed_dataset_is_not_revealed_nor_deleted(client: ApiClient, seal: Seal) -> None:
    seal()

    assert "sealed until" in client.post("/datasets/flowers:reveal").json()["detail"]
    assert "sealed until" in client.delete("/datasets/flowers").json()["detail"]


def collect(store: Store, *samples: int) -> None:
    """Correct samples of the flowers."""
    for sample in samples:
        found = correction(sample, ("rose", "tulip")[sample % 2])
        store.corrections.add(
            found.model_copy(update={"prediction_id": sample_key(sample)}), store.known_datasets()["flowers"]
        )
    store.corrections._rest_until.clear()
    # The API in the background does it as well, and one of them has the lock.
    eventually(lambda: _has_collected(store))


def _has_collected(store: Store) -> bool:
    store.corrections.collect()
    return "flowers-corrections" in store.known_datasets()


def train(store: Store, document: Document, dataset: str = "flowers-corrections", **model: str) -> str:
    changed = on({"name": dataset, "split": {"stratify": False}}, document)
    spec = parse_spec({**changed, "model": {**document["model"], **model}}, store.known_datasets())
    return finish(store, store.experiments.create(spec), spec=spec).id


def test_corrected_test_samples_prevent_a_seal(api_store: Store, seal: Seal) -> None:
    collect(api_store, 3, 45)

    with pytest.raises(InvalidState, match=r"has 1 corrected sample of it, .* DELETE /datasets/flowers-corrections"):
        seal()

    api_store.datasets.delete("flowers-corrections", lambda _: [])
    collect(api_store, 3)
    seal()
    with pytest.raises(InvalidState, match="is sealed for an assignment"):
        collect(api_store, 45)


def test_experiments_on_corrected_test_samples_count(api_store: Store, flowers: str, tiny_document: Document) -> None:
    collect(api_store, *range(40), 45)
    first = train(api_store, tiny_document)
    heir = train(api_store, tiny_document, flowers, weights_from=first)
    assert api_store.experiments.users_of_test(flowers) == sorted([first, heir])

    # Nothing tells it from one without such samples any more.
    api_store.experiments.delete(first)
    api_store.datasets.delete("flowers-corrections", lambda _: [])
    assert api_store.experiments.users_of_test(flowers) == [heir]
    collect(api_store, *range(40))
    train(api_store, tiny_document)
    assert api_store.experiments.users_of_test(flowers) == [heir]


def test_private_dataset_is_not_sealed(api_store: Store, seal: Seal) -> None:
    api_store.datasets.write(api_store.datasets.read("flowers").replace(private=True, owner="ann"))

    with pytest.raises(InvalidState, match="dataset flowers is private"):
        seal()

    assert not api_store.datasets.is_sealed("flowers")
