"""Evaluations on other datasets, over HTTP; they run here as a worker runs them."""

import io
from collections.abc import Callable
from typing import Any

import numpy as np
import onnxruntime
import pytest
from PIL import Image

from imaging.resize import to_array
from models_store.artifacts import ONNX_FILE
from models_store.experiments.record import Record
from models_store.store import Store
from settings import Settings
from specs.access import KeyScope
from specs.experiment import ExperimentSpec, parse_spec
from tests.support.api import ApiClient
from tests.support.noise import noisy_digits
from tests.support.published import finish, publish
from worker.jobs.supervisor import Supervisor

Answer = dict[str, Any]


@pytest.fixture
def finished(api_store: Store, tiny_spec: Callable[..., ExperimentSpec]) -> Record:
    """On digits; its network answers with the class whose pixel is the brightest of the first ten."""
    return publish(api_store, tiny_spec())


@pytest.fixture
def upload(client: ApiClient, api_store: Store, settings: Settings) -> Callable[[str, bytes], None]:
    """Upload a dataset and convert it."""

    def make(name: str, archive: bytes) -> None:
        answer = client.post("/datasets", data={"name": name}, files={"archive": ("a.zip", archive)})
        assert answer.status_code == 202, answer.text
        Supervisor(api_store, settings, "test:1", lambda: False).convert(name)

    return make


@pytest.fixture
def noise(upload: Callable[[str, bytes], None]) -> str:
    """Three digits, eight images of each and four in the test split, all of other sizes than the network takes."""
    upload("noise", noisy_digits(("7", "2", "5"), train=8, test=4))
    return "noise"


@pytest.fixture
def evaluate(client: ApiClient, api_store: Store, settings: Settings) -> Callable[..., Answer]:
    """Ask for an evaluation, do it, and return what is answered then."""

    def make(experiment_id: str, **body: str) -> Answer:
        answer = client.post(f"/experiments/{experiment_id}/evaluations", json=body)
        assert answer.status_code == 202, answer.text
        Supervisor(api_store, settings, "test:1", lambda: False).evaluate(experiment_id, body["dataset"])
        view: Answer = client.get(answer.headers["location"]).json()
        return view

    return make


def test_metrics_match_the_published_network(
    client: ApiClient, api_store: Store, finished: Record, noise: str, evaluate: Callable[..., Answer]
) -> None:
    view = evaluate(finished.id, dataset=noise, prep="none")

    session = onnxruntime.InferenceSession(api_store.experiments.artifacts(finished.id) / ONNX_FILE)
    images, classes = api_store.datasets.images(noise), client.get(f"/datasets/{noise}").json()["classes"]
    arrays = [to_array(Image.open(io.BytesIO(images.read(n))), (8, 8, 1)) for n in range(len(images))]
    said = session.run(None, {"image": np.stack(arrays)})[0].argmax(axis=1)
    truth = np.array([int(classes[label]) for label in images.labels])
    assert (view["status"], view["split"], view["evaluation"]["samples"]) == ("succeeded", "all", 36)
    assert view["evaluation"]["accuracy"] == view["metrics"]["accuracy"] == np.mean(said == truth)
    matrix = np.zeros((10, 10), int)
    np.add.at(matrix, (truth, said), 1)
    assert view["evaluation"]["confusion_matrix"] == {"labels": list("0123456789"), "matrix": matrix.tolist()}
    assert [row["support"] for row in view["evaluation"]["per_class"]] == [0, 0, 12, 0, 0, 12, 0, 12, 0, 0]
    own = client.get(f"/experiments/{finished.id}/evaluation").json()
    assert set(own) - set(view["evaluation"]) == {"training_precision"}
    assert client.get(f"/experiments/{finished.id}/evaluations").json() == {
        "items": [{name: value for name, value in view.items() if name != "evaluation"}],
        "next_cursor": None,
    }


@pytest.mark.parametrize(("split", "samples"), [("train", 24), ("test", 12)])
def test_split_is_evaluated_alone(
    finished: Record, noise: str, evaluate: Callable[..., Answer], split: str, samples: int
) -> None:
    view = evaluate(finished.id, dataset=noise, split=split)

    assert (view["evaluation"]["split"], view["evaluation"]["samples"]) == (split, samples)


