import time
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from anyio import create_task_group, get_running_tasks, run, to_thread, wait_all_tasks_blocked
from PIL import Image

from api.routes.corrections import await_written
from api.sample_corrections import given_labels
from models_store.corrections.correction import GivenLabel
from models_store.experiments.record import Record
from models_store.predictions.ids import Place, format_id
from models_store.predictions.recent import Origin
from models_store.store import Store
from settings import Settings
from specs.dataset import DATASETS
from specs.experiment import ExperimentSpec, parse_spec
from tests.api.routes.test_predictions import png
from tests.support.api import ApiClient
from tests.support.published import publish, results_on
from tests.support.waiting import eventually

EXPERIMENT = "01K6W3E8Z4T5V6X7Y8Z9A0B1C2"
NAME = "digits-corrections"
Predicted = Callable[..., str]


@pytest.fixture
def predicted(client: ApiClient) -> Predicted:
    """A prediction as it is remembered: the id."""
    recent = client.services.recent

    def made(value: int = 0, dataset: str = "digits", shape: tuple[int, ...] = (8, 8, 1)) -> str:
        sample = np.full(shape, value, dtype=np.uint8 if len(shape) == 3 else np.float32)
        return recent.keep(Origin(EXPERIMENT, dataset, shape), sample, "4", 0.75)

    return made


@pytest.fixture
def another_client(client: ApiClient, settings: Settings) -> Iterator[ApiClient]:
    """Of another API process on the same store."""
    with ApiClient(settings) as another:
        yield another


def label(client: ApiClient, prediction_id: str, name: Any) -> Any:
    return client.post(f"/predictions/{prediction_id}/label", json={"label": name})


def ready(client: ApiClient, images: int) -> dict[str, Any]:
    """Once it has so many."""

    def view() -> dict[str, Any] | None:
        shown: dict[str, Any] = client.get(f"/datasets/{NAME}").json()
        return shown if shown["status"] == "ready" and sum(shown["counts"]["train"]) == images else None

    found = eventually(view)
    assert found is not None
    return found


