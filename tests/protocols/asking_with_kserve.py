"""What KServe's client makes of the service, as JSON. For the Python of .venv-clients: URL, then image files."""

import asyncio
import base64
import json
import sys
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from kserve import InferenceRESTClient, InferInput, InferRequest, RESTConfig


async def main(url: str, *paths: str) -> None:
    async with InferenceRESTClient(RESTConfig(protocol="v2", retries=1)) as client:
        second = await asked_in_v2(client, url, paths)
    async with InferenceRESTClient(RESTConfig(protocol="v1", retries=1)) as client:
        first = await asked_in_v1(client, url, paths)
    print(json.dumps({"v1": first, "v2": second}))


async def asked_in_v2(client: Any, url: str, paths: tuple[str, ...]) -> dict[str, Any]:
    images = np.zeros((2, 8, 8, 1), np.uint8)
    images[0, 0, 2, 0] = images[1, 0, 7, 0] = 255
    files = np.array([Path(each).read_bytes() for each in paths], dtype=np.object_)
    texts = [base64.b64encode(each).decode() for each in files]
    return {
        "live": await client.is_server_live(url),
        "ready": await client.is_server_ready(url),
        "models_ready": [await client.is_model_ready(url, name) for name in ("digits", "mnist", "nothing")],
        "classes": {
            "binary": await classes(client, url, of_array(images, "UINT8", binary=True)),
            "json": await classes(client, url, of_array(images.astype(np.float32), "FP32", binary=False)),
            "dictionary": await classes(client, url, of_array(images, "UINT8", binary=False), as_dictionary=True),
        },
        "files": {
            "binary": await classes(client, url, of_array(files, "BYTES", binary=True)),
            "base64": await classes(client, url, InferInput("image", [len(texts)], "BYTES", texts)),
        },
        "rejected": await rejected(client, url, request(of_array(images[:, :4], "UINT8", binary=True))),
    }


async def asked_in_v1(client: Any, url: str, paths: tuple[str, ...]) -> dict[str, Any]:
    instances = [{"b64": base64.b64encode(Path(each).read_bytes()).decode()} for each in paths]
    answer = await client.infer(url, {"instances": instances}, model_name="digits")
    return {
        "live": await client.is_server_live(url),
        "models_ready": [await client.is_model_ready(url, name) for name in ("digits", "mnist")],
        "files": np.array(answer["predictions"]).argmax(axis=1).tolist(),
        "rejected": await rejected(client, url, {"instances": [1.0, 2.0, 5.0]}),
    }


def of_array(array: Any, datatype: str, *, binary: bool) -> Any:
    made = InferInput("image", list(array.shape), datatype)
    made.set_data_from_numpy(array, binary_data=binary)
    return made


def request(tensor: Any) -> Any:
    return InferRequest(model_name="digits", infer_inputs=[tensor])


async def classes(client: Any, url: str, tensor: Any, *, as_dictionary: bool = False) -> list[int]:
    """As a dictionary a request has nulls in it."""
    sent = request(tensor).to_dict() if as_dictionary else request(tensor)
    answer = await client.infer(url, sent, model_name="digits")
    [output] = answer.outputs
    assert output.name == "probabilities"
    return [int(each) for each in output.as_numpy().argmax(axis=1)]


async def rejected(client: Any, url: str, wrong: Any) -> str:
    try:
        await client.infer(url, wrong, model_name="digits")
    except httpx.HTTPStatusError as error:
        return str(error)
    return "not rejected"


asyncio.run(main(*sys.argv[1:]))