def test_mistakes_are_listed_with_images(
    client: ApiClient, api_store: Store, finished: Record, noise: str, evaluate: Callable[..., Answer]
) -> None:
    view = evaluate(finished.id, dataset=noise, split="test", prep="none")

    path = f"/experiments/{finished.id}/evaluations/{noise}"
    answer = client.get(f"{path}/mistakes?true=7").json()
    matrix = np.array(view["evaluation"]["confusion_matrix"]["matrix"])
    assert answer["total"] == len(answer["items"]) == matrix[7].sum() - matrix[7, 7] > 0
    worst = answer["items"][0]
    assert (worst["true"]["label"], worst["sample"]) == ("7", worst["index"] + 24)
    encoded = api_store.datasets.images(noise).read(worst["sample"])
    shown = Image.open(io.BytesIO(client.get(worst["image"]).content))
    assert np.array_equal(np.asarray(shown)[..., None], to_array(Image.open(io.BytesIO(encoded)), (8, 8, 1)))
    assert client.get(f"{path}/mistakes.png").headers["content-type"] == "image/png"
    assert client.get(f"{path}/samples/12.png").status_code == 404
    assert client.get(f"{path}/mistakes?limit=0").status_code == 422


def test_repeated_request_joins_the_running_evaluation(
    client: ApiClient, finished: Record, noise: str, evaluate: Callable[..., Answer]
) -> None:
    path = f"/experiments/{finished.id}/evaluations"
    first = client.post(path, json={"dataset": noise})
    again = client.post(path, content=f"dataset: {noise}")
    other = client.post(path, json={"dataset": noise, "split": "test"})
    resized = client.post(path, json={"dataset": noise, "prep": "none"})

    assert (first.status_code, first.headers["location"]) == (202, f"{path}/{noise}")
    assert (again.status_code, again.json()) == (202, first.json())
    assert first.json()["prep"] == "auto"
    assert other.status_code == resized.status_code == 409
    assert "split all, is queued; wait for its end" in resized.json()["detail"]
    assert "split all, is queued; wait for its end" in other.json()["detail"]
    assert client.get(first.headers["location"]).json()["evaluation"] is None
    assert client.get(f"{path}/{noise}/mistakes").status_code == 404
    done = evaluate(finished.id, dataset=noise)
    assert done["id"] == first.json()["id"]
    repeated = evaluate(finished.id, dataset=noise, split="test")
    assert (repeated["status"], repeated["attempts"], repeated["evaluation"]["samples"]) == ("succeeded", 1, 12)
    assert repeated["id"] != done["id"]


@pytest.mark.parametrize(
    ("body", "pointer", "detail"),
    [
        ({"dataset": "digits"}, "/dataset", "is what the network was trained on; GET /experiments/"),
        ({"dataset": "cifar10"}, "/dataset", "does not know 10 of the 10 classes of cifar10: airplane, automobile"),
        ({"dataset": "blobs"}, "/dataset", "the samples of blobs are features, but the network expects images"),
        ({"dataset": "mnsit"}, "/dataset", "unknown dataset `mnsit`; did you mean `mnist`?"),
        ({"dataset": "../mnist"}, "/dataset", "unknown dataset"),
        ({"dataset": 7}, "/dataset", "expected a string"),
        ({}, "/dataset", "`dataset`"),
        ({"dataset": "mnist", "split": "half"}, "/split", "all, train, test"),
        ({"dataset": "noise-without-test", "split": "test"}, "/split", "has no official test split"),
        ({"dataset": "mnist", "splits": "all"}, "/splits", "did you mean `split`?"),
    ],
)
def test_unsuitable_dataset_is_rejected_with_reason(
    client: ApiClient,
    finished: Record,
    upload: Callable[[str, bytes], None],
    body: Answer,
    pointer: str,
    detail: str,
) -> None:
    if body.get("dataset") == "noise-without-test":
        upload("noise-without-test", noisy_digits(("1", "2"), train=2))

    answer = client.post(f"/experiments/{finished.id}/evaluations", json=body)

    assert answer.status_code == 422, answer.text
    [problem] = answer.json()["errors"]
    assert problem["pointer"] == pointer
    assert detail in problem["detail"]
    assert client.get(f"/experiments/{finished.id}/evaluations").json()["items"] == []


def test_only_unknown_classes_are_named(
    client: ApiClient, finished: Record, upload: Callable[[str, bytes], None]
) -> None:
    upload("letters", noisy_digits(("1", "a", "b"), train=2))

    answer = client.post(f"/experiments/{finished.id}/evaluations", json={"dataset": "letters"})

    assert answer.status_code == 422
    assert "does not know 2 of the 3 classes of letters: a, b; it knows 0, 1, 2" in answer.json()["detail"]


def test_network_of_numbers_rejects_images(client: ApiClient, api_store: Store) -> None:
    blobs = parse_spec({"dataset": {"name": "blobs"}, "model": {"layers": [{"type": "Dense"}]}})
    record = publish(api_store, blobs)

    answer = client.post(f"/experiments/{record.id}/evaluations", json={"dataset": "digits"})

    assert answer.status_code == 422
    assert "the samples of digits are images, but the network expects features" in answer.json()["detail"]


