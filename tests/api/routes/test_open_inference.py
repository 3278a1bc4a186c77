import gzip
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pytest
from PIL import Image

from api.wire.open_inference.tensors import join_elements, split_elements
from models_store.store import Store
from settings import Settings
from specs.experiment import ExperimentSpec
from tests.protocols.images import pixels, png
from tests.support.api import ApiClient
from tests.support.image_files import encoded
from tests.support.published import publish
from tests.support.valkey import Valkey
from tests.support.waiting import eventually

INFER = "/v2/models/digits/infer"
LENGTH = "Inference-Header-Content-Length"


def image(*bright: int, datatype: str = "UINT8", **more: Any) -> dict[str, Any]:
    return {"name": "image", "shape": [len(bright), 8, 8, 1], "datatype": datatype, **more}


def infer(client: ApiClient, request: dict[str, Any], binary: bytes = b"", url: str = INFER, **headers: str) -> Any:
    """As Triton's clients do: without a Content-Type."""
    text = orjson.dumps(request)
    return client.post(url, content=text + binary, headers={LENGTH: str(len(text)), **headers} if binary else headers)


def classes(answer: Any) -> list[int]:
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/json"), answer.text
    [output] = answer.json()["outputs"]
    assert (output["name"], output["datatype"]) == ("probabilities", "FP32")
    rows = np.array(output["data"]).reshape(output["shape"])
    assert rows.sum(axis=1) == pytest.approx(1, abs=1e-5)
    found: list[int] = rows.argmax(axis=1).tolist()
    return found


def test_json_tensor_is_answered_in_json(client: ApiClient, digits: str) -> None:
    data = pixels(4, 2).reshape(-1).tolist()
    answer = infer(client, {"id": "42", "inputs": [image(4, 2, data=data)]})

    assert classes(answer) == [4, 2]
    assert {name: answer.json()[name] for name in ("id", "model_name", "model_version")} == {
        "id": "42",
        "model_name": "digits",
        "model_version": digits,
    }


def test_binary_tensor_is_answered_in_bytes(client: ApiClient, digits: str) -> None:
    array = pixels(4, 2).astype(np.float32)
    tensor = image(4, 2, datatype="FP32", parameters={"binary_data_size": array.nbytes})
    request = {"inputs": [tensor], "parameters": {"binary_data_output": True}}

    answer = infer(client, request, array.tobytes())

    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/octet-stream")
    length = int(answer.headers[LENGTH])
    document = orjson.loads(answer.content[:length])
    assert "id" not in document
    [output] = document["outputs"]
    assert output == {
        "name": "probabilities",
        "datatype": "FP32",
        "shape": [2, 10],
        "parameters": {"binary_data_size": 80},
    }
    rows = np.frombuffer(answer.content[length:], "<f4").reshape(2, 10)
    assert rows.argmax(axis=1).tolist() == [4, 2]
    # The output's own word is stronger than the request's.
    asked = [{"name": "probabilities", "parameters": {"binary_data": False}}]
    assert classes(infer(client, {**request, "outputs": asked}, array.tobytes())) == [4, 2]


def test_image_files_are_answered_with_classes(client: ApiClient, digits: str) -> None:
    files = join_elements([png(7), png(0)])
    tensor = {"name": "image", "shape": [2], "datatype": "BYTES", "parameters": {"binary_data_size": len(files)}}
    asked = {"name": "probabilities", "parameters": {"classification": 2}}
    request = {"inputs": [tensor], "outputs": [asked]}

    [output] = infer(client, request, files).json()["outputs"]
    assert (output["datatype"], output["shape"]) == ("BYTES", [2, 2])
    own = client.post("/predict?top=2", files=[("file", png(7)), ("file", png(0))]).json()["predictions"]
    guesses = [each for prediction in own for each in prediction["top"]]
    assert output["data"] == [f"{each['probability']:f}:{each['index']}:{each['label']}" for each in guesses]

    asked["parameters"] |= {"binary_data": True, "classification": 99}  # type: ignore[operator]
    answer = infer(client, request, files)
    length = int(answer.headers[LENGTH])
    [output] = orjson.loads(answer.content[:length])["outputs"]
    texts = split_elements(memoryview(answer.content)[length:], "output")
    assert (output["shape"], len(texts)) == ([2, 10], 20)
    assert [texts[first].split(b":")[1:] for first in (0, 10)] == [[b"7", b"7"], [b"0", b"0"]]