def test_made_up_predictions_hold_no_thread(client: ApiClient) -> None:
    """Each might come from another process, and is waited for."""
    services = client.services

    async def ask_for_many() -> tuple[int, float]:
        async with create_task_group() as waiting:
            for segment in range(50):
                made_up = format_id(Place(time.time_ns() // 1_000_000, segment, 0).number)
                waiting.start_soon(await_written, made_up, services)
            await wait_all_tasks_blocked()
            still_waiting = len(get_running_tasks()) - 1
            held = to_thread.current_default_thread_limiter().borrowed_tokens
            waiting.cancel_scope.cancel()
        return still_waiting, held

    assert run(ask_for_many) == (50, 0)


def test_label_is_collected_and_shown(client: ApiClient, predicted: Predicted) -> None:
    prediction_id = predicted(200)

    answer = label(client, prediction_id, "9")

    assert answer.status_code == 200, answer.text
    assert answer.json() == {
        "prediction_id": prediction_id,
        "experiment_id": EXPERIMENT,
        "predicted": "4",
        "probability": 0.75,
        "label": "9",
        "dataset": NAME,
    }
    view = ready(client, 1)
    assert (view["origin"], view["shape"], view["counts"]["train"][9]) == ("collected", [8, 8, 1], 1)
    [sample] = client.get(f"/datasets/{NAME}/samples").json()["items"]
    assert (sample["label"], sample["file"]) == ("9", f"9/{prediction_id}.png")
    image = Image.open(BytesIO(client.get(sample["image"]).content))
    assert np.array_equal(np.asarray(image), np.full((8, 8), 200))
    assert client.get(f"/datasets/{NAME}/samples.png").status_code == 200


def test_collected_image_is_the_network_input(
    client: ApiClient, api_store: Store, tiny_spec: Callable[..., ExperimentSpec]
) -> None:
    published = publish(api_store, tiny_spec())
    files = [("file", (f"{bright}.png", png(bright), "image/png")) for bright in (3, 7)]
    predictions = client.post("/predict?dataset=digits", files=files).json()["predictions"]

    for prediction, right in zip(predictions, ("8", "7"), strict=True):
        answer = label(client, prediction["id"], right).json()
        assert (answer["experiment_id"], answer["predicted"]) == (published.id, prediction["top"][0]["label"])
        assert answer["probability"] == prediction["top"][0]["probability"]

    ready(client, 2)
    samples = client.get(f"/datasets/{NAME}/samples").json()["items"]
    assert [(each["label"], each["file"]) for each in samples] == [
        ("7", f"7/{predictions[1]['id']}.png"),
        ("8", f"8/{predictions[0]['id']}.png"),
    ]
    images = [np.asarray(Image.open(BytesIO(client.get(each["image"]).content))) for each in samples]
    assert [int(image.argmax()) for image in images] == [7, 3]


@pytest.mark.parametrize(
    ("body", "pointer", "detail"),
    [
        ({}, "/label", "`label` is missing; expected the name of the class that the image shows"),
        ({"lable": "9"}, "/lable", "unknown field `lable`; did you mean `label`? known here: label"),
        ("9", "", 'expected a mapping, for instance {"label": "7"}, received "9"'),
    ],
)
def test_body_without_a_label_is_explained(
    client: ApiClient, predicted: Predicted, body: Any, pointer: str, detail: str
) -> None:
    answer = client.post(f"/predictions/{predicted()}/label", json=body)

    assert answer.status_code == 422
    problems = {each["pointer"]: each["detail"] for each in answer.json()["errors"]}
    assert problems[pointer].startswith(detail)


def test_last_label_of_a_prediction_counts(client: ApiClient, predicted: Predicted) -> None:
    prediction_id = predicted()
    for name in ("9", "7"):
        assert label(client, prediction_id, name).status_code == 200
    assert eventually(lambda: ready(client, 1)["counts"]["train"][7]) == 1


def test_another_process_accepts_the_label(client: ApiClient, another_client: ApiClient, predicted: Predicted) -> None:
    coloured = predicted(3, "cifar10", (32, 32, 3))
    assert eventually(lambda: label(another_client, coloured, "cat").is_success)
    shape = eventually(lambda: another_client.get("/datasets/cifar10-corrections").json().get("shape"))
    assert shape == [32, 32, 3]


def test_experiment_on_corrections_is_accepted(
    client: ApiClient, predicted: Predicted, tiny_document: dict[str, Any]
) -> None:
    for number in range(12):
        label(client, predicted(number), str(number % 3))
    ready(client, 12)
    document = {**tiny_document, "training": {"epochs": 1, "batch_size": 4}}

    whole = client.post("/experiments", json={**document, "dataset": {"name": NAME, "split": {"stratify": True}}})
    some = client.post("/experiments", json={**document, "dataset": {"name": NAME, "split": {"stratify": False}}})

    assert (whole.status_code, "stratify to false" in whole.json()["error"]) == (422, True)
    assert some.status_code == 202, some.text
    assert client.delete(f"/datasets/{NAME}").status_code == 409


@pytest.mark.parametrize(
    ("name", "fragment"),
    [
        ("10", "unknown class `10`; "),
        (9, "expected a string"),
        (None, "expected a string"),
        ("", "digits has: 0, 1, 2"),
    ],
)
def test_unknown_class_is_rejected(client: ApiClient, predicted: Predicted, name: Any, fragment: str) -> None:
    answer = label(client, predicted(), name)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/label")
    assert fragment in answer.json()["error"]
    assert client.get(f"/datasets/{NAME}").status_code == 404


@pytest.mark.parametrize("prediction_id", ["nonsense", "..%2f..", "0" * 26, EXPERIMENT, "a" * 4000])
def test_expired_or_unknown_prediction_is_not_found(client: ApiClient, prediction_id: str) -> None:
    answer = label(client, prediction_id, "7")
    assert (answer.status_code, answer.headers["Content-Type"]) == (404, "application/problem+json")


def test_uncollectable_prediction_is_rejected(client: ApiClient, predicted: Predicted) -> None:
    numbers = label(client, predicted(1, "blobs", (2,)), "1")
    assert (numbers.status_code, "only images are collected" in numbers.json()["error"]) == (409, True)
    gone = label(client, predicted(1, "deleted"), "1")
    assert (gone.status_code, "was deleted" in gone.json()["error"]) == (409, True)


def test_label_is_kept_without_redis(settings: Settings, api_store: Store) -> None:
    away = settings.model_copy(update={"redis_url": "redis://127.0.0.1:1/0"})
    with ApiClient(away) as client:
        recent = client.services.recent
        kept = recent.keep(Origin(EXPERIMENT, "digits", (8, 8, 1)), np.zeros((8, 8, 1), np.uint8), "4", 0.75)
        assert label(client, kept, "2").status_code == 200
        ready(client, 1)


def test_corrections_are_added_and_the_result_serves(
    client: ApiClient, api_store: Store, predicted: Predicted, tiny_document: dict[str, Any]
) -> None:
    combined = {**tiny_document, "dataset": {"name": "digits", "add": [{"name": NAME, "limit_per_class": 2}]}}
    assert client.post("/experiments", json=combined).status_code == 422
    for value in (200, 210, 220):
        assert label(client, predicted(value), "9").is_success
    ready(client, 3)

    shown = client.post("/experiments:validate", json=combined).json()
    assert shown["spec"]["dataset"]["add"] == [{"name": NAME, "limit_per_class": 2}]
    corrections = {"dataset": {"name": NAME, "split": {"stratify": False}}, "training": {"batch_size": 1}}
    alone = publish(api_store, parse_spec({**tiny_document, **corrections}, api_store.known_datasets()))
    rejected = client.put("/models/serving/digits", json={"experiment_id": alone.id})
    assert rejected.status_code == 409
    assert f"`dataset: {{name: digits, add: [{NAME}]}}` trains one on both" in rejected.json()["detail"]

    record = publish(api_store, parse_spec(combined, api_store.known_datasets()))
    assert client.put("/models/serving/digits", json={"experiment_id": record.id}).json()["experiment_id"] == record.id
    assert client.get("/experiments?dataset=digits&status=succeeded").json()["items"][0]["id"] == record.id
    assert client.delete(f"/datasets/{NAME}").status_code == 409


def relabel(client: ApiClient, experiment_id: str, index: int, name: Any, split: str = "test") -> Any:
    return client.post(f"/experiments/{experiment_id}/samples/{split}/{index}/label", json={"label": name})


@pytest.fixture
def evaluated(api_store: Store, tiny_spec: Callable[..., ExperimentSpec]) -> Record:
    """On made-up samples, whose numbers are those of the first 150 of digits."""
    return publish(api_store, tiny_spec(), results=results_on(DATASETS["digits"], 0.8))


def test_sample_is_corrected_by_its_label(client: ApiClient, evaluated: Record) -> None:
    [mistake, *_] = client.get(f"/experiments/{evaluated.id}/mistakes").json()["items"]

    answer = relabel(client, evaluated.id, mistake["index"], "7")

    assert answer.status_code == 200, answer.text
    assert answer.json() == {
        "source": "digits",
        "sample": mistake["sample"],
        "true": mistake["true"]["label"],
        "predicted": mistake["top"][0]["label"],
        "label": "7",
        "dataset": NAME,
    }
    ready(client, 1)
    [sample] = client.get(f"/datasets/{NAME}/samples").json()["items"]
    assert (sample["label"], sample["file"]) == ("7", f"7/sample-{mistake['sample']:07}.png")
    # As the dataset has it, which is not what the network is said to have received here.
    original = client.get(f"/datasets/digits/samples/{mistake['sample']}.png").content
    assert pixels(client.get(sample["image"]).content) == pixels(original)


def pixels(data: bytes) -> list[list[int]]:
    return np.asarray(Image.open(BytesIO(data))).tolist()  # type: ignore[no-any-return]


def test_misclassified_sample_shows_its_correction(client: ApiClient, evaluated: Record) -> None:
    first, second, *_ = client.get(f"/experiments/{evaluated.id}/mistakes").json()["items"]
    other = str((first["true"]["index"] + 1) % 10)
    relabel(client, evaluated.id, first["index"], other)
    relabel(client, evaluated.id, second["index"], second["true"]["label"])

    items = client.get(f"/experiments/{evaluated.id}/mistakes").json()["items"]

    assert [each["corrected"] for each in items[:3]] == [other, None, None]
    assert [each["confirmed"] for each in items[:3]] == [False, True, False]


def test_confirmed_label_is_no_longer_suspect(client: ApiClient, evaluated: Record) -> None:
    path = f"/experiments/{evaluated.id}/mistakes"
    before = client.get(f"{path}?suspect=true").json()
    first = before["items"][0]
    relabel(client, evaluated.id, first["index"], first["true"]["label"])

    after = client.get(f"{path}?suspect=true").json()

    assert after["total"] == before["total"] - 1
    assert first["index"] not in [each["index"] for each in after["items"]]
    others = client.get(f"{path}?suspect=false&limit=1000").json()["items"]
    [confirmed] = [each for each in others if each["index"] == first["index"]]
    assert (confirmed["suspect"], confirmed["confirmed"], confirmed["corrected"]) == (False, True, None)


def test_label_changed_later_is_not_confirmed(client: ApiClient, evaluated: Record) -> None:
    path = f"/experiments/{evaluated.id}/mistakes?limit=1"
    [first] = client.get(path).json()["items"]
    for label in (first["true"]["label"], first["top"][0]["label"]):
        relabel(client, evaluated.id, first["index"], label)

    [corrected] = client.get(path).json()["items"]

    assert (corrected["confirmed"], corrected["corrected"]) == (False, first["top"][0]["label"])


def test_sample_labeled_again_has_the_last_label(client: ApiClient, evaluated: Record) -> None:
    for name in ("7", "3"):
        assert relabel(client, evaluated.id, 4, name).status_code == 200
    view = ready(client, 1)
    assert view["counts"]["train"] == [0, 0, 0, 1, 0, 0, 0, 0, 0, 0]


def test_correction_itself_gets_a_new_label(
    client: ApiClient, api_store: Store, evaluated: Record, tiny_document: dict[str, Any]
) -> None:
    relabel(client, evaluated.id, 4, "7")
    relabel(client, evaluated.id, 5, "8")
    ready(client, 2)
    # Sample 1797 and 1798 are those that were added to the 1797 of digits.
    document = {**tiny_document, "dataset": {"name": "digits", "add": [NAME]}}
    results = results_on(DATASETS["digits"], 0.8)
    training = results.predictions["training"]
    moved = training._replace(samples=training.samples + 1797 - training.samples[0])
    added = publish(
        api_store,
        parse_spec(document, api_store.known_datasets()),
        results=results._replace(predictions={**results.predictions, "training": moved}),
    )

    answer = relabel(client, added.id, 1, "3", split="training").json()

    assert (answer["source"], answer["sample"], answer["dataset"]) == (NAME, 1, NAME)
    assert given_labels([0, 1797, 1798], ("digits", NAME), api_store) == {
        1797: GivenLabel("7", confirmed=False),
        1798: GivenLabel("3", confirmed=False),
    }
    view = eventually(lambda: (shown := ready(client, 2))["counts"]["train"][3] and shown)
    assert view["counts"]["train"] == [0, 0, 0, 1, 0, 0, 0, 1, 0, 0]


def test_image_as_the_network_received_it_will_do(
    settings: Settings, api_store: Store, tmp_path: Path, tiny_document: dict[str, Any]
) -> None:
    """The API has no file of MNIST's images."""
    document = {**tiny_document, "dataset": {"name": "mnist"}}
    record = publish(api_store, parse_spec(document), results=results_on(DATASETS["digits"], 0.8))
    with ApiClient(settings.model_copy(update={"datasets_dir": tmp_path})) as client:
        items = client.get(f"/experiments/{record.id}/mistakes").json()["items"]
        answer = relabel(client, record.id, items[0]["index"], "7")
        assert answer.status_code == 200, answer.text
        right = next(index for index in range(50) if index not in {each["index"] for each in items})
        missing = relabel(client, record.id, right, "7")
        assert (missing.status_code, "DATASETS_DIR" in missing.json()["detail"]) == (404, True)


@pytest.mark.parametrize(
    ("split", "index", "name", "status", "fragment"),
    [
        ("test", 50, "7", 404, "it has 0 to 49"),
        ("test", 0, "seven", 422, "/label"),
        ("test", 0, 7, 422, "/label"),
        ("nonsense", 0, "7", 422, "split"),
    ],
)
def test_wrong_label_of_a_sample_is_rejected(
    client: ApiClient, evaluated: Record, split: str, index: int, name: Any, status: int, fragment: str
) -> None:
    answer = relabel(client, evaluated.id, index, name, split)
    assert answer.status_code == status
    assert fragment in answer.text
    assert client.get(f"/datasets/{NAME}").status_code == 404


def test_samples_that_are_numbers_are_not_relabeled(client: ApiClient, api_store: Store) -> None:
    document = {"name": "b", "dataset": {"name": "blobs"}, "model": {"layers": [{"type": "Dense"}]}}
    record = publish(api_store, parse_spec(document))
    answer = relabel(client, record.id, 0, "0")
    assert (answer.status_code, "are numbers" in answer.json()["detail"]) == (409, True)
