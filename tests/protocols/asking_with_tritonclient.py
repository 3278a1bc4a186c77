"""Ask the service with NVIDIA's client and print its answers as JSON. Runs in .venv-clients: URL, then image files."""

import asyncio
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import tritonclient.http as triton
import tritonclient.http.aio as triton_aio
from tritonclient.utils import InferenceServerException


def main(url: str, *paths: str) -> None:
    host = url.removeprefix("http://")
    with triton.InferenceServerClient(host) as client:
        answers = {**described(client), **inferred(client, paths), "rejected": rejected(client)}
    answers["asynchronous"] = asyncio.run(asked_asynchronously(host))
    print(json.dumps(answers))


def described(client: Any) -> dict[str, Any]:
    metadata = client.get_model_metadata("digits")
    [version] = metadata["versions"]
    return {
        "live": client.is_server_live(),
        "ready": client.is_server_ready(),
        "models_ready": [client.is_model_ready(name) for name in ("digits", "blobs", "mnist", "nothing")],
        "version_ready": client.is_model_ready("digits", version),
        "server": client.get_server_metadata(),
        "metadata": metadata,
        "config": client.get_model_config("digits", version),
        "index": client.get_model_repository_index(),
    }


def inferred(client: Any, paths: tuple[str, ...]) -> dict[str, Any]:
    images = np.zeros((3, 8, 8, 1), np.uint8)
    for row, bright in enumerate((1, 4, 6)):
        images[row, 0, bright, 0] = 255
    files = np.array([Path(each).read_bytes() for each in paths], dtype=np.object_)
    features = np.array([[2.0, -2.0], [-1.0, 4.5]], np.float32)
    top = triton.InferRequestedOutput("probabilities", class_count=3)
    in_json = triton.InferRequestedOutput("probabilities", binary_data=False)
    named = client.infer("digits", [tensor(images, "UINT8")], outputs=[top])
    first = client.infer("digits", [tensor(images, "UINT8")], request_id="42").get_response()
    return {
        "answer": {name: first[name] for name in ("id", "model_name", "model_version")},
        "classes": {
            "uint8": classes(client, images, "UINT8"),
            "fp32": classes(client, images.astype(np.float32), "FP32"),
            "all in JSON": classes(client, images.astype(np.int64), "INT64", in_json=True, outputs=[in_json]),
            "gzip": classes(client, images, "UINT8", request_compression_algorithm="gzip"),
            "deflate": classes(client, images, "UINT8", request_compression_algorithm="deflate"),
            "packed answer": classes(client, images, "UINT8", response_compression_algorithm="gzip"),
            "version": classes(client, images, "UINT8", model_version=first["model_version"]),
        },
        "files": classes(client, files, "BYTES"),
        "features": classes(client, features, "FP32", model="blobs", name="features"),
        "top": named.as_numpy("probabilities").astype(str).tolist(),
    }


def tensor(array: Any, datatype: str, name: str = "image", in_json: bool = False) -> Any:
    made = triton.InferInput(name, list(array.shape), datatype)
    made.set_data_from_numpy(array, binary_data=not in_json)
    return made


def classes(
    client: Any,
    array: Any,
    datatype: str,
    model: str = "digits",
    name: str = "image",
    in_json: bool = False,
    **more: Any,
) -> list[int]:
    result = client.infer(model, [tensor(array, datatype, name, in_json)], **more).as_numpy("probabilities")
    assert result.dtype == np.float32, result.dtype
    return [int(each) for each in result.argmax(axis=1)]


def rejected(client: Any) -> dict[str, tuple[str, str]]:
    """The status and the message that the client reports for each rejection."""
    square = np.zeros((1, 9, 9, 1), np.uint8)
    attempts: dict[str, Callable[[], object]] = {
        "shape": lambda: client.infer("digits", [tensor(square, "UINT8")]),
        "model": lambda: client.get_model_metadata("nothing"),
        "not trained": lambda: client.get_model_config("mnist"),
        "statistics": lambda: client.get_inference_statistics("digits"),
    }
    said = {}
    for name, attempt in attempts.items():
        try:
            attempt()
        except InferenceServerException as error:
            said[name] = (error.status(), error.message())
    return said


async def asked_asynchronously(host: str) -> list[int]:
    images = np.zeros((1, 8, 8), np.uint8)
    images[0, 0, 5] = 255
    async with triton_aio.InferenceServerClient(host) as client:
        assert await client.is_server_ready()
        results = await asyncio.gather(*(client.infer("digits", [tensor(images, "UINT8")]) for _ in range(8)))
    return [int(result.as_numpy("probabilities").argmax()) for result in results]


main(*sys.argv[1:])
