import gzip
from collections.abc import Callable
from typing import Any

import numpy as np
import orjson
import pytest

from models_store.store import Store
from serving.model_names import version_number
from specs.experiment import ExperimentSpec
from tests.protocols.images import b64, pixels, png
from tests.support.api import ApiClient
from tests.support.published import publish

PREDICT = "/v1/models/digits:predict"


def classes(answer: Any, member: str = "predictions") -> list[int]:
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/json"), answer.text
    assert list(answer.json()) == [member]
    rows = np.array(answer.json()[member])
    assert rows.shape[1] == 10
    assert rows.sum(axis=1) == pytest.approx(1, abs=1e-5)
    found: list[int] = rows.argmax(axis=1).tolist()
    return found


def predict(client: ApiClient, body: object, url: str = PREDICT) -> Any:
    """As curl and TensorFlow Serving's own examples do: without a Content-Type."""
    return client.post(url, content=orjson.dumps(body))


@pytest.mark.parametrize("shape", [(8, 8, 1), (8, 8), (64,)])
def test_numbers_are_accepted_in_each_shape(client: ApiClient, digits: str, shape: tuple[int, ...]) -> None:
    rows = [each.reshape(shape).tolist() for each in pixels(3, 7)]

    assert classes(predict(client, {"instances": rows})) == [3, 7]
    assert classes(predict(client, {"instances": [{"image": row} for row in rows]})) == [3, 7]
    assert classes(predict(client, {"signature_name": "serving_default", "instances": rows})) == [3, 7]


def test_columns_are_answered_in_columns(client: ApiClient, digits: str) -> None:
    sent = pixels(5, 0).tolist()

    assert classes(predict(client, {"inputs": sent}), "outputs") == [5, 0]
    assert classes(predict(client, {"inputs": {"image": sent}}), "outputs") == [5, 0]
    assert classes(predict(client, {"inputs": {"image": [b64(4)]}}), "outputs") == [4]


def test_image_files_are_answered_as_by_predict(client: ApiClient, digits: str) -> None:
    answer = predict(client, {"instances": [b64(2), {"image": b64(9)}]})

    assert classes(answer) == [2, 9]
    own = client.post("/predict?top=10", content=png(2)).json()["predictions"][0]["top"]
    ours = {each["index"]: each["probability"] for each in own}
    assert answer.json()["predictions"][0] == pytest.approx([ours[index] for index in range(10)], abs=1e-6)


def test_samples_beyond_one_batch_are_answered(client: ApiClient, digits: str) -> None:
    bright = [index % 10 for index in range(100)]

    assert classes(predict(client, {"instances": pixels(*bright).reshape(-1, 64).tolist()})) == bright


def test_features_are_answered(client: ApiClient, blobs: str) -> None:
    answer = predict(client, {"instances": [[2.0, -2], [-1, 4.5]]}, "/v1/models/blobs:predict")

    assert np.array(answer.json()["predictions"]).argmax(axis=1).tolist() == [1, 2]


def test_classify_names_every_class(client: ApiClient, digits: str) -> None:
    url = "/v1/models/digits:classify"
    examples = [{"image": b64(3)}, {"image": b64(8)}]

    result = client.post(url, content=orjson.dumps({"examples": examples})).json()["result"]

    assert [[label for label, _ in row] for row in result] == [[str(index) for index in range(10)]] * 2
    assert [max(row, key=lambda each: each[1])[0] for row in result] == ["3", "8"]
    shared = client.post(url, content=orjson.dumps({"context": {"image": b64(1)}, "examples": [{}, {}]}))
    assert [max(row, key=lambda each: each[1])[0] for row in shared.json()["result"]] == ["1", "1"]


def test_gzipped_body_is_decompressed(client: ApiClient, digits: str) -> None:
    body = gzip.compress(orjson.dumps({"instances": pixels(6).tolist()}))

    assert classes(client.post(PREDICT, content=body, headers={"Content-Encoding": "gzip"})) == [6]
    assert client.post(PREDICT, content=body, headers={"Content-Encoding": "br"}).status_code == 415
    bomb = gzip.compress(b" " * 20_000_000)
    assert client.post(PREDICT, content=bomb, headers={"Content-Encoding": "gzip"}).status_code == 413


def test_status_and_metadata_show_the_version(client: ApiClient, digits: str) -> None:
    status = client.get("/v1/models/digits").json()
    [version] = status["model_version_status"]
    assert version == {
        "version": str(version_number(digits)),
        "state": "AVAILABLE",
        "status": {"error_code": "OK", "error_message": ""},
    }
    assert (status["name"], status["ready"]) == ("digits", True)

    metadata = client.get("/v1/models/digits/metadata").json()
    assert metadata["model_spec"] == {"name": "digits", "signature_name": "", "version": version["version"]}
    signature = metadata["metadata"]["signature_def"]["signature_def"]["serving_default"]
    image, probabilities = signature["inputs"]["image"], signature["outputs"]["probabilities"]
    assert (image["dtype"], probabilities["dtype"]) == ("DT_UINT8", "DT_FLOAT")
    assert [each["size"] for each in image["tensor_shape"]["dim"]] == ["-1", "8", "8", "1"]
    assert [each["size"] for each in probabilities["tensor_shape"]["dim"]] == ["-1", "10"]
    assert client.get("/v1/models").json() == {"models": ["digits"]}
    assert client.get("/").json() == {"status": "alive"}


