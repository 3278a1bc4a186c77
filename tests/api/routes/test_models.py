from collections.abc import Callable
from typing import Any

import pytest
from PIL import Image

from models_store.store import Store
from specs.experiment import ExperimentSpec, parse_spec
from tests.api.routes.test_predictions import png
from tests.support.api import ApiClient
from tests.support.archives import zip_of
from tests.support.image_files import encoded
from tests.support.published import bright_column_network, publish
from tests.support.waiting import eventually

Spec = Callable[..., ExperimentSpec]
PATH = "/models/serving/digits"


@pytest.fixture
def best(client: ApiClient, api_store: Store, tiny_spec: Spec) -> str:
    return publish(api_store, tiny_spec(), 0.9).id


@pytest.fixture
def worse(client: ApiClient, api_store: Store, tiny_spec: Spec) -> str:
    """What is class c for the others is class c + 1 for it."""
    return publish(api_store, tiny_spec(name="worse"), 0.5, network=bright_column_network(shift=1)).id


def answering(client: ApiClient) -> tuple[str, str]:
    answer = client.post("/predict?dataset=digits", content=png(3)).json()
    return answer["model"]["experiment_id"], answer["predictions"][0]["top"][0]["label"]


def test_pinned_model_answers_until_unpinned(client: ApiClient, best: str, worse: str) -> None:
    eventually(lambda: answering(client) == (best, "3"))

    pinned = client.put(PATH, json={"experiment_id": worse})

    assert pinned.status_code == 200, pinned.text
    assert answering(client) == (worse, "4")
    [item] = client.get("/models").json()["items"]
    assert item == pinned.json()
    assert (item["experiment_id"], item["name"], item["policy"]) == (worse, "worse", "pinned")
    assert (item["pinned_experiment_id"], item["val_accuracy"], item["rejected"]) == (worse, 0.5, [])
    assert item["pinned_at"]
    assert client.get("/models/best?dataset=digits").json()["experiment_id"] == best

    back = client.put(PATH, content=b"{policy: best}").json()

    assert (back["experiment_id"], back["policy"], back["pinned_experiment_id"]) == (best, "best", None)
    assert answering(client) == (best, "3")


@pytest.mark.parametrize(
    ("body", "fragment"),
    [
        ({}, "received neither of them"),
        ({"experiment_id": "01K6W3E8Z4T5V6X7Y8Z9A0B1C2", "policy": "best"}, "received both"),
        ({"experiment_id": "best"}, "/experiment_id: "),
        ({"experiment_id": 7}, "/experiment_id: expected a string"),
        ({"policy": "worst"}, "/policy: "),
        ({"experiment": "01K6W3E8Z4T5V6X7Y8Z9A0B1C2"}, "did you mean `experiment_id`?"),
        ({"experiment_id": "01k6w3e8z4t5v6x7y8z9a0b1c2"}, "26 digits and capital letters, received"),
        ([], 'expected a mapping, for instance {"policy": "best"}'),
    ],
)
def test_ambiguous_policy_is_rejected(client: ApiClient, body: Any, fragment: str) -> None:
    answer = client.put(PATH, json=body)
    assert answer.status_code == 422
    assert fragment in answer.json()["error"]


def test_unfit_model_is_not_pinned(
    client: ApiClient, api_store: Store, best: str, worse: str, tiny_spec: Spec, tiny_document: dict[str, Any]
) -> None:
    (api_store.experiments.artifacts(worse) / "model.onnx").write_bytes(b"noise")
    other = publish(api_store, parse_spec({**tiny_document, "dataset": {"name": "blobs"}})).id
    waiting = api_store.experiments.create(tiny_spec()).id

    for experiment_id, status, fragment in (
        (worse, 409, "sha256"),
        (other, 409, "was trained on blobs, so it cannot serve digits"),
        (waiting, 409, "is queued"),
        ("01K6W3E8Z4T5V6X7Y8Z9A0B1C2", 404, "01K6W3E8Z4T5V6X7Y8Z9A0B1C2"),
    ):
        answer = client.put(PATH, json={"experiment_id": experiment_id})
        assert (answer.status_code, fragment in answer.json()["error"]) == (status, True), answer.text
    unknown = client.put("/models/serving/digit", json={"policy": "best"})

    assert (unknown.status_code, "did you mean `digits`" in unknown.json()["error"]) == (404, True)
    eventually(lambda: answering(client) == (best, "3"))
    assert client.put(PATH, json={"policy": "best"}).json()["policy"] == "best"
    assert client.put("/models/serving/mnist", json={"policy": "best"}).json()["experiment_id"] is None


