"""Kill the process that converts an uploaded dataset."""

import io
import zipfile
from typing import Any

import numpy as np
import psutil
from PIL import Image

from tests.support.image_files import encoded
from tests.support.service import Service
from tests.support.waiting import eventually, has_ended


def archive(images: int = 40, side: int = 16) -> bytes:
    """A zip of two classes of noise, no two images alike."""
    random = np.random.default_rng(0)
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as packed:
        for number in range(images):
            image = encoded(Image.fromarray(random.integers(0, 256, (side, side, 3), dtype=np.uint8)))
            packed.writestr(f"{'cat' if number % 2 else 'dog'}/{number}.png", image)
    return file.getvalue()


def upload(service: Service, name: str, data: bytes) -> None:
    answer = service.ask("POST", "/datasets", data={"name": name}, files={"archive": ("a.zip", data)})
    assert answer.status_code == 202, answer.text


def dataset(service: Service, name: str) -> dict[str, Any]:
    answer = service.ask("GET", f"/datasets/{name}")
    assert answer.status_code == 200, answer.text
    view: dict[str, Any] = answer.json()
    return view


def converters(worker: psutil.Process) -> list[psutil.Process]:
    try:
        return [each for each in worker.children(recursive=True) if "worker.conversion" in each.cmdline()]
    except psutil.NoSuchProcess:
        return []


def wait_until_ready(service: Service, name: str) -> dict[str, Any]:
    eventually(lambda: dataset(service, name)["status"] in ("ready", "failed"))
    return dataset(service, name)


def assert_whole(service: Service, name: str, attempts: int) -> None:
    view = dataset(service, name)
    assert (view["status"], view["record"]["attempts"]) == ("ready", attempts), view
    folder = service.store / "datasets" / name
    # The archive is removed after the record is written.
    eventually(lambda: sorted(path.name for path in folder.iterdir()) == ["dataset.json", "images"])


def test_killed_conversion_is_repeated(service: Service) -> None:
    [worker] = service.workers
    upload(service, "killed", archive(10_000))
    eventually(lambda: converters(worker))[0].kill()

    wait_until_ready(service, "killed")
    assert_whole(service, "killed", attempts=2)


def test_killed_worker_leaves_no_converter(service: Service) -> None:
    [worker] = service.workers
    upload(service, "orphan", archive(10_000))
    [converter] = eventually(lambda: converters(worker))
    service.pool_child(worker).kill()

    eventually(lambda: has_ended(converter))
    wait_until_ready(service, "orphan")
    assert_whole(service, "orphan", attempts=2)


def test_deleting_a_dataset_ends_its_conversion(service: Service) -> None:
    [worker] = service.workers
    upload(service, "unwanted", archive(10_000))
    [converter] = eventually(lambda: converters(worker))

    assert service.ask("DELETE", "/datasets/unwanted").status_code == 204

    eventually(lambda: has_ended(converter))
    assert service.ask("GET", "/datasets/unwanted").status_code == 404
    upload(service, "unwanted", archive())
    wait_until_ready(service, "unwanted")
    assert_whole(service, "unwanted", attempts=1)
