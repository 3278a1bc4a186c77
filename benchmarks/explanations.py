"""How long `POST /predict?explain=occlusion` takes beside a prediction, and what predictions wait for it meanwhile.

Networks of presets for MNIST, trained for a moment, because accuracy does not affect speed; test digits as PNG.

DATASETS_DIR=... python -m benchmarks.explanations [PRESET ...]
"""

import io
import os
import statistics
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import psutil
from PIL import Image

from specs.presets import PRESETS
from tests.support.service import Service, measured_service

DIGITS = 40
ROUNDS = 3
MAX_MS = 30.0


def main() -> None:
    names = sys.argv[1:] or ["mnist-cnn", "mnist-best"]
    with np.load(Path(os.environ["DATASETS_DIR"]) / "mnist.npz") as file:
        files = [encode(each) for each in file["x_test"][:DIGITS]]
    with measured_service() as service:
        api, worker = service.start_api(), service.start_worker(warm=False)
        experiments = {name: train(service, name) for name in names}
        worker.terminate()
        worker.wait()
        for name, experiment in experiments.items():
            measure(service, api, name, experiment, files)


def train(service: Service, name: str) -> str:
    spec = {**PRESETS[name].spec, "dataset": {"name": "mnist", "limit_per_class": 30}}
    training = {**spec["training"], "epochs": 1}
    record = service.wait_for_end(service.post({**spec, "training": training}), 300)
    assert record["status"] == "succeeded", record["error"]
    return str(record["id"])


def measure(service: Service, api: psutil.Popen, name: str, experiment: str, files: list[bytes]) -> None:
    def send(content: bytes, explain: str) -> float:
        path = f"/predict?experiment={experiment}&explain={explain}"
        answer = service.http.post(path, content=content).raise_for_status()
        return float(answer.json()["duration_ms"])

    for explain in ("false", "occlusion"):
        send(files[0], explain)
        before = cpu_seconds(api)
        taken = [send(each, explain) for _ in range(ROUNDS) for each in files]
        cpu = (cpu_seconds(api) - before) / len(taken) * 1000
        least = sorted(min(taken[place :: len(files)]) for place in range(len(files)))
        print(
            f"{name:12} explain={explain:9} median {statistics.median(taken):6.1f} ms, least of {ROUNDS} tries: median "
            f"{statistics.median(least):6.1f}, most {least[-1]:6.1f} (target {MAX_MS:g}), CPU {cpu:6.1f}"
        )
    alone, beside = wait_beside(lambda explain: send(files[0], explain))
    print(
        f"{name:12} a prediction: {alone:.1f} ms alone, {beside:.1f} beside explanations one after the other (medians)"
    )


def wait_beside(send: Callable[[str], float]) -> tuple[float, float]:
    alone = statistics.median(send("false") for _ in range(DIGITS))
    with ThreadPoolExecutor(1) as pool:
        explaining = pool.submit(lambda: [send("occlusion") for _ in range(DIGITS)])
        beside = [send("false")]
        while not explaining.done():
            beside.append(send("false"))
        explaining.result()
    return alone, statistics.median(beside)


def cpu_seconds(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def encode(pixels: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


if __name__ == "__main__":
    main()
