"""The servers in the comparison, and their requests: the same images for all."""

import json
import os
import sys
from collections.abc import Iterator, Sequence
from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from benchmarks.serving_peers.environments import python_of
from benchmarks.serving_peers.load import multipart_request, request
from benchmarks.serving_peers.server import Spec
from tests.support.service import ROOT, Service
from tests.support.valkey import free_port

OURS, CEILING, TUTORIAL = "ours", "ceiling: Starlette reads the form", "FastAPI + model.predict"
LITSERVE, BENTOML = "LitServe", "BentoML"
MLSERVER, MLSERVER_ALONE = "MLServer (tensors)", "MLServer without its workers"
_IMAGES = 64
_HERE = Path(__file__).parent


def images() -> NDArray[np.uint8]:
    """(_IMAGES, 28, 28), uint8."""
    with np.load(Path(os.environ["DATASETS_DIR"]) / "mnist.npz") as mnist:
        return np.asarray(mnist["x_test"][:_IMAGES], dtype=np.uint8)


def forms() -> list[bytes]:
    return [multipart_request("/predict", f"{number}.png", png(each)) for number, each in enumerate(images())]


def tensors() -> list[bytes]:
    """The Open Inference Protocol's JSON, for servers that do not accept images."""
    shape = [1, 28, 28, 1]
    return [
        request("/v2/models/digits/infer", "application/json", json.dumps({"inputs": [given]}).encode())
        for given in (
            {"name": "image", "shape": shape, "datatype": "UINT8", "data": each.ravel().tolist()} for each in images()
        )
    ]


def png(pixels: NDArray[np.uint8]) -> bytes:
    data = BytesIO()
    Image.fromarray(pixels).save(data, "PNG")
    return data.getvalue()


def uvicorn(application: str, *options: str) -> list[str]:
    quiet = ("--no-access-log", "--log-level", "warning", "--port", "{port}")
    return [sys.executable, "-m", "uvicorn", application, *quiet, *options]


def ours(service: Service, cores: Sequence[int]) -> Iterator[Spec]:
    """On one core and, if there are several beside that of the load, with a process on each."""
    yield our_server(service, cores[:1])
    if len(cores) > 1:
        yield our_server(service, cores, len(cores))


def our_server(service: Service, cores: Sequence[int], processes: int = 1) -> Spec:
    command = (sys.executable, "-m", "api.server", "--port", "{port}")
    environment = {**service.environment, "TRAINYARD_API_PROCESSES": str(processes), "TRAINYARD_LOG_LEVEL": "WARNING"}
    name = OURS if processes == 1 else f"{OURS}, {processes} processes"
    return Spec(name, command, forms(), ROOT, environment, cores)


def peers(published: Path, core: int, scratch: Path) -> Iterator[Spec]:
    """All that can be installed, each on `core`, with the network in the folder `published`."""
    cores, environment = (
        (core,),
        {
            "MODEL_ONNX": str(published / "model.onnx"),
            "MODEL_KERAS": str(published / "model.keras"),
            "CUDA_VISIBLE_DEVICES": "",
            "TF_CPP_MIN_LOG_LEVEL": "3",
            "BENTOML_DO_NOT_TRACK": "True",
            "PYTHONPATH": os.pathsep.join((str(ROOT), str(_HERE))),
        },
    )
    yield Spec(CEILING, uvicorn("benchmarks.serving_peers.ceiling:app"), forms(), ROOT, environment, cores)
    yield Spec(TUTORIAL, uvicorn("benchmarks.serving_peers.tutorial:app"), forms(), ROOT, environment, cores)
    if python := python_of("litserve"):
        yield Spec(LITSERVE, [python, _HERE / "litserve_server.py"], forms(), scratch, environment, cores)
    if python := python_of("bentoml"):
        serve: list[str | Path] = [
            python,
            "-m",
            "bentoml",
            "serve",
            "bentoml_service:Digits",
            "--host",
            "127.0.0.1",
            "--port",
            "{port}",
        ]
        yield Spec(BENTOML, serve, forms(), _HERE, environment, cores)
    # MLServer 1.7 does not start its workers with a newer uvloop.
    if python := python_of("mlserver", "uvloop<0.22"):
        start: list[str | Path] = [python.with_name("mlserver"), "start", scratch]
        (scratch / "model-settings.json").write_text('{"name": "digits", "implementation": "mlserver_model.Digits"}')
        for name, workers in ((MLSERVER, 1), (MLSERVER_ALONE, 0)):
            settings = {
                "MLSERVER_HOST": "127.0.0.1",
                "MLSERVER_GRPC_PORT": str(free_port()),
                "MLSERVER_METRICS_PORT": str(free_port()),
                "MLSERVER_PARALLEL_WORKERS": str(workers),
            }
            yield Spec(name, start, tensors(), scratch, {**environment, **settings}, cores)
