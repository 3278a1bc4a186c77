"""What came out of an experiment, over HTTP."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from models_store.artifacts import EVALUATION_FILE
from models_store.evaluations.predictions import predictions_file
from models_store.experiments.record import Record
from models_store.store import Store
from specs.dataset import DATASETS
from specs.experiment import ExperimentSpec, parse_spec
from tests.support.api import ApiClient
from tests.support.published import publish, results_on

Document = dict[str, Any]
RESULTS = results_on(DATASETS["digits"])


@pytest.fixture
def finished(api_store: Store, tiny_spec: Callable[..., ExperimentSpec]) -> Record:
    """On digits; of each split's fifty samples the first are right and the others taken for the next digit."""
    return publish(api_store, tiny_spec())


def image(data: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(data)))


@pytest.mark.parametrize(("split", "accuracy"), [("training", 0.8), ("validation", 0.9), ("test", 0.8)])
def test_every_split_is_evaluated(client: ApiClient, finished: Record, split: str, accuracy: float) -> None:
    evaluation = client.get(f"/experiments/{finished.id}/evaluation?split={split}").json()

    assert (evaluation["split"], evaluation["accuracy"]) == (split, accuracy)
    assert evaluation["calibration"]["temperature"] > 0
    assert client.get(f"/experiments/{finished.id}/evaluation").json()["split"] == "test"


def test_unevaluated_split_is_not_found(
    client: ApiClient, api_store: Store, finished: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = api_store.experiments.evaluations(finished.id)
    older = {split: whole[split] for split in ("validation", "test")}
    monkeypatch.setattr(api_store.experiments, "_evaluations", lambda _: older)

    answer = client.get(f"/experiments/{finished.id}/evaluation?split=training")

    assert answer.status_code == 404
    assert "was evaluated on validation and test, not on its training split" in answer.json()["detail"]


def test_mistakes_are_sorted_by_confidence(client: ApiClient, finished: Record) -> None:
    answer = client.get(f"/experiments/{finished.id}/mistakes").json()

    assert answer["total"] == len(answer["items"]) == 10
    assert {item["index"] for item in answer["items"]} == set(range(40, 50))
    sureness = [item["top"][0]["probability"] for item in answer["items"]]
    assert sureness == sorted(sureness, reverse=True)
    kept = RESULTS.predictions["test"]
    for item in answer["items"]:
        row = item["index"]
        assert item["sample"] == 100 + row
        assert item["true"] == {"label": str(row % 10), "index": row % 10}
        assert item["top"][0]["index"] == (row + 1) % 10
        expected = sorted(kept.probabilities[row].tolist(), reverse=True)[:3]
        assert [each["probability"] for each in item["top"]] == expected
        assert item["margin"] == pytest.approx(expected[0] - expected[1])


def test_mistakes_are_filtered_sorted_and_paged(client: ApiClient, finished: Record) -> None:
    path = f"/experiments/{finished.id}/mistakes"

    def rows(query: str) -> list[int]:
        return [item["index"] for item in client.get(f"{path}?{query}").json()["items"]]

    assert rows("split=validation&sort=index") == list(range(45, 50))
    assert rows("true=4&predicted=5") == [44]
    assert rows("true=4&predicted=6") == []
    assert rows("predicted=0") == [49]
    assert rows("sort=index&limit=3&offset=2") == [42, 43, 44]
    assert client.get(f"{path}?sort=index&limit=3&offset=2").json()["total"] == 10
    suspect, others = rows("suspect=true&sort=index"), rows("suspect=false&sort=index")
    assert sorted(suspect + others) == list(range(40, 50))
    assert suspect


@pytest.mark.parametrize("name", ["mistakes", "evaluation"])
def test_results_need_a_success(client: ApiClient, tiny_document: Document, name: str) -> None:
    waiting = client.post("/experiments", json=tiny_document).json()["id"]

    answer = client.get(f"/experiments/{waiting}/{name}")

    assert answer.status_code == 404
    assert "is queued and has no evaluation" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("query", "status", "said"),
    [
        ("true=ten", 404, "unknown class 'ten'; this dataset has: 0, 1,"),
        ("predicted=10", 404, "unknown class '10'"),
        ("sort=best", 422, "confidence"),
        ("split=train", 422, "training"),
        ("limit=0", 422, "greater than or equal to 1"),
        ("limit=1001", 422, "less than or equal to 1000"),
        ("offset=-1", 422, "greater than or equal to 0"),
    ],
)
def test_invalid_request_is_explained(client: ApiClient, finished: Record, query: str, status: int, said: str) -> None:
    answer = client.get(f"/experiments/{finished.id}/mistakes?{query}")

    assert answer.status_code == status
    assert said in answer.text
    assert len(answer.json().get("errors", [])) <= 1