def test_unready_or_missing_dataset_is_rejected(
    client: ApiClient, api_store: Store, finished: Record, tiny_document: Answer
) -> None:
    archive = noisy_digits(("1", "2"), train=2)
    client.post("/datasets", data={"name": "early"}, files={"archive": ("a.zip", archive)})
    queued = client.post("/experiments", json=tiny_document).json()["id"]
    nobody = "01K6W3E8Z4T5V6X7Y8Z9A0B1C2"

    early = client.post(f"/experiments/{finished.id}/evaluations", json={"dataset": "early"})
    untrained = client.post(f"/experiments/{queued}/evaluations", json={"dataset": "mnist"})

    assert (early.status_code, untrained.status_code) == (409, 409)
    assert "early is queued; wait until" in early.json()["detail"]
    assert f"experiment {queued} is queued: only a succeeded one" in untrained.json()["detail"]
    assert client.post(f"/experiments/{nobody}/evaluations", json={"dataset": "mnist"}).status_code == 404
    for path in (f"{nobody}/evaluations", f"{nobody}/evaluations/mnist", f"{finished.id}/evaluations/mnist"):
        assert client.get(f"/experiments/{path}").status_code == 404
    assert client.get(f"/experiments/{finished.id}/evaluations/..%2F..").status_code == 404


def test_dataset_replaced_while_queued_fails(
    client: ApiClient,
    api_store: Store,
    settings: Settings,
    finished: Record,
    noise: str,
    upload: Callable[[str, bytes], None],
) -> None:
    path = f"/experiments/{finished.id}/evaluations"
    client.post(path, json={"dataset": noise})
    assert client.delete(f"/datasets/{noise}").status_code == 204
    upload(noise, noisy_digits(("1", "2"), train=2))

    Supervisor(api_store, settings, "test:1", lambda: False).evaluate(finished.id, noise)

    view = client.get(f"{path}/{noise}").json()
    assert (view["status"], view["evaluation"]) == ("failed", None)
    assert "was deleted or replaced; request the evaluation again" in view["error"]


def test_damaged_network_fails_with_reason(
    client: ApiClient, api_store: Store, settings: Settings, finished: Record, noise: str
) -> None:
    path = f"/experiments/{finished.id}/evaluations"
    client.post(path, json={"dataset": noise})
    network = api_store.experiments.artifacts(finished.id) / ONNX_FILE
    network.write_bytes(network.read_bytes()[:-1] + b"x")

    Supervisor(api_store, settings, "test:1", lambda: False).evaluate(finished.id, noise)

    view = client.get(f"{path}/{noise}").json()
    assert (view["status"], view["attempts"]) == ("failed", 1)
    assert "model.onnx does not match its sha256" in view["error"]


def test_deleted_experiment_has_no_evaluations(
    client: ApiClient, api_store: Store, settings: Settings, finished: Record, noise: str
) -> None:
    path = f"/experiments/{finished.id}/evaluations"
    client.post(path, json={"dataset": noise})
    assert client.delete(f"/experiments/{finished.id}?force=true").status_code == 204

    Supervisor(api_store, settings, "test:1", lambda: False).evaluate(finished.id, noise)

    assert client.get(f"{path}/{noise}").status_code == 404
    assert not api_store.experiments.folder(finished.id).exists()


def test_others_replace_no_finished_evaluation(
    keyed_client: ApiClient, settings: Settings, tiny_spec: Callable[..., ExperimentSpec]
) -> None:
    store = keyed_client.services.store
    worker = Supervisor(store, settings, "test:1", lambda: False)
    with store.datasets.receive_archive() as archive:
        archive.write(noisy_digits(("7", "2", "5"), train=8, test=4))
        store.datasets.add("noise", archive)
    worker.convert("noise")
    experiment = finish(store, store.experiments.create(tiny_spec(), owner="ann"))
    path = f"/experiments/{experiment.id}/evaluations"

    keyed_client.sign_in(KeyScope.READ, KeyScope.RUN, owner="bob")
    first = keyed_client.post(path, json={"dataset": "noise"}).json()
    worker.evaluate(experiment.id, "noise")

    again, other = (keyed_client.post(path, json={"dataset": "noise", "split": split}) for split in ("all", "train"))
    assert (again.status_code, again.json()["id"], again.json()["status"]) == (202, first["id"], "succeeded")
    assert (other.status_code, other.json()["type"]) == (403, "urn:trainyard:problem:not_owner")
    assert keyed_client.get(f"{path}/noise").json()["evaluation"]["accuracy"] is not None

    keyed_client.sign_in(KeyScope.READ, KeyScope.RUN, owner="ann")
    replaced = keyed_client.post(path, json={"dataset": "noise", "split": "train"})
    assert (replaced.status_code, replaced.json()["status"]) == (202, "queued")