def test_features_are_answered(client: ApiClient, blobs: str) -> None:
    tensor = {"name": "features", "shape": [2, 2], "datatype": "FP64", "data": [[2.0, -2], [-1, 4.5]]}

    assert classes(infer(client, {"inputs": [tensor]}, url="/v2/models/blobs/infer")) == [1, 2]


@pytest.mark.parametrize(("encoding", "pack"), [("gzip", gzip.compress), ("deflate", zlib.compress)])
def test_compressed_body_is_decompressed(
    client: ApiClient, digits: str, encoding: str, pack: Callable[[bytes], bytes]
) -> None:
    data = pixels(1).tobytes()
    text = orjson.dumps({"inputs": [image(1, parameters={"binary_data_size": len(data)})]})
    headers = {LENGTH: str(len(text)), "Content-Encoding": encoding}

    packed = pack(text + data)
    assert classes(client.post(INFER, content=packed, headers=headers)) == [1]
    for broken in (packed[:-1], packed + b"more", b"no", b""):
        answer = client.post(INFER, content=broken, headers=headers)
        assert (answer.status_code, "body" in answer.json()["error"]) == (400, True)


def test_health_is_reported(client: ApiClient) -> None:
    assert client.get("/v2/health/live").json() == {"live": True}
    assert client.get("/v2/health/ready").json() == {"live": True, "ready": True}
    server = client.get("/v2").json()
    assert server["name"] == "trainyard"
    assert {"binary_tensor_data", "classification"} <= set(server["extensions"])


def test_model_is_described(client: ApiClient, digits: str, blobs: str) -> None:
    assert client.get("/v2/models/digits").json() == {
        "name": "digits",
        "versions": [digits],
        "platform": "onnxruntime_onnx",
        "inputs": [{"name": "image", "datatype": "UINT8", "shape": [-1, 8, 8, 1]}],
        "outputs": [{"name": "probabilities", "datatype": "FP32", "shape": [-1, 10]}],
    }
    config = client.get("/v2/models/blobs/config").json()
    assert config["input"] == [{"name": "features", "data_type": "TYPE_FP32", "dims": [2]}]
    assert config["output"] == [{"name": "probabilities", "data_type": "TYPE_FP32", "dims": [4]}]
    assert client.get("/v2/models/digits/ready").json() == {"name": "digits", "ready": True}
    assert client.post("/v2/repository/index", content=b"").json() == [
        {"name": name, "version": version, "state": "READY", "reason": ""}
        for name, version in (("blobs", blobs), ("digits", digits))
    ]


def test_version_is_an_experiment(
    client: ApiClient, api_store: Store, digits: str, tiny_spec: Callable[..., ExperimentSpec]
) -> None:
    worse = publish(api_store, tiny_spec(), val_accuracy=0.1).id
    place = f"/v2/models/digits/versions/{worse}"

    answer = infer(client, {"inputs": [image(3, data=pixels(3).tolist())]}, url=f"{place}/infer")
    assert (classes(answer), answer.json()["model_version"]) == ([3], worse)
    assert client.get(place).json()["versions"] == [worse]
    assert client.get(f"{place}/ready").json() == {"name": "digits", "ready": True}
    assert client.get(f"{place}/config").json()["max_batch_size"] >= 1


