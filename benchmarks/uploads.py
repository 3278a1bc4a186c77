"""Conversion of an archive to a dataset: seconds, and peak memory of API and converter.

python benchmarks/uploads.py
"""

import io
import os
import threading
import time
import zipfile
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import psutil
from PIL import Image

from imaging.decode import decode
from imaging.resize import to_array
from models_store.datasets.images import StoredImages
from tests.support.service import Service, measured_service

CLASSES, IMAGES, WIDTH, HEIGHT = 30, 100, 580, 420
SHAPE = (64, 64, 3)


class PeakMemory(threading.Thread):
    """Peak resident memory of API and converter in MB, sampled twenty times a second."""

    def __init__(self, service: Service, api: psutil.Process) -> None:
        super().__init__(daemon=True)
        self._service, self._api = service, api
        self.api = self.converter = 0.0
        self.ended = threading.Event()

    def run(self) -> None:
        while not self.ended.wait(0.05):
            self.api = max(self.api, self._api.memory_info().rss / 1e6)
            for each in self._service.workers[0].children(recursive=True):
                try:
                    if "worker.conversion" in each.cmdline():
                        self.converter = max(self.converter, each.memory_info().rss / 1e6)
                except psutil.Error:
                    continue


def main() -> None:
    with TemporaryDirectory() as folder, measured_service() as service:
        api = service.start_api()
        service.start_worker()
        print(f"{'archive':28} {'MB':>6} {'upload':>9} {'ready':>9} {'API':>8} {'converter':>10}")
        report(service, api, f"{CLASSES} classes, {WIDTH} x {HEIGHT}", "photographs", photographs(Path(folder)))
        cifar = Path(os.environ.get("DATASETS_DIR", "")) / "cifar10-jpeg.zip"
        if cifar.is_file():
            report(service, api, "CIFAR-10 as 60,000 JPEG", "cifar", cifar)
        measure_resizing(service.store / "datasets" / "photographs")


def report(service: Service, api: psutil.Process, title: str, name: str, archive: Path) -> None:
    memory = PeakMemory(service, api)
    memory.start()
    started = time.perf_counter()
    with archive.open("rb") as file:
        answer = service.http.post("/datasets", data={"name": name}, files={"archive": file})
    assert answer.status_code == 202, answer.text
    uploaded = time.perf_counter() - started
    while (view := service.http.get(f"/datasets/{name}").json())["status"] not in ("ready", "failed"):
        time.sleep(0.1)  # a conversion has no events to wait for
    assert view["status"] == "ready", view
    seconds = time.perf_counter() - started
    memory.ended.set()
    print(
        f"{title:28} {archive.stat().st_size / 1e6:6.0f} {uploaded:7.2f} s {seconds:7.2f} s "
        f"{memory.api:5.0f} MB {memory.converter:7.0f} MB"
    )


def photographs(folder: Path) -> Path:
    """Smooth noise, which JPEG compresses about as well as a photograph."""
    random = np.random.default_rng(0)
    path = folder / "photographs.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for label in range(CLASSES):
            for number in range(IMAGES):
                coarse = Image.fromarray(random.integers(0, 256, (42, 58, 3), dtype=np.uint8))
                file = io.BytesIO()
                coarse.resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC).save(file, "JPEG", quality=85)
                archive.writestr(f"class-{label}/{number}.jpg", file.getvalue())
    return path


def measure_resizing(folder: Path) -> None:
    """The cost for the first experiment on the dataset."""
    process = psutil.Process()
    stored = StoredImages(folder)
    before, started = process.memory_info().rss, time.perf_counter()
    stored.resize(SHAPE, "stretch", lambda data: to_array(decode(data, WIDTH * HEIGHT), SHAPE))
    seconds = time.perf_counter() - started
    more = (process.memory_info().rss - before) / 1e6
    print(f"resized to {SHAPE}, once: {len(stored):,} images in {seconds:.2f} s, {more:.0f} MB more")


if __name__ == "__main__":
    main()