def test_image_of_mistake_is_the_network_input(client: ApiClient, finished: Record) -> None:
    item = client.get(f"/experiments/{finished.id}/mistakes").json()["items"][0]

    answer = client.get(item["image"])

    assert answer.headers["content-type"] == "image/png"
    kept = RESULTS.predictions["test"].image(item["index"])
    assert kept is not None
    assert np.array_equal(image(answer.content), kept[:, :, 0])


def test_unkept_image_without_dataset_is_not_found(client: ApiClient, api_store: Store, tmp_path: Path) -> None:
    client.configure(datasets_dir=tmp_path)
    spec = parse_spec({"dataset": {"name": "mnist"}, "model": {"layers": [{"type": "Flatten"}, {"type": "Dense"}]}})
    record = publish(api_store, spec)

    answer = client.get(f"/experiments/{record.id}/samples/test/0.png")

    assert answer.status_code == 404
    assert "the image of test sample 0 was not kept" in answer.json()["detail"]


def test_image_of_an_absent_sample_is_not_found(client: ApiClient, finished: Record) -> None:
    for index in ("50", "-1"):
        outside = client.get(f"/experiments/{finished.id}/samples/test/{index}.png")
        assert outside.status_code == 404
        assert "it has 0 to 49" in outside.json()["detail"]


def test_correct_samples_are_read_from_the_dataset(
    client: ApiClient, api_store: Store, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path_factory.mktemp("datasets")
    images = np.random.default_rng(0).integers(0, 256, (70_000, 2, 2), dtype=np.uint8)
    labels = np.arange(70_000) % 10
    np.savez(
        folder / "mnist.npz",
        x_train=images[:60_000],
        y_train=labels[:60_000],
        x_test=images[60_000:],
        y_test=labels[60_000:],
    )
    client.configure(datasets_dir=folder)
    spec = parse_spec({"dataset": {"name": "mnist"}, "model": {"layers": [{"type": "Flatten"}, {"type": "Dense"}]}})
    record = publish(api_store, spec)

    answer = client.get(f"/experiments/{record.id}/samples/test/7.png")

    assert np.array_equal(image(answer.content), images[107])


def test_mistakes_are_drawn_on_a_sheet(client: ApiClient, finished: Record) -> None:
    sheet = client.get(f"/experiments/{finished.id}/mistakes.png")

    assert sheet.headers["content-type"] == "image/png"
    assert image(sheet.content).shape[1] > 5 * 128
    one = image(client.get(f"/experiments/{finished.id}/mistakes.png?limit=1").content)
    assert one.shape[1] < 2 * 128


def test_mistakes_of_numbers_have_no_images(client: ApiClient, api_store: Store) -> None:
    record = publish(api_store, parse_spec({"model": {"preset": "blobs-mlp"}, "dataset": {"name": "blobs"}}))

    items = client.get(f"/experiments/{record.id}/mistakes").json()["items"]

    assert [item["image"] for item in items] == [None] * 10
    assert client.get(f"/experiments/{record.id}/mistakes.png").status_code == 404


@pytest.mark.parametrize("file", [EVALUATION_FILE, predictions_file("test")])
def test_damaged_results_are_a_conflict(client: ApiClient, api_store: Store, finished: Record, file: str) -> None:
    (api_store.experiments.artifacts(finished.id) / file).write_bytes(b"{}")

    answer = client.get(f"/experiments/{finished.id}/mistakes")

    assert answer.status_code == 409
    assert file in answer.json()["detail"]