def test_unknown_model_or_path_is_not_found(client: ApiClient, digits: str, blobs: str) -> None:
    for path, status, fragment in (
        ("/v2/models/nothing", 404, "unknown dataset `nothing`"),
        ("/v2/models/nothing/ready", 404, "unknown dataset `nothing`"),
        ("/v2/models/mnist/ready", 503, "no model for mnist: POST an experiment"),
        ("/v2/models/digits/versions/1", 404, "experiment '1' not found"),
        (f"/v2/models/digits/versions/{blobs}/ready", 404, "is a version of model blobs, not of digits"),
        ("/v2/models/digits/stats", 404, "No route for"),
        ("/v2/models/digits/infer", 405, "Method Not Allowed"),
    ):
        answer = client.get(path)

        assert (answer.status_code, answer.headers["Content-Type"]) == (status, "application/json"), answer.text
        assert fragment in answer.json()["error"]


def test_invalid_request_is_400_oversized_413(client: ApiClient, digits: str) -> None:
    for body, headers, status, fragment in (
        (b"", {}, 400, "does not parse as JSON"),
        (b"{}", {}, 400, "/inputs: Field required"),
        (b"{}", {LENGTH: "3"}, 400, "expected a number up to the body's 2"),
        (b" " * 10_000_001, {}, 413, "larger"),
        (
            gzip.compress(b" " * 10_000_001),
            {"Content-Encoding": "gzip"},
            413,
            "decompresses to more than the limit of",
        ),
        (b"{}", {"Content-Encoding": "br"}, 415, "Content-Encoding 'br' is not supported"),
        (b"{}", {"Content-Encoding": "gzip, gzip"}, 415, "'gzip, gzip' is not supported"),
    ):
        answer = client.post(INFER, content=body, headers=headers)

        assert (answer.status_code, answer.headers["Content-Type"]) == (status, "application/json"), answer.text
        assert fragment in answer.json()["error"]


def test_image_with_too_many_pixels_is_413(client: ApiClient, digits: str) -> None:
    data = encoded(Image.new("1", (30_000, 30_000)))
    file = join_elements([data])
    tensor = {"name": "image", "shape": [1], "datatype": "BYTES", "parameters": {"binary_data_size": len(file)}}

    answer = infer(client, {"inputs": [tensor]}, file)

    assert answer.status_code == 413
    assert answer.json()["error"].startswith("image 0: the image has")


@pytest.mark.parametrize("trained", [True, False])
def test_readiness_without_redis_needs_a_loaded_model(
    tmp_path: Path, own_valkey: Valkey, tiny_spec: Callable[..., ExperimentSpec], trained: bool
) -> None:
    settings = Settings(redis_url=own_valkey.url, store_dir=tmp_path / "store", reconcile_seconds=0.2)
    with ApiClient(settings) as client:
        eventually(lambda: client.get("/experiments").is_success)
        if trained:
            publish(client.services.store, tiny_spec())
            eventually(lambda: client.get("/v2/models/digits/ready").is_success)
        own_valkey.stop()

        answer = client.get("/v2/health/ready")
        assert (answer.status_code, answer.headers["Content-Type"]) == (200 if trained else 503, "application/json")
        inferred = infer(client, {"inputs": [image(3, data=pixels(3).tolist())]})
        assert inferred.status_code == (200 if trained else 503)


def test_overload_is_rejected_for_now(client: ApiClient, digits: str) -> None:
    control = client.services.admission
    with control.admit() as other:
        other.add_images(control.max_images)
        answer = infer(client, {"inputs": [image(3, data=pixels(3).tolist())]})

        assert (answer.status_code, answer.headers["Content-Type"]) == (503, "application/json")
        assert answer.headers["Retry-After"]
        assert "images wait to be predicted" in answer.json()["error"]
    assert classes(infer(client, {"inputs": [image(3, data=pixels(3).tolist())]})) == [3]
    assert (control.images, control.bytes) == (0, 0)


def test_scale_is_a_parameter(client: ApiClient, digits: str) -> None:
    data = (pixels(4, 6).reshape(-1) // 255).tolist()
    request = {"inputs": [{"name": "image", "datatype": "UINT8", "shape": [2, 8, 8, 1], "data": data}]}

    rejected = infer(client, request)

    assert rejected.status_code == 400
    assert "received at most 1 in sample 0" in rejected.json()["error"]
    assert classes(infer(client, request, url=f"{INFER}?scale=1")) == [4, 6]