def test_version_or_label_names_an_experiment(
    client: ApiClient, api_store: Store, digits: str, tiny_spec: Callable[..., ExperimentSpec]
) -> None:
    worse = publish(api_store, tiny_spec(), val_accuracy=0.1).id
    best, other = str(version_number(digits)), str(version_number(worse))
    assert best != other

    for place in (f"versions/{other}", f"labels/{worse}"):
        assert classes(predict(client, {"instances": [b64(1)]}, f"/v1/models/digits/{place}:predict")) == [1]
        [version] = client.get(f"/v1/models/digits/{place}").json()["model_version_status"]
        assert version["version"] == other
        spec = client.get(f"/v1/models/digits/{place}/metadata").json()["model_spec"]
        assert spec["version"] == other
    [version] = client.get("/v1/models/digits").json()["model_version_status"]
    assert version["version"] == best


@pytest.mark.parametrize(
    ("verb", "body"), [("predict", {"instances": [1.0, 2.0, 5.0]}), ("classify", {"examples": [{"x": 1}]})]
)
def test_invalid_request_is_400_with_reason(client: ApiClient, digits: str, verb: str, body: object) -> None:
    answer = client.post(f"/v1/models/digits:{verb}", content=orjson.dumps(body))

    assert (answer.status_code, answer.headers["Content-Type"]) == (400, "application/json"), answer.text
    assert "image" in answer.json()["error"] or "[n, 8, 8, 1]" in answer.json()["error"]


def test_unknown_model_or_path_is_not_found(client: ApiClient, digits: str) -> None:
    for path, status, fragment in (
        ("/v1/models/nothing", 404, "unknown dataset `nothing`"),
        ("/v1/models/mnist", 503, "no model for mnist: POST an experiment"),
        ("/v1/models/digits/versions/1", 404, "no experiment was posted in that millisecond"),
        (
            "/v1/models/digits/versions/-1",
            404,
            "version '-1' is not a number; to name an experiment by its id",
        ),
        ("/v1/models/digits/labels/canary", 404, "experiment 'canary' not found"),
        ("/v1/models/digits/nothing", 404, "No route for"),
        ("/v1/nothing", 404, "No route for"),
    ):
        answer = client.get(path)

        assert (answer.status_code, answer.headers["Content-Type"]) == (status, "application/json"), answer.text
        assert fragment in answer.json()["error"]


def test_experiment_of_other_dataset_is_no_version(client: ApiClient, digits: str, blobs: str) -> None:
    for place in (f"labels/{blobs}", f"versions/{version_number(blobs)}"):
        answer = client.get(f"/v1/models/digits/{place}")
        assert (answer.status_code, answer.headers["Content-Type"]) == (404, "application/json")
    assert "is a version of model blobs, not of digits" in client.get(f"/v1/models/digits/labels/{blobs}").text


def test_queued_experiment_is_no_version_yet(
    client: ApiClient, api_store: Store, digits: str, tiny_spec: Callable[..., ExperimentSpec]
) -> None:
    waiting = api_store.experiments.create(tiny_spec())

    answer = client.get(f"/v1/models/digits/labels/{waiting.id}")

    assert (answer.status_code, "queued" in answer.json()["error"]) == (409, True)


def test_oversized_body_is_rejected_as_json(client: ApiClient, digits: str) -> None:
    answer = client.post(PREDICT, content=b" " * 10_000_001)

    assert (answer.status_code, answer.headers["Content-Type"]) == (413, "application/json")
    assert "larger" in answer.json()["error"]


def test_requests_are_counted_as_predictions(client: ApiClient, digits: str) -> None:
    predict(client, {"instances": [b64(1)]})
    predict(client, {"instances": []})

    counted = client.get("/metrics").text
    assert 'prediction_requests_total{model="digits",outcome="answered"} 1.0' in counted
    assert 'prediction_requests_total{model="none",outcome="error"} 1.0' in counted


@pytest.mark.parametrize("verb", ["predict", "classify"])
def test_scale_is_a_parameter(client: ApiClient, digits: str, verb: str) -> None:
    rows = (pixels(3, 7).reshape(-1, 64) / 255).tolist()
    body = {"instances": rows} if verb == "predict" else {"examples": [{"image": row} for row in rows]}

    rejected = client.post(f"/v1/models/digits:{verb}", content=orjson.dumps(body))
    scaled = client.post(f"/v1/models/digits:{verb}?scale=1", content=orjson.dumps(body))

    assert rejected.status_code == 400
    assert "received at most 1 in sample 0" in rejected.json()["error"]
    assert scaled.status_code == 200, scaled.text
    if verb == "predict":
        assert classes(scaled) == [3, 7]


@pytest.mark.parametrize("scale", ["0", "-1", "nan", "inf", "1e9", "unit"])
def test_invalid_scale_is_rejected(client: ApiClient, digits: str, scale: str) -> None:
    body = orjson.dumps({"instances": pixels(3).tolist()})
    answer = client.post(f"{PREDICT}?scale={scale}", content=body)

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/query/scale"


def test_large_request_leaves_room_for_others(client: ApiClient, digits: str) -> None:
    with client.services.admission.admit() as large:
        large.add_request(1_000)

        assert classes(predict(client, {"instances": pixels(3).tolist()})) == [3]
        assert classes(predict(client, {"instances": pixels(5).tolist() * 1_000})) == [5] * 1_000
        assert client.post("/predict", files={"file": ("3.png", png(3))}).status_code == 200