def test_damaged_model_is_listed_with_reason(client: ApiClient, api_store: Store, best: str, worse: str) -> None:
    eventually(lambda: answering(client)[0] == best)
    (api_store.experiments.artifacts(worse) / "model.onnx").write_bytes(b"noise")
    api_store.models.pin("digits", worse)  # as it was sound to another process

    [rejected] = eventually(lambda: client.get("/models").json()["items"][0]["rejected"])

    assert (rejected["experiment_id"], "does not match its sha256" in rejected["reason"]) == (worse, True)
    [item] = client.get("/models").json()["items"]
    assert (item["experiment_id"], item["policy"], item["pinned_experiment_id"]) == (best, "pinned", worse)
    assert answering(client) == (best, "3")


def test_pinned_experiment_is_deleted_by_force_alone(client: ApiClient, best: str, worse: str) -> None:
    client.put(PATH, json={"experiment_id": worse})

    rejected = client.delete(f"/experiments/{worse}")

    assert rejected.status_code == 409
    assert "is pinned to serve digits" in rejected.json()["error"]
    assert client.delete(f"/experiments/{worse}?force=true").status_code == 204
    eventually(lambda: answering(client) == (best, "3"))
    assert client.get("/models").json()["items"][0]["policy"] == "best"


def test_promotions_are_listed_newest_first(client: ApiClient, best: str, worse: str) -> None:
    eventually(lambda: answering(client) == (best, "3"))
    client.put(PATH, json={"experiment_id": worse})
    client.put(PATH, json={"policy": "best"})

    items = client.get("/models/promotions?dataset=digits").json()["items"]
    assert [(each["experiment_id"], each["reason"]) for each in items[:3]] == [
        (best, "best"),
        (worse, "pinned"),
        (best, "best"),
    ]
    assert items == client.get("/models/promotions").json()["items"]
    assert client.get("/models/promotions?dataset=mnist").json()["items"] == []
    unknown = client.get("/models/promotions?dataset=mnits")
    assert (unknown.status_code, "did you mean `mnist`" in unknown.json()["detail"]) == (404, True)


def traffic(client: ApiClient) -> Any:
    """Of digits, once a model serves."""
    [found] = eventually(lambda: client.get("/models/traffic").json()["items"])
    return found


def test_traffic_counts_what_the_model_answers(client: ApiClient, best: str) -> None:
    before = traffic(client)
    assert (before["dataset"], before["experiment_id"]) == ("digits", best)
    assert (sum(before["requests_by_minute"]), before["confident_share"], before["drift"]) == (0, None, None)

    for image in (3, 3, 7):
        client.post("/predict?prep=none", content=png(image))
    client.post("/v1/models/digits:predict", json={"instances": [[255] + [0] * 63]})
    archive = zip_of({"a.png": png(3), "b.png": png(5)})
    client.post("/predict:batch?prep=none", content=archive, headers={"Content-Type": "application/zip"})
    client.post("/predict", content=b"no image")

    after = traffic(client)
    assert sum(after["requests_by_minute"]) == 5
    assert len(after["requests_by_minute"]) == 60
    assert 5 / 120 <= after["requests_per_second"] <= 5 / 60
    assert sum(after["verdicts"].values()) == 5
    assert after["confident_share"] == after["verdicts"]["confident"] / 5
    predicted = {each["label"]: each["count"] for each in after["predicted"] if each["count"]}
    assert predicted == {"0": 1, "3": 3, "5": 1, "7": 1}
    assert sum(each["validation_count"] for each in after["predicted"]) == 50


def test_image_without_a_sample_is_of_no_class(client: ApiClient, best: str) -> None:
    traffic(client)
    blank = encoded(Image.new("L", (40, 40), 255))
    [prediction] = client.post("/predict", content=blank).json()["predictions"]
    assert prediction["verdict"] == "not_a_digit"
    after = traffic(client)
    assert (after["verdicts"]["not_a_digit"], sum(each["count"] for each in after["predicted"])) == (1, 0)


def test_other_classes_than_in_validation_are_a_drift(client: ApiClient, best: str) -> None:
    traffic(client)
    files = [("file", (f"{number}.png", png(3), "image/png")) for number in range(60)]
    assert client.post("/predict?prep=none", files=files).status_code == 200

    drift = traffic(client)["drift"]
    assert drift["is_drifting"]
    assert drift["p"] < 0.001


def test_no_model_has_no_traffic(client: ApiClient) -> None:
    assert client.get("/models/traffic").json()["items"] == []
